/* k-means as scikit-learn computes it for random_state = an integer: KMeans and MiniBatchKMeans.
 *
 * Same stream of random numbers (k-means++, the mini batches, the centres that are drawn anew),
 * same steps, and the same order and precision of sums as scikit-learn 1.9 with one thread, but for
 * matrix products, the norms that are added to them and NumPy's pairwise sums: these round
 * differently in the last place from one BLAS and one processor to the next, there too; of points
 * in single precision they are single there and double here. So labels are the same, and with them
 * the centres, bit for bit, unless something is decided by that rounding: a row is as near to two
 * centres; a random number falls on the bound between two rows; or two rows are equally good
 * centres, as the two of a pair are that lies apart, which is common where there are nearly as many
 * centres as rows. Where several clusters are empty at once, the farthest row goes to the first
 * one; there the order is that of NumPy's partition.
 *
 *     g_autoptr(TsKmeans) found = ts_kmeans_compat(&points, NULL, n, 8, 42, TRUE, error);
 */
#pragma once

#include "balance/space/kmeans.h"

G_BEGIN_DECLS

/* Cluster rows as ts_kmeans() does, but as MiniBatchKMeans(k, random_state=seed) (`in_batches`) or
 * KMeans(k, random_state=seed). Clusters may be empty. `medoid` is the row nearest to a centre, of
 * whatever cluster. Errors of ts_kmeans(). */
TsKmeans *ts_kmeans_compat(const TsPoints *points, const guint32 *rows, gsize n, gsize k,
                           guint32 seed, gboolean in_batches, GError **error);

G_END_DECLS
