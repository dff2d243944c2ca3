/* datasplit --compat sklearn: the splits and folds that scikit-learn makes. */
#include "balance/split/split_sklearn.h"
#include "base/error.h"
#include "base/tool.h"
#include "datasplit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gboolean
split_sklearn_check(GError **error)
{
    const SplitOptions *o = &split_options;
    if (o->compat == NULL)
        return !o->no_shuffle ||
               ts_error_set(error, TS_ERROR_ARGUMENT, "--no-shuffle needs --compat sklearn");
    if (strcmp(o->compat, "sklearn") != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--compat '%s': sklearn was expected",
                            o->compat);
    if (o->folds == 0 && o->ratios == NULL && o->counts == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--compat sklearn needs --folds, --ratios or --counts");
    if (o->no_shuffle && o->repeats > 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--no-shuffle and --repeats exclude each other");
    return ts_tool_seed() <= G_MAXUINT32 ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--seed: a random_state of scikit-learn is below 2^32");
}

static int
compare_names(const void *a, const void *b)
{
    char *const *const *x = a, *const *const *y = b;
    return strcmp(**x, **y);
}

/* np.unique() sorts labels, whatever order a list of classes gives them. */
static gint32 *
sorted_strata(const SplitJob *job, GError **error)
{
    guint n = job->classes->n;
    char *const *names = job->classes->names;
    g_autofree char *const **order = ts_try_alloc(n, sizeof *order, "classes", error);
    g_autofree gint32 *number =
        order != NULL ? ts_try_alloc(n, sizeof *number, "classes", error) : NULL;
    gint32 *strata = number != NULL ? ts_try_alloc(job->n, sizeof *strata, "classes", error) : NULL;
    if (strata == NULL)
        return NULL;
    for (guint c = 0; c < n; c++)
        order[c] = &names[c];
    qsort(order, n, sizeof *order, compare_names);
    for (guint c = 0; c < n; c++)
        number[order[c] - names] = (gint32) c;
    for (guint64 i = 0; i < job->n; i++) {
        gint32 class = job->classes->of_row[i];
        strata[i] = class >= 0 ? number[class] : -1;
    }
    return strata;
}

/* test_size=COUNT, or ceil(test_size * n). */
static gboolean
count_test(const SplitJob *job, const TsSplitRows *rows, guint64 *n_test, GError **error)
{
    guint64 n = rows->groups != NULL ? rows->n_groups : rows->n;
    if (job->shares->n != 2)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--compat sklearn divides into two splits, the second for testing; "
                            "--only divides one of them again");
    if (!ts_split_shares_fit(job->shares, n, error)) {
        g_prefix_error(error, "--counts: ");
        return FALSE;
    }
    *n_test = job->shares->totals != NULL ? job->shares->totals[1]
                                          : (guint64) ceil(job->shares->shares[1] * (double) n);
    return TRUE;
}

gboolean
split_sklearn_deal(SplitJob *job, TsSplitRows rows, GError **error)
{
    TsRandomState state;
    guint64 n_test = 0;
    g_autofree gint32 *strata = NULL;
    ts_random_state_init(&state, (guint32) ts_tool_seed());
    TsRandomState *random = split_options.no_shuffle ? NULL : &state;
    if (job->classes != NULL && (strata = sorted_strata(job, error)) == NULL)
        return FALSE;
    rows.strata = strata;
    if (split_options.folds == 0 && !count_test(job, &rows, &n_test, error))
        return FALSE;
    for (guint r = 0; r < job->n_repeats; r++)
        if (split_options.folds > 0
                ? !ts_sklearn_k_fold(&rows, job->n_parts, random, job->part_of_row[r], error)
                : !ts_sklearn_train_test(&rows, n_test, random, job->part_of_row[r], error)) {
            g_prefix_error(error, "--compat sklearn: ");
            return FALSE;
        }
    return TRUE;
}
