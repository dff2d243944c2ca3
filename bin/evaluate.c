/* evaluate: compare predictions with the truth. */
#include "evaluate.h"

#include "base/error.h"
#include "base/tool.h"

#include <string.h>

static struct {
    char *metrics;
    char *show;
    char *normalize;
    gboolean confusion;
    char **fail_if;
    char **by;
} opt;

static const GOptionEntry report_options[] = {
    {"metrics", 0, 0, G_OPTION_ARG_STRING, &opt.metrics,
     "Which metrics, such as accuracy,recall[cat],top5 (default: all that need no class)", "LIST"},
    {"show", 0, 0, G_OPTION_ARG_STRING, &opt.show,
     "Which tables: metrics, classes, confusion, intervals, slices (default: metrics, and classes "
     "unless TSV, and what other options ask for)",
     "LIST"},
    {"confusion", 0, 0, G_OPTION_ARG_NONE, &opt.confusion, "Show the confusion matrix, too", NULL},
    {"normalize", 0, 0, G_OPTION_ARG_STRING, &opt.normalize,
     "Show it as shares of the true class, of the predicted class, or of all", "true|pred|all"},
    {"by", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.by,
     "Metrics of the rows of each value of this column, worst first; may be repeated", "COLUMN"},
    {"fail-if", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.fail_if,
     "Exit with status 1 if this holds, such as 'balanced_accuracy<0.9'; may be repeated",
     "CONDITION"},
    G_OPTION_ENTRY_NULL,
};

static const TsToolPart parts[] = {
    {"Predictions:", evaluate_input_options},
    {"Report:", report_options},
    {"Intervals:", evaluate_interval_options},
    {NULL, NULL},
};

