/* What kernels.c provides, once for each kind of processor and of factors.
 *
 * Transformed data lie in panels: a matrix for each position in the tile with its border (36 or
 * 16); each matrix of `rows` rows and `channels` columns is cut into panels of 2 vectors (the last
 * may have one):
 *
 *     element (position, row, channel) = data[position * stride +
 *                                             channel / P * P * rows + row * width + channel % P]
 *
 * with P = 2 * lanes, and width = P, or `lanes` in a last panel of one vector. Activations lie in
 * blocks of `lanes` channels (oneDNN's nChw8c or nChw16c), padded with zeros. Channel counts here
 * are the padded ones, multiples of `lanes`.
 *
 * Factors in bf16 are packed: a word of 32 bits holds two of them, of neighbouring channels (that
 * formula, in halves of words) or of neighbouring rows (that formula with row / 2 and rows / 2, in
 * words, the even row in the lower half). What stores by rows is called for an even row first and
 * then for the odd one beside it, by one thread: the even one clears the word. Products and sums
 * are f32. Strides count words.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A picture stack in blocks, and where its tiles begin: tile (i, j) at pixel (tile i - pad_y,
 * tile j - pad_x). */
typedef struct {
    gint64 blocks; /* channels / lanes */
    gint64 height, width;
    gint64 pad_y, pad_x;
    gint64 tiles_y, tiles_x;
} TsWinogradPictures;

/* Tiles first .. first + n - 1, which are rows `row` .. row + n - 1 of matrices of `rows` rows. */
typedef struct {
    gint64 first, row, n;
    gint64 rows, stride;
} TsWinogradTiles;

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
    int tile; /* 4: F(4x4, 3x3), 2: F(2x2, 3x3) */
    int pack; /* factors in a word: 1 in f32, 2 in bf16 */

    /* The pixels of tiles and one around each to panels, packed by channels for multiply(), by
     * rows for multiply_transposed(). */
    void (*input)(const TsWinogradPictures *p, const float *pictures, const TsWinogradTiles *tiles,
                  float *panels);
    void (*input_by_rows)(const TsWinogradPictures *p, const float *pictures,
                          const TsWinogradTiles *tiles, float *panels);
    /* The pixels of tiles alone, by rows; no padding. */
    void (*output_gradient)(const TsWinogradPictures *p, const float *pictures,
                            const TsWinogradTiles *tiles, float *panels);
    /* Products to the pixels of tiles; no padding. */
    void (*output)(const TsWinogradPictures *p, const float *products, const TsWinogradTiles *tiles,
                   const TsWinogradFinish *finish, float *pictures);
    /* Filters to panels of one row, number `row` of `rows`, packed by rows. Tap t of column n is
     * weights[n * column_step + t], or [8 - t] if rotated, n < n_columns; the others are zero. */
    void (*filter)(const float *weights, gint64 column_step, gint64 n_columns, gboolean rotated,
                   gint64 columns, gint64 row, gint64 rows, gint64 stride, float *panels);
    /* Sums of one row to filter gradients, likewise. */
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
extern const TsWinogradKernels ts_winograd_avx2, ts_winograd_avx512, ts_winograd_bf16;
#endif

G_END_DECLS
