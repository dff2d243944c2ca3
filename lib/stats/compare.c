/* McNemar's test, and paired resampling of two classifiers. */
#include "stats/compare.h"

#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "stats/cost.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

static gboolean
is_right(const TsPredictions *p, guint64 i)
{
    if (p->truth != NULL)
        return p->truth[i] == p->pred[i];
    return memcmp(p->truth_sets + i * p->n_classes, p->pred_sets + i * p->n_classes,
                  p->n_classes) == 0;
}

void
ts_mcnemar_init(TsMcNemar *test, const TsPredictions *a, const TsPredictions *b)
{
    *test = (TsMcNemar){.p_exact = 1, .p_chi_square = 1};
    for (guint64 i = 0; i < a->n; i++) {
        gboolean in_a = is_right(a, i), in_b = is_right(b, i);
        test->both += in_a && in_b;
        test->only_a += in_a && !in_b;
        test->only_b += !in_a && in_b;
        test->neither += !in_a && !in_b;
    }
    guint64 n = test->only_a + test->only_b, fewer = MIN(test->only_a, test->only_b);
    if (n == 0)
        return;
    double gap = MAX(0, (double) (n - 2 * fewer) - 1);
    test->p_exact = MIN(1, 2 * gsl_cdf_binomial_P((unsigned int) fewer, 0.5, (unsigned int) n));
    test->chi_square = gap * gap / (double) n;
    test->p_chi_square = gsl_cdf_chisq_Q(test->chi_square, 1);
}

/* The names of a, and those of b that it has not. Free with g_strfreev(). */
static char **
pool_names(const TsPredictions *a, const TsPredictions *b)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint c = 0; c < a->n_classes; c++)
        g_ptr_array_add(names, g_strdup(a->names[c]));
    for (guint c = 0; c < b->n_classes; c++)
        if (ts_predictions_find(a, b->names[c]) < 0)
            g_ptr_array_add(names, g_strdup(b->names[c]));
    g_ptr_array_add(names, NULL);
    return (char **) g_ptr_array_steal(names, NULL);
}

/* Copy the rows of `from`, which begin at row `begin` of `to`. */
static void
copy_half(TsPredictions *to, guint64 begin, const TsPredictions *from)
{
    const guint n = to->n_classes;
    g_autofree guint *number = g_new0(guint, (gsize) from->n_classes + 1);
    for (guint c = 0; c < from->n_classes; c++)
        number[c] = (guint) ts_predictions_find(to, from->names[c]);
    for (guint64 i = 0; i < from->n; i++) {
        guint64 row = begin + i, cell = i * from->n_classes;
        to->rows[row] = from->rows[i];
        if (to->truth != NULL) {
            to->truth[row] = (gint32) number[from->truth[i]];
            to->pred[row] = (gint32) number[from->pred[i]];
        }
        for (guint c = 0; c < from->n_classes; c++) {
            if (to->truth_sets != NULL) {
                to->truth_sets[row * n + number[c]] = from->truth_sets[cell + c];
                to->pred_sets[row * n + number[c]] = from->pred_sets[cell + c];
            }
            if (to->p != NULL)
                to->p[row * n + number[c]] = from->p[cell + c];
        }
        if (to->score != NULL)
            to->score[row] = from->score[i];
        if (to->weight != NULL)
            to->weight[row] = from->weight[i];
    }
}

TsPredictions *
ts_predictions_pool(const TsPredictions *a, const TsPredictions *b, GError **error)
{
    g_auto(GStrv) names = pool_names(a, b);
    gboolean with_p = a->p != NULL && b->p != NULL;
    guint n_classes = g_strv_length(names);
    if (with_p && (n_classes != a->n_classes || n_classes != b->n_classes)) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "the two have probabilities of different classes, %u and %u, %u together",
                     a->n_classes, b->n_classes, n_classes);
        return NULL;
    }
    g_autoptr(TsPredictions) both = ts_predictions_new(2 * a->n, (const char *const *) names,
                                                       a->truth_sets != NULL, with_p, error);
    if (both == NULL)
        return NULL;
    if (!with_p && a->score != NULL && b->score != NULL)
        both->score = g_new(double, 2 * a->n);
    if (a->weight != NULL)
        both->weight = g_new(double, 2 * a->n);
    both->positive = a->positive;
    both->n_bins = a->n_bins;
    if (n_classes == a->n_classes) {
        both->cost = ts_predictions_copy_cost(a);
        both->tree = ts_class_tree_ref(a->tree);
    }
    copy_half(both, 0, a);
    copy_half(both, a->n, b);
    if (a->weight != NULL)
        memcpy(both->weight + a->n, a->weight, a->n * sizeof *a->weight);
    return g_steal_pointer(&both);
}

/* What all replicates share. A half is judged by weights of 0 for the rows of the other. */
typedef struct {
    const TsPredictions *both;
    const TsRowDraw *draw;
    const GPtrArray *metrics;
    guint64 seed, n; /* rows of a half */
    guint n_replicates;
    TsProgress *progress;
    double *changes; /* (metrics, n_replicates): value of the first less that of the second */
} Resampling;