static void
evaluation_clear(Evaluation *self)
{
    g_clear_pointer(&self->metrics, g_ptr_array_unref);
    g_clear_pointer(&self->card, ts_scorecard_free);
    g_clear_pointer(&self->predictions, ts_predictions_free);
    g_clear_pointer(&self->manifest, ts_manifest_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Evaluation, evaluation_clear)

static gboolean
parse_tables(const char *list, guint *tables, GError **error)
{
    static const char *const names[] = {"metrics", "classes", "confusion", "intervals", "slices"};
    g_auto(GStrv) chosen = g_strsplit(list, ",", -1);
    for (guint i = 0; chosen[i] != NULL; i++) {
        guint table = 0;
        while (table < G_N_ELEMENTS(names) && strcmp(chosen[i], names[table]) != 0)
            table++;
        if (table == G_N_ELEMENTS(names))
            return ts_error_set(
                error, TS_ERROR_ARGUMENT,
                "--show: '%s' is none of metrics, classes, confusion, intervals, slices",
                chosen[i]);
        *tables |= 1u << table;
    }
    return TRUE;
}

/* Without --show: what a person wants to see, and one table for a program; and what was asked for
 * by its own option. */
static gboolean
choose_tables(Evaluation *self, GError **error)
{
    gboolean metrics_alone = opt.metrics != NULL || ts_tool_format() == TS_FORMAT_TSV;
    const char *usual = metrics_alone ? "metrics" : "metrics,classes";
    self->show = opt.confusion || opt.normalize != NULL ? SHOW_CONFUSION : 0;
    if (opt.show == NULL)
        self->show |= (self->bootstrap.n_replicates > 0 ? SHOW_INTERVALS : 0) |
                      (opt.by != NULL ? SHOW_SLICES : 0);
    if (!parse_tables(opt.show != NULL ? opt.show : usual, &self->show, error))
        return FALSE;
    if (opt.metrics != NULL && (self->show & (SHOW_METRICS | SHOW_INTERVALS | SHOW_SLICES)) == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--metrics: add metrics to the tables of --show, or leave one out");
    if ((self->show & SHOW_SLICES) != 0 && opt.by == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--show slices: by which column? --by says");
    if ((self->show & SHOW_INTERVALS) != 0 && self->bootstrap.n_replicates == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--show intervals: needs --bootstrap N");
    return TRUE;
}

static gboolean
check_confusion(const Evaluation *self, GError **error)
{
    static const char *const norms[] = {"true", "pred", "all", NULL};
    if (opt.normalize != NULL && !g_strv_contains(norms, opt.normalize))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--normalize: '%s' is not true, pred or all",
                            opt.normalize);
    return (self->show & SHOW_CONFUSION) == 0 || !evaluate_is_multi() ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "rows with several labels have no confusion matrix; see the table classes");
}

static gboolean
choose_metrics(Evaluation *self, GError **error)
{
    self->are_chosen = opt.metrics != NULL;
    if (!self->are_chosen)
        return TRUE;
    g_auto(GStrv) names = g_strsplit(opt.metrics, ",", -1);
    self->metrics = g_ptr_array_new_with_free_func((GDestroyNotify) ts_metric_free);
    for (guint i = 0; names[i] != NULL; i++) {
        TsMetric *metric = ts_metric_parse(names[i], evaluate_is_multi(), error);
        if (metric == NULL) {
            g_prefix_error(error, "--metrics: ");
            return FALSE;
        }
        g_ptr_array_add(self->metrics, metric);
    }
    return TRUE;
}

static gboolean
bind_metrics(Evaluation *self, GError **error)
{
    if (!self->are_chosen)
        self->metrics = ts_metric_defaults(self->predictions);
    for (guint i = 0; i < self->metrics->len; i++)
        if (!ts_metric_bind(self->metrics->pdata[i], self->predictions, error)) {
            g_prefix_error(error, "--metrics: ");
            return FALSE;
        }
    return TRUE;
}

static gboolean
report(const Evaluation *self, GError **error)
{
    g_autoptr(TsReport) tables = ts_report_new();
    if ((self->show & SHOW_METRICS) != 0)
        evaluate_add_metrics(self, tables);
    if ((self->show & SHOW_CLASSES) != 0)
        evaluate_add_classes(self, tables);
    if ((self->show & SHOW_CONFUSION) != 0 &&
        !evaluate_add_confusion(self, opt.normalize, tables, error))
        return FALSE;
    if ((self->show & SHOW_INTERVALS) != 0 && !evaluate_add_intervals(self, tables, error))
        return FALSE;
    if ((self->show & SHOW_SLICES) != 0 && !evaluate_add_slices(self, opt.by, tables, error))
        return FALSE;
    return ts_report_print(tables, ts_tool_format(), error);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(Evaluation) evaluation = {0};
    g_autoptr(Conditions) conditions = NULL;
    if (!evaluate_check_input(error) || !evaluate_check_bootstrap(&evaluation, error) ||
        !choose_tables(&evaluation, error) || !check_confusion(&evaluation, error) ||
        !choose_metrics(&evaluation, error) ||
        (conditions = evaluate_parse_conditions(opt.fail_if, error)) == NULL)
        return FALSE;
    if (!evaluate_read(&evaluation, n_args > 0 ? args[0] : "-", error) ||
        !bind_metrics(&evaluation, error) ||
        !evaluate_bind_conditions(conditions, evaluation.predictions, error) ||
        !ts_predictions_prepare(evaluation.predictions, error))
        return FALSE;
    evaluation.card = ts_scorecard_new(evaluation.predictions, NULL);
    if (!report(&evaluation, error))
        return FALSE;
    evaluate_check_conditions(conditions, evaluation.card);
    return TRUE;
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "evaluate",
        .arguments = "[DATASET]",
        .summary = "Compare predictions with the truth.",
        .description =
            "DATASET is a manifest (.tsv) with the columns label and pred, and p_CLASS for each\n"
            "class if there are probabilities, as predict writes them, or - (default) for one\n"
            "on standard input. Prints metrics as scikit-learn and imbalanced-learn define\n"
            "them: accuracy, balanced accuracy, G-mean, kappa, MCC, precision, recall and F1;\n"
            "with probabilities also AUROC, average precision, log loss, Brier score and\n"
            "calibration errors.",
        .examples = "  predict -p -m model.safetensors photos.tsv | evaluate --split test\n"
                    "  evaluate --confusion --normalize true predictions.tsv\n"
                    "  evaluate --metrics balanced_accuracy,recall[cat] predictions.tsv\n"
                    "  evaluate --bootstrap 1000 --group patient predictions.tsv\n"
                    "  evaluate --by camera predictions.tsv\n"
                    "  evaluate --fail-if 'balanced_accuracy<0.9' predictions.tsv",
        .flags = TS_TOOL_FORMAT | TS_TOOL_THREADS | TS_TOOL_SEED | TS_TOOL_PROGRESS,
        .max_args = 1,
        .parts = parts,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
