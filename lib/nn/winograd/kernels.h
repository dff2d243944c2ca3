/* What kernels.c provides, once for each kind of processor.
 *
 * Transformed data lie in panels: 36 matrices, one a position in the 6x6 tile; each matrix of
 * `rows` rows and `channels` columns is cut into panels of 2 vectors (the last may have one):
 *
 *     element (position, row, channel) = data[position * stride +
 *                                             channel / P * P * rows + row * width + channel % P]
 *
 * with P = 2 * lanes, and width = P, or `lanes` in a last panel of one vector. Activations lie in
 * blocks of `lanes` channels (oneDNN's nChw8c or nChw16c), padded with zeros. Channel counts here
 * are the padded ones, multiples of `lanes`.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { TS_WINOGRAD_POSITIONS = 36 };

/* A picture stack in blocks, and where its tiles begin: tile (i, j) at pixel (4 i - pad_y,
 * 4 j - pad_x). */
typedef struct {
    gint64 blocks; /* channels / lanes */
    gint64 height, width;
    gint64 pad_y, pad_x;
    gint64 tiles_y, tiles_x;
} TsWinogradPictures;

/* What is done with a result before it is stored: bias, a sum, limits. */
typedef struct {
    const float *bias; /* n_bias numbers; NULL: none */
    gint64 n_bias;
    gboolean adds;  /* to what is there */
    gboolean clips; /* to low .. high */
    float low, high;
} TsWinogradFinish;

typedef struct {
    const char *name; /* "avx2" */
    int lanes;
    int rows; /* rows of a matrix product that one micro-kernel computes */

    /* The 6x6 pixels around tile `number` to row `row` of panels of `rows` rows. */
    void (*input)(const TsWinogradPictures *p, const float *pictures, gint64 number, gint64 row,
                  gint64 rows, gint64 stride, float *panels);
    /* The 4x4 pixels of a tile, likewise; no padding. */
    void (*output_gradient)(const TsWinogradPictures *p, const float *pictures, gint64 number,
                            gint64 row, gint64 rows, gint64 stride, float *panels);
    /* Row `row` of panels to the 4x4 pixels of tile `number`; no padding. */
    void (*output)(const TsWinogradPictures *p, const float *panels, gint64 rows, gint64 stride,
                   const TsWinogradFinish *finish, gint64 number, gint64 row, float *pictures);
    /* Filters to panels of one row: number `row` of `rows`. Tap t of column n is
     * weights[n * column_step + t], or [8 - t] if rotated, n < n_columns; the others are zero. */
    void (*filter)(const float *weights, gint64 column_step, gint64 n_columns, gboolean rotated,
                   gint64 columns, gint64 row, gint64 rows, gint64 stride, float *panels);
    /* Panels of one row to filter gradients, likewise. */
    void (*filter_gradient)(const float *panels, gint64 row, gint64 rows, gint64 stride,
                            gint64 column_step, gint64 n_columns, gint64 columns, float *weights);
    /* One position: product (n x columns) = a (n x inner) b (inner x columns); a and product have
     * panels of `rows` rows. */
    void (*multiply)(const float *a, const float *b, gint64 n, gint64 rows, gint64 inner,
                     gint64 columns, float *product);
    /* One position: sum (a_columns x columns) += a' b over the n rows of a and b, both in panels of
     * `rows` rows; sum has panels of a_columns rows. Only rows from .. end - 1 of the sum, whole
     * panels of a. `anew`: sum = a' b. */
    void (*multiply_transposed)(const float *a, const float *b, gint64 n, gint64 rows,
                                gint64 a_columns, gint64 from, gint64 end, gint64 columns,
                                gboolean anew, float *sum);
} TsWinogradKernels;

extern const TsWinogradKernels ts_winograd_plain;
#if defined(__x86_64__)
extern const TsWinogradKernels ts_winograd_avx2, ts_winograd_avx512;
#endif

G_END_DECLS
