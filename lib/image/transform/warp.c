/* Bilinear, exact and nearest sampling along a TsMap. */
#include "image/transform/warp.h"

#include "base/error.h"
#include "image/samples.h"

#include <math.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Positions are computed for so many pixels at once. */
enum { CHUNK = 128 };

/* Where the pixels of a chunk lie: the upper left of four neighbours, and the shares of the others.
 */
typedef struct {
    int x[CHUNK], y[CHUNK];
    float share_x[CHUNK], share_y[CHUNK];
} Places;

/* What is sampled: (height, width, bands), rows of `row` samples. */
typedef struct {
    const void *data;
    int last_x, last_y, bands;
    gsize row;
} Source;

gboolean
ts_warp_has_type(TsSampleType type)
{
    return type == TS_U8 || type == TS_U16 || type == TS_I16 || type == TS_F32;
}

/* Positions within 0 .. last as the pixel below them and the share of the one above. Written so
 * that it compiles to vectors. */
static void
split_positions(const double *restrict position, int n, int last, int *restrict low,
                float *restrict share)
{
    const double end = last;
    for (int i = 0; i < n; i++) {
        double inside = position[i] > 0 ? position[i] : 0;
        inside = inside < end ? inside : end;
        low[i] = (int) inside;
        share[i] = (float) (inside - low[i]);
    }
}

static void
find_places(const TsMap *map, int x, int y, int n, Places *at)
{
    double px[CHUNK], py[CHUNK];
    ts_map_positions(map, x, y, n, px, py);
    split_positions(px, n, map->in_width - 1, at->x, at->share_x);
    split_positions(py, n, map->in_height - 1, at->y, at->share_y);
}

/* Inlined with the number of bands known, so that the loop over them is unrolled. */
#define DEFINE_BILINEAR(NAME, T, TO)                                                               \
    static inline T *bilinear_bands_##NAME(const Source *from, const Places *at, int n, int bands, \
                                           T *out)                                                 \
    {                                                                                              \
        for (int i = 0; i < n; i++) {                                                              \
            const T *a = (const T *) from->data + (gsize) at->y[i] * from->row + at->x[i] * bands; \
            const T *b = a + (at->x[i] < from->last_x ? bands : 0);                                \
            const gsize down = at->y[i] < from->last_y ? from->row : 0;                            \
            const float sx = at->share_x[i], sy = at->share_y[i];                                  \
            for (int k = 0; k < bands; k++) {                                                      \
                const float c = a[k + down], d = b[k + down];                                      \
                const float top = (float) a[k] + sx * ((float) b[k] - (float) a[k]);               \
                const float bottom = c + sx * (d - c);                                             \
                const float value = top + sy * (bottom - top);                                     \
                *out++ = (T) TO;                                                                   \
            }                                                                                      \
        }                                                                                          \
        return out;                                                                                \
    }                                                                                              \
    static void *bilinear_##NAME(const Source *from, const Places *at, int n, void *out)           \
    {                                                                                              \
        if (from->bands == 1)                                                                      \
            return bilinear_bands_##NAME(from, at, n, 1, out);                                     \
        if (from->bands == 3)                                                                      \
            return bilinear_bands_##NAME(from, at, n, 3, out);                                     \
        return bilinear_bands_##NAME(from, at, n, from->bands, out);                               \
    }

DEFINE_BILINEAR(u8, guint8, (value + 0.5f))
DEFINE_BILINEAR(u16, guint16, (value + 0.5f))
DEFINE_BILINEAR(i16, gint16, ((int) (value + 32768.5f) - 32768))
DEFINE_BILINEAR(f32, float, value)

#ifdef __SSE2__
static inline __m128
load4(const guint8 *at)
{
    const __m128i zero = _mm_setzero_si128();
    int bytes;
    memcpy(&bytes, at, sizeof bytes);
    return _mm_cvtepi32_ps(
        _mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(bytes), zero), zero));
}

static inline void
store4(__m128 values, guint8 *at)
{
    const __m128i whole = _mm_cvttps_epi32(values);
    const __m128i words = _mm_packs_epi32(whole, whole);
    const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    memcpy(at, &bytes, sizeof bytes);
}

