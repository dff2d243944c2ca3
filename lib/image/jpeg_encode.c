/* Baseline JPEG with libjpeg's standard tables, as libvips' jpegsave writes it by default: the same
 * quality gives the same coefficients. */
#include "image/jpeg_encode.h"

#include "image/jpeg_fence.h"

#include <jerror.h>

enum {
    FULL_COLOUR_QUALITY = 90, /* from here on chroma is not subsampled, as in libvips */
    FIRST_BUFFER = 1 << 16,
    ROWS_AT_ONCE = 16
};

struct _TsJpegEncoder {
    struct jpeg_compress_struct jpeg;
    struct jpeg_destination_mgr to;
    TsJpegErrors errors;
    int quality;
    guint8 *buffer;
    gsize size;
};

/* The buffer from the last image is there already. */
static void
begin_output(j_compress_ptr jpeg)
{
    TsJpegEncoder *self = jpeg->client_data;
    self->to.next_output_byte = self->buffer;
    self->to.free_in_buffer = self->size;
}

static boolean
grow_output(j_compress_ptr jpeg)
{
    TsJpegEncoder *self = jpeg->client_data;
    guint8 *larger = g_try_realloc(self->buffer, 2 * self->size);
    if (larger == NULL)
        ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    self->buffer = larger;
    self->to.next_output_byte = larger + self->size;
    self->to.free_in_buffer = self->size;
    self->size *= 2;
    return TRUE;
}

static void
end_output(j_compress_ptr jpeg)
{
}

static gboolean
create(TsJpegEncoder *self)
{
    self->jpeg.err = ts_jpeg_errors_init(&self->errors);
    if (setjmp(self->errors.out) != 0)
        return FALSE;
    jpeg_create_compress(&self->jpeg);
    self->jpeg.client_data = self;
    self->to.init_destination = begin_output;
    self->to.empty_output_buffer = grow_output;
    self->to.term_destination = end_output;
    self->jpeg.dest = &self->to;
    return TRUE;
}

TsJpegEncoder *
ts_jpeg_encoder_new(int quality, GError **error)
{
    guint8 *buffer = ts_try_alloc(FIRST_BUFFER, 1, "JPEG encoder", error);
    if (buffer == NULL)
        return NULL;
    TsJpegEncoder *self = g_new0(TsJpegEncoder, 1);
    self->buffer = buffer;
    self->size = FIRST_BUFFER;
    self->quality = quality;
    if (create(self))
        return self;
    ts_error_set(error, TS_ERROR_DEPENDENCY, "libjpeg does not start: %s", self->errors.text);
    ts_jpeg_encoder_free(self);
    return NULL;
}

void
ts_jpeg_encoder_free(TsJpegEncoder *self)
{
    if (self == NULL)
        return;
    jpeg_destroy_compress(&self->jpeg);
    g_free(self->buffer);
    g_free(self);
}

static void
set_parameters(TsJpegEncoder *self, int bands, int width, int height)
{
    struct jpeg_compress_struct *jpeg = &self->jpeg;
    jpeg->image_width = (JDIMENSION) width;
    jpeg->image_height = (JDIMENSION) height;
    jpeg->input_components = bands;
    jpeg->in_color_space = bands == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, self->quality, TRUE);
    for (int c = 0; c < jpeg->num_components && self->quality >= FULL_COLOUR_QUALITY; c++)
        jpeg->comp_info[c].h_samp_factor = jpeg->comp_info[c].v_samp_factor = 1;
}

static void
write_rows(struct jpeg_compress_struct *jpeg, const guint8 *pixels, gsize stride)
{
    JSAMPROW rows[ROWS_AT_ONCE];
    while (jpeg->next_scanline < jpeg->image_height) {
        JDIMENSION n = MIN(ROWS_AT_ONCE, jpeg->image_height - jpeg->next_scanline);
        for (JDIMENSION i = 0; i < n; i++) /* libjpeg does not write to its input */
            rows[i] = (guint8 *) pixels + (jpeg->next_scanline + i) * stride;
        jpeg_write_scanlines(jpeg, rows, n);
    }
}

static gboolean
compress(TsJpegEncoder *self, const TsImage *like, const guint8 *pixels, gsize stride, int width,
         int height)
{
    struct jpeg_compress_struct *jpeg = &self->jpeg;
    if (setjmp(self->errors.out) != 0) {
        jpeg_abort_compress(jpeg);
        return FALSE;
    }
    set_parameters(self, like->bands, width, height);
    jpeg_start_compress(jpeg, TRUE);
    if (like->icc != NULL) {
        gsize n;
        const guint8 *profile = g_bytes_get_data(like->icc, &n);
        jpeg_write_icc_profile(jpeg, profile, (unsigned) n);
    }
    write_rows(jpeg, pixels, stride);
    jpeg_finish_compress(jpeg);
    return TRUE;
}

gboolean
ts_jpeg_encoder_encode(TsJpegEncoder *self, const TsImage *like, const guint8 *pixels, gsize stride,
                       int width, int height, const guint8 **bytes, gsize *n, GError **error)
{
    g_assert(like->type == TS_U8 && (like->bands == 1 || like->bands == 3));
    if (!compress(self, like, pixels, stride, width, height))
        return ts_error_set(error, TS_ERROR_DEPENDENCY, "cannot be encoded: %s", self->errors.text);
    *bytes = self->buffer;
    *n = self->size - self->to.free_in_buffer;
    return TRUE;
}
