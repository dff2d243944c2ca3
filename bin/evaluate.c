/* evaluate: compare predictions with the truth. */
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "layout/layout.h"
#include "manifest/classes.h"
#include "stats/condition.h"
#include "stats/metric.h"
#include "stats/report.h"

#include <string.h>

static struct {
    char *label;
    char *pred;
    char *split;
    char *metrics;
    char *show;
    gboolean confusion;
    char **fail_if;
} options;

static const GOptionEntry entries[] = {
    {"label", 0, 0, G_OPTION_ARG_STRING, &options.label, "Column of the truth (default: label)",
     "COLUMN"},
    {"pred", 0, 0, G_OPTION_ARG_STRING, &options.pred, "Column of the predictions (default: pred)",
     "COLUMN"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &options.split, "Use only the rows of this split", "NAME"},
    {"metrics", 0, 0, G_OPTION_ARG_STRING, &options.metrics,
     "Which metrics, such as accuracy,recall:cat (default: all that need no class)", "LIST"},
    {"show", 0, 0, G_OPTION_ARG_STRING, &options.show,
     "Which tables: metrics, classes, confusion (default: metrics, and classes unless TSV)",
     "LIST"},
    {"confusion", 0, 0, G_OPTION_ARG_NONE, &options.confusion, "Show the confusion matrix, too",
     NULL},
    {"fail-if", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.fail_if,
     "Exit with status 1 if this holds, such as 'balanced_accuracy<0.9'; may be repeated",
     "CONDITION"},
    {NULL},
};

enum { SHOW_METRICS = 1, SHOW_CLASSES = 2, SHOW_CONFUSION = 4 };

/* The data of one run. */
typedef struct {
    guint show;
    char **metrics;
    GPtrArray *conditions; /* TsCondition */
    TsManifest *manifest;
    TsClasses *truth, *predicted;
    TsConfusion *confusion;
    guint64 n_rows, n_unlabelled;
} Evaluation;

