/* TIFF files in memory, and what files in memory and on disk have in common. */
#include "image/tiff_tags.h"

#include "image/tiff_geo_tags.h"

#include <errno.h>
#include <string.h>
#include <tiffio.h>

enum { DEFAULT_QUALITY = 90, DEFAULT_LEVEL = 6, STRIP_BYTES = 1 << 16, MICROMETRES_A_CM = 10000 };

gboolean
ts_tiff_check_format(const TsImage *like, TsTiffCompression compression, GError **error)
{
    gboolean is_jpeg = compression == TS_TIFF_JPEG;
    if (is_jpeg && (like->type != TS_U8 || (like->bands != 1 && like->bands != 3)))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "JPEG in TIFF holds 1 or 3 bands of 8 bits, the image has %d %s "
                            "band%s; deflate holds all",
                            like->bands, ts_sample_type_name(like->type),
                            like->bands == 1 ? "" : "s");
    if (like->bands > G_MAXUINT16)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "TIFF holds at most %d bands, not %d",
                            G_MAXUINT16, like->bands);
    return TRUE;
}

TsTiffLayout
ts_tiff_make_layout(const TsImage *like, const TsTiffTags *tags)
{
    return (TsTiffLayout){.bands = like->bands,
                          .type = like->type,
                          .has_alpha = like->has_alpha,
                          .compression = tags->compression,
                          .quality = tags->quality > 0 ? tags->quality : DEFAULT_QUALITY,
                          .level = tags->level > 0 ? tags->level : DEFAULT_LEVEL};
}

static gboolean
set_resolution(TIFF *tiff, const TsTiffTags *tags)
{
    return tags->mpp_x <= 0 || tags->mpp_y <= 0 ||
           (TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER) &&
            TIFFSetField(tiff, TIFFTAG_XRESOLUTION, MICROMETRES_A_CM / tags->mpp_x) &&
            TIFFSetField(tiff, TIFFTAG_YRESOLUTION, MICROMETRES_A_CM / tags->mpp_y));
}

gboolean
ts_tiff_set_tags(TsTiffHandle *handle, const TsTiffTags *tags, GBytes *icc, GError **error)
{
    gsize n = 0;
    const void *profile = icc != NULL ? g_bytes_get_data(icc, &n) : NULL;
    gboolean done = set_resolution(handle->tiff, tags) &&
                    (tags->description == NULL ||
                     TIFFSetField(handle->tiff, TIFFTAG_IMAGEDESCRIPTION, tags->description)) &&
                    (n == 0 || n > G_MAXUINT32 ||
                     TIFFSetField(handle->tiff, TIFFTAG_ICCPROFILE, (uint32_t) n, profile));
    if (!done)
        return ts_tiff_handle_fail(handle, TS_ERROR_DEPENDENCY, "cannot be written", error);
    return tags->geo == NULL || ts_geo_set_tags(tags->geo, handle, error);
}

/* Strips of whole rows, each packed: libtiff takes them without gaps. */
static gboolean
write_strips(TsTiffHandle *handle, const TsTiffLayout *layout, const guint8 *pixels, gsize stride,
             int height, gsize row, GError **error)
{
    g_autofree guint8 *packed =
        ts_try_alloc(row, (gsize) MIN(layout->tile_height, height), "strip", error);
    if (packed == NULL)
        return FALSE;
    errno = 0;
    for (int y = 0; y < height; y += layout->tile_height) {
        int n_rows = MIN(layout->tile_height, height - y);
        for (int i = 0; i < n_rows; i++)
            memcpy(packed + (gsize) i * row, pixels + (gsize) (y + i) * stride, row);
        if (TIFFWriteEncodedStrip(handle->tiff, (uint32_t) (y / layout->tile_height), packed,
                                  (tmsize_t) (row * (gsize) n_rows)) < 0)
            return ts_tiff_handle_fail(handle, TS_ERROR_DEPENDENCY, "cannot be encoded", error);
    }
    return TIFFWriteDirectory(handle->tiff) == 1 ||
           ts_tiff_handle_fail(handle, TS_ERROR_DEPENDENCY, "cannot be encoded", error);
}

gboolean
ts_tiff_encode(const TsImage *like, const guint8 *pixels, gsize stride, int width, int height,
               const TsTiffTags *tags, GByteArray *file, GError **error)
{
    static const TsTiffTags defaults = {0};
    tags = tags != NULL ? tags : &defaults;
    if (!ts_tiff_check_format(like, tags->compression, error))
        return FALSE;
    gsize row = (gsize) width * ts_image_pixel_size(like);
    TsTiffLayout layout = ts_tiff_make_layout(like, tags);
    layout.strips = TRUE;
    layout.tile_width = width;
    layout.tile_height = (int) MAX(16, STRIP_BYTES / MAX(row, 1) / 16 * 16);
    TsTiffMemory memory = {0};
    g_autoptr(TsTiffHandle) handle = ts_tiff_handle_open_memory(&memory, "TIFF", "wl", error);
    gboolean done = handle != NULL && ts_tiff_set_layout(handle, &layout, width, height, error) &&
                    ts_tiff_set_tags(handle, tags, like->icc, error) &&
                    write_strips(handle, &layout, pixels, stride, height, row, error);
    if (done && memory.size > G_MAXUINT32 / 2)
        done = ts_error_set(error, TS_ERROR_RANGE, "TIFF: too large to be made in memory");
    g_byte_array_set_size(file, 0);
    if (done)
        g_byte_array_append(file, memory.data, (guint) memory.size);
    g_clear_pointer(&handle, ts_tiff_handle_free);
    g_free(memory.data);
    return done;
}
