/* evaluate --by: metrics of the rows of each value of a column, worst first. */
#include "base/error.h"
#include "base/tool.h"
#include "evaluate.h"
#include "manifest/classes.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    const char *value; /* NULL: rows without one */
    guint64 n;
    double *metrics;       /* one for each, NaN where the slice has none */
    TsInterval *intervals; /* likewise; NULL without a bootstrap */
    double badness;        /* of the first metric: slices with more of it come first */
} Slice;

static void
slice_clear(gpointer data)
{
    Slice *slice = data;
    g_free(slice->metrics);
    g_free(slice->intervals);
}

/* Without --metrics, few enough for a line. */
static GPtrArray *
choose_metrics(const Evaluation *self)
{
    static const char *const names[] = {"balanced_accuracy", "accuracy", "exact_match",
                                        "macro_f1",          "auroc",    "macro_auroc",
                                        "log_loss",          "ece"};
    GPtrArray *chosen = g_ptr_array_new();
    for (guint k = 0; !self->are_chosen && k < G_N_ELEMENTS(names); k++)
        for (guint i = 0; i < self->metrics->len; i++)
            if (strcmp(ts_metric_name(self->metrics->pdata[i]), names[k]) == 0)
                g_ptr_array_add(chosen, self->metrics->pdata[i]);
    for (guint i = 0; self->are_chosen && i < self->metrics->len; i++)
        g_ptr_array_add(chosen, self->metrics->pdata[i]);
    return chosen;
}

static gboolean
measure(const Evaluation *self, const GPtrArray *metrics, const guint64 *which, Slice *slice,
        GError **error)
{
    g_autoptr(TsPredictions) part =
        ts_predictions_select(self->predictions, which, slice->n, error);
    if (part == NULL || !ts_predictions_prepare(part, error))
        return FALSE;
    g_autoptr(TsScorecard) card = ts_scorecard_new(part, NULL);
    slice->metrics = g_new(double, metrics->len + 1);
    for (guint m = 0; m < metrics->len; m++)
        slice->metrics[m] = ts_metric_compute(metrics->pdata[m], card);
    if (metrics->len > 0)
        slice->badness =
            ts_metric_is_loss(metrics->pdata[0]) ? slice->metrics[0] : -slice->metrics[0];
    if (self->bootstrap.n_replicates == 0)
        return TRUE;
    slice->intervals = g_new(TsInterval, metrics->len + 1);
    g_autoptr(TsRowDraw) draw = evaluate_draw_of(self, part, error);
    return draw != NULL && ts_row_draw_intervals(draw, &self->bootstrap, part, metrics, NULL,
                                                 slice->intervals, error);
}

/* Slices without a value of the first metric come last; equals stay in the order of values. */
static int
compare_slices(gconstpointer a, gconstpointer b)
{
    const Slice *x = a, *y = b;
    if (isnan(x->badness) || isnan(y->badness))
        return isnan(x->badness) - isnan(y->badness);
    return (x->badness < y->badness) - (x->badness > y->badness);
}

/* The rows of the predictions whose column is class `value` (-1: none) of `classes`. */
static guint64
find_rows(const Evaluation *self, const TsClasses *classes, gint32 value, guint64 *which)
{
    guint64 n = 0;
    for (guint64 i = 0; i < self->predictions->n; i++)
        if (classes->of_row[self->predictions->rows[i]] == value)
            which[n++] = i;
    return n;
}

static gboolean
measure_all(const Evaluation *self, const GPtrArray *metrics, const TsClasses *classes,
            GArray *slices, GError **error)
{
    g_autofree guint64 *which =
        ts_try_alloc(self->predictions->n + 1, sizeof *which, "slices", error);
    if (which == NULL)
        return FALSE;
    for (gint32 value = -1; value < (gint32) classes->n; value++) {
        Slice slice = {.value = value >= 0 ? classes->names[value] : NULL};
        slice.n = find_rows(self, classes, value, which);
        if (slice.n == 0)
            continue;
        gboolean ok = measure(self, metrics, which, &slice, error);
        g_array_append_val(slices, slice);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

static void
begin_table(const Evaluation *self, const GPtrArray *metrics, const char *column, TsReport *report)
{
    g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *name = g_strdup_printf("slices of %s", column);
    g_ptr_array_add(columns, g_strdup(column));
    g_ptr_array_add(columns, g_strdup("rows"));
    for (guint m = 0; m < metrics->len; m++) {
        const char *metric = ts_metric_name(metrics->pdata[m]);
        g_ptr_array_add(columns, g_strdup(metric));
        if (self->bootstrap.n_replicates == 0)
            continue;
        g_ptr_array_add(columns, g_strdup_printf("%s_low", metric));
        g_ptr_array_add(columns, g_strdup_printf("%s_high", metric));
    }
    g_ptr_array_add(columns, NULL);
    ts_report_begin(report, name, (const char *const *) columns->pdata);
}

static gboolean
add_column(const Evaluation *self, const GPtrArray *metrics, const char *column, TsReport *report,
           GError **error)
{
    g_autoptr(TsClasses) classes = ts_classes_new(self->manifest, column, error);
    g_autoptr(GArray) slices = g_array_new(FALSE, TRUE, sizeof(Slice));
    g_array_set_clear_func(slices, slice_clear);
    if (classes == NULL || !measure_all(self, metrics, classes, slices, error)) {
        g_prefix_error(error, "--by: ");
        return FALSE;
    }
    g_array_sort(slices, compare_slices);
    begin_table(self, metrics, column, report);
    for (guint i = 0; i < slices->len; i++) {
        const Slice *slice = &g_array_index(slices, Slice, i);
        ts_report_text(report, slice->value);
        ts_report_int(report, (gint64) slice->n);
        for (guint m = 0; m < metrics->len; m++) {
            ts_report_double(report, slice->metrics[m], 4);
            if (slice->intervals == NULL)
                continue;
            ts_report_double(report, slice->intervals[m].low, 4);
            ts_report_double(report, slice->intervals[m].high, 4);
        }
    }
    return TRUE;
}

gboolean
evaluate_add_slices(const Evaluation *self, char **columns, TsReport *report, GError **error)
{
    g_autoptr(GPtrArray) metrics = choose_metrics(self);
    for (guint i = 0; columns != NULL && columns[i] != NULL; i++)
        if (!add_column(self, metrics, columns[i], report, error))
            return FALSE;
    return TRUE;
}
