/* classstats: how many samples each class has, and how uneven that is. */
#include "balance/weights.h"
#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"
#include "layout/layout.h"
#include "manifest/classes.h"
#include "stats/class_table.h"
#include "stats/report.h"

#include <math.h>
#include <string.h>

static struct {
    char *label;
    char *split;
    char *weights;
    char *show;
} options;

static const GOptionEntry entries[] = {
    {"label", 0, 0, G_OPTION_ARG_STRING, &options.label, "Column of the classes (default: label)",
     "COLUMN"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &options.split,
     "Column of the splits, used if it is there (default: split)", "COLUMN"},
    {"weights", 0, 0, G_OPTION_ARG_STRING, &options.weights,
     "Add columns of class weights: balanced, effnum:B, inverse, sqrt, log", "LIST"},
    {"show", 0, 0, G_OPTION_ARG_STRING, &options.show,
     "Which tables: classes, splits, summary (default: all)", "LIST"},
    {NULL},
};

/* The data of one run. */
typedef struct {
    TsManifest *manifest;
    TsClasses *classes;
    TsClasses *splits; /* NULL: no such column */
    guint64 *cross;    /* (n_splits + 1, n_classes + 1) */
    char **schemes;    /* of weights */
    gboolean show_classes, show_splits, show_summary;
} Stats;

static void
stats_clear(Stats *self)
{
    g_clear_pointer(&self->manifest, ts_manifest_free);
    g_clear_pointer(&self->classes, ts_classes_free);
    g_clear_pointer(&self->splits, ts_classes_free);
    g_clear_pointer(&self->cross, g_free);
    g_clear_pointer(&self->schemes, g_strfreev);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stats, stats_clear)

static gboolean
choose_tables(Stats *stats, GError **error)
{
    g_auto(GStrv) names =
        g_strsplit(options.show != NULL ? options.show : "classes,splits,summary", ",", -1);
    if (names[0] == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--show: names no table");
    for (guint i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], "classes") == 0)
            stats->show_classes = TRUE;
        else if (strcmp(names[i], "splits") == 0)
            stats->show_splits = TRUE;
        else if (strcmp(names[i], "summary") == 0)
            stats->show_summary = TRUE;
        else
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--show: '%s' is not classes, splits or summary", names[i]);
    }
    return TRUE;
}

/* Wrong schemes are noticed before any work. */
static gboolean
check_schemes(Stats *stats, GError **error)
{
    stats->schemes = g_strsplit(options.weights != NULL ? options.weights : "", ",", -1);
    guint64 none = 0;
    double weight;
    for (guint i = 0; stats->schemes[i] != NULL; i++)
        if (!ts_class_weights(stats->schemes[i], &none, 1, &weight, error)) {
            g_prefix_error(error, "--weights: ");
            return FALSE;
        }
    return TRUE;
}

static gboolean
read_stats(Stats *stats, const char *dataset, GError **error)
{
    const char *split = options.split != NULL ? options.split : "split";
    stats->manifest = ts_layout_read(dataset, error);
    if (stats->manifest == NULL)
        return FALSE;
    stats->classes =
        ts_classes_new(stats->manifest, options.label != NULL ? options.label : "label", error);
    if (stats->classes == NULL)
        return FALSE;
    guint column;
    if (options.split != NULL &&
        !ts_manifest_require_column(stats->manifest, split, &column, error))
        return FALSE;
    if (ts_manifest_find_column(stats->manifest, split) < 0)
        return TRUE;
    stats->splits = ts_classes_new(stats->manifest, split, error);
    if (stats->splits == NULL)
        return FALSE;
    stats->cross = ts_cross_count(stats->splits->of_row, stats->splits->n, stats->classes->of_row,
                                  stats->classes->n, ts_manifest_n_rows(stats->manifest), error);
    return stats->cross != NULL;
}

/* The classes of one split, or of the rows without a split (index n). */
static const guint64 *
counts_of_split(const Stats *stats, guint split)
{
    return stats->cross + (gsize) split * (stats->classes->n + 1);
}

static guint64
sum(const guint64 *counts, guint n)
{
    guint64 total = 0;
    for (guint i = 0; i < n; i++)
        total += counts[i];
    return total;
}

/* Weights are for training, so they come from the training rows where these are marked. */
static const guint64 *
counts_for_weights(const Stats *stats)
{
    int train = stats->splits != NULL ? ts_classes_find(stats->splits, "train") : -1;
    return train >= 0 ? counts_of_split(stats, (guint) train) : stats->classes->counts;
}

static double
share_of(guint64 part, guint64 whole)
{
    return whole > 0 ? (double) part / (double) whole : NAN;
}

