/* One tile or strip as the bytes that a TIFF holds for it: a file in memory with one tile. */
#include "image/tiff_codec.h"

#include "image/tiff.h"

#include <errno.h>
#include <tiffio.h>

enum { HEADER_BYTES = 8 }; /* of a classic TIFF */

struct _TsTiffCodec {
    TsTiffLayout layout;
    TsTiffMemory memory;
    TsTiffHandle *handle;
    gsize n_pixels; /* bytes of a tile's pixels */
};

TsTiffCodec *
ts_tiff_codec_new(const TsTiffLayout *layout, const char *name, GError **error)
{
    g_autoptr(TsTiffCodec) self = g_new0(TsTiffCodec, 1);
    self->layout = *layout;
    self->n_pixels = (gsize) layout->tile_width * (gsize) layout->tile_height *
                     (gsize) layout->bands * ts_sample_type_size(layout->type);
    self->handle = ts_tiff_handle_open_memory(&self->memory, name, "wl", error);
    if (self->handle == NULL ||
        !ts_tiff_set_layout(self->handle, layout, layout->tile_width, layout->tile_height, error))
        return NULL;
    return g_steal_pointer(&self);
}

gboolean
ts_tiff_codec_encode(TsTiffCodec *self, const guint8 *pixels, const guint8 **bytes, gsize *n_bytes,
                     GError **error)
{
    TIFF *tiff = self->handle->tiff;
    /* libtiff writes a tile that it has already over the old one or, if it is longer, to the end of
     * the file: let that be the same place. */
    self->memory.size = MIN(self->memory.size, HEADER_BYTES);
    errno = 0;
    tmsize_t n = self->layout.strips
                     ? TIFFWriteEncodedStrip(tiff, 0, (void *) pixels, (tmsize_t) self->n_pixels)
                     : TIFFWriteEncodedTile(tiff, 0, (void *) pixels, (tmsize_t) self->n_pixels);
    if (n < 0 || TIFFFlushData(tiff) != 1)
        return ts_tiff_handle_fail(self->handle, TS_ERROR_DEPENDENCY, "cannot be encoded", error);
    gsize start = TIFFGetStrileOffset(tiff, 0), length = TIFFGetStrileByteCount(tiff, 0);
    if (start > self->memory.size || length > self->memory.size - start)
        return ts_tiff_handle_fail(self->handle, TS_ERROR_DEPENDENCY, "cannot be encoded", error);
    *bytes = self->memory.data + start;
    *n_bytes = length;
    return TRUE;
}

gboolean
ts_tiff_codec_set_tables(const TsTiffLayout *layout, TsTiffHandle *handle, GError **error)
{
    if (layout->compression != TS_TIFF_JPEG)
        return TRUE;
    static const guint8 black[16 * 16 * 3];
    TsTiffLayout small = *layout;
    small.strips = FALSE;
    small.tile_width = small.tile_height = 16;
    g_autoptr(TsTiffCodec) codec = ts_tiff_codec_new(&small, handle->name, error);
    const guint8 *bytes;
    gsize n_bytes;
    uint32_t n;
    void *tables;
    if (codec == NULL || !ts_tiff_codec_encode(codec, black, &bytes, &n_bytes, error))
        return FALSE;
    return (TIFFGetField(codec->handle->tiff, TIFFTAG_JPEGTABLES, &n, &tables) == 1 &&
            TIFFSetField(handle->tiff, TIFFTAG_JPEGTABLES, n, tables) == 1) ||
           ts_tiff_handle_fail(handle, TS_ERROR_DEPENDENCY, "JPEG tables cannot be written", error);
}

void
ts_tiff_codec_free(TsTiffCodec *self)
{
    if (self == NULL)
        return;
    ts_tiff_handle_free(self->handle);
    g_free(self->memory.data);
    g_free(self);
}
