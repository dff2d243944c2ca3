/* datasplit: give every row of a manifest a split. */
#include "balance/split.h"
#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"
#include "layout/layout.h"
#include "manifest/classes.h"
#include "manifest/writer.h"

#include <string.h>

#define DEFAULT_SHARES "train=0.7,val=0.15,test=0.15"

static struct {
    char *ratios;
    char *label;
    char *group;
    gboolean no_groups;
    gboolean no_stratify;
    gboolean resplit;
    char *output;
} options;

static const GOptionEntry entries[] = {
    {"ratios", 'r', 0, G_OPTION_ARG_STRING, &options.ratios,
     "Names and shares of the splits (default: " DEFAULT_SHARES ")", "NAME=SHARE,..."},
    {"label", 0, 0, G_OPTION_ARG_STRING, &options.label,
     "Column of the classes that are split in proportion (default: label)", "COLUMN"},
    {"no-stratify", 0, 0, G_OPTION_ARG_NONE, &options.no_stratify,
     "Do not look at classes, keep totals only", NULL},
    {"group", 0, 0, G_OPTION_ARG_STRING, &options.group,
     "Keep rows with the same value in this column together (default: group, if it is there)",
     "COLUMN"},
    {"no-groups", 0, 0, G_OPTION_ARG_NONE, &options.no_groups, "Do not look at groups", NULL},
    {"resplit", 0, 0, G_OPTION_ARG_NONE, &options.resplit,
     "Replace the split column that is there already", NULL},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
     "Write the manifest to FILE instead of standard output", "FILE"},
    {NULL},
};

typedef struct {
    TsSplitShares *shares;
    TsManifest *manifest;
    TsClasses *classes; /* NULL: --no-stratify */
    TsClasses *groups;  /* NULL: none */
    guint8 *split_of_row;
} Job;

