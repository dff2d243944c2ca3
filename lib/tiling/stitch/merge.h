/* What becomes of pixels that several tiles have: one row of a patch at a time.
 *
 * All arithmetic is in double. The mean is sum(w p) / sum(w); integers are rounded half to even,
 * once, after the division, and means of floats go from one value to the next, mean += (p - mean) w
 * / sum(w), so that where all tiles agree the result is their value, to the bit, for every type and
 * window. Max and min pass over NaN. A vote counts weights of equal values; equal counts are
 * decided for the lowest value. Last is the pixel of the last row of the manifest.
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef enum { TS_MERGE_MEAN, TS_MERGE_MAX, TS_MERGE_MIN, TS_MERGE_LAST, TS_MERGE_VOTE } TsMerge;

/* One tile's pixels of the row, and their weights: the product of `down` and across[i], at least
 * `least`. */
typedef struct {
    const guint8 *pixels;
    gsize pixel_step;
    const double *across;
    double down, least;
} TsMergeRow;

/* Read "mean", "max", "min", "last" or "vote". TS_ERROR_ARGUMENT. */
gboolean ts_merge_parse(const char *text, TsMerge *merge, GError **error);

/* Check that pixels like `kind` can be merged so: a vote wants one band of integers.
 * TS_ERROR_ARGUMENT. */
gboolean ts_merge_check(TsMerge merge, const TsImage *kind, GError **error);

/* Merge `n` rows (1 or more, not with TS_MERGE_LAST) of `width` pixels to `out`, whose pixels are
 * like `kind` and without gaps. */
void ts_merge_rows(TsMerge merge, const TsImage *kind, const TsMergeRow *rows, guint n, int width,
                   guint8 *out);

/* Write `value` to all bands of the pixel `out`; FALSE if the type cannot hold it. */
gboolean ts_merge_fill(const TsImage *kind, double value, guint8 *out);

/* The number that the sample at `sample` stands for. */
double ts_merge_value(TsSampleType type, const guint8 *sample);

G_END_DECLS
