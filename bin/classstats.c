/* classstats: how many samples each class has, and how uneven that is. */
#include "classstats.h"

#include "balance/weights.h"
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "layout/layout.h"

#include <string.h>

static struct {
    char *label;
    char *split;
    char *weights;
    char *tiers;
    char *show;
    char *against;
    char *confidence;
    char *plot;
    char **checks;
    char *rejects;
    char *root;
    char *group;
    int bootstrap;
    gboolean multi_label, images, keep_going;
} opt;

static const GOptionEntry entries[] = {
    {"label", 0, 0, G_OPTION_ARG_STRING, &opt.label,
     "Column of the classes (default: label; labels with --multi-label)", "COLUMN"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &opt.split,
     "Column of the splits, used if it is there (default: split)", "COLUMN"},
    {"multi-label", 0, 0, G_OPTION_ARG_NONE, &opt.multi_label,
     "Cells hold several labels, separated by ';'", NULL},
    {"images", 0, 0, G_OPTION_ARG_NONE, &opt.images,
     "Look at the images too: sizes, formats, channels, and what predicts the label", NULL},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &opt.root, "Where relative file names start", "DIR"},
    {"keep-going", 0, 0, G_OPTION_ARG_NONE, &opt.keep_going,
     "Pass over images that cannot be read, name each, and end with status 1", NULL},
    {"rejects", 0, 0, G_OPTION_ARG_FILENAME, &opt.rejects, "Write the rows of these to FILE",
     "FILE"},
    {"weights", 0, 0, G_OPTION_ARG_STRING, &opt.weights,
     "Add columns: balanced, effnum:B, inverse, sqrt, log, positive, sampling:Q, repeat:T, "
     "margin:M, logit:TAU",
     "LIST"},
    {"tiers", 0, 0, G_OPTION_ARG_STRING, &opt.tiers,
     "More samples than HEAD are the head, fewer than TAIL the tail (default: 100,20)",
     "HEAD,TAIL"},
    {"against", 0, 0, G_OPTION_ARG_FILENAME, &opt.against,
     "Compare with this data set instead of splits with each other", "DATASET"},
    {"bootstrap", 0, 0, G_OPTION_ARG_INT, &opt.bootstrap,
     "Add intervals from N bootstrap replicates (such as 2000)", "N"},
    {"group", 0, 0, G_OPTION_ARG_STRING, &opt.group,
     "Replicates draw all rows with one value of this column together", "COLUMN"},
    {"confidence", 0, 0, G_OPTION_ARG_STRING, &opt.confidence, "Of the intervals (default: 0.95)",
     "SHARE"},
    {"check", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.checks,
     "End with status 1 unless this holds, such as 'min_per_class>=20'; can be repeated",
     "CONDITION"},
    {"plot", 0, 0, G_OPTION_ARG_FILENAME, &opt.plot, "Draw the classes as SVG", "FILE"},
    {"show", 0, 0, G_OPTION_ARG_STRING, &opt.show,
     "Which tables: classes, splits, summary, intervals, drift, labels, pairs; sizes, formats, "
     "channels, properties, means, shift (default: all but pairs)",
     "LIST"},
    G_OPTION_ENTRY_NULL,
};

static const struct {
    const char *name;
    ShowTables table;
} tables[] = {
    {"classes", SHOW_CLASSES},     {"splits", SHOW_SPLITS},         {"summary", SHOW_SUMMARY},
    {"intervals", SHOW_INTERVALS}, {"drift", SHOW_DRIFT},           {"labels", SHOW_LABELS},
    {"pairs", SHOW_PAIRS},         {"sizes", SHOW_SIZES},           {"formats", SHOW_FORMATS},
    {"channels", SHOW_CHANNELS},   {"properties", SHOW_PROPERTIES}, {"means", SHOW_MEANS},
    {"shift", SHOW_SHIFT},
};

static void
stats_clear(ClassStats *stats)
{
    g_clear_pointer(&stats->survey, ts_survey_free);
    for (guint part = 0; stats->groups != NULL && part < stats->counts->n_parts; part++)
        ts_sample_groups_free(stats->groups[part]);
    g_clear_pointer(&stats->groups, g_free);
    g_clear_pointer(&stats->counts, ts_class_counts_free);
    g_clear_pointer(&stats->manifest, ts_manifest_free);
    g_clear_pointer(&stats->terms, g_strfreev);
    g_clear_pointer(&stats->compared, g_strfreev);
    g_clear_pointer(&stats->comparisons, g_ptr_array_unref);
    g_clear_pointer(&stats->checks, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ClassStats, stats_clear)

static gboolean
choose_table(const char *name, guint *show, GError **error)
{
    GString *known = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (strcmp(name, tables[i].name) == 0) {
            *show |= tables[i].table;
            g_string_free(known, TRUE);
            return TRUE;
        }
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", tables[i].name);
    }
    ts_error_set(error, TS_ERROR_ARGUMENT, "--show: '%s' is none of %s", name, known->str);
    g_string_free(known, TRUE);
    return FALSE;
}