/* a + share (b - a) */
static inline __m128
mix(__m128 a, __m128 b, __m128 share)
{
    return _mm_add_ps(a, _mm_mul_ps(share, _mm_sub_ps(b, a)));
}

/* RGB bytes: one vector a pixel, whose fourth number is that of the next one and is not used. The
 * last pixel of the input, behind which nothing is, and of the chunk are left to the plain code. */
static void *
bilinear_rgb(const Source *from, const Places *at, int n, guint8 *out)
{
    const guint8 *last =
        (const guint8 *) from->data + (gsize) from->last_y * from->row + (gsize) from->last_x * 3;
    for (int i = 0; i < n; i++, out += 3) {
        const guint8 *a = (const guint8 *) from->data + (gsize) at->y[i] * from->row + at->x[i] * 3;
        const guint8 *b = a + (at->x[i] < from->last_x ? 3 : 0);
        const gsize down = at->y[i] < from->last_y ? from->row : 0;
        if (b + down >= last || i + 1 == n) {
            Places one = {{at->x[i]}, {at->y[i]}, {at->share_x[i]}, {at->share_y[i]}};
            bilinear_bands_u8(from, &one, 1, 3, out);
            continue;
        }
        const __m128 sx = _mm_set1_ps(at->share_x[i]), sy = _mm_set1_ps(at->share_y[i]);
        const __m128 top = mix(load4(a), load4(b), sx);
        const __m128 bottom = mix(load4(a + down), load4(b + down), sx);
        store4(_mm_add_ps(mix(top, bottom, sy), _mm_set1_ps(0.5f)), out);
    }
    return out;
}
#else
#define bilinear_rgb bilinear_u8
#endif

static void
warp_bilinear(const void *in, int bands, TsSampleType type, const TsMap *map, void *out)
{
    const Source from = {in, map->in_width - 1, map->in_height - 1, bands,
                         (gsize) map->in_width * (gsize) bands};
    Places at;
    for (int y = 0; y < map->height; y++)
        for (int x = 0; x < map->width; x += CHUNK) {
            int n = MIN(CHUNK, map->width - x);
            find_places(map, x, y, n, &at);
            if (type == TS_U8)
                out =
                    bands == 3 ? bilinear_rgb(&from, &at, n, out) : bilinear_u8(&from, &at, n, out);
            else if (type == TS_U16)
                out = bilinear_u16(&from, &at, n, out);
            else if (type == TS_I16)
                out = bilinear_i16(&from, &at, n, out);
            else
                out = bilinear_f32(&from, &at, n, out);
        }
}

/* Copy n pixels that lie `step` bytes apart; inlined with the size of a pixel known. */
static inline guint8 *
copy_pixels(const guint8 *in, gssize step, int n, gsize pixel, guint8 *out)
{
    for (int i = 0; i < n; i++, in += step, out += pixel)
        memcpy(out, in, pixel);
    return out;
}

static guint8 *
copy_any_pixels(const guint8 *in, gssize step, int n, gsize pixel, guint8 *out)
{
    if (step == (gssize) pixel) {
        memcpy(out, in, (gsize) n * pixel);
        return out + (gsize) n * pixel;
    }
    switch (pixel) {
    case 1:
        return copy_pixels(in, step, n, 1, out);
    case 2:
        return copy_pixels(in, step, n, 2, out);
    case 3:
        return copy_pixels(in, step, n, 3, out);
    case 4:
        return copy_pixels(in, step, n, 4, out);
    case 6:
        return copy_pixels(in, step, n, 6, out);
    default:
        return copy_pixels(in, step, n, pixel, out);
    }
}

/* The pixel that an exact map shows at (x, y), edges repeated. */
static const guint8 *
exact_pixel(const guint8 *in, const TsMap *map, gsize pixel, int x, int y)
{
    const double *m = map->matrix.m;
    double at_x = m[0] * x + m[1] * y + m[2], at_y = m[3] * x + m[4] * y + m[5];
    gsize column = (gsize) CLAMP(at_x, 0, map->in_width - 1);
    gsize row = (gsize) CLAMP(at_y, 0, map->in_height - 1);
    return in + (row * (gsize) map->in_width + column) * pixel;
}

