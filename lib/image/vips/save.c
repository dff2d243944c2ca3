/* Encoding through libvips: WebP. */
#include "image/vips/fence.h"

#include <string.h>

static VipsInterpretation
choose_interpretation(const TsImage *image)
{
    int colours = image->bands - (image->has_alpha ? 1 : 0);
    if (colours == 3)
        return image->type == TS_U16  ? VIPS_INTERPRETATION_RGB16
               : image->type == TS_U8 ? VIPS_INTERPRETATION_sRGB
                                      : VIPS_INTERPRETATION_RGB;
    return image->type == TS_U16 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W;
}

/* A libvips image on pixels that lie without gaps and stay until it is gone. */
static VipsImage *
wrap(const TsImage *like, const guint8 *pixels, int width, int height, GError **error)
{
    gsize n = (gsize) height * (gsize) width * ts_image_pixel_size(like);
    g_autoptr(VipsImage) memory = vips_image_new_from_memory(pixels, n, width, height, like->bands,
                                                             ts_sample_type_to_vips(like->type));
    VipsImage *out = NULL;
    if (memory == NULL ||
        vips_copy(memory, &out, "interpretation", choose_interpretation(like), NULL) != 0) {
        ts_vips_set_error(error, TS_ERROR_DEPENDENCY, "libvips", "cannot be encoded");
        return NULL;
    }
    /* Tiles are encoded by many of our threads at once; libvips needs no more for each. */
    vips_image_set_int(out, VIPS_META_CONCURRENCY, 1);
    if (like->icc != NULL) {
        gsize size;
        const void *profile = g_bytes_get_data(like->icc, &size);
        vips_image_set_blob_copy(out, VIPS_META_ICC_NAME, profile, size);
    }
    return out;
}

static int
call_saver(VipsImage *image, VipsBlob **blob, const TsEncodeOptions *options)
{
    gboolean lossless = options->compression == TS_COMPRESSION_LOSSLESS;
    return vips_call("webpsave_buffer", image, blob, "Q", ts_encode_quality(options), "lossless",
                     lossless, NULL);
}

static void
free_blob(gpointer data)
{
    vips_area_unref(data);
}

/* Pixels without gaps between rows: `pixels` themselves, or a copy of them in `*copy`. */
static const guint8 *
close_gaps(const guint8 *pixels, gsize stride, gsize row, int height, guint8 **copy, GError **error)
{
    if (stride == row || height == 1)
        return pixels;
    *copy = ts_try_alloc((gsize) height, row, "tile", error);
    for (int y = 0; *copy != NULL && y < height; y++)
        memcpy(*copy + (gsize) y * row, pixels + (gsize) y * stride, row);
    return *copy;
}

GBytes *
ts_vips_encode(const TsFormat *format, const TsImage *like, const guint8 *pixels, gsize stride,
               int width, int height, const TsEncodeOptions *options, GError **error)
{
    g_autofree guint8 *copy = NULL;
    const guint8 *tight =
        close_gaps(pixels, stride, (gsize) width * ts_image_pixel_size(like), height, &copy, error);
    g_autoptr(VipsImage) wrapped = tight != NULL ? wrap(like, tight, width, height, error) : NULL;
    VipsBlob *blob = NULL;
    if (wrapped == NULL)
        return NULL;
    if (call_saver(wrapped, &blob, options) != 0) {
        ts_vips_set_error(error, TS_ERROR_DEPENDENCY, format->name, "cannot be encoded");
        return NULL;
    }
    size_t n;
    const void *bytes = vips_blob_get(blob, &n);
    return g_bytes_new_with_free_func(bytes, n, free_blob, blob);
}
