/* The labels of a run's rows: one class each, or a set of them. */
#include "nn/run_private.h"

#include "balance/weights.h"
#include "base/error.h"

#include <math.h>
#include <string.h>

/* ---- reading ---- */

static gboolean
open_sets(TsRun *run, GError **error)
{
    const gboolean has_label = ts_manifest_find_column(run->manifest, "label") >= 0;
    const gboolean has_labels = ts_manifest_find_column(run->manifest, "labels") >= 0;
    const char *column = has_labels && !has_label ? "labels" : "label";
    run->sets = run->model != NULL
                    ? ts_label_sets_new_with(run->manifest, column,
                                             (const char *const *) run->model->classes, error)
                    : ts_label_sets_new(run->manifest, column, error);
    run->classes = run->sets != NULL ? ts_label_sets_get_classes(run->sets, error) : NULL;
    return run->classes != NULL &&
           (run->classes->n > 0 || ts_error_set(error, TS_ERROR_FORMAT, "%s: no row has a label",
                                                ts_manifest_name(run->manifest)));
}

/* "cat;dog" where there are cats is no class of its own. */
static gboolean
check_are_no_sets(const TsRun *run, GError **error)
{
    for (guint c = 0; c < run->classes->n; c++) {
        g_auto(GStrv) parts = g_strsplit(run->classes->names[c], ";", -1);
        for (guint i = 0; g_strv_length(parts) > 1 && parts[i] != NULL; i++)
            if (ts_classes_find(run->classes, parts[i]) >= 0)
                return ts_error_set(error, TS_ERROR_FORMAT,
                                    "%s: label '%s' is a set of labels, and '%s' is one of them: "
                                    "--multi-label --loss bce learns each label by itself",
                                    ts_manifest_name(run->manifest), run->classes->names[c],
                                    parts[i]);
    }
    return TRUE;
}

static gboolean
check_sets_fit(TsRun *run, GError **error)
{
    const char *loss = run->options.loss;
    const TsMix *mix = &run->options.mix;
    if (loss != NULL && strcmp(loss, "bce") != 0 && !g_str_has_prefix(loss, "bce:"))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--loss %s is of one label a row; label sets are learned with bce",
                            loss);
    for (guint i = 0; i < mix->n; i++)
        if (mix->item[i].kind == TS_REMIX)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--mix remix is of one label a row; mixup and cutmix mix label "
                                "sets");
    run->options.loss = loss != NULL ? loss : "bce";
    return run->model == NULL || run->model->multi_label ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "%s answers with one class a row, not with label sets: leave "
                        "--multi-label out",
                        run->options.from);
}

gboolean
ts_run_open_labels(TsRun *run, GError **error)
{
    run->options.multi_label =
        run->options.multi_label || (run->model != NULL && run->model->multi_label);
    if (run->options.multi_label)
        return check_sets_fit(run, error) && open_sets(run, error);
    if (run->options.pos_weights != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--pos-weights: needs --multi-label");
    run->options.loss = run->options.loss != NULL ? run->options.loss : "cross-entropy";
    run->classes = run->model != NULL
                       ? ts_classes_new_with(run->manifest, "label", run->model->classes, error)
                       : ts_classes_new(run->manifest, "label", error);
    if (run->classes == NULL || !check_are_no_sets(run, error))
        return FALSE;
    return run->classes->n >= 2 ||
           ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: a classifier needs two classes or more, there is %u",
                        ts_manifest_name(run->manifest), run->classes->n);
}

/* ---- rows ---- */

gboolean
ts_run_is_labelled(const TsRun *run, guint64 row)
{
    return run->sets != NULL ? run->sets->is_labelled[row] : run->classes->of_row[row] >= 0;
}

void
ts_run_count_labels(const TsRun *run, guint64 row, double amount, double *sums)
{
    if (run->sets == NULL) {
        sums[run->classes->of_row[row]] += amount;
        return;
    }
    for (guint64 i = run->sets->first[row]; i < run->sets->first[row + 1]; i++)
        sums[run->sets->labels[i]] += amount;
}

guint
ts_run_rarest_label(const TsRun *run, guint64 row)
{
    if (run->sets == NULL)
        return (guint) run->classes->of_row[row];
    guint rarest = run->classes->n;
    for (guint64 i = run->sets->first[row]; i < run->sets->first[row + 1]; i++) {
        const guint c = run->sets->labels[i];
        if (rarest == run->classes->n || run->counts[c] < run->counts[rarest])
            rarest = c;
    }
    return rarest;
}

/* ---- weights of positives ---- */

gboolean
ts_run_settle_pos_weights(TsRun *run, GError **error)
{
    const char *how = run->options.pos_weights;
    const guint n = run->classes->n;
    if (how == NULL || strcmp(how, "none") == 0)
        return TRUE;
    run->loss.pos_weights = run->pos_weights = g_new0(double, n);
    if (g_str_has_suffix(how, ".tsv"))
        return ts_class_weights_read(how, run->classes, run->pos_weights, error);
    if (strcmp(how, "positive") != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--pos-weights: '%s' is not none, positive or a table FILE.tsv", how);
    if (!ts_class_terms(how, run->counts, n, ts_dataset_n(run->train_set), run->pos_weights, error))
        return FALSE;
    for (guint c = 0; c < n; c++)
        if (!(run->pos_weights[c] > 0))
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--pos-weights positive: label '%s' is on %s training row",
                                run->classes->names[c], run->counts[c] == 0 ? "no" : "every");
    return TRUE;
}
