/* rebalance: rows of small classes repeated, rows of large classes left out. */
#include "rebalance.h"

#include "balance/resample.h"
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "layout/layout.h"

#include <string.h>

static struct {
    char *method;
    char *strategy;
    char *target;
    char *total, *cap, *floor, *max_repeats;
    gboolean random;
    char *as;
    char *label;
    char *split;
    gboolean all_splits;
    gboolean dry_run;
    char *output;
} options;

static const GOptionEntry entries[] = {
    {"method", 'm', 0, G_OPTION_ARG_STRING, &options.method,
     "random: rows are repeated and left out (default); over: repeated alone; under: left out "
     "alone",
     "METHOD"},
    {"strategy", 's', 0, G_OPTION_ARG_STRING, &options.strategy,
     "Which classes: auto (default), all, minority, 'not minority', majority, 'not majority', "
     "list:A,B, or a ratio in (0, 1] for two classes; or a rule for all: as-is, power:Q, effnum:B, "
     "repeat-factor:T, max*F, min*F, mean*F, median*F",
     "NAME"},
    {"target", 't', 0, G_OPTION_ARG_STRING, &options.target,
     "Rows of each class instead of a strategy, such as 'cat=500,dog=20%,*=100'; classes not named "
     "stay as they are",
     "CLASS=N,..."},
    {"total", 'N', 0, G_OPTION_ARG_STRING, &options.total,
     "Rows of all classes together, exactly, in the proportions of the strategy (default: as-is)",
     "N|P%"},
    {"cap", 0, 0, G_OPTION_ARG_STRING, &options.cap,
     "No class has more rows: a number, or such as median*2", "N"},
    {"floor", 0, 0, G_OPTION_ARG_STRING, &options.floor,
     "No class has fewer rows: a number, or such as max*0.1", "N"},
    {"max-repeats", 0, 0, G_OPTION_ARG_STRING, &options.max_repeats,
     "No class grows to more than R times its rows", "R"},
    {"random", 0, 0, G_OPTION_ARG_NONE, &options.random,
     "Draw the rows to repeat at random instead of using all evenly", NULL},
    {"as", 0, 0, G_OPTION_ARG_STRING, &options.as,
     "rows: repeated lines (default); repeat: a column that says how often; weight: a column of "
     "weights that make up for it",
     "FORM"},
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

static void
job_clear(RebalanceJob *self)
{
    g_clear_pointer(&self->manifest, ts_manifest_free);
    g_clear_pointer(&self->classes, ts_classes_free);
    g_clear_pointer(&self->requested, g_free);
    g_clear_pointer(&self->targets, g_free);
    g_clear_pointer(&self->repeats, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RebalanceJob, job_clear)

/* How rows are chosen, by name. */
static const struct {
    const char *name;
    TsResampleMethod direction;
} methods[] = {
    {"random", TS_RESAMPLE_ANY},
    {"over", TS_RESAMPLE_OVER},
    {"under", TS_RESAMPLE_UNDER},
};

static gboolean
parse_method(const char *name, TsResampleWish *wish, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(methods); i++)
        if (strcmp(name, methods[i].name) == 0) {
            wish->method = methods[i].direction;
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "--method: '%s' is not random, over or under",
                        name);
}

static gboolean
parse_form(const char *name, OutputForm *form, GError **error)
{
    static const char *const forms[] = {"rows", "repeat", "weight"};
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++)
        if (strcmp(name, forms[i]) == 0) {
            *form = (OutputForm) i;
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "--as: '%s' is not rows, repeat or weight", name);
}

/* Options that make no sense together. */
static gboolean
check_conflicts(const TsResampleWish *wish, OutputForm form, GError **error)
{
    const char *problem = NULL;
    if (options.strategy != NULL && options.target != NULL)
        problem = "--strategy and --target exclude each other";
    else if (options.split != NULL && options.all_splits)
        problem = "--split and --all-splits exclude each other";
    else if (options.dry_run && options.output != NULL)
        problem = "--dry-run and --output exclude each other";
    else if (options.random && wish->method == TS_RESAMPLE_UNDER)
        problem = "--random is about rows that are repeated, --method under repeats none";
    else if (options.random && form == AS_WEIGHT)
        problem = "--random is about rows that are repeated, --as weight repeats none";
    return problem == NULL || ts_error_set(error, TS_ERROR_ARGUMENT, "%s", problem);
}

