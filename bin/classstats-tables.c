/* classstats: the tables of counts. */
#include "balance/weights.h"
#include "base/outfile.h"
#include "base/tool.h"
#include "classstats.h"
#include "stats/plot.h"

#include <math.h>
#include <string.h>

static double
share_of(guint64 part, guint64 whole)
{
    return whole > 0 ? (double) part / (double) whole : NAN;
}

static void
begin(TsReport *report, const char *name, GPtrArray *columns)
{
    g_ptr_array_add(columns, NULL);
    ts_report_begin(report, name, (const char *const *) columns->pdata);
    g_ptr_array_unref(columns);
}

static void
begin_classes(const ClassStats *stats, TsReport *report)
{
    GPtrArray *columns = g_ptr_array_new();
    g_ptr_array_add(columns, (gpointer) "class");
    g_ptr_array_add(columns, (gpointer) "count");
    g_ptr_array_add(columns, (gpointer) "share");
    if (stats->bootstrap.n_replicates > 0) {
        g_ptr_array_add(columns, (gpointer) "share_low");
        g_ptr_array_add(columns, (gpointer) "share_high");
    }
    g_ptr_array_add(columns, (gpointer) "tier");
    if (stats->counts->sets != NULL)
        g_ptr_array_add(columns, (gpointer) "irlbl");
    for (guint i = 0; stats->terms[i] != NULL; i++)
        g_ptr_array_add(columns, stats->terms[i]);
    g_ptr_array_add(columns, (gpointer) "");
    begin(report, "classes", columns);
}

/* (n_terms, n): weights are for training, so they come from its rows where these are marked. */
static double *
compute_terms(const ClassStats *stats, GError **error)
{
    const TsClassCounts *counts = stats->counts;
    guint n_terms = g_strv_length(stats->terms), train = ts_class_counts_train(counts);
    g_autofree double *values = g_new0(double, (gsize) n_terms * counts->n + 1);
    for (guint i = 0; i < n_terms; i++)
        if (!ts_class_terms(stats->terms[i], ts_class_counts_of(counts, train), counts->n,
                            counts->labelled[train], values + (gsize) i * counts->n, error))
            return NULL;
    return g_steal_pointer(&values);
}

gboolean
add_classes(const ClassStats *stats, TsReport *report, GError **error)
{
    const TsClassCounts *counts = stats->counts;
    g_autofree double *terms = compute_terms(stats, error);
    g_autofree TsInterval *shares = NULL;
    if (terms == NULL)
        return FALSE;
    if (stats->bootstrap.n_replicates > 0 &&
        (shares = compute_share_intervals(stats, 0, error)) == NULL)
        return FALSE;
    const guint64 *all = ts_class_counts_of(counts, 0);
    const guint64 *train = ts_class_counts_of(counts, ts_class_counts_train(counts));
    TsClassTable table;
    TsLabelSetStats label_stats;
    g_autofree double *irlbl = g_new(double, (gsize) counts->n + 1);
    ts_class_table_init(&table, all, counts->n);
    if (counts->sets != NULL)
        ts_label_sets_compute(counts->sets, irlbl, &label_stats);
    begin_classes(stats, report);
    for (guint c = 0; c < counts->n; c++) {
        ts_report_text(report, counts->names[c]);
        ts_report_int(report, (gint64) all[c]);
        ts_report_double(report, share_of(all[c], counts->labelled[0]), 4);
        if (shares != NULL) {
            ts_report_double(report, shares[c].low, 4);
            ts_report_double(report, shares[c].high, 4);
        }
        ts_report_text(report, ts_tier_name(ts_tier(&stats->tiers, train[c])));
        if (counts->sets != NULL)
            ts_report_double(report, irlbl[c], 2);
        for (guint i = 0; stats->terms[i] != NULL; i++)
            ts_report_double(report, terms[(gsize) i * counts->n + c], 4);
        ts_report_bar(report, share_of(all[c], table.max));
    }
    return TRUE;
}

/* One line a class, two columns a split. */
void
add_splits(const ClassStats *stats, TsReport *report)
{
    const TsClassCounts *counts = stats->counts;
    GPtrArray *columns = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(columns, g_strdup("class"));
    for (guint part = 1; part < counts->n_parts; part++) {
        g_ptr_array_add(columns, g_strdup(counts->parts[part]));
        g_ptr_array_add(columns, g_strdup_printf("%s_share", counts->parts[part]));
    }
    begin(report, "splits", columns);
    for (guint c = 0; c < counts->n; c++) {
        ts_report_text(report, counts->names[c]);
        for (guint part = 1; part < counts->n_parts; part++) {
            guint64 count = ts_class_counts_of(counts, part)[c];
            ts_report_int(report, (gint64) count);
            ts_report_double(report, share_of(count, counts->labelled[part]), 4);
        }
    }
}

