/* rebalance: rows of small classes repeated, rows of large classes left out. */
#include "balance/resample.h"
#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"
#include "layout/layout.h"
#include "manifest/classes.h"
#include "manifest/writer.h"
#include "stats/report.h"

#include <string.h>

static struct {
    char *method;
    char *strategy;
    char *target;
    gboolean random;
    char *label;
    char *split;
    gboolean all_splits;
    gboolean dry_run;
    char *output;
} options;

static const GOptionEntry entries[] = {
    {"method", 'm', 0, G_OPTION_ARG_STRING, &options.method,
     "over: repeat rows (default); under: leave rows out", "METHOD"},
    {"strategy", 's', 0, G_OPTION_ARG_STRING, &options.strategy,
     "Which classes: auto (default), all, minority, 'not minority', majority, 'not majority', or a "
     "ratio in (0, 1] for two classes",
     "NAME"},
    {"target", 't', 0, G_OPTION_ARG_STRING, &options.target,
     "Rows of each class instead of a strategy, such as 'cat=500,dog=20%,*=100'; classes not named "
     "stay as they are",
     "CLASS=N,..."},
    {"random", 0, 0, G_OPTION_ARG_NONE, &options.random,
     "Draw the rows to repeat at random instead of using all evenly", NULL},
    {"label", 0, 0, G_OPTION_ARG_STRING, &options.label, "Column of the classes (default: label)",
     "COLUMN"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &options.split,
     "Change rows of this split alone (default: train, if there is a split column)", "NAME"},
    {"all-splits", 0, 0, G_OPTION_ARG_NONE, &options.all_splits,
     "Change rows of all splits, test rows too", NULL},
    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry_run,
     "Print the plan (see --format) instead of the manifest", NULL},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
     "Write the manifest to FILE instead of standard output", "FILE"},
    {NULL},
};

typedef struct {
    TsResampleMethod method;
    TsManifest *manifest;
    TsClasses *classes; /* rows that are not to be touched have class -1 */
    guint64 n_untouched;
    guint64 *targets;
    guint32 *repeats;
} Job;

