/* rebalance: rows, their classes, and what these are to come to. */
#include "base/error.h"
#include "base/log.h"
#include "layout/layout.h"
#include "rebalance.h"

#include <string.h>

static gboolean
read_table(RebalanceJob *job, GError **error)
{
    job->manifest = ts_layout_read(job->how->dataset, error);
    if (job->manifest == NULL)
        return FALSE;
    job->n_rows = ts_manifest_n_rows(job->manifest);
    if (job->how->multi_label)
        return rebalance_read_labels(job, error);
    job->classes = ts_classes_new(job->manifest, job->how->label, error);
    if (job->classes == NULL ||
        (!job->how->all_splits &&
         !ts_classes_keep_split(job->classes, job->manifest, job->how->split, error)))
        return FALSE;
    return job->how->form != AS_REPEAT || ts_manifest_find_column(job->manifest, "repeat") < 0 ||
           ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: has a column repeat already; leave out --as repeat",
                        ts_manifest_name(job->manifest));
}

static gboolean
read_array(RebalanceJob *job, GError **error)
{
    job->array = ts_space_read_npy(job->how->dataset, error);
    if (job->array == NULL)
        return FALSE;
    job->n_rows = job->array->points.n;
    job->classes = ts_space_read_labels(job->how->labels, job->n_rows, error);
    return job->classes != NULL;
}

/* Where a list of classes says that they exist, or all of their rows are in other splits. */
static void
warn_of_empty_classes(const RebalanceJob *job)
{
    for (guint c = 0; c < job->classes->n; c++)
        if (job->classes->counts[c] == 0 && !job->how->multi_label)
            ts_warning("class '%s' has no row that could be repeated and stays empty",
                       job->classes->names[c]);
}

gboolean
rebalance_read(RebalanceJob *job, GError **error)
{
    if (job->how->from_array ? !read_array(job, error) : !read_table(job, error))
        return FALSE;
    TsClasses *classes = job->classes;
    memset(classes->counts, 0, classes->n * sizeof *classes->counts);
    for (guint64 row = 0; row < job->n_rows; row++) {
        if (classes->of_row[row] >= 0)
            classes->counts[classes->of_row[row]]++;
        else
            job->n_untouched++;
    }
    return TRUE;
}

/* The classes that a method works on which only leaves rows out. */
static gboolean
choose_classes(RebalanceJob *job, GError **error)
{
    const TsClasses *classes = job->classes;
    const TsResampleWish *wish = &job->how->wish;
    g_autoptr(GError) other = NULL;
    const char *strategy = wish->strategy != NULL ? wish->strategy : "auto";
    gboolean counts_decide = wish->targets != NULL || wish->total != NULL || wish->cap != NULL ||
                             wish->floor != NULL ||
                             job->how->method->direction != TS_RESAMPLE_UNDER;
    if (!counts_decide && ts_resample_targeted(strategy, classes->names, classes->counts,
                                               classes->n, job->targeted, &other))
        return TRUE;
    if (job->how->method->approach == BY_CLEANING) {
        if (g_error_matches(other, TS_ERROR, TS_ERROR_ARGUMENT))
            g_prefix_error(&other, "strategy: ");
        g_propagate_error(error, g_steal_pointer(&other));
        return FALSE;
    }
    for (guint c = 0; c < classes->n; c++) /* a rule, a ratio, or explicit numbers */
        job->targeted[c] = job->targets[c] < classes->counts[c];
    return TRUE;
}

static gboolean
plan(RebalanceJob *job, GError **error)
{
    const TsClasses *classes = job->classes;
    if (job->how->method->approach == BY_CLEANING) {
        memcpy(job->targets, classes->counts, classes->n * sizeof *job->targets);
        return choose_classes(job, error);
    }
    job->requested = g_new0(guint64, classes->n + 1);
    for (guint c = 0; job->factors != NULL && c < classes->n; c++)
        job->requested[c] = job->targets[c] =
            (guint64) ((double) classes->counts[c] * job->factors[c] + 0.5);
    return job->factors != NULL ||
           (ts_resample_plan(&job->how->wish, classes->names, classes->counts, classes->n,
                             job->requested, job->targets, error) &&
            choose_classes(job, error));
}

gboolean
rebalance_plan(RebalanceJob *job, GError **error)
{
    const TsClasses *classes = job->classes;
    job->targets = g_new0(guint64, classes->n + 1);
    job->delivered = g_new0(guint64, classes->n + 1);
    job->targeted = g_new0(gboolean, classes->n + 1);
    if (plan(job, error)) {
        warn_of_empty_classes(job);
        return TRUE;
    }
    if (g_error_matches(*error, TS_ERROR, TS_ERROR_ARGUMENT))
        g_prefix_error(error, "--");
    else
        g_prefix_error(error, "%s: ",
                       job->manifest != NULL ? ts_manifest_name(job->manifest) : job->how->dataset);
    return FALSE;
}