static gboolean
check_options(TsResampleWish *wish, OutputForm *form, GError **error)
{
    *wish = (TsResampleWish){.strategy = options.strategy,
                             .targets = options.target,
                             .total = options.total,
                             .cap = options.cap,
                             .floor = options.floor};
    return parse_method(options.method != NULL ? options.method : "random", wish, error) &&
           parse_form(options.as != NULL ? options.as : "rows", form, error) &&
           (options.max_repeats == NULL ||
            ts_parse_double(options.max_repeats, 1, 1e9, "--max-repeats", &wish->max_repeats,
                            error)) &&
           check_conflicts(wish, *form, error);
}

/* Rows of other splits get class -1. */
static gboolean
choose_split(RebalanceJob *job, GError **error)
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
read_job(RebalanceJob *job, const char *dataset, GError **error)
{
    job->manifest = ts_layout_read(dataset, error);
    if (job->manifest == NULL)
        return FALSE;
    job->classes =
        ts_classes_new(job->manifest, options.label != NULL ? options.label : "label", error);
    if (job->classes == NULL || !choose_split(job, error))
        return FALSE;
    if (job->form == AS_REPEAT && ts_manifest_find_column(job->manifest, "repeat") >= 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has a column repeat already; leave out --as repeat",
                            ts_manifest_name(job->manifest));
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
plan(RebalanceJob *job, const TsResampleWish *wish, GError **error)
{
    const TsClasses *classes = job->classes;
    job->requested = g_new0(guint64, classes->n + 1);
    job->targets = g_new0(guint64, classes->n + 1);
    if (ts_resample_plan(wish, classes->names, classes->counts, classes->n, job->requested,
                         job->targets, error))
        return TRUE;
    if (g_error_matches(*error, TS_ERROR, TS_ERROR_ARGUMENT))
        g_prefix_error(error, "--");
    else
        g_prefix_error(error, "%s: ", ts_manifest_name(job->manifest));
    return FALSE;
}

static gboolean
choose_rows(RebalanceJob *job, GError **error)
{
    const TsClasses *classes = job->classes;
    guint64 n_rows = ts_manifest_n_rows(job->manifest);
    job->repeats = ts_try_alloc(n_rows, sizeof *job->repeats, "repeats", error);
    return job->repeats != NULL &&
           ts_resample_repeats(classes->of_row, n_rows, classes->counts, job->targets, classes->n,
                               options.random, ts_tool_seed(), job->repeats, error);
}

/* Where a list of classes says that they exist, or all of their rows are in other splits. */
static void
warn_of_empty_classes(const RebalanceJob *job)
{
    for (guint c = 0; c < job->classes->n; c++)
        if (job->classes->counts[c] == 0)
            ts_warning("class '%s' has no row that could be repeated and stays empty",
                       job->classes->names[c]);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(RebalanceJob) job = {0};
    TsResampleWish wish;
    if (!check_options(&wish, &job.form, error) ||
        !read_job(&job, n_args > 0 ? args[0] : "-", error) || !plan(&job, &wish, error))
        return FALSE;
    warn_of_empty_classes(&job);
    if (!choose_rows(&job, error))
        return FALSE;
    const char *output = options.output != NULL ? options.output : "-";
    if (options.dry_run ? !rebalance_print_plan(&job, error)
                        : !rebalance_write(&job, output, error))
        return FALSE;
    rebalance_report_counts(&job);
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
                    "  rebalance --target 'cat=500,dog=20%' --dry-run split.tsv\n"
                    "  rebalance --strategy power:0.5 --total 20000 --max-repeats 10 split.tsv\n"
                    "  rebalance --strategy repeat-factor:0.01 --as repeat split.tsv",
        .flags = TS_TOOL_SEED | TS_TOOL_FORCE | TS_TOOL_FORMAT,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
