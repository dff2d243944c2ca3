/* Halving an image: mean, nearest, or mode of two by two pixels.
 *
 * A sample has one, two or four sources: fewer at the last column and row of odd sides. They are
 * given as four, some of them the same one again, which changes neither a mean nor a mode.
 */
#include "image/tiff_reduce.h"

#include <string.h>

/* Rounded up. */
static int
half_of(int side)
{
    return side / 2 + side % 2;
}

/* Integers: the sum of four in a wide type, rounded half up (an arithmetic shift rounds down). */
#define MEAN_INTEGER(T, a, b, c, d) (T)(((gint64) (a) + (b) + (c) + (d) + 2) >> 2)
#define MEAN_FLOAT(T, a, b, c, d) (T)(((double) (a) + (b) + (c) + (d)) / 4)

/* The value that occurs most often; the lowest of those that occur equally often. */
#define MODE_OF(T, a, b, c, d)                                                                     \
    T v[4] = {a, b, c, d};                                                                         \
    int best = 0, best_n = 0;                                                                      \
    for (int i = 0; i < 4; i++) {                                                                  \
        int n = (v[i] == v[0]) + (v[i] == v[1]) + (v[i] == v[2]) + (v[i] == v[3]);                 \
        if (n > best_n || (n == best_n && v[i] < v[best])) {                                       \
            best = i;                                                                              \
            best_n = n;                                                                            \
        }                                                                                          \
    }                                                                                              \
    to[x * bands + k] = v[best]

#define PUT_MEAN_INTEGER(T, a, b, c, d) to[x * bands + k] = MEAN_INTEGER(T, a, b, c, d)
#define PUT_MEAN_FLOAT(T, a, b, c, d) to[x * bands + k] = MEAN_FLOAT(T, a, b, c, d)

/* void NAME(upper row, lower row, width, bands, to) */
#define DEFINE_ROW(NAME, T, PUT)                                                                   \
    static void NAME(const void *upper_row, const void *lower_row, int width, int bands,           \
                     void *to_row)                                                                 \
    {                                                                                              \
        const T *upper = upper_row, *lower = lower_row;                                            \
        T *to = to_row;                                                                            \
        for (int x = 0; x < half_of(width); x++) {                                                 \
            gsize left = 2 * (gsize) x * (gsize) bands;                                            \
            gsize right = MIN(2 * (gsize) x + 1, (gsize) width - 1) * (gsize) bands;               \
            for (int k = 0; k < bands; k++) {                                                      \
                PUT(T, upper[left + (gsize) k], upper[right + (gsize) k], lower[left + (gsize) k], \
                    lower[right + (gsize) k]);                                                     \
            }                                                                                      \
        }                                                                                          \
    }

typedef void (*ReduceRow)(const void *upper, const void *lower, int width, int bands, void *to);

DEFINE_ROW(mean_u8, guint8, PUT_MEAN_INTEGER)
DEFINE_ROW(mean_i8, gint8, PUT_MEAN_INTEGER)
DEFINE_ROW(mean_u16, guint16, PUT_MEAN_INTEGER)
DEFINE_ROW(mean_i16, gint16, PUT_MEAN_INTEGER)
DEFINE_ROW(mean_u32, guint32, PUT_MEAN_INTEGER)
DEFINE_ROW(mean_i32, gint32, PUT_MEAN_INTEGER)
DEFINE_ROW(mean_f32, float, PUT_MEAN_FLOAT)
DEFINE_ROW(mean_f64, double, PUT_MEAN_FLOAT)

DEFINE_ROW(mode_u8, guint8, MODE_OF)
DEFINE_ROW(mode_i8, gint8, MODE_OF)
DEFINE_ROW(mode_u16, guint16, MODE_OF)
DEFINE_ROW(mode_i16, gint16, MODE_OF)
DEFINE_ROW(mode_u32, guint32, MODE_OF)
DEFINE_ROW(mode_i32, gint32, MODE_OF)
DEFINE_ROW(mode_f32, float, MODE_OF)
DEFINE_ROW(mode_f64, double, MODE_OF)

static const ReduceRow reduce_rows[][2] = {
    [TS_U8] = {mean_u8, mode_u8},    [TS_I8] = {mean_i8, mode_i8},
    [TS_U16] = {mean_u16, mode_u16}, [TS_I16] = {mean_i16, mode_i16},
    [TS_U32] = {mean_u32, mode_u32}, [TS_I32] = {mean_i32, mode_i32},
    [TS_F32] = {mean_f32, mode_f32}, [TS_F64] = {mean_f64, mode_f64},
};

static void
take_every_other(const guint8 *from, int width, gsize pixel, guint8 *to)
{
    for (int x = 0; x < half_of(width); x++)
        memcpy(to + (gsize) x * pixel, from + 2 * (gsize) x * pixel, pixel);
}

void
ts_reduce_rows(TsReduce how, TsSampleType type, int bands, const guint8 *from, int width,
               int height, guint8 *to)
{
    gsize pixel = (gsize) bands * ts_sample_type_size(type);
    gsize row = (gsize) width * pixel, to_row = (gsize) half_of(width) * pixel;
    for (int y = 0; y < half_of(height); y++, to += to_row) {
        const guint8 *upper = from + 2 * (gsize) y * row;
        const guint8 *lower = 2 * (gsize) y + 1 < (gsize) height ? upper + row : upper;
        if (how == TS_REDUCE_NEAREST)
            take_every_other(upper, width, pixel, to);
        else
            reduce_rows[type][how == TS_REDUCE_MODE](upper, lower, width, bands, to);
    }
}