static void
job_clear(Job *self)
{
    g_clear_pointer(&self->shares, ts_split_shares_free);
    g_clear_pointer(&self->manifest, ts_manifest_free);
    g_clear_pointer(&self->classes, ts_classes_free);
    g_clear_pointer(&self->groups, ts_classes_free);
    g_clear_pointer(&self->split_of_row, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

static gboolean
check_options(Job *job, GError **error)
{
    if (options.no_groups && options.group != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--group and --no-groups exclude each other");
    if (options.no_stratify && options.label != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--label and --no-stratify exclude each other");
    job->shares =
        ts_split_shares_parse(options.ratios != NULL ? options.ratios : DEFAULT_SHARES, error);
    if (job->shares == NULL)
        g_prefix_error(error, "--ratios: ");
    return job->shares != NULL;
}

/* Made of two other rows: they might end up in another split than it. */
static gboolean
check_no_synthetic_row(const TsManifest *manifest, GError **error)
{
    int column = ts_manifest_find_column(manifest, "parent_b");
    for (guint64 row = 0; column >= 0 && row < ts_manifest_n_rows(manifest); row++)
        if (!ts_cell_is_null(ts_manifest_cell(manifest, row, (guint) column))) {
            g_autofree char *where = ts_manifest_where(manifest, row);
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: synthetic row (it has a parent_b); split first, then balance",
                                where);
        }
    return TRUE;
}

static gboolean
read_job(Job *job, const char *dataset, GError **error)
{
    job->manifest = ts_layout_read(dataset, error);
    if (job->manifest == NULL)
        return FALSE;
    if (!options.resplit && ts_manifest_find_column(job->manifest, "split") >= 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has a split column already; --resplit replaces it",
                            ts_manifest_name(job->manifest));
    if (!check_no_synthetic_row(job->manifest, error))
        return FALSE;
    const char *label = options.label != NULL ? options.label : "label";
    if (!options.no_stratify) {
        job->classes = ts_classes_new(job->manifest, label, error);
        if (job->classes == NULL) {
            if (ts_manifest_find_column(job->manifest, label) < 0)
                g_prefix_error(error, "--no-stratify splits without classes: ");
            return FALSE;
        }
    }
    const char *group = options.group != NULL ? options.group : "group";
    gboolean wanted = options.group != NULL ||
                      (!options.no_groups && ts_manifest_find_column(job->manifest, group) >= 0);
    if (wanted)
        job->groups = ts_classes_new(job->manifest, group, error);
    return !wanted || job->groups != NULL;
}

static gboolean
split_rows(Job *job, GError **error)
{
    guint64 n_rows = ts_manifest_n_rows(job->manifest);
    const gint32 *strata = job->classes != NULL ? job->classes->of_row : NULL;
    guint n_strata = job->classes != NULL ? job->classes->n : 0;
    job->split_of_row = ts_try_alloc(n_rows, 1, "splits", error);
    if (job->split_of_row == NULL)
        return FALSE;
    if (job->groups == NULL)
        return ts_split_by_strata(job->shares, strata, n_strata, n_rows, ts_tool_seed(),
                                  job->split_of_row, error);
    return ts_split_by_groups(job->shares, strata, n_strata, job->groups->of_row, job->groups->n,
                              n_rows, ts_tool_seed(), job->split_of_row, error);
}

static gboolean
write_manifest(const Job *job, GError **error)
{
    static const char *const extra[] = {"split", NULL};
    g_autoptr(TsManifestWriter) writer =
        ts_manifest_writer_new_like(options.output != NULL ? options.output : "-", job->manifest,
                                    extra, ts_tool_force(), error);
    if (writer == NULL)
        return FALSE;
    for (guint64 row = 0; row < ts_manifest_n_rows(job->manifest); row++) {
        const char *split = job->shares->names[job->split_of_row[row]];
        if (!ts_manifest_writer_copy_row(writer, job->manifest, row, &split, error))
            return FALSE;
    }
    return ts_manifest_writer_commit(writer, error);
}

/* "train 29 rows (69.0 %), val 7 rows (16.7 %), ..." */
static void
report_sizes(const Job *job)
{
    guint64 n_rows = ts_manifest_n_rows(job->manifest), sizes[TS_SPLITS_MAX] = {0};
    for (guint64 row = 0; row < n_rows; row++)
        sizes[job->split_of_row[row]]++;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint s = 0; s < job->shares->n; s++)
        g_string_append_printf(text, "%s%s %" G_GUINT64_FORMAT " rows (%.1f %%)", s > 0 ? ", " : "",
                               job->shares->names[s], sizes[s],
                               n_rows > 0 ? 100.0 * (double) sizes[s] / (double) n_rows : 0);
    if (job->groups != NULL)
        g_string_append_printf(text, "; %u groups kept together", job->groups->n);
    ts_info("%s", text->str);
}

/* A class without a row in some split cannot be learned or judged there. */
static gboolean
warn_of_absent_classes(const Job *job, GError **error)
{
    if (job->classes == NULL)
        return TRUE;
    guint64 n_rows = ts_manifest_n_rows(job->manifest);
    guint n = job->classes->n, n_splits = job->shares->n;
    g_autofree guint64 *cells =
        ts_try_alloc((gsize) n + 1, n_splits * sizeof *cells, "table of classes", error);
    if (cells == NULL)
        return FALSE;
    for (guint64 row = 0; row < n_rows; row++)
        if (job->classes->of_row[row] >= 0)
            cells[(gsize) job->classes->of_row[row] * n_splits + job->split_of_row[row]]++;
    for (guint s = 0; s < n_splits; s++) {
        guint n_absent = 0, first = 0;
        for (guint c = n; c-- > 0;)
            if (job->classes->counts[c] > 0 && cells[(gsize) c * n_splits + s] == 0) {
                n_absent++;
                first = c;
            }
        if (n_absent > 0)
            ts_warning("split '%s' has no row of %u class%s, such as '%s' (%" G_GUINT64_FORMAT
                       " row%s in all)",
                       job->shares->names[s], n_absent, n_absent == 1 ? "" : "es",
                       job->classes->names[first], job->classes->counts[first],
                       job->classes->counts[first] == 1 ? "" : "s");
    }
    return TRUE;
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(Job) job = {0};
    if (!check_options(&job, error) || !read_job(&job, n_args > 0 ? args[0] : "-", error) ||
        !split_rows(&job, error) || !warn_of_absent_classes(&job, error) ||
        !write_manifest(&job, error))
        return FALSE;
    report_sizes(&job);
    return TRUE;
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "datasplit",
        .arguments = "[DATASET]",
        .summary = "Give every row of a manifest a split: train, val, test.",
        .description =
            "Totals are exact and every class is split in proportion, to less than a row. Where\n"
            "there is a group column, groups stay whole and shares are met as nearly as they\n"
            "allow. DATASET is a manifest (.tsv), a folder, another layout of\n"
            "tessera-manifest(5), or - (default) for a manifest on standard input; the manifest\n"
            "with its split column goes to standard output.",
        .examples = "  datasplit photos/ > split.tsv\n"
                    "  datasplit --ratios train=0.8,test=0.2 --seed 7 -o split.tsv shapes.tsv\n"
                    "  tile --virtual slide.tif | datasplit | classstats",
        .flags = TS_TOOL_SEED | TS_TOOL_FORCE,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