static gboolean
choose_tables(guint *show, GError **error)
{
    if (opt.show == NULL) {
        *show = ~0U & ~(guint) SHOW_PAIRS;
        return TRUE;
    }
    g_auto(GStrv) names = g_strsplit(opt.show, ",", -1);
    if (names[0] == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--show: names no table");
    for (guint i = 0; names[i] != NULL; i++)
        if (!choose_table(names[i], show, error))
            return FALSE;
    if ((*show & (SHOW_LABELS | SHOW_PAIRS)) != 0 && !opt.multi_label)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--show: labels and pairs need --multi-label");
    if ((*show & SHOW_ANY_IMAGES) != 0 && !opt.images)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--show: tables of images need --images");
    return TRUE;
}

/* Wrong names are noticed before any work. */
static gboolean
parse_weights(ClassStats *stats, GError **error)
{
    stats->terms = g_strsplit(opt.weights != NULL ? opt.weights : "", ",", -1);
    guint64 none = 0;
    double value;
    for (guint i = 0; stats->terms[i] != NULL; i++)
        if (!ts_class_terms(stats->terms[i], &none, 1, 0, &value, error)) {
            g_prefix_error(error, "--weights: ");
            return FALSE;
        }
    return TRUE;
}

static gboolean
parse_tiers(TsTiers *tiers, GError **error)
{
    g_auto(GStrv) numbers = g_strsplit(opt.tiers != NULL ? opt.tiers : "100,20", ",", -1);
    gint64 head, tail;
    if (g_strv_length(numbers) != 2)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--tiers: '%s' is not two counts such as 100,20", opt.tiers);
    if (!ts_parse_int(numbers[0], 0, G_MAXINT64, "--tiers", &head, error) ||
        !ts_parse_int(numbers[1], 0, G_MAXINT64, "--tiers", &tail, error))
        return FALSE;
    *tiers = (TsTiers){(guint64) head, (guint64) tail};
    return tail <= head + 1 ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "--tiers: %s: the tail would reach into the head",
                        opt.tiers);
}

static gboolean
parse_bootstrap(TsBootstrap *bootstrap, GError **error)
{
    *bootstrap = (TsBootstrap){(guint) opt.bootstrap, 0.95, ts_tool_seed()};
    if (opt.bootstrap < 0 || opt.bootstrap == 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--bootstrap: %d replicates, 2 or more were expected", opt.bootstrap);
    if (opt.bootstrap == 0 && (opt.confidence != NULL || opt.group != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: needs --bootstrap",
                            opt.group != NULL ? "--group" : "--confidence");
    if (opt.confidence == NULL)
        return TRUE;
    if (!ts_parse_double(opt.confidence, 0, 1, "--confidence", &bootstrap->confidence, error))
        return FALSE;
    return (bootstrap->confidence > 0 && bootstrap->confidence < 1) ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "--confidence: %s is not between 0 and 1",
                        opt.confidence);
}

static gboolean
check_image_options(GError **error)
{
    if (!opt.images && (opt.keep_going || opt.root != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: needs --images",
                            opt.keep_going ? "--keep-going" : "--root");
    return opt.rejects == NULL || opt.keep_going ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "--rejects: needs --keep-going");
}

static gboolean
parse_options(ClassStats *stats, GError **error)
{
    stats->columns.label = opt.label != NULL ? opt.label : (opt.multi_label ? "labels" : "label");
    stats->columns.is_multi = opt.multi_label;
    return check_image_options(error) && choose_tables(&stats->show, error) &&
           parse_weights(stats, error) && parse_tiers(&stats->tiers, error) &&
           parse_bootstrap(&stats->bootstrap, error) &&
           parse_checks(stats, opt.checks, opt.images, error);
}

/* Names that a person or another file system would take for one. */
static void
warn_of_alike_names(const TsClassCounts *counts)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint c = 0; c < counts->n; c++) {
        g_autofree char *normal = g_utf8_normalize(counts->names[c], -1, G_NORMALIZE_ALL);
        char *folded = g_strstrip(g_utf8_casefold(normal, -1));
        const char *other = g_hash_table_lookup(seen, folded);
        if (other != NULL)
            ts_warning("classes '%s' and '%s' differ in case, spaces or Unicode form only", other,
                       counts->names[c]);
        g_hash_table_replace(seen, folded, counts->names[c]);
    }
}

/* Weights are those of the training rows, of all rows where there are none. */
static void
warn_of_no_train(const ClassStats *stats)
{
    if (stats->terms[0] != NULL && stats->counts->n_splits > 0 &&
        ts_class_counts_train(stats->counts) == 0)
        ts_warning("--weights: no row has the split 'train'; they are those of all rows");
}

