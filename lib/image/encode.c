/* Writing images: the table of formats, and one crash-safe file. */
#include "image/encode.h"

#include "base/error.h"
#include "base/outfile.h"
#include "image/encoder.h"

#include <string.h>

enum { DEFAULT_QUALITY = 90, DEFAULT_LEVEL = 1 };

enum { ANY_BANDS = (int) (1u << 31), UP_TO_FLOAT = 0x7f, ALL_TYPES = 0xff };

static const TsFormat formats[] = {
    {"PNG",
     TS_FORMAT_PNG,
     {".png"},
     0x1e,
     1 << TS_U8 | 1 << TS_U16,
     G_MAXINT,
     "1 to 4 bands of 8 or 16 bits"},
    {"JPEG", TS_FORMAT_JPEG, {".jpg", ".jpeg"}, 0x0a, 1 << TS_U8, 65500, "1 or 3 bands of 8 bits"},
    {"TIFF",
     TS_FORMAT_TIFF,
     {".tif", ".tiff"},
     (guint) ANY_BANDS,
     UP_TO_FLOAT,
     G_MAXINT,
     "any number of bands, integers of up to 32 bits and floats"},
    {"WebP", TS_FORMAT_WEBP, {".webp"}, 0x18, 1 << TS_U8, 16383, "3 or 4 bands of 8 bits"},
    {"npy", TS_FORMAT_NPY, {".npy"}, (guint) ANY_BANDS, ALL_TYPES, G_MAXINT, "everything"},
    {"raw", TS_FORMAT_RAW, {".raw"}, (guint) ANY_BANDS, ALL_TYPES, G_MAXINT, "everything"},
};

const TsFormat *
ts_format_find(const char *suffix, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        for (guint k = 0; k < 2 && formats[i].suffixes[k] != NULL; k++)
            if (g_ascii_strcasecmp(suffix, formats[i].suffixes[k]) == 0)
                return &formats[i];
    ts_error_set(error, TS_ERROR_ARGUMENT,
                 "'%s' is no format that can be written, use .png, .jpg, .tif, .webp, .npy or .raw",
                 suffix);
    return NULL;
}

gboolean
ts_format_check(const TsFormat *format, int bands, TsSampleType type, GError **error)
{
    gboolean holds_bands =
        format->bands == (guint) ANY_BANDS || (bands < 31 && (format->bands >> bands & 1) != 0);
    if (!holds_bands || (format->types >> type & 1) == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s holds %s, the image has %d %s band%s; .npy holds all", format->name,
                            format->can_hold, bands, ts_sample_type_name(type),
                            bands == 1 ? "" : "s");
    return TRUE;
}

gboolean
ts_format_check_sides(const TsFormat *format, int width, int height, GError **error)
{
    if (MAX(width, height) > format->max_side)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s holds at most %d pixels a side, the image is %d x %d", format->name,
                            format->max_side, width, height);
    return TRUE;
}

gboolean
ts_image_check_format(const char *suffix, int bands, TsSampleType type, GError **error)
{
    const TsFormat *format = ts_format_find(suffix, error);
    return format != NULL && ts_format_check(format, bands, type, error);
}

int
ts_encode_quality(const TsEncodeOptions *options)
{
    return options->quality > 0 ? options->quality : DEFAULT_QUALITY;
}

int
ts_encode_level(const TsEncodeOptions *options)
{
    return options->level > 0 ? options->level : DEFAULT_LEVEL;
}

/* Encode with an encoder of one use; `bytes` are its. */
static TsEncoder *
encode_once(const TsImage *image, const char *suffix, const char *name,
            const TsEncodeOptions *options, const guint8 **bytes, gsize *n, GError **error)
{
    g_autoptr(TsEncoder) encoder = ts_encoder_new(suffix, options, error);
    if (encoder != NULL && ts_encoder_encode(encoder, image, image->data, ts_image_row_size(image),
                                             image->width, image->height, bytes, n, error))
        return g_steal_pointer(&encoder);
    g_prefix_error(error, "%s: ", name);
    return NULL;
}

GBytes *
ts_image_encode(const TsImage *image, const char *suffix, const char *name,
                const TsEncodeOptions *options, GError **error)
{
    const guint8 *bytes;
    gsize n;
    g_autoptr(TsEncoder) encoder = encode_once(image, suffix, name, options, &bytes, &n, error);
    return encoder != NULL ? g_bytes_new(bytes, n) : NULL;
}

gboolean
ts_image_write(const TsImage *image, const char *path, const TsEncodeOptions *options,
               gboolean replace, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    const char *suffix = strrchr(name, '.');
    const guint8 *bytes;
    gsize n;
    g_autoptr(TsEncoder) encoder =
        encode_once(image, suffix != NULL ? suffix : "", path, options, &bytes, &n, error);
    if (encoder == NULL)
        return FALSE;
    g_autoptr(TsOutFile) out = ts_out_file_new(path, replace, error);
    if (out == NULL || !ts_out_file_write(out, bytes, n, error))
        return FALSE;
    if (options != NULL && options->unsynced)
        ts_out_file_set_unsynced(out);
    return ts_out_file_commit(out, error);
}