static gboolean
add_classes(const Stats *stats, TsReport *report, GError **error)
{
    const TsClasses *classes = stats->classes;
    guint n_schemes = g_strv_length(stats->schemes);
    g_autoptr(GPtrArray) columns = g_ptr_array_new();
    g_ptr_array_add(columns, (gpointer) "class");
    g_ptr_array_add(columns, (gpointer) "count");
    g_ptr_array_add(columns, (gpointer) "share");
    for (guint i = 0; i < n_schemes; i++)
        g_ptr_array_add(columns, stats->schemes[i]);
    g_ptr_array_add(columns, (gpointer) "");
    g_ptr_array_add(columns, NULL);
    ts_report_begin(report, "classes", (const char *const *) columns->pdata);

    g_autofree double *weights = g_new0(double, (gsize) n_schemes * classes->n + 1);
    for (guint i = 0; i < n_schemes; i++)
        if (!ts_class_weights(stats->schemes[i], counts_for_weights(stats), classes->n,
                              weights + (gsize) i * classes->n, error))
            return FALSE;
    TsClassTable table;
    ts_class_table_init(&table, classes->counts, classes->n);
    for (guint c = 0; c < classes->n; c++) {
        ts_report_text(report, classes->names[c]);
        ts_report_int(report, (gint64) classes->counts[c]);
        ts_report_double(report, share_of(classes->counts[c], table.total), 4);
        for (guint i = 0; i < n_schemes; i++)
            ts_report_double(report, weights[(gsize) i * classes->n + c], 4);
        ts_report_bar(report, share_of(classes->counts[c], table.max));
    }
    return TRUE;
}

/* One line a class, two columns a split. */
static void
add_splits(const Stats *stats, TsReport *report)
{
    const TsClasses *classes = stats->classes, *splits = stats->splits;
    guint n_splits = splits->n + (splits->n_unlabelled > 0);
    g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(columns, g_strdup("class"));
    for (guint s = 0; s < n_splits; s++) {
        const char *name = s < splits->n ? splits->names[s] : "(none)";
        g_ptr_array_add(columns, g_strdup(name));
        g_ptr_array_add(columns, g_strdup_printf("%s_share", name));
    }
    g_ptr_array_add(columns, NULL);
    ts_report_begin(report, "splits", (const char *const *) columns->pdata);
    for (guint c = 0; c < classes->n; c++) {
        ts_report_text(report, classes->names[c]);
        for (guint s = 0; s < n_splits; s++) {
            const guint64 *counts = counts_of_split(stats, s);
            ts_report_int(report, (gint64) counts[c]);
            ts_report_double(report, share_of(counts[c], sum(counts, classes->n)), 4);
        }
    }
}

static void
add_summary_row(TsReport *report, const char *name, const guint64 *counts, guint n,
                guint64 unlabelled)
{
    TsClassTable table;
    ts_class_table_init(&table, counts, n);
    ts_report_text(report, name);
    ts_report_int(report, (gint64) table.total);
    ts_report_int(report, (gint64) unlabelled);
    ts_report_int(report, table.n_classes);
    ts_report_int(report, table.n_empty);
    ts_report_int(report, (gint64) table.max);
    ts_report_int(report, (gint64) table.min);
    ts_report_double(report, table.imbalance_ratio, 2);
    ts_report_double(report, table.entropy, 3);
    ts_report_double(report, table.normalised_entropy, 3);
    ts_report_double(report, table.effective_classes, 2);
    ts_report_double(report, table.gini_coefficient, 3);
}

static void
add_summary(const Stats *stats, TsReport *report)
{
    static const char *const columns[] = {
        "split", "labelled", "unlabelled", "classes",   "empty", "largest", "smallest",
        "ratio", "entropy",  "evenness",   "effective", "gini",  NULL};
    const TsClasses *classes = stats->classes, *splits = stats->splits;
    ts_report_begin(report, "summary", columns);
    add_summary_row(report, "all", classes->counts, classes->n, classes->n_unlabelled);
    guint n_splits = splits != NULL ? splits->n + (splits->n_unlabelled > 0) : 0;
    for (guint s = 0; s < n_splits; s++)
        add_summary_row(report, s < splits->n ? splits->names[s] : "(none)",
                        counts_of_split(stats, s), classes->n,
                        counts_of_split(stats, s)[classes->n]);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(Stats) stats = {0};
    if (!choose_tables(&stats, error) || !check_schemes(&stats, error) ||
        !read_stats(&stats, n_args > 0 ? args[0] : "-", error))
        return FALSE;
    g_autoptr(TsReport) report = ts_report_new();
    if (stats.show_classes && !add_classes(&stats, report, error))
        return FALSE;
    if (stats.show_splits && stats.splits != NULL)
        add_splits(&stats, report);
    if (stats.show_summary)
        add_summary(&stats, report);
    return ts_report_print(report, ts_tool_format(), error);
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "classstats",
        .arguments = "[DATASET]",
        .summary = "Count the samples of each class and say how uneven they are.",
        .description =
            "DATASET is a manifest (.tsv), a folder of class folders, any other layout of\n"
            "tessera-manifest(5) such as CSV, IDX or WebDataset, or - (default) for a manifest on\n"
            "standard input. Shares, imbalance ratio, entropy, effective number of\n"
            "classes, and class weights for training; for each split, if there is a split column.",
        .examples = "  classstats photos/\n"
                    "  datasplit shapes.tsv | classstats\n"
                    "  classstats --show classes --weights balanced,effnum:0.999 train.tsv",
        .flags = TS_TOOL_FORMAT,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