/* Count `manifest`; the split is taken if it is there, and has to be if it was asked for. */
static TsClassCounts *
count(const TsManifest *manifest, TsClassColumns columns, GError **error)
{
    const char *split = opt.split != NULL ? opt.split : "split";
    if (opt.split != NULL || ts_manifest_find_column(manifest, split) >= 0)
        columns.split = split;
    return ts_class_counts_new(manifest, &columns, error);
}

/* Read the other data set, and compare. */
static gboolean
compare(ClassStats *stats, GError **error)
{
    g_autoptr(TsManifest) manifest = NULL;
    g_autoptr(TsClassCounts) against = NULL;
    if (opt.against != NULL) {
        if ((manifest = ts_layout_read(opt.against, error)) == NULL ||
            (against = count(manifest, stats->columns, error)) == NULL)
            return FALSE;
    }
    compare_parts(stats, against);
    gboolean by_row = opt.multi_label && opt.bootstrap > 0; /* labels of a row go together */
    return (opt.group == NULL && !by_row) || group_rows(stats, opt.group, manifest, against, error);
}

static gboolean
read_stats(ClassStats *stats, const char *dataset, GError **error)
{
    stats->manifest = ts_layout_read(dataset, error);
    if (stats->manifest == NULL ||
        (stats->counts = count(stats->manifest, stats->columns, error)) == NULL)
        return FALSE;
    warn_of_alike_names(stats->counts);
    warn_of_no_train(stats);
    if (opt.root != NULL)
        ts_manifest_set_folder(stats->manifest, opt.root);
    return compare(stats, error) && check_bootstrap(stats, error) &&
           (!opt.images || survey_images(stats, opt.keep_going, opt.rejects, error));
}

static gboolean
add_tables(const ClassStats *stats, TsReport *report, GError **error)
{
    guint show = stats->show;
    if ((show & SHOW_CLASSES) != 0 && !add_classes(stats, report, error))
        return FALSE;
    if ((show & SHOW_SPLITS) != 0 && stats->counts->splits != NULL)
        add_splits(stats, report);
    if ((show & SHOW_SUMMARY) != 0)
        add_summary(stats, report);
    if ((show & SHOW_INTERVALS) != 0 && stats->bootstrap.n_replicates > 0 &&
        !add_intervals(stats, report, error))
        return FALSE;
    if ((show & SHOW_DRIFT) != 0 && stats->comparisons->len > 0)
        add_drift(stats, report);
    if ((show & SHOW_LABELS) != 0 && stats->counts->sets != NULL)
        add_labels(stats, report);
    return (show & SHOW_PAIRS) == 0 || add_pairs(stats, report, error);
}

static gboolean
add_image_tables(ClassStats *stats, TsReport *report, GError **error)
{
    if (stats->survey == NULL)
        return TRUE;
    if ((stats->show & SHOW_SIZES) != 0 && !add_sizes(stats, report, error))
        return FALSE;
    if ((stats->show & SHOW_FORMATS) != 0)
        add_formats(stats, report);
    if ((stats->show & SHOW_CHANNELS) != 0)
        add_channels(stats, report);
    if (!add_properties(stats, report, error))
        return FALSE;
    gboolean has_pairs = opt.against == NULL && stats->comparisons->len > 0;
    return (stats->show & SHOW_SHIFT) == 0 || !has_pairs || add_shift(stats, report, error);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(ClassStats) stats = {0};
    if (!parse_options(&stats, error) || !read_stats(&stats, n_args > 0 ? args[0] : "-", error))
        return FALSE;
    g_autoptr(TsReport) report = ts_report_new();
    return add_tables(&stats, report, error) && add_image_tables(&stats, report, error) &&
           run_checks(&stats, opt.checks, report, error) &&
           (opt.plot == NULL || write_plot(&stats, opt.plot, error)) &&
           ts_report_print(report, ts_tool_format(), error);
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
            "classes, and class weights for training; for each split, if there is a split column,\n"
            "and how far the splits, or two data sets, lie apart.",
        .examples =
            "  classstats photos/\n"
            "  datasplit shapes.tsv | classstats\n"
            "  classstats --show classes --weights balanced,effnum:0.999 train.tsv\n"
            "  classstats --check 'min_per_class>=20' --check 'empty@val==0' split.tsv\n"
            "  classstats --against last-year.tsv --bootstrap 2000 --plot classes.svg new.tsv\n"
            "  classstats --images --check 'max_association<0.5' photos/",
        .flags = TS_TOOL_FORMAT | TS_TOOL_SEED | TS_TOOL_FORCE | TS_TOOL_THREADS | TS_TOOL_PROGRESS,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