/* The columns of the summary, and behind them what only checks ask for. */
const char *const part_numbers[N_NUMBERS] = {
    "labelled", "unlabelled", "classes",       "empty",         "largest",   "smallest",   "ratio",
    "entropy",  "evenness",   "effective",     "gini",          "impurity",  "singletons", "head",
    "medium",   "tail",       "min_per_class", "max_per_class", "min_share", "max_share"};

/* Of the table form; 0 is a count. */
static const int decimals[N_SUMMARY] = {0, 0, 0, 0, 0, 0, 2, 3, 3, 2, 3, 3, 0, 0, 0, 0};

void
compute_numbers(const ClassStats *stats, const guint64 *counts, guint part,
                double values[N_NUMBERS])
{
    TsClassTable t;
    guint n = stats->counts->n;
    double tiers[3] = {0};
    ts_class_table_init(&t, counts, n);
    for (guint c = 0; c < n; c++)
        tiers[ts_tier(&stats->tiers, counts[c])]++;
    double labelled = (double) stats->counts->labelled[part];
    double min = n > 0 ? (double) (t.n_empty > 0 ? 0 : t.min) : NAN;
    const double computed[N_NUMBERS] = {
        labelled,
        (double) stats->counts->unlabelled[part],
        t.n_classes,
        t.n_empty,
        (double) t.max,
        (double) t.min,
        t.imbalance_ratio,
        t.entropy,
        t.normalised_entropy,
        t.effective_classes,
        t.gini_coefficient,
        t.gini_impurity,
        t.n_singletons,
        tiers[TS_TIER_HEAD],
        tiers[TS_TIER_MEDIUM],
        tiers[TS_TIER_TAIL],
        min,
        n > 0 ? (double) t.max : NAN,
        labelled > 0 ? min / labelled : NAN,
        labelled > 0 ? (double) t.max / labelled : NAN,
    };
    memcpy(values, computed, sizeof computed);
}

void
add_summary(const ClassStats *stats, TsReport *report)
{
    const TsClassCounts *counts = stats->counts;
    const char *columns[N_SUMMARY + 2] = {"split"};
    for (guint i = 0; i < N_SUMMARY; i++)
        columns[1 + i] = part_numbers[i];
    ts_report_begin(report, "summary", columns);
    for (guint part = 0; part < counts->n_parts; part++) {
        double values[N_NUMBERS];
        compute_numbers(stats, ts_class_counts_of(counts, part), part, values);
        ts_report_text(report, counts->parts[part]);
        for (guint i = 0; i < N_SUMMARY; i++)
            if (decimals[i] == 0)
                ts_report_int(report, (gint64) values[i]);
            else
                ts_report_double(report, values[i], decimals[i]);
    }
}

void
add_labels(const ClassStats *stats, TsReport *report)
{
    const TsLabelSets *sets = stats->counts->sets;
    TsLabelSetStats numbers;
    g_autofree double *irlbl = g_new(double, (gsize) sets->n + 1);
    ts_label_sets_compute(sets, irlbl, &numbers);
    ts_report_begin_values(report, "labels");
    ts_report_value_int(report, "label_sets", (gint64) numbers.n_sets);
    ts_report_value_int(report, "single_label_sets", (gint64) numbers.n_single);
    ts_report_value_double(report, "cardinality", numbers.cardinality, 3);
    ts_report_value_double(report, "density", numbers.density, 4);
    ts_report_value_double(report, "mean_ir", numbers.mean_ir, 3);
    ts_report_value_double(report, "cvir", numbers.cvir, 3);
    ts_report_value_double(report, "scumble", numbers.scumble, 4);
}

gboolean
add_pairs(const ClassStats *stats, TsReport *report, GError **error)
{
    const TsLabelSets *sets = stats->counts->sets;
    g_autofree guint64 *pairs = ts_label_sets_count_pairs(sets, error);
    if (pairs == NULL)
        return FALSE;
    GPtrArray *columns = g_ptr_array_new();
    g_ptr_array_add(columns, (gpointer) "class");
    for (guint c = 0; c < sets->n; c++)
        g_ptr_array_add(columns, sets->names[c]);
    begin(report, "pairs", columns);
    for (guint a = 0; a < sets->n; a++) {
        ts_report_text(report, sets->names[a]);
        for (guint b = 0; b < sets->n; b++)
            ts_report_int(report, (gint64) pairs[(gsize) a * sets->n + b]);
    }
    return TRUE;
}

gboolean
write_plot(const ClassStats *stats, const char *path, GError **error)
{
    const TsClassCounts *counts = stats->counts;
    gboolean by_split = counts->splits != NULL;
    TsClassPlot plot = {.title = ts_manifest_name(stats->manifest),
                        .names = counts->names,
                        .n = counts->n,
                        .series = counts->parts + by_split,
                        .n_series = counts->n_parts - by_split,
                        .counts = ts_class_counts_of(counts, by_split),
                        .tiers = stats->tiers};
    g_autofree char *svg = ts_class_plot_svg(&plot);
    return ts_write_file(path, svg, strlen(svg), ts_tool_force(), error);
}