static void
evaluation_clear(Evaluation *self)
{
    g_clear_pointer(&self->metrics, g_strfreev);
    g_clear_pointer(&self->conditions, g_ptr_array_unref);
    g_clear_pointer(&self->manifest, ts_manifest_free);
    g_clear_pointer(&self->truth, ts_classes_free);
    g_clear_pointer(&self->predicted, ts_classes_free);
    g_clear_pointer(&self->confusion, ts_confusion_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Evaluation, evaluation_clear)

static gboolean
parse_tables(const char *list, guint *tables, GError **error)
{
    static const char *const names[] = {"metrics", "classes", "confusion"};
    g_auto(GStrv) chosen = g_strsplit(list, ",", -1);
    for (guint i = 0; chosen[i] != NULL; i++) {
        guint table = 0;
        while (table < G_N_ELEMENTS(names) && strcmp(chosen[i], names[table]) != 0)
            table++;
        if (table == G_N_ELEMENTS(names))
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--show: '%s' is not metrics, classes or confusion", chosen[i]);
        *tables |= 1u << table;
    }
    return TRUE;
}

/* Without --show: what a person wants to see, and one table for a program. */
static gboolean
choose_tables(Evaluation *self, GError **error)
{
    gboolean metrics_alone = options.metrics != NULL || ts_tool_format() == TS_FORMAT_TSV;
    self->show = options.confusion ? SHOW_CONFUSION : 0;
    if (!parse_tables(options.show != NULL ? options.show
                      : metrics_alone      ? "metrics"
                                           : "metrics,classes",
                      &self->show, error))
        return FALSE;
    if (options.metrics != NULL && (self->show & SHOW_METRICS) == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--metrics: add metrics to the tables of --show, or leave one out");
    return TRUE;
}

static gboolean
choose_metrics(Evaluation *self, GError **error)
{
    self->metrics = options.metrics != NULL ? g_strsplit(options.metrics, ",", -1)
                                            : g_strdupv((char **) ts_metric_names());
    for (guint i = 0; self->metrics[i] != NULL; i++)
        if (!ts_metric_check_name(self->metrics[i], error)) {
            g_prefix_error(error, "--metrics: ");
            return FALSE;
        }
    return TRUE;
}

/* Wrong conditions are noticed before any work. */
static gboolean
parse_conditions(Evaluation *self, GError **error)
{
    self->conditions = g_ptr_array_new_with_free_func((GDestroyNotify) ts_condition_free);
    for (guint i = 0; options.fail_if != NULL && options.fail_if[i] != NULL; i++) {
        TsCondition *condition = ts_condition_parse(options.fail_if[i], error);
        if (condition != NULL)
            g_ptr_array_add(self->conditions, condition);
        if (condition == NULL || !ts_metric_check_name(ts_condition_name(condition), error)) {
            g_prefix_error(error, "--fail-if: ");
            return FALSE;
        }
    }
    return TRUE;
}

static const char *
label_column(void)
{
    return options.label != NULL ? options.label : "label";
}

static gboolean
read_rows(Evaluation *self, const char *dataset, GError **error)
{
    self->manifest = ts_layout_read(dataset, error);
    if (self->manifest == NULL)
        return FALSE;
    self->truth = ts_classes_new(self->manifest, label_column(), error);
    if (self->truth == NULL)
        return FALSE;
    self->predicted =
        ts_classes_new(self->manifest, options.pred != NULL ? options.pred : "pred", error);
    if (self->predicted == NULL) {
        g_prefix_error(error, "predictions (see predict): ");
        return FALSE;
    }
    return TRUE;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Make the empty matrix over the classes of truth and predictions: in byte order, or in that of the
 * class list with predictions of other names behind it. */
static gboolean
make_confusion(Evaluation *self, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < self->truth->n; i++)
        g_ptr_array_add(names, self->truth->names[i]);
    for (guint i = 0; i < self->predicted->n; i++)
        if (ts_classes_find(self->truth, self->predicted->names[i]) < 0)
            g_ptr_array_add(names, self->predicted->names[i]);
    if (ts_manifest_class_list(self->manifest) == NULL || strcmp(label_column(), "label") != 0)
        g_ptr_array_sort(names, compare_names);
    self->confusion = ts_confusion_new(names->len, (const char *const *) names->pdata, error);
    return self->confusion != NULL;
}

/* The number that each class of `classes` has in the matrix; g_free(). */
static guint *
number_in_matrix(const Evaluation *self, const TsClasses *classes)
{
    guint *numbers = g_new0(guint, (gsize) classes->n + 1);
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < ts_confusion_n_classes(self->confusion); i++)
        g_hash_table_insert(places, (gpointer) ts_confusion_name(self->confusion, i),
                            GUINT_TO_POINTER(i));
    for (guint i = 0; i < classes->n; i++)
        numbers[i] = GPOINTER_TO_UINT(g_hash_table_lookup(places, classes->names[i]));
    return numbers;
}

static gboolean
count_rows(Evaluation *self, const guint64 *rows, guint64 n_rows, GError **error)
{
    g_autofree guint *of_truth = number_in_matrix(self, self->truth);
    g_autofree guint *of_predicted = number_in_matrix(self, self->predicted);
    for (guint64 i = 0; i < n_rows; i++) {
        gint32 truth = self->truth->of_row[rows[i]];
        gint32 predicted = self->predicted->of_row[rows[i]];
        if (truth < 0) {
            self->n_unlabelled++;
            continue;
        }
        if (predicted < 0) {
            g_autofree char *where = ts_manifest_where(self->manifest, rows[i]);
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: has a label and no prediction; predict it or drop the row",
                                where);
        }
        ts_confusion_add(self->confusion, of_truth[truth], of_predicted[predicted], 1);
    }
    self->n_rows = n_rows - self->n_unlabelled;
    return TRUE;
}