static void
job_clear(Job *self)
{
    g_clear_pointer(&self->manifest, ts_manifest_free);
    g_clear_pointer(&self->classes, ts_classes_free);
    g_clear_pointer(&self->targets, g_free);
    g_clear_pointer(&self->repeats, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

static gboolean
check_options(Job *job, GError **error)
{
    job->method = options.target != NULL ? TS_RESAMPLE_ANY : TS_RESAMPLE_OVER;
    if (options.method != NULL && strcmp(options.method, "over") == 0)
        job->method = TS_RESAMPLE_OVER;
    else if (options.method != NULL && strcmp(options.method, "under") == 0)
        job->method = TS_RESAMPLE_UNDER;
    else if (options.method != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--method: '%s' is not over or under",
                            options.method);
    if (options.strategy != NULL && options.target != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--strategy and --target exclude each other");
    if (options.split != NULL && options.all_splits)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--split and --all-splits exclude each other");
    if (options.random && job->method == TS_RESAMPLE_UNDER)
        return ts_error_set(
            error, TS_ERROR_ARGUMENT,
            "--random is about rows that are repeated, --method under repeats none");
    if (options.dry_run && options.output != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--dry-run and --output exclude each other");
    return TRUE;
}

/* Rows of other splits get class -1. */
static gboolean
choose_split(Job *job, GError **error)
{
    const char *split = options.split != NULL ? options.split : "train";
    guint column;
    if (options.split != NULL &&
        !ts_manifest_require_column(job->manifest, "split", &column, error))
        return FALSE;
    int found = ts_manifest_find_column(job->manifest, "split");
    if (options.all_splits || found < 0)
        return TRUE;
    guint64 n_rows = ts_manifest_n_rows(job->manifest), n_chosen = 0;
    for (guint64 row = 0; row < n_rows; row++) {
        if (ts_cell_equal(ts_manifest_cell(job->manifest, row, (guint) found), split))
            n_chosen++;
        else
            job->classes->of_row[row] = -1;
    }
    return n_chosen > 0 || ts_error_set(error, TS_ERROR_FORMAT,
                                        "%s: no row has the split '%s'; --split NAME chooses "
                                        "another one, --all-splits all",
                                        ts_manifest_name(job->manifest), split);
}

static gboolean
read_job(Job *job, const char *dataset, GError **error)
{
    job->manifest = ts_layout_read(dataset, error);
    if (job->manifest == NULL)
        return FALSE;
    job->classes =
        ts_classes_new(job->manifest, options.label != NULL ? options.label : "label", error);
    if (job->classes == NULL || !choose_split(job, error))
        return FALSE;
    memset(job->classes->counts, 0, job->classes->n * sizeof *job->classes->counts);
    for (guint64 row = 0; row < ts_manifest_n_rows(job->manifest); row++) {
        if (job->classes->of_row[row] >= 0)
            job->classes->counts[job->classes->of_row[row]]++;
        else
            job->n_untouched++;
    }
    return TRUE;
}

static gboolean
plan(Job *job, GError **error)
{
    const TsClasses *classes = job->classes;
    job->targets = g_new0(guint64, classes->n + 1);
    if (options.target != NULL) {
        if (ts_resample_targets(options.target, job->method, classes->names, classes->counts,
                                classes->n, job->targets, error))
            return TRUE;
        g_prefix_error(error, "--target: ");
        return FALSE;
    }
    if (ts_resample_strategy(options.strategy != NULL ? options.strategy : "auto", job->method,
                             classes->counts, classes->n, job->targets, error))
        return TRUE;
    if (g_error_matches(*error, TS_ERROR, TS_ERROR_ARGUMENT))
        g_prefix_error(error, "--strategy: ");
    else
        g_prefix_error(error, "%s: ", ts_manifest_name(job->manifest));
    return FALSE;
}

static gboolean
print_plan(const Job *job, GError **error)
{
    static const char *const columns[] = {"class", "before", "after", "change", NULL};
    const TsClasses *classes = job->classes;
    g_autoptr(TsReport) report = ts_report_new();
    ts_report_begin(report, "plan", columns);
    for (guint c = 0; c < classes->n; c++) {
        ts_report_text(report, classes->names[c]);
        ts_report_int(report, (gint64) classes->counts[c]);
        ts_report_int(report, (gint64) job->targets[c]);
        ts_report_int(report, (gint64) (job->targets[c] - classes->counts[c]));
    }
    return ts_report_print(report, ts_tool_format(), error);
}

/* Rows whose class grows are written once in their place; these are the others: what is repeated,
 * class by class. */
static gboolean
write_repeated(const Job *job, TsManifestWriter *writer, GError **error)
{
    const TsClasses *classes = job->classes;
    g_autofree guint64 *begin = g_new0(guint64, classes->n + 2);
    guint64 n_rows = ts_manifest_n_rows(job->manifest);
    for (guint64 row = 0; row < n_rows; row++)
        if (job->repeats[row] > 1)
            begin[classes->of_row[row] + 1]++;
    for (guint c = 0; c < classes->n; c++)
        begin[c + 1] += begin[c];
    guint64 n = begin[classes->n];
    g_autofree guint64 *rows = ts_try_alloc(n, sizeof *rows, "rows to repeat", error);
    for (guint64 row = 0; rows != NULL && row < n_rows; row++)
        if (job->repeats[row] > 1)
            rows[begin[classes->of_row[row]]++] = row;
    for (guint64 i = 0; rows != NULL && i < n; i++)
        for (guint32 k = 1; k < job->repeats[rows[i]]; k++)
            if (!ts_manifest_writer_copy_row(writer, job->manifest, rows[i], NULL, error))
                return FALSE;
    return rows != NULL;
}

static gboolean
write_manifest(Job *job, GError **error)
{
    const TsClasses *classes = job->classes;
    guint64 n_rows = ts_manifest_n_rows(job->manifest);
    job->repeats = ts_try_alloc(n_rows, sizeof *job->repeats, "repeats", error);
    if (job->repeats == NULL ||
        !ts_resample_repeats(classes->of_row, n_rows, classes->counts, job->targets, classes->n,
                             options.random, ts_tool_seed(), job->repeats, error))
        return FALSE;
    g_autoptr(TsManifestWriter) writer = ts_manifest_writer_new_like(
        options.output != NULL ? options.output : "-", job->manifest, NULL, ts_tool_force(), error);
    if (writer == NULL)
        return FALSE;
    for (guint64 row = 0; row < n_rows; row++)
        if (job->repeats[row] > 0 &&
            !ts_manifest_writer_copy_row(writer, job->manifest, row, NULL, error))
            return FALSE;
    return write_repeated(job, writer, error) && ts_manifest_writer_commit(writer, error);
}

/* "rows 2450 -> 3500 (zero 35 -> 350, one 350, ...); 1050 of other splits ... kept" */
static void
report_counts(const Job *job)
{
    enum { CLASSES_SHOWN = 20 };
    const TsClasses *classes = job->classes;
    guint64 before = 0, after = 0;
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint c = 0; c < classes->n; c++) {
        before += classes->counts[c];
        after += job->targets[c];
        if (c < CLASSES_SHOWN)
            g_string_append_printf(list, "%s%s %" G_GUINT64_FORMAT, c > 0 ? ", " : "",
                                   classes->names[c], classes->counts[c]);
        if (c < CLASSES_SHOWN && job->targets[c] != classes->counts[c])
            g_string_append_printf(list, " -> %" G_GUINT64_FORMAT, job->targets[c]);
    }
    if (classes->n > CLASSES_SHOWN)
        g_string_append_printf(list, ", and %u more classes", classes->n - CLASSES_SHOWN);
    g_autofree char *untouched =
        job->n_untouched > 0
            ? g_strdup_printf("; %" G_GUINT64_FORMAT " of other splits or without a class kept",
                              job->n_untouched)
            : g_strdup("");
    ts_info("rows %" G_GUINT64_FORMAT " -> %" G_GUINT64_FORMAT " (%s)%s", before, after, list->str,
            untouched);
}

/* Where a list of classes says that they exist, or all of their rows are in other splits. */
static void
warn_of_empty_classes(const Job *job)
{
    for (guint c = 0; c < job->classes->n; c++)
        if (job->classes->counts[c] == 0)
            ts_warning("class '%s' has no row that could be repeated and stays empty",
                       job->classes->names[c]);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(Job) job = {0};
    if (!check_options(&job, error) || !read_job(&job, n_args > 0 ? args[0] : "-", error) ||
        !plan(&job, error))
        return FALSE;
    warn_of_empty_classes(&job);
    if (options.dry_run ? !print_plan(&job, error) : !write_manifest(&job, error))
        return FALSE;
    report_counts(&job);
    return TRUE;
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "rebalance",
        .arguments = "[DATASET]",
        .summary = "Repeat rows of small classes or leave out rows of large ones.",
        .description =
            "By default every class grows to the size of the largest one, and all its rows are\n"
            "used evenly. Where there is a split column only training rows change. DATASET is a\n"
            "manifest (.tsv), a folder, another layout of tessera-manifest(5), or - (default)\n"
            "for a manifest on standard input; the manifest goes to standard output: the rows "
            "that\n"
            "are kept, then the repeated ones.",
        .examples = "  datasplit photos/ | rebalance > train.tsv\n"
                    "  rebalance --method under -o even.tsv split.tsv\n"
                    "  rebalance --target 'cat=500,dog=20%' --dry-run split.tsv",
        .flags = TS_TOOL_SEED | TS_TOOL_FORCE | TS_TOOL_FORMAT,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
