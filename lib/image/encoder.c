/* Encoders by suffix: which codec makes which format, and the bare arrays. */
#include "image/encoder.h"

#include "base/error.h"
#include "image/encode.h"
#include "image/jpeg_encode.h"
#include "image/png.h"
#include "image/tiff.h"
#include "image/vips_module.h"

#include <string.h>

struct _TsEncoder {
    const TsFormat *format;
    TsEncodeOptions options;
    TsJpegEncoder *jpeg;
    TsPngEncoder *png;
    GByteArray *array; /* .npy, .raw and .tif */
    TsTiffTags tags;   /* of the next .tif; its geo is borrowed */
    const TsVips *vips;
    GBytes *bytes; /* what libvips made */
};

static gboolean
check_options(const TsEncodeOptions *options, GError **error)
{
    if (options->quality < 0 || options->quality > 100)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "quality %d is not within 1 to 100",
                            options->quality);
    if (options->level < 0 || options->level > 9)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "level %d is not within 1 to 9",
                            options->level);
    return TRUE;
}

static gboolean
make_codec(TsEncoder *self, GError **error)
{
    switch (self->format->kind) {
    case TS_FORMAT_JPEG:
        self->jpeg = ts_jpeg_encoder_new(ts_encode_quality(&self->options), error);
        return self->jpeg != NULL;
    case TS_FORMAT_PNG:
        self->png = ts_png_encoder_new(ts_encode_level(&self->options), error);
        return self->png != NULL;
    case TS_FORMAT_TIFF:
        self->tags.level = ts_encode_level(&self->options);
        if (self->options.compression == TS_COMPRESSION_NONE)
            self->tags.compression = TS_TIFF_NONE;
        /* fall through */
    case TS_FORMAT_NPY:
    case TS_FORMAT_RAW:
        self->array = g_byte_array_new();
        return TRUE;
    default:
        self->vips = ts_vips_get(error);
        return self->vips != NULL;
    }
}

TsEncoder *
ts_encoder_new(const char *suffix, const TsEncodeOptions *options, GError **error)
{
    const TsFormat *format = ts_format_find(suffix, error);
    if (format == NULL || (options != NULL && !check_options(options, error)))
        return NULL;
    TsEncoder *self = g_new0(TsEncoder, 1);
    self->format = format;
    if (options != NULL)
        self->options = *options;
    if (make_codec(self, error))
        return self;
    ts_encoder_free(self);
    return NULL;
}

void
ts_encoder_free(TsEncoder *self)
{
    if (self == NULL)
        return;
    ts_jpeg_encoder_free(self->jpeg);
    ts_png_encoder_free(self->png);
    g_clear_pointer(&self->array, g_byte_array_unref);
    g_clear_pointer(&self->bytes, g_bytes_unref);
    g_free(self);
}

/* The head of a version 1.0 .npy file: magic, length, a dictionary, padded to 64 bytes. */
static void
append_npy_header(GByteArray *array, const TsImage *like, int width, int height)
{
    static const char *const kinds[] = {"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<f4", "<f8"};
    g_autofree char *text =
        g_strdup_printf("{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d, %d), }",
                        kinds[like->type], height, width, like->bands);
    guint n = (guint) strlen(text);
    guint padded = (10 + n + 1 + 63) / 64 * 64 - 10;
    guint8 head[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (guint8) padded, (guint8) (padded >> 8)};
    g_byte_array_append(array, head, sizeof head);
    g_byte_array_append(array, (const guint8 *) text, n);
    g_byte_array_set_size(array, 10 + padded);
    memset(array->data + 10 + n, ' ', padded - n);
    array->data[10 + padded - 1] = '\n';
}

/* Arrays are little-endian. */
static void
swap_samples(guint8 *samples, gsize n, gsize size)
{
    for (gsize i = 0; G_BYTE_ORDER == G_BIG_ENDIAN && i < n; i++)
        for (gsize k = 0; k < size / 2; k++) {
            guint8 *a = samples + i * size + k, *b = samples + (i + 1) * size - 1 - k, old = *a;
            *a = *b, *b = old;
        }
}

static gboolean
encode_array(TsEncoder *self, const TsImage *like, const guint8 *pixels, gsize stride, int width,
             int height, GError **error)
{
    enum { LARGEST = G_MAXINT32 - 4096 }; /* of a GByteArray */
    gsize row = (gsize) width * ts_image_pixel_size(like);
    if (row > LARGEST / (gsize) height)
        return ts_error_set(error, TS_ERROR_RANGE,
                            "%d x %d pixels are too many for one array file, at most 2^31 bytes",
                            width, height);
    g_byte_array_set_size(self->array, 0);
    if (self->format->kind == TS_FORMAT_NPY)
        append_npy_header(self->array, like, width, height);
    guint start = self->array->len;
    g_byte_array_set_size(self->array, start + (guint) (row * (gsize) height));
    for (int y = 0; y < height; y++)
        memcpy(self->array->data + start + (gsize) y * row, pixels + (gsize) y * stride, row);
    gsize size = ts_sample_type_size(like->type);
    swap_samples(self->array->data + start, row * (gsize) height / size, size);
    return TRUE;
}

void
ts_encoder_set_place(TsEncoder *self, const TsGeo *geo, double mpp_x, double mpp_y)
{
    self->tags.geo = geo;
    self->tags.mpp_x = mpp_x;
    self->tags.mpp_y = mpp_y;
}

gboolean
ts_encoder_encode(TsEncoder *self, const TsImage *like, const guint8 *pixels, gsize stride,
                  int width, int height, const guint8 **bytes, gsize *n, GError **error)
{
    if (!ts_format_check(self->format, like->bands, like->type, error) ||
        !ts_format_check_sides(self->format, width, height, error))
        return FALSE;
    switch (self->format->kind) {
    case TS_FORMAT_JPEG:
        return ts_jpeg_encoder_encode(self->jpeg, like, pixels, stride, width, height, bytes, n,
                                      error);
    case TS_FORMAT_PNG:
        return ts_png_encoder_encode(self->png, like, pixels, stride, width, height, bytes, n,
                                     error);
    case TS_FORMAT_NPY:
    case TS_FORMAT_RAW:
    case TS_FORMAT_TIFF:
        if (self->format->kind == TS_FORMAT_TIFF
                ? !ts_tiff_encode(like, pixels, stride, width, height, &self->tags, self->array,
                                  error)
                : !encode_array(self, like, pixels, stride, width, height, error))
            return FALSE;
        *bytes = self->array->data;
        *n = self->array->len;
        return TRUE;
    default:
        g_clear_pointer(&self->bytes, g_bytes_unref);
        self->bytes = self->vips->encode(self->format, like, pixels, stride, width, height,
                                         &self->options, error);
        *bytes = self->bytes != NULL ? g_bytes_get_data(self->bytes, n) : NULL;
        return self->bytes != NULL;
    }
}
