/* Principal components: the directions in which points differ most, and where the points lie along
 * them.
 *
 * Found by subspace iteration with Rayleigh-Ritz (Golub & Van Loan, "Matrix Computations", 8.2.4;
 * Halko, Martinsson & Tropp, SIAM Review 53, 2011), which looks at the points a dozen times and
 * never builds a (d, d) matrix; until the variance that the components hold changes by less than
 * a millionth. Sums are taken in blocks of fixed size and order, so that the numbers are the same
 * for any number of threads.
 *
 *     g_autofree double *scores = ts_pca_project(&points, 50, error);    // (n, 50)
 *     if (scores == NULL)
 *         return FALSE;
 */
#pragma once

#include "balance/space/points.h"

G_BEGIN_DECLS

/* Compute the first `k` components of the centred points and return the points in their
 * coordinates, (n, k), component of the largest variance first; its sign has no meaning.
 * 1 <= k <= min(n, d). Free with g_free(). TS_ERROR_NO_MEMORY, TS_ERROR_INTERRUPTED. */
double *ts_pca_project(const TsPoints *points, guint k, GError **error);

G_END_DECLS
