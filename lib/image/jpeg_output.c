/* A growing buffer as libjpeg's destination. */
#include "image/jpeg_output.h"

#include <jerror.h>

enum { FIRST_SIZE = 1 << 16 };

void
ts_jpeg_output_restart(TsJpegOutput *self)
{
    self->base.next_output_byte = self->buffer;
    self->base.free_in_buffer = self->size;
}

/* The buffer from the last file is there already. */
static void
begin_output(j_compress_ptr jpeg)
{
    ts_jpeg_output_restart((TsJpegOutput *) jpeg->dest);
}

static boolean
grow_output(j_compress_ptr jpeg)
{
    TsJpegOutput *self = (TsJpegOutput *) jpeg->dest;
    guint8 *larger = g_try_realloc(self->buffer, 2 * self->size);
    if (larger == NULL)
        ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    self->buffer = larger;
    self->base.next_output_byte = larger + self->size;
    self->base.free_in_buffer = self->size;
    self->size *= 2;
    return TRUE;
}

static void
end_output(j_compress_ptr jpeg)
{
}

void
ts_jpeg_output_init(TsJpegOutput *self)
{
    *self = (TsJpegOutput){.base = {.init_destination = begin_output,
                                    .empty_output_buffer = grow_output,
                                    .term_destination = end_output},
                           .buffer = g_malloc(FIRST_SIZE),
                           .size = FIRST_SIZE};
}

gsize
ts_jpeg_output_size(const TsJpegOutput *self)
{
    return self->size - self->base.free_in_buffer;
}

void
ts_jpeg_output_clear(TsJpegOutput *self)
{
    g_clear_pointer(&self->buffer, g_free);
}
