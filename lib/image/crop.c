/* Scaled crops: a filter over a box that may begin and end within pixels, and the part of a JPEG
 * that it needs. */
#include "image/crop.h"

#include "base/error.h"
#include "base/wide.h"
#include "image/jpeg_read.h"
#include "image/orient.h"

#include <math.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* ---- the filter ---- */

/* What output pixels are made of, along one axis. */
typedef struct {
    int n, n_taps;  /* output pixels, and room for each */
    int *first;     /* (n) */
    int *count;     /* (n) */
    float *weights; /* (n, n_taps) */
} Taps;

static void
taps_clear(Taps *self)
{
    g_free(self->first);
    g_free(self->count);
    g_free(self->weights);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Taps, taps_clear)

/* The triangle's weights of output pixel `i`, which sum to 1. */
static void
weigh(Taps *self, int i, int from, double begin, double step)
{
    const double wide = MAX(step, 1.0), centre = begin + (i + 0.5) * step;
    const int first = MAX(0, (int) (centre - wide + 0.5));
    const int end = MIN(from, (int) (centre + wide + 0.5));
    float *weights = self->weights + (gsize) i * (gsize) self->n_taps;
    double sum = 0;
    self->first[i] = first;
    self->count[i] = end - first;
    for (int k = first; k < end; k++)
        sum += MAX(0.0, 1 - fabs((k - centre + 0.5) / wide));
    for (int k = first; k < end; k++)
        weights[k - first] = (float) (MAX(0.0, 1 - fabs((k - centre + 0.5) / wide)) / sum);
}

/* `length` pixels from `begin` on, of `from` that are there, as `to`. */
static gboolean
taps_init(Taps *self, int from, double begin, double length, int to, GError **error)
{
    const double step = length / to;
    self->n = to;
    self->n_taps = 2 * (int) ceil(MAX(step, 1.0)) + 2;
    self->first = ts_try_alloc((gsize) to, sizeof(int), "filter", error);
    self->count = self->first ? ts_try_alloc((gsize) to, sizeof(int), "filter", error) : NULL;
    self->weights = self->count ? ts_try_alloc((gsize) to, (gsize) self->n_taps * sizeof(float),
                                               "filter", error)
                                : NULL;
    for (int i = 0; self->weights != NULL && i < to; i++)
        weigh(self, i, from, begin, step);
    return self->weights != NULL;
}

/* ---- bytes, in floats ---- */

/* One output row's sums over the rows of the source. Written so that it compiles to vectors. */
static inline void
add_rows(const guint8 *restrict rows, gsize stride, gsize n, const float *weights, int count,
         float *restrict sums)
{
    int k = 0;
    memset(sums, 0, n * sizeof *sums);
    for (; k + 1 < count; k += 2) {
        const guint8 *restrict a = rows + (gsize) k * stride, *restrict b = a + stride;
        const float wa = weights[k], wb = weights[k + 1];
        for (gsize i = 0; i < n; i++)
            sums[i] += wa * (float) a[i] + wb * (float) b[i];
    }
    if (k < count) {
        const guint8 *restrict a = rows + (gsize) k * stride;
        for (gsize i = 0; i < n; i++)
            sums[i] += weights[k] * (float) a[i];
    }
}

/* Inlined with the number of bands known. */
static inline void
sum_columns(const float *restrict sums, const Taps *along, gsize bands, guint8 *restrict out)
{
    for (int i = 0; i < along->n; i++) {
        const float *weights = along->weights + (gsize) i * (gsize) along->n_taps;
        const float *from = sums + (gsize) along->first[i] * bands;
        float value[4] = {0.5F, 0.5F, 0.5F, 0.5F};
        for (int k = 0; k < along->count[i]; k++)
            for (gsize b = 0; b < bands; b++)
                value[b] += weights[k] * from[(gsize) k * bands + b];
        for (gsize b = 0; b < bands; b++)
            *out++ = (guint8) MIN(value[b], 255.0F);
    }
}