static gboolean
compare_predictions(Evaluation *self, GError **error)
{
    const char *name = ts_manifest_name(self->manifest);
    guint column;
    guint64 n_rows;
    if (options.split != NULL &&
        !ts_manifest_require_column(self->manifest, "split", &column, error))
        return FALSE;
    g_autofree guint64 *rows = ts_manifest_select(self->manifest, "split", options.split, &n_rows);
    if (options.split != NULL && n_rows == 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: no row is of split '%s'", name,
                            options.split);
    if (!make_confusion(self, error) || !count_rows(self, rows, n_rows, error))
        return FALSE;
    if (self->n_rows == 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: no row has a label to compare with", name);
    if (self->n_unlabelled > 0)
        ts_warning("%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                   " rows have no label and are left out",
                   name, self->n_unlabelled, n_rows);
    return TRUE;
}

static gboolean
add_metrics(const Evaluation *self, TsReport *report, GError **error)
{
    ts_report_begin_values(report, "metrics");
    if (options.metrics == NULL) {
        ts_report_value_int(report, "rows", (gint64) self->n_rows);
        ts_report_value_int(report, "unlabelled", (gint64) self->n_unlabelled);
    }
    for (guint i = 0; self->metrics[i] != NULL; i++) {
        const char *name = self->metrics[i];
        gboolean is_count =
            g_str_has_prefix(name, "support:") || g_str_has_prefix(name, "predicted:");
        double value;
        if (!ts_metric_compute(self->confusion, name, &value, error)) {
            g_prefix_error(error, "--metrics: ");
            return FALSE;
        }
        ts_report_value_double(report, name, value, is_count ? 0 : 4);
    }
    return TRUE;
}

static void
add_classes(const Evaluation *self, TsReport *report)
{
    static const char *const columns[] = {"class",  "support", "predicted", "precision",
                                          "recall", "f1",      NULL};
    ts_report_begin(report, "classes", columns);
    for (guint i = 0; i < ts_confusion_n_classes(self->confusion); i++) {
        TsScores scores = ts_confusion_compute_scores(self->confusion, i);
        ts_report_text(report, ts_confusion_name(self->confusion, i));
        ts_report_int(report, (gint64) ts_confusion_compute_support(self->confusion, i));
        ts_report_int(report, (gint64) ts_confusion_compute_predicted(self->confusion, i));
        ts_report_double(report, scores.precision, 4);
        ts_report_double(report, scores.recall, 4);
        ts_report_double(report, scores.f1, 4);
    }
}

/* A row for each true class, a column for each predicted one. */
static void
add_confusion(const Evaluation *self, TsReport *report)
{
    guint n = ts_confusion_n_classes(self->confusion);
    g_autoptr(GPtrArray) columns = g_ptr_array_new();
    g_ptr_array_add(columns, (gpointer) "truth/predicted");
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(columns, (gpointer) ts_confusion_name(self->confusion, i));
    g_ptr_array_add(columns, NULL);
    ts_report_begin(report, "confusion", (const char *const *) columns->pdata);
    for (guint truth = 0; truth < n; truth++) {
        ts_report_text(report, ts_confusion_name(self->confusion, truth));
        for (guint predicted = 0; predicted < n; predicted++)
            ts_report_int(report, (gint64) ts_confusion_get(self->confusion, truth, predicted));
    }
}

/* Say which conditions hold, and let the tool end with status 1 if one does. */
static gboolean
check_conditions(const Evaluation *self, GError **error)
{
    for (guint i = 0; i < self->conditions->len; i++) {
        const TsCondition *condition = self->conditions->pdata[i];
        double value;
        char text[TS_NUMBER_MAX];
        if (!ts_metric_compute(self->confusion, ts_condition_name(condition), &value, error)) {
            g_prefix_error(error, "--fail-if: ");
            return FALSE;
        }
        if (!ts_condition_holds(condition, value))
            continue;
        ts_log(TS_LOG_ERROR, "%s is %s: --fail-if '%s' holds", ts_condition_name(condition),
               ts_format_double(text, value), options.fail_if[i]);
        ts_tool_set_status(1);
    }
    return TRUE;
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(Evaluation) evaluation = {0};
    if (!choose_tables(&evaluation, error) || !choose_metrics(&evaluation, error) ||
        !parse_conditions(&evaluation, error) ||
        !read_rows(&evaluation, n_args > 0 ? args[0] : "-", error) ||
        !compare_predictions(&evaluation, error))
        return FALSE;
    g_autoptr(TsReport) report = ts_report_new();
    if ((evaluation.show & SHOW_METRICS) != 0 && !add_metrics(&evaluation, report, error))
        return FALSE;
    if ((evaluation.show & SHOW_CLASSES) != 0)
        add_classes(&evaluation, report);
    if ((evaluation.show & SHOW_CONFUSION) != 0)
        add_confusion(&evaluation, report);
    return check_conditions(&evaluation, error) && ts_report_print(report, ts_tool_format(), error);
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "evaluate",
        .arguments = "[DATASET]",
        .summary = "Compare predictions with the truth.",
        .description =
            "DATASET is a manifest (.tsv) with the columns label and pred, as predict writes it,\n"
            "or - (default) for one on standard input. Prints accuracy, balanced accuracy, macro\n"
            "and weighted averages of precision, recall and F1, and these of each class.",
        .examples = "  predict -m model.safetensors photos.tsv | evaluate --split test\n"
                    "  evaluate --confusion predictions.tsv\n"
                    "  evaluate --metrics balanced_accuracy,recall:cat predictions.tsv\n"
                    "  evaluate --fail-if 'balanced_accuracy<0.9' predictions.tsv",
        .flags = TS_TOOL_FORMAT,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