/* TRUE if the whole row y of the output lies inside of the input. */
static gboolean
row_is_inside(const TsMap *map, int y)
{
    const double *m = map->matrix.m;
    for (int x = 0; x < map->width; x += MAX(map->width - 1, 1)) {
        double at_x = m[0] * x + m[1] * y + m[2], at_y = m[3] * x + m[4] * y + m[5];
        if (!(at_x >= 0 && at_x < map->in_width && at_y >= 0 && at_y < map->in_height))
            return FALSE;
    }
    return TRUE;
}

static void
warp_exact(const guint8 *in, gsize pixel, const TsMap *map, guint8 *out)
{
    const gssize size = (gssize) pixel;
    const gssize step =
        (gssize) map->matrix.m[0] * size + (gssize) map->matrix.m[3] * map->in_width * size;
    for (int y = 0; y < map->height; y++) {
        if (row_is_inside(map, y)) {
            out = copy_any_pixels(exact_pixel(in, map, pixel, 0, y), step, map->width, pixel, out);
            continue;
        }
        for (int x = 0; x < map->width; x++, out += pixel)
            memcpy(out, exact_pixel(in, map, pixel, x, y), pixel);
    }
}

void
ts_warp_pixels(const void *in, int bands, TsSampleType type, const TsMap *map, void *out)
{
    if (ts_map_is_exact(map)) {
        warp_exact(in, (gsize) bands * ts_sample_type_size(type), map, out);
        return;
    }
    g_assert(ts_warp_has_type(type));
    warp_bilinear(in, bands, type, map, out);
}

TsImage *
ts_warp(const TsImage *in, const TsMap *map, GError **error)
{
    g_assert(in->width == map->in_width && in->height == map->in_height);
    if (!ts_map_is_exact(map) && !ts_warp_has_type(in->type)) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s samples cannot be interpolated; 8-bit, 16-bit, signed 16-bit and float "
                     "ones can, and flips, quarter turns and crops take all",
                     ts_sample_type_name(in->type));
        return NULL;
    }
    TsImage *out = ts_image_new_like(in, map->width, map->height, error);
    if (out != NULL)
        ts_warp_pixels(in->data, in->bands, in->type, map, out->data);
    return out;
}

TsImage *
ts_warp_mask(const TsImage *in, const TsMap *map, int ignore, GError **error)
{
    g_assert(in->width == map->in_width && in->height == map->in_height);
    if (in->type == TS_F32 || in->type == TS_F64) {
        ts_error_set(error, TS_ERROR_FORMAT, "a mask has whole numbers, this one has %s samples",
                     ts_sample_type_name(in->type));
        return NULL;
    }
    g_autoptr(TsImage) out = ts_image_new_like(in, map->width, map->height, error);
    const gsize pixel = ts_image_pixel_size(in);
    g_autofree guint8 *ignored = out != NULL ? g_malloc(pixel) : NULL;
    if (out == NULL)
        return NULL;
    for (int k = 0; k < in->bands; k++)
        ts_samples_store(in->type, &(double){ignore}, 1, TS_ROUND_HALF_UP,
                         ignored + (gsize) k * ts_sample_type_size(in->type));
    guint8 *to = out->data;
    double px[CHUNK], py[CHUNK];
    for (int y = 0; y < map->height; y++)
        for (int x = 0; x < map->width; x += CHUNK) {
            int n = MIN(CHUNK, map->width - x);
            ts_map_positions(map, x, y, n, px, py);
            for (int i = 0; i < n; i++, to += pixel) {
                double column = floor(px[i] + 0.5), row = floor(py[i] + 0.5);
                gboolean inside = column >= 0 && column < in->width && row >= 0 && row < in->height;
                gsize at = inside ? ((gsize) row * (gsize) in->width + (gsize) column) * pixel : 0;
                memcpy(to, inside ? in->data + at : ignored, pixel);
            }
        }
    return g_steal_pointer(&out);
}