/* RGB: one vector a pixel, whose fourth number is that of the next one and is not used. */
static inline void
sum_columns_rgb(const float *restrict sums, const Taps *along, guint8 *restrict out)
{
#ifdef __SSE2__
    for (int i = 0; i < along->n; i++, out += 3) {
        const float *weights = along->weights + (gsize) i * (gsize) along->n_taps;
        const float *from = sums + (gsize) along->first[i] * 3;
        __m128 value = _mm_set1_ps(0.5F);
        for (int k = 0; k < along->count[i]; k++)
            value =
                _mm_add_ps(value, _mm_mul_ps(_mm_set1_ps(weights[k]), _mm_loadu_ps(from + 3 * k)));
        const __m128i whole = _mm_cvttps_epi32(value);
        const __m128i words = _mm_packs_epi32(whole, whole);
        const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
        memcpy(out, &bytes, 3);
    }
#else
    sum_columns(sums, along, 3, out);
#endif
}

/* Rows of `part` to those of `out`; `sums` has room for one, and a number more. */
TS_WIDE static void
scale_rows(const TsImage *part, const Taps *along, const Taps *down, float *sums, TsImage *out)
{
    const gsize bands = (gsize) part->bands, row = ts_image_row_size(part);
    for (int y = 0; y < out->height; y++) {
        guint8 *to = out->data + (gsize) y * ts_image_row_size(out);
        add_rows(part->data + (gsize) down->first[y] * row, row, row,
                 down->weights + (gsize) y * (gsize) down->n_taps, down->count[y], sums);
        if (bands == 3)
            sum_columns_rgb(sums, along, to);
        else if (bands == 1)
            sum_columns(sums, along, 1, to);
        else
            sum_columns(sums, along, bands, to);
    }
}

/* The box of `part`, 8-bit samples of up to 4 bands, to `out`. */
static gboolean
scale_bytes(const TsImage *part, const double box[4], TsImage *out, GError **error)
{
    g_auto(Taps) along = {0};
    g_auto(Taps) down = {0};
    if (!taps_init(&along, part->width, box[0], box[2], out->width, error) ||
        !taps_init(&down, part->height, box[1], box[3], out->height, error))
        return FALSE;
    g_autofree float *sums = ts_try_alloc(ts_image_row_size(part) + 1, sizeof *sums, "row", error);
    if (sums == NULL)
        return FALSE;
    scale_rows(part, &along, &down, sums, out);
    return TRUE;
}

/* ---- pictures in memory ---- */

static gboolean
check_inside(TsCrop crop, int width, int height, GError **error)
{
    if (crop.x >= 0 && crop.y >= 0 && crop.width >= 1 && crop.height >= 1 &&
        crop.width <= width - crop.x && crop.height <= height - crop.y)
        return TRUE;
    return ts_error_set(error, TS_ERROR_RANGE, "%d x %d pixels at %d,%d are not inside of %d x %d",
                        crop.width, crop.height, crop.x, crop.y, width, height);
}

TsImage *
ts_image_crop_scaled(const TsImage *image, TsCrop crop, int width, int height, GError **error)
{
    if (!check_inside(crop, image->width, image->height, error))
        return NULL;
    g_autoptr(TsImage) part = ts_image_crop(image, crop.x, crop.y, crop.width, crop.height, error);
    if (part == NULL || (crop.width == width && crop.height == height))
        return g_steal_pointer(&part);
    if (image->type != TS_U8 || image->bands > 4)
        return ts_image_resize(part, width, height, error);
    g_autoptr(TsImage) out = ts_image_new_like(image, width, height, error);
    const double box[4] = {0, 0, crop.width, crop.height};
    return out != NULL && scale_bytes(part, box, out, error) ? g_steal_pointer(&out) : NULL;
}

/* ---- files ---- */

struct _TsCropReader {
    TsJpegReader *jpeg;
    const char *name;
    int orientation, width, height; /* stored */
};

