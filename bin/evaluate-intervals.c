/* evaluate --bootstrap: how sure the metrics are. */
#include "base/error.h"
#include "base/number.h"
#include "base/tool.h"
#include "evaluate.h"
#include "manifest/classes.h"

static struct {
    int bootstrap;
    char *group, *confidence;
    gboolean stratify;
} opt;

const GOptionEntry evaluate_interval_options[] = {
    {"bootstrap", 0, 0, G_OPTION_ARG_INT, &opt.bootstrap,
     "Add intervals from N bootstrap replicates (such as 1000)", "N"},
    {"confidence", 0, 0, G_OPTION_ARG_STRING, &opt.confidence, "Of the intervals (default: 0.95)",
     "SHARE"},
    {"group", 0, 0, G_OPTION_ARG_STRING, &opt.group,
     "Draw (or swap) all rows with one value of this column together", "COLUMN"},
    {"stratify", 0, 0, G_OPTION_ARG_NONE, &opt.stratify,
     "Draw as many rows of each class as there are", NULL},
    G_OPTION_ENTRY_NULL,
};

gboolean
evaluate_check_bootstrap(Evaluation *self, GError **error)
{
    TsBootstrap *how = &self->bootstrap;
    if (opt.bootstrap < 0 || opt.bootstrap > 10000000)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--bootstrap: %d is not 0 to 10000000",
                            opt.bootstrap);
    if (opt.bootstrap == 0 && (opt.confidence != NULL || opt.stratify))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s needs --bootstrap N",
                            opt.stratify ? "--stratify" : "--confidence");
    if (opt.group != NULL && opt.bootstrap == 0 && !evaluate_has_comparison())
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--group needs --bootstrap N or --against");
    *how = (TsBootstrap){(guint) opt.bootstrap, 0.95, ts_tool_seed()};
    if (opt.confidence != NULL &&
        !ts_parse_double(opt.confidence, 0, 1, "--confidence", &how->confidence, error))
        return FALSE;
    return (how->confidence > 0 && how->confidence < 1) ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "--confidence: %s is not between 0 and 1",
                        opt.confidence);
}

/* The group of each row of `part`. Free with g_free(). */
static gint32 *
read_groups(const Evaluation *self, const TsPredictions *part, GError **error)
{
    g_autoptr(TsClasses) classes = ts_classes_new(self->manifest, opt.group, error);
    gint32 *groups =
        classes != NULL ? ts_try_alloc(part->n + 1, sizeof *groups, "groups", error) : NULL;
    if (groups == NULL)
        g_prefix_error(error, "--group: ");
    for (guint64 i = 0; groups != NULL && i < part->n; i++)
        groups[i] = classes->of_row[part->rows[i]];
    return groups;
}

TsRowDraw *
evaluate_draw_of(const Evaluation *self, const TsPredictions *part, GError **error)
{
    g_autofree gint32 *groups = opt.group != NULL ? read_groups(self, part, error) : NULL;
    if (opt.group != NULL && groups == NULL)
        return NULL;
    TsRowDraw *draw = ts_row_draw_new(part, groups, opt.stratify, error);
    if (draw == NULL)
        g_prefix_error(error, "--bootstrap: ");
    return draw;
}

/* Those of the metrics table, and what follows from pred for each class. */
static GPtrArray *
choose_metrics(const Evaluation *self)
{
    static const char *const of_class[] = {"precision", "recall", "f1"};
    GPtrArray *metrics = g_ptr_array_new_with_free_func((GDestroyNotify) ts_metric_free);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < self->metrics->len; i++)
        g_ptr_array_add(names, g_strdup(ts_metric_name(self->metrics->pdata[i])));
    for (guint c = 0; !self->are_chosen && c < self->predictions->n_classes; c++)
        for (guint k = 0; k < G_N_ELEMENTS(of_class); k++)
            g_ptr_array_add(names,
                            g_strdup_printf("%s[%s]", of_class[k], self->predictions->names[c]));
    for (guint i = 0; i < names->len; i++) {
        TsMetric *metric = ts_metric_parse(names->pdata[i], evaluate_is_multi(), NULL);
        g_ptr_array_add(metrics, metric);
        ts_metric_bind(metric, self->predictions, NULL);
    }
    return metrics;
}

gboolean
evaluate_add_intervals(const Evaluation *self, TsReport *report, GError **error)
{
    static const char *const columns[] = {"metric", "value", "low", "high", NULL};
    g_autoptr(GPtrArray) metrics = choose_metrics(self);
    g_autofree TsInterval *intervals = g_new(TsInterval, metrics->len + 1);
    g_autoptr(TsProgress) progress =
        ts_progress_new("bootstrap", self->bootstrap.n_replicates, "replicates");
    g_autoptr(TsRowDraw) draw = evaluate_draw_of(self, self->predictions, error);
    if (draw == NULL || !ts_row_draw_intervals(draw, &self->bootstrap, self->predictions, metrics,
                                               progress, intervals, error))
        return FALSE;
    ts_report_begin(report, "intervals", columns);
    for (guint i = 0; i < metrics->len; i++) {
        const TsMetric *metric = metrics->pdata[i];
        ts_report_text(report, ts_metric_name(metric));
        ts_report_double(report, ts_metric_compute(metric, self->card), 4);
        ts_report_double(report, intervals[i].low, 4);
        ts_report_double(report, intervals[i].high, 4);
    }
    return TRUE;
}
