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
    char **plots;
} opt;

static const GOptionEntry report_options[] = {
    {"metrics", 0, 0, G_OPTION_ARG_STRING, &opt.metrics,
     "Which metrics, such as accuracy,recall[cat],top5 (default: all that need no class)", "LIST"},
    {"show", 0, 0, G_OPTION_ARG_STRING, &opt.show,
     "Which tables: metrics, classes, confusion, intervals, slices, comparison, calibration, "
     "temperature, thresholds (default: metrics, and classes unless TSV, and what other options "
     "ask for)",
     "LIST"},
    {"confusion", 0, 0, G_OPTION_ARG_NONE, &opt.confusion, "Show the confusion matrix, too", NULL},
    {"normalize", 0, 0, G_OPTION_ARG_STRING, &opt.normalize,
     "Show it as shares of the true class, of the predicted class, or of all", "true|pred|all"},
    {"by", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.by,
     "Metrics of the rows of each value of this column, worst first; may be repeated", "COLUMN"},
    {"plot", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.plots,
     "Draw confusion, reliability, roc or pr as SVG, such as roc:roc.svg; may be repeated",
     "NAME:FILE"},
    {"fail-if", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.fail_if,
     "Exit with status 1 if this holds, such as 'balanced_accuracy<0.9'; may be repeated",
     "CONDITION"},
    G_OPTION_ENTRY_NULL,
};

static const TsToolPart parts[] = {
    {"Predictions:", evaluate_input_options},
    {"Report:", report_options},
    {"Intervals and groups:", evaluate_interval_options},
    {"Comparison:", evaluate_compare_options},
    {"Probabilities:", evaluate_calibration_options},
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

typedef gboolean (*AddTable)(const Evaluation *self, TsReport *report, GError **error);

static gboolean
add_metrics(const Evaluation *self, TsReport *report, GError **error)
{
    (void) error;
    evaluate_add_metrics(self, report);
    return TRUE;
}

static gboolean
add_classes(const Evaluation *self, TsReport *report, GError **error)
{
    (void) error;
    evaluate_add_classes(self, report);
    return TRUE;
}

static gboolean
add_confusion(const Evaluation *self, TsReport *report, GError **error)
{
    return evaluate_add_confusion(self, opt.normalize, report, error);
}

static gboolean
add_slices(const Evaluation *self, TsReport *report, GError **error)
{
    return evaluate_add_slices(self, opt.by, report, error);
}

/* In the order of the report; `option` is what a table cannot be made without. */
static const struct {
    const char *name;
    ShowTables table;
    AddTable add;
    const char *option;
} tables[] = {
    {"metrics", SHOW_METRICS, add_metrics, NULL},
    {"classes", SHOW_CLASSES, add_classes, NULL},
    {"confusion", SHOW_CONFUSION, add_confusion, NULL},
    {"intervals", SHOW_INTERVALS, evaluate_add_intervals, "--bootstrap N"},
    {"slices", SHOW_SLICES, add_slices, "--by COLUMN"},
    {"comparison", SHOW_COMPARISON, evaluate_add_comparison, "--against DATASET"},
    {"calibration", SHOW_CALIBRATION, evaluate_add_calibration, NULL},
    {"temperature", SHOW_TEMPERATURE, evaluate_add_temperature, "--fit-temperature"},
    {"thresholds", SHOW_THRESHOLDS, evaluate_add_thresholds, "--thresholds RULE"},
};

static gboolean
parse_table(const char *name, guint available, guint *show, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", tables[i].name);
        if (strcmp(name, tables[i].name) != 0)
            continue;
        *show |= tables[i].table;
        return tables[i].option == NULL || (available & tables[i].table) != 0 ||
               ts_error_set(error, TS_ERROR_ARGUMENT, "--show %s: needs %s", name,
                            tables[i].option);
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "--show: '%s' is none of %s", name, known->str);
}

/* Without --show: what a person wants to see, and one table for a program; and what was asked for
 * by its own option. */
static gboolean
choose_tables(Evaluation *self, GError **error)
{
    gboolean metrics_alone = opt.metrics != NULL || ts_tool_format() == TS_FORMAT_TSV;
    guint asked = evaluate_calibration_tables();
    asked |= self->bootstrap.n_replicates > 0 ? SHOW_INTERVALS : 0;
    asked |= opt.by != NULL ? SHOW_SLICES : 0;
    asked |= evaluate_has_comparison() ? SHOW_COMPARISON : 0;
    self->show = opt.confusion || opt.normalize != NULL ? SHOW_CONFUSION : 0;
    if (opt.show == NULL)
        self->show |= asked | SHOW_METRICS | (metrics_alone ? 0 : SHOW_CLASSES);
    g_auto(GStrv) names = g_strsplit(opt.show != NULL ? opt.show : "", ",", -1);
    for (guint i = 0; names[i] != NULL; i++)
        if (!parse_table(names[i], asked, &self->show, error))
            return FALSE;
    const guint of_metrics = SHOW_METRICS | SHOW_INTERVALS | SHOW_SLICES | SHOW_COMPARISON;
    return opt.metrics == NULL || (self->show & of_metrics) != 0 ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--metrics: add metrics to the tables of --show, or leave one out");
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
    g_autoptr(TsReport) out = ts_report_new();
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        if ((self->show & tables[i].table) != 0 && !tables[i].add(self, out, error))
            return FALSE;
    return evaluate_write_plots(self, opt.plots, error) &&
           ts_report_print(out, ts_tool_format(), error);
}

static gboolean
check_options(Evaluation *self, GError **error)
{
    return evaluate_check_input(error) && evaluate_check_bootstrap(self, error) &&
           evaluate_check_calibration(error) && evaluate_check_compare(error) &&
           choose_tables(self, error) && check_confusion(self, error) &&
           evaluate_check_plots(opt.plots, error) && choose_metrics(self, error);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(Evaluation) evaluation = {0};
    g_autoptr(Conditions) conditions = NULL;
    if (evaluate_asks_model())
        ts_tool_use_kernels();
    if (!check_options(&evaluation, error) ||
        (conditions = evaluate_parse_conditions(opt.fail_if, error)) == NULL)
        return FALSE;
    if (!evaluate_read(&evaluation, n_args > 0 ? args[0] : "-", error))
        return FALSE;
    evaluation.predictions->n_bins = evaluate_n_bins();
    if (!evaluate_change_probabilities(evaluation.predictions, error) ||
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
                    "  evaluate --against old.tsv --bootstrap 1000 new.tsv\n"
                    "  evaluate --split val --fit-temperature --thresholds f1 predictions.tsv\n"
                    "  evaluate --plot roc:roc.svg --plot confusion:confusion.svg p.tsv\n"
                    "  evaluate -m model.safetensors --split test photos.tsv\n"
                    "  evaluate --fail-if 'balanced_accuracy<0.9' predictions.tsv",
        .flags = TS_TOOL_FORMAT | TS_TOOL_THREADS | TS_TOOL_SEED | TS_TOOL_PROGRESS | TS_TOOL_FORCE,
        .max_args = 1,
        .parts = parts,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
