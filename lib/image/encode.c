/* Writing images: encode in memory through libvips, then one crash-safe file. */
#include "image/fence.h"

#include "base/outfile.h"

#include <string.h>

enum { DEFAULT_QUALITY = 90, DEFAULT_LEVEL = 6 };

typedef struct {
    const char *name;
    const char *suffixes[2];
    const char *saver;    /* operation of libvips */
    guint bands;          /* bit n: n bands can be held; bit 31: any number */
    guint types;          /* bit n: TsSampleType n can be held */
    int max_side;         /* the format's own limit */
    const char *can_hold; /* for messages */
} Format;

enum { ANY_BANDS = (int) (1u << 31), UP_TO_FLOAT = 0x7f };

static const Format formats[] = {
    {"PNG",
     {".png"},
     "pngsave_buffer",
     0x1e,
     1 << TS_U8 | 1 << TS_U16,
     G_MAXINT,
     "1 to 4 bands of 8 or 16 bits"},
    {"JPEG",
     {".jpg", ".jpeg"},
     "jpegsave_buffer",
     0x0a,
     1 << TS_U8,
     65500,
     "1 or 3 bands of 8 bits"},
    {"TIFF",
     {".tif", ".tiff"},
     "tiffsave_buffer",
     (guint) ANY_BANDS,
     UP_TO_FLOAT,
     G_MAXINT,
     "any number of bands, integers of up to 32 bits and floats"},
    {"WebP", {".webp"}, "webpsave_buffer", 0x18, 1 << TS_U8, 16383, "3 or 4 bands of 8 bits"},
};

static const Format *
find_format(const char *suffix)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        for (guint k = 0; k < 2 && formats[i].suffixes[k] != NULL; k++)
            if (g_ascii_strcasecmp(suffix, formats[i].suffixes[k]) == 0)
                return &formats[i];
    return NULL;
}

gboolean
ts_image_check_format(const char *suffix, int bands, TsSampleType type, GError **error)
{
    const Format *format = find_format(suffix);
    if (format == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "'%s' is no format that can be written, use .png, .jpg, .tif or .webp",
                            suffix);
    gboolean holds_bands =
        format->bands == (guint) ANY_BANDS || (bands < 31 && (format->bands >> bands & 1) != 0);
    if (!holds_bands || (format->types >> type & 1) == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s holds %s, the image has %d %s band%s; TIFF holds all", format->name,
                            format->can_hold, bands, ts_sample_type_name(type),
                            bands == 1 ? "" : "s");
    return TRUE;
}

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

/* A libvips image on our pixels, which have to stay until it is gone. */
static VipsImage *
wrap(const TsImage *image, const char *name, GError **error)
{
    gsize n = (gsize) image->height * ts_image_row_size(image);
    g_autoptr(VipsImage) memory =
        vips_image_new_from_memory(image->data, n, image->width, image->height, image->bands,
                                   ts_sample_type_to_vips(image->type));
    VipsImage *out = NULL;
    if (memory == NULL ||
        vips_copy(memory, &out, "interpretation", choose_interpretation(image), NULL) != 0) {
        ts_image_set_vips_error(error, TS_ERROR_DEPENDENCY, name, "cannot be encoded");
        return NULL;
    }
    /* Tiles are encoded by many of our threads at once; libvips needs no more for each. */
    vips_image_set_int(out, VIPS_META_CONCURRENCY, 1);
    if (image->icc != NULL) {
        gsize size;
        const void *profile = g_bytes_get_data(image->icc, &size);
        vips_image_set_blob_copy(out, VIPS_META_ICC_NAME, profile, size);
    }
    return out;
}

static int
call_saver(const Format *format, VipsImage *image, VipsBlob **blob, const TsEncodeOptions *options)
{
    int quality = options->quality > 0 ? options->quality : DEFAULT_QUALITY;
    int level = options->level > 0 ? options->level : DEFAULT_LEVEL;
    gboolean none = options->compression == TS_COMPRESSION_NONE;
    gboolean lossless = options->compression == TS_COMPRESSION_LOSSLESS;
    if (strcmp(format->name, "PNG") == 0)
        return vips_call(format->saver, image, blob, "compression", level, "filter",
                         VIPS_FOREIGN_PNG_FILTER_SUB, NULL);
    if (strcmp(format->name, "JPEG") == 0)
        return vips_call(format->saver, image, blob, "Q", quality, NULL);
    if (strcmp(format->name, "WebP") == 0)
        return vips_call(format->saver, image, blob, "Q", quality, "lossless", lossless, NULL);
    return vips_call(format->saver, image, blob, "compression",
                     none ? VIPS_FOREIGN_TIFF_COMPRESSION_NONE
                          : VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE,
                     "predictor", VIPS_FOREIGN_TIFF_PREDICTOR_HORIZONTAL, NULL);
}

static void
free_blob(gpointer data)
{
    vips_area_unref(data);
}

GBytes *
ts_image_encode(const TsImage *image, const char *suffix, const char *name,
                const TsEncodeOptions *options, GError **error)
{
    static const TsEncodeOptions defaults = {0};
    const Format *format = find_format(suffix);
    if (!ts_image_init(error))
        return NULL;
    if (!ts_image_check_format(suffix, image->bands, image->type, error)) {
        g_prefix_error(error, "%s: ", name);
        return NULL;
    }
    if (MAX(image->width, image->height) > format->max_side) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "%s: %s holds at most %d pixels a side, the image is %d x %d", name,
                     format->name, format->max_side, image->width, image->height);
        return NULL;
    }
    g_autoptr(VipsImage) wrapped = wrap(image, name, error);
    VipsBlob *blob = NULL;
    if (wrapped == NULL)
        return NULL;
    if (call_saver(format, wrapped, &blob, options != NULL ? options : &defaults) != 0) {
        ts_image_set_vips_error(error, TS_ERROR_DEPENDENCY, name, "cannot be encoded");
        return NULL;
    }
    size_t n;
    const void *bytes = vips_blob_get(blob, &n);
    return g_bytes_new_with_free_func(bytes, n, free_blob, blob);
}

gboolean
ts_image_write(const TsImage *image, const char *path, const TsEncodeOptions *options,
               gboolean replace, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    const char *suffix = strrchr(name, '.');
    g_autoptr(GBytes) bytes =
        ts_image_encode(image, suffix != NULL ? suffix : "", path, options, error);
    if (bytes == NULL)
        return FALSE;
    gsize n;
    const void *data = g_bytes_get_data(bytes, &n);
    g_autoptr(TsOutFile) out = ts_out_file_new(path, replace, error);
    if (out == NULL || !ts_out_file_write(out, data, n, error))
        return FALSE;
    if (options != NULL && options->unsynced)
        ts_out_file_set_unsynced(out);
    return ts_out_file_commit(out, error);
}
