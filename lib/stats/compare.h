/* Is one classifier better than another on the same rows?
 *
 * McNemar's test looks at the rows that only one of the two has right: exact, and its chi-square
 * with Edwards' correction (McNemar 1947; Edwards 1948; Dietterich, "Approximate statistical tests
 * for comparing supervised classification learning algorithms", 1998). For any metric, the paired
 * permutation test swaps the answers of both for a random half of the rows (or groups) and counts
 * how often the difference is as large as the one that was found: p = (1 + those) / (1 + N)
 * (Phipson and Smyth, 2010). Replicate r is a function of (seed, r) alone.
 *
 *     g_autoptr(TsPredictions) both = ts_predictions_pool(a, b, error);
 *     if (both == NULL || !ts_predictions_prepare(both, error) ||
 *         !ts_compare(both, draw, metrics, &how, 1000, NULL, differences, error))
 *         return FALSE;
 */
#pragma once

#include "stats/row_draw.h"

G_BEGIN_DECLS

typedef struct {
    guint64 both, only_a, only_b, neither; /* rows that are right in these */
    double p_exact;                        /* binomial, two-sided */
    double chi_square, p_chi_square;       /* with correction; 0 and 1 if there is no difference */
} TsMcNemar;

/* Test the rows of `a` and `b`, which are the same ones in the same order; with several labels a
 * row is right if its whole set is. */
void ts_mcnemar_init(TsMcNemar *test, const TsPredictions *a, const TsPredictions *b);

/* Put the rows of `b` (n as well, the same truth) behind those of `a`, whose weights they get.
 * Probabilities are kept if both have them. TS_ERROR_FORMAT if they then have not the same classes;
 * TS_ERROR_NO_MEMORY. */
TsPredictions *ts_predictions_pool(const TsPredictions *a, const TsPredictions *b, GError **error);

typedef struct {
    double a, b;       /* values of the metric */
    TsInterval change; /* of a - b by a paired bootstrap; NaN without replicates */
    double p;          /* of the permutation test, two-sided; NaN without permutations */
} TsDifference;

/* Compare both halves of `both`, prepared, by each of `metrics` (of TsMetric, bound to it), into
 * `out`. `draw` is that of a's rows. `progress` (NULL: none) gets a step for each permutation and
 * each replicate. */
gboolean ts_compare(const TsPredictions *both, const TsRowDraw *draw, const GPtrArray *metrics,
                    const TsBootstrap *how, guint n_permutations, TsProgress *progress,
                    TsDifference *out, GError **error);

G_END_DECLS
