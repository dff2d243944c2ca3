/* Bilinear, exact and nearest sampling along a TsMap. */
#include "image/transform/warp.h"

#include "base/error.h"
#include "image/samples.h"

#include <math.h>
#include <string.h>

/* Positions are computed for so many pixels at once. */
enum { CHUNK = 128 };

/* Where the pixels of a chunk lie: offsets in samples of the four neighbours, and shares. */
typedef struct {
    gsize row0[CHUNK], row1[CHUNK];
    int x0[CHUNK], x1[CHUNK];
    float share_x[CHUNK], share_y[CHUNK];
} Places;

gboolean
ts_warp_has_type(TsSampleType type)
{
    return type == TS_U8 || type == TS_U16 || type == TS_I16 || type == TS_F32;
}

static void
find_places(const TsMap *map, int bands, int x, int y, int n, Places *at)
{
    double px[CHUNK], py[CHUNK];
    const double last_x = map->in_width - 1, last_y = map->in_height - 1;
    const gsize row = (gsize) map->in_width * (gsize) bands;
    ts_map_positions(map, x, y, n, px, py);
    for (int i = 0; i < n; i++) {
        const double qx = CLAMP(px[i], 0, last_x), qy = CLAMP(py[i], 0, last_y);
        const int x0 = (int) qx, y0 = (int) qy;
        at->share_x[i] = (float) (qx - x0);
        at->share_y[i] = (float) (qy - y0);
        at->x0[i] = x0 * bands;
        at->x1[i] = MIN(x0 + 1, map->in_width - 1) * bands;
        at->row0[i] = (gsize) y0 * row;
        at->row1[i] = (gsize) MIN(y0 + 1, map->in_height - 1) * row;
    }
}

/* Inlined with the number of bands known, so that the loop over them is unrolled. */
#define DEFINE_BILINEAR(NAME, T, TO)                                                               \
    static inline T *bilinear_bands_##NAME(const T *in, const Places *at, int n, int bands,        \
                                           T *out)                                                 \
    {                                                                                              \
        for (int i = 0; i < n; i++) {                                                              \
            const T *a = in + at->row0[i] + at->x0[i], *b = in + at->row0[i] + at->x1[i];          \
            const T *c = in + at->row1[i] + at->x0[i], *d = in + at->row1[i] + at->x1[i];          \
            const float sx = at->share_x[i], sy = at->share_y[i];                                  \
            for (int k = 0; k < bands; k++) {                                                      \
                const float top = (float) a[k] + sx * ((float) b[k] - (float) a[k]);               \
                const float bottom = (float) c[k] + sx * ((float) d[k] - (float) c[k]);            \
                const float value = top + sy * (bottom - top);                                     \
                *out++ = (T) TO;                                                                   \
            }                                                                                      \
        }                                                                                          \
        return out;                                                                                \
    }                                                                                              \
    static void *bilinear_##NAME(const void *in, const Places *at, int n, int bands, void *out)    \
    {                                                                                              \
        if (bands == 1)                                                                            \
            return bilinear_bands_##NAME(in, at, n, 1, out);                                       \
        if (bands == 3)                                                                            \
            return bilinear_bands_##NAME(in, at, n, 3, out);                                       \
        return bilinear_bands_##NAME(in, at, n, bands, out);                                       \
    }

DEFINE_BILINEAR(u8, guint8, (value + 0.5f))
DEFINE_BILINEAR(u16, guint16, (value + 0.5f))
DEFINE_BILINEAR(i16, gint16, ((int) (value + 32768.5f) - 32768))
DEFINE_BILINEAR(f32, float, value)

static void
warp_bilinear(const void *in, int bands, TsSampleType type, const TsMap *map, void *out)
{
    Places at;
    for (int y = 0; y < map->height; y++)
        for (int x = 0; x < map->width; x += CHUNK) {
            int n = MIN(CHUNK, map->width - x);
            find_places(map, bands, x, y, n, &at);
            if (type == TS_U8)
                out = bilinear_u8(in, &at, n, bands, out);
            else if (type == TS_U16)
                out = bilinear_u16(in, &at, n, bands, out);
            else if (type == TS_I16)
                out = bilinear_i16(in, &at, n, bands, out);
            else
                out = bilinear_f32(in, &at, n, bands, out);
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
