/* The k nearest neighbours of feature vectors, exact.
 *
 * Distances are Euclidean. The order is by (distance, row number), so equal distances have one
 * answer, whatever the number of threads and the processor; a row is never its own neighbour, even
 * where others are equal to it.
 *
 * Method: |a - b|^2 = |a|^2 + |b|^2 - 2 a.b by blocks, the products by matrix multiplication in
 * single precision on centred values. It only says which pairs may be close enough: with a bound on
 * its rounding error (Higham, "Accuracy and Stability of Numerical Algorithms", 3.1) no neighbour
 * can be missed, and those that pass are measured again in double precision
 * (ts_points_distance2()). Where every row looks for neighbours among all, each pair is computed
 * once and serves both.
 *
 * Memory: what is found, 16 bytes a row, a megabyte a thread, and two panels of rows, copies of 4
 * bytes a value beside the value itself: of queries, and of the base rows that pass by them. Where
 * the points are a mapped file that is large for the budget (base/memory.h), the panels take half
 * of that and the rest of the rows stays in the file; else they take up to 48 MB, or half of the
 * budget if that is less. The budget does not change what is found.
 *
 *     g_autoptr(TsNeighbours) near = ts_neighbours_new(&points, NULL, 0, NULL, 0, 5, error);
 *     if (near == NULL)
 *         return FALSE;
 *     first = near->index[i * near->k];
 */
#pragma once

#include "balance/space/points.h"

G_BEGIN_DECLS

typedef struct {
    gsize n; /* queries */
    guint k;
    guint32 *index;    /* (n, k), row numbers of the points, nearest first */
    double *distance2; /* (n, k), squared distances */
} TsNeighbours;

/* Find the `k` nearest of the rows `base` to each of the rows `query`: row numbers, distinct
 * within each of the two; NULL means all rows for `base`, and the same as `base` for `query`. The
 * points are finite (see ts_points_check()). TS_ERROR_ARGUMENT unless 1 <= k <= number of base
 * rows, less one if a query is among them; TS_ERROR_RANGE above 2^32 - 1 rows; TS_ERROR_NO_MEMORY,
 * TS_ERROR_INTERRUPTED. */
TsNeighbours *ts_neighbours_new(const TsPoints *points, const guint32 *base, gsize n_base,
                                const guint32 *query, gsize n_query, guint k, GError **error);

/* Free. NULL is allowed. */
void ts_neighbours_free(TsNeighbours *neighbours);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNeighbours, ts_neighbours_free)

G_END_DECLS