TsCropReader *
ts_crop_reader_open(gconstpointer bytes, gsize n, const char *name)
{
    TsJpegReader *jpeg = ts_jpeg_reader_open_part(bytes, n, name);
    if (jpeg == NULL)
        return NULL;
    TsCropReader *self = g_new0(TsCropReader, 1);
    self->jpeg = jpeg;
    self->name = name;
    self->orientation = ts_jpeg_reader_orientation(jpeg);
    ts_jpeg_reader_get_size(jpeg, &self->width, &self->height);
    return self;
}

void
ts_crop_reader_free(TsCropReader *self)
{
    if (self == NULL)
        return;
    ts_jpeg_reader_free(self->jpeg);
    g_free(self);
}

void
ts_crop_reader_get_size(const TsCropReader *self, int *width, int *height)
{
    const gboolean swaps = ts_orientation_swaps(self->orientation);
    *width = swaps ? self->height : self->width;
    *height = swaps ? self->width : self->height;
}

/* The most by which the crop's sides may be divided and be no smaller than what is wanted. */
static int
choose_divisor(TsRect rect, int width, int height)
{
    int divisor = 8;
    while (divisor > 1 && (rect.width / divisor < width || rect.height / divisor < height))
        divisor /= 2;
    return divisor;
}

/* Decode the pixels, of sides divided, that `rect` touches; `box` becomes where it lies in them. */
static TsImage *
read_part(TsCropReader *self, TsRect rect, int divisor, double box[4], GError **error)
{
    GBytes *icc;
    TsImageInfo info;
    const double d = divisor;
    int x = rect.x / divisor, y = rect.y / divisor;
    int width = (rect.x + rect.width + divisor - 1) / divisor - x;
    const int height = (rect.y + rect.height + divisor - 1) / divisor - y;
    const int wanted = x, n_wanted = width;
    if (!ts_jpeg_reader_begin_part(self->jpeg, divisor, &x, &width, error))
        return NULL;
    ts_jpeg_reader_info(self->jpeg, &info, &icc);
    g_autoptr(TsImage) rows = ts_image_new(width, height, info.bands, TS_U8, error);
    if (rows == NULL || !ts_jpeg_reader_read(self->jpeg, y, height, rows->data, error))
        return NULL;
    rows->icc = icc != NULL ? g_bytes_ref(icc) : NULL;
    box[0] = rect.x / d - wanted;
    box[1] = rect.y / d - y;
    box[2] = rect.width / d;
    box[3] = rect.height / d;
    return width == n_wanted ? g_steal_pointer(&rows)
                             : ts_image_crop(rows, wanted - x, 0, n_wanted, height, error);
}

static TsImage *
read_stored(TsCropReader *self, TsRect rect, int width, int height, GError **error)
{
    double box[4];
    const int divisor = choose_divisor(rect, width, height);
    g_autoptr(TsImage) part = read_part(self, rect, divisor, box, error);
    if (part == NULL || (divisor == 1 && rect.width == width && rect.height == height))
        return g_steal_pointer(&part);
    g_autoptr(TsImage) out = ts_image_new_like(part, width, height, error);
    return out != NULL && scale_bytes(part, box, out, error) ? g_steal_pointer(&out) : NULL;
}

TsImage *
ts_crop_reader_read(TsCropReader *self, TsCrop crop, int width, int height, GError **error)
{
    int all_width, all_height;
    const gboolean swaps = ts_orientation_swaps(self->orientation);
    ts_crop_reader_get_size(self, &all_width, &all_height);
    if (!check_inside(crop, all_width, all_height, error)) {
        g_prefix_error(error, "%s: ", self->name);
        return NULL;
    }
    const TsRect rect = ts_orientation_to_stored(self->orientation,
                                                 (TsRect){crop.x, crop.y, crop.width, crop.height},
                                                 self->width, self->height);
    g_autoptr(TsImage) out =
        read_stored(self, rect, swaps ? height : width, swaps ? width : height, error);
    return out == NULL || self->orientation == 1 ? g_steal_pointer(&out)
                                                 : ts_image_orient(out, self->orientation, error);
}