static void
compute_changes(const Resampling *all, const double *first, const double *second, guint64 r)
{
    g_autoptr(TsScorecard) a = ts_scorecard_new(all->both, first);
    g_autoptr(TsScorecard) b = ts_scorecard_new(all->both, second);
    for (guint m = 0; m < all->metrics->len; m++)
        all->changes[(gsize) m * all->n_replicates + r] =
            ts_metric_compute(all->metrics->pdata[m], a) -
            ts_metric_compute(all->metrics->pdata[m], b);
    if (all->progress != NULL)
        ts_progress_add(all->progress, 1);
}

static double *
alloc_weights(const Resampling *all, GError **error)
{
    return ts_try_alloc(4 * all->n + 1, sizeof(double), "comparison", error);
}

static double
weight_of(const Resampling *all, guint64 i)
{
    return all->both->weight != NULL ? all->both->weight[i] : 1;
}

/* Swap both answers of each unit or not, by a coin. */
static gboolean
permute(guint64 r, gpointer data, GError **error)
{
    const Resampling *all = data;
    const guint32 *unit = ts_row_draw_units(all->draw);
    guint64 n_units = ts_row_draw_n(all->draw);
    g_autofree double *first = alloc_weights(all, error);
    g_autofree guint8 *is_swapped = g_try_malloc(n_units + 1);
    if (first == NULL || is_swapped == NULL)
        return first != NULL && ts_error_set(error, TS_ERROR_NO_MEMORY, "no memory to compare");
    double *second = first + 2 * all->n;
    TsRng rng;
    ts_rng_init(&rng, all->seed, "permutation", r);
    for (guint64 u = 0; u < n_units; u++)
        is_swapped[u] = ts_rng_next(&rng) >> 31;
    for (guint64 i = 0; i < all->n; i++) {
        gboolean swap = is_swapped[unit != NULL ? unit[i] : i];
        first[swap ? all->n + i : i] = weight_of(all, i);
        second[swap ? i : all->n + i] = weight_of(all, i);
    }
    compute_changes(all, first, second, r);
    return TRUE;
}

/* Draw rows (or groups), the same for both. */
static gboolean
redraw(guint64 r, gpointer data, GError **error)
{
    const Resampling *all = data;
    g_autofree double *first = alloc_weights(all, error);
    if (first == NULL)
        return FALSE;
    double *second = first + 2 * all->n;
    ts_row_draw(all->draw, all->seed, (guint) r, all->both->weight, first);
    memcpy(second + all->n, first, all->n * sizeof *first);
    compute_changes(all, first, second, r);
    return TRUE;
}

static double
compute_p(const double *changes, guint n, double found)
{
    guint n_as_large = 0;
    for (guint r = 0; r < n; r++)
        n_as_large += fabs(changes[r]) >= fabs(found) * (1 - 1e-12);
    return isnan(found) ? NAN : (1. + n_as_large) / (1. + n);
}

static gboolean
measure_halves(const Resampling *all, TsDifference *out, GError **error)
{
    g_autofree double *first = alloc_weights(all, error);
    if (first == NULL)
        return FALSE;
    double *second = first + 2 * all->n;
    for (guint64 i = 0; i < all->n; i++)
        first[i] = second[all->n + i] = weight_of(all, i);
    g_autoptr(TsScorecard) a = ts_scorecard_new(all->both, first);
    g_autoptr(TsScorecard) b = ts_scorecard_new(all->both, second);
    for (guint m = 0; m < all->metrics->len; m++)
        out[m] = (TsDifference){ts_metric_compute(all->metrics->pdata[m], a),
                                ts_metric_compute(all->metrics->pdata[m], b),
                                {NAN, NAN},
                                NAN};
    return TRUE;
}

gboolean
ts_compare(const TsPredictions *both, const TsRowDraw *draw, const GPtrArray *metrics,
           const TsBootstrap *how, guint n_permutations, TsProgress *progress, TsDifference *out,
           GError **error)
{
    guint most = MAX(n_permutations, how->n_replicates);
    g_autofree double *changes =
        ts_try_alloc((gsize) most + 1, (metrics->len + 1) * sizeof *changes, "comparison", error);
    Resampling all = {both,        draw,           metrics,  how->seed,
                      both->n / 2, n_permutations, progress, changes};
    if (changes == NULL || !measure_halves(&all, out, error) ||
        !ts_parallel_for(n_permutations, permute, &all, error))
        return FALSE;
    for (guint m = 0; n_permutations > 0 && m < metrics->len; m++)
        out[m].p =
            compute_p(changes + (gsize) m * n_permutations, n_permutations, out[m].a - out[m].b);
    all.n_replicates = how->n_replicates;
    if (!ts_parallel_for(how->n_replicates, redraw, &all, error))
        return FALSE;
    for (guint m = 0; how->n_replicates > 0 && m < metrics->len; m++)
        out[m].change = ts_bootstrap_interval(how, changes + (gsize) m * how->n_replicates);
    return TRUE;
}
