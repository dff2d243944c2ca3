/* rebalance: rows with several labels. A row is used as often as the label that asks for most; so
 * it counts as one of that class, and classes come to their targets as they do elsewhere. */
#include "base/error.h"
#include "rebalance.h"
#include "stats/label_sets.h"

#include <string.h>

/* The classes of the sets, and class 0 for each row that has labels. */
static TsClasses *
make_classes(const TsLabelSets *sets, GError **error)
{
    TsClasses *classes = ts_label_sets_get_classes(sets, error);
    for (guint64 row = 0; classes != NULL && row < sets->n_rows; row++)
        if (sets->n > 0 && sets->is_labelled[row])
            classes->of_row[row] = 0;
    return classes;
}

/* In how many of the chosen rows each class stands; how many rows these are. */
static guint64
count_labels(const TsLabelSets *sets, const TsClasses *classes, guint64 *counts)
{
    guint64 n_rows = 0;
    for (guint64 row = 0; row < sets->n_rows; row++) {
        if (classes->of_row[row] < 0)
            continue;
        n_rows++;
        for (guint64 i = sets->first[row]; i < sets->first[row + 1]; i++)
            counts[sets->labels[i]]++;
    }
    return n_rows;
}

/* Each row becomes one of the class with the largest factor, the first of equal ones; rows without
 * a label are used once. */
static void
choose_classes(const TsLabelSets *sets, const double *factors, TsClasses *classes)
{
    for (guint64 row = 0; row < sets->n_rows; row++) {
        gint32 best = -1;
        if (classes->of_row[row] < 0)
            continue;
        for (guint64 i = sets->first[row]; i < sets->first[row + 1]; i++)
            if (best < 0 || factors[sets->labels[i]] > factors[best])
                best = (gint32) sets->labels[i];
        classes->of_row[row] = best;
    }
}

gboolean
rebalance_read_labels(RebalanceJob *job, GError **error)
{
    const RebalanceOptions *how = job->how;
    g_autoptr(TsLabelSets) sets = ts_label_sets_new(job->manifest, how->label, error);
    job->classes = sets != NULL ? make_classes(sets, error) : NULL;
    if (job->classes == NULL ||
        (!how->all_splits &&
         !ts_classes_keep_split(job->classes, job->manifest, how->split, error)))
        return FALSE;
    g_autofree guint64 *counts = g_new0(guint64, MAX(sets->n, 1));
    guint64 n_rows = count_labels(sets, job->classes, counts);
    job->factors = g_new0(double, MAX(sets->n, 1));
    if (!ts_resample_repeat_factors(strchr(how->wish.strategy, ':') + 1, sets->names, counts,
                                    sets->n, n_rows, job->factors, error)) {
        g_prefix_error(error, "--strategy: ");
        return FALSE;
    }
    choose_classes(sets, job->factors, job->classes);
    return TRUE;
}
