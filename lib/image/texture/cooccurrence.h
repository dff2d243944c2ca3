/* Grey-level co-occurrence: how often level i stands at an offset from level j; inside of
 * lib/image/texture.
 *
 * All features of the literature follow from a few sums over the matrix, so that it is looked at
 * once: its margins, the sums along both diagonals, its squares and its entropy.
 *
 *     ts_cooccurrence_count(levels, width, height, offset, n_levels, cells);
 *     ts_cooccurrence_summarise(&summary, cells, symmetric);
 *     double contrast = ts_cooccurrence_contrast(&summary);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    int dx, dy; /* from i to j; down and to the right */
} TsOffset;

typedef struct {
    int n_levels;
    int highest;         /* level in the image */
    guint64 n;           /* pairs */
    guint64 most;        /* the largest cell */
    double squares;      /* sum of n_ij^2 */
    double n_log_n;      /* sum of n_ij ln n_ij */
    guint64 *row;        /* (n_levels) sums over j */
    guint64 *column;     /* (n_levels) sums over i */
    guint64 *difference; /* (n_levels) sums where |i - j| is the index */
    guint64 *sum;        /* (2 n_levels - 1) sums where i + j is the index */
} TsCooccurrence;

/* Cells that ts_cooccurrence_count() and summarise use: some copies of (n_levels + 1)^2. */
gsize ts_cooccurrence_n_cells(int n_levels);

/* Add the pairs of `levels` (height, width) to `cells`; the level n_levels is that of pixels that
 * do not count. At most 2^32 - 1 pairs in all. */
void ts_cooccurrence_count(const guint16 *levels, int width, int height, TsOffset offset,
                           int n_levels, guint32 *cells);

/* Room for a summary. TS_ERROR_NO_MEMORY. */
gboolean ts_cooccurrence_init(TsCooccurrence *self, int n_levels, GError **error);
void ts_cooccurrence_clear(TsCooccurrence *self);

/* Sum up `cells`, which are changed. `symmetric` counts each pair a second time, from j to i. */
void ts_cooccurrence_summarise(TsCooccurrence *self, guint32 *cells, gboolean symmetric);

/* Mean, and mean of (i - mean)^2, of the levels that `counts` (n of them) count. */
double ts_counts_mean(const guint64 *counts, gsize n, guint64 total);
double ts_counts_variance(const guint64 *counts, gsize n, guint64 total, double mean);

/* - sum p ln p of p = counts / total. */
double ts_counts_entropy(const guint64 *counts, gsize n, guint64 total);

/* sum p_ij (i - j)^2; sum p_ij^2; - sum p_ij ln p_ij. */
double ts_cooccurrence_contrast(const TsCooccurrence *self);
double ts_cooccurrence_asm(const TsCooccurrence *self);
double ts_cooccurrence_entropy(const TsCooccurrence *self);

/* Pearson's correlation of i and j; 1 where one of them is constant. */
double ts_cooccurrence_correlation(const TsCooccurrence *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsCooccurrence, ts_cooccurrence_clear)

G_END_DECLS
