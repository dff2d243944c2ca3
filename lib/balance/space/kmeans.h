/* k-means clustering.
 *
 * Starts from centres drawn by greedy k-means++ (Arthur & Vassilvitskii, SODA 2007; 2 + ln k rows
 * are tried for each, as in scikit-learn), then Lloyd's iterations until no row changes its
 * cluster, or the centres move by less than a ten-thousandth of the mean variance, squared, in all;
 * at most 300. No cluster stays empty: it takes the row that is farthest from its centre. Of
 * equally near centres the first takes the row, so the result depends on the points and the seed
 * alone.
 *
 *     g_autoptr(TsKmeans) found = ts_kmeans(&points, rows, n, 8, seed, error);
 *     if (found == NULL)
 *         return FALSE;
 *     cluster = found->cluster[i]; // of rows[i]
 */
#pragma once

#include "balance/space/points.h"

G_BEGIN_DECLS

typedef struct {
    gsize n, k, d;
    guint32 *cluster; /* (n) */
    double *center;   /* (k, d) */
    guint32 *medoid;  /* (k), number in `rows` of the row of the cluster that is nearest to its
                         centre */
    double inertia;   /* sum of squared distances of the rows to their centres */
    guint n_rounds;
} TsKmeans;

/* Cluster the rows `rows` (n distinct numbers; NULL: all) of the points. TS_ERROR_ARGUMENT unless
 * 1 <= k <= n; TS_ERROR_RANGE above 2^32 - 1 rows, TS_ERROR_NO_MEMORY, TS_ERROR_INTERRUPTED. */
TsKmeans *ts_kmeans(const TsPoints *points, const guint32 *rows, gsize n, gsize k, guint64 seed,
                    GError **error);

/* NULL is allowed. */
void ts_kmeans_free(TsKmeans *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsKmeans, ts_kmeans_free)

G_END_DECLS
