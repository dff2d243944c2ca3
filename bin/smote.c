/* smote: small classes grown by synthetic rows between neighbours. */
#include "balance/resample.h"
#include "balance/synthetic.h"
#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"
#include "layout/layout.h"
#include "stats/report.h"

#include <string.h>

static struct {
    char *kind, *strategy, *target, *space, *columns, *label, *split, *labels, *labels_out, *compat,
        *parents, *output;
    int k, m;
    gboolean all_splits, dry_run;
} opt = {.k = 5, .m = 10};

static const GOptionEntry entries[] = {
    {"kind", 'K', 0, G_OPTION_ARG_STRING, &opt.kind,
     "smote (default), borderline-1, borderline-2 or adasyn", "KIND"},
    {"neighbours", 'k', 0, G_OPTION_ARG_INT, &opt.k,
     "Nearest rows of the class to go towards (default: 5)", "N"},
    {"m-neighbours", 'm', 0, G_OPTION_ARG_INT, &opt.m,
     "Nearest rows that say whether a row is in danger (default: 10)", "N"},
    {"strategy", 's', 0, G_OPTION_ARG_STRING, &opt.strategy,
     "Which classes: auto (default), all, minority, 'not minority', 'not majority', or a ratio in "
     "(0, 1] for two classes",
     "NAME"},
    {"target", 't', 0, G_OPTION_ARG_STRING, &opt.target,
     "Rows of each class instead of a strategy, such as 'cat=500,dog=200%'; classes not named stay "
     "as they are",
     "CLASS=N,..."},
    {"space", 0, 0, G_OPTION_ARG_STRING, &opt.space,
     "Where neighbours are looked for: pixels, columns, pca[:K] or FILE.npy (default: pixels of "
     "pictures, columns of other tables)",
     "SPACE"},
    {"columns", 0, 0, G_OPTION_ARG_STRING, &opt.columns,
     "Columns that are features (default: all that hold numbers)", "NAME,..."},
    {"label", 0, 0, G_OPTION_ARG_STRING, &opt.label, "Column of the classes (default: label)",
     "COLUMN"},
    {"labels", 0, 0, G_OPTION_ARG_FILENAME, &opt.labels, "Classes of the rows of a DATASET.npy",
     "FILE.npy"},
    {"labels-out", 0, 0, G_OPTION_ARG_FILENAME, &opt.labels_out,
     "Where to write the classes of -o FILE.npy", "FILE.npy"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &opt.split,
     "Use rows of this split alone (default: train, if there is a split column)", "NAME"},
    {"all-splits", 0, 0, G_OPTION_ARG_NONE, &opt.all_splits,
     "Use rows of all splits, test rows too", NULL},
    {"compat", 0, 0, G_OPTION_ARG_STRING, &opt.compat,
     "imblearn: draw the numbers that imbalanced-learn draws for this --seed", "NAME"},
    {"parents", 0, 0, G_OPTION_ARG_FILENAME, &opt.parents,
     "Write a table of what each new row was made of", "FILE"},
    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &opt.dry_run,
     "Print the plan (see --format) instead of making rows", NULL},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output,
     "Write to a table FILE.tsv, an array FILE.npy, or pictures and manifest.tsv into DIR "
     "(default: "
     "a table to standard output)",
     "PATH"},
    {NULL},
};

typedef enum { TO_TABLE, TO_FOLDER, TO_ARRAY } Output;

typedef struct {
    TsSmoteOptions how;
    Output output;
    TsManifest *manifest; /* NULL: the rows are those of an array */
    TsClasses *classes;   /* rows that are not to be used have class -1 */
    guint64 *rows;        /* (n) of the manifest, NULL: all */
    gsize n;
    gint32 *class_of_point; /* (n) */
    TsSpace *space;         /* where neighbours are */
    TsSpace *table;         /* what is interpolated, if that is something else */
    guint64 *targets, *add, *made;
    GArray *blends;
} Job;

static void
job_clear(Job *self)
{
    ts_space_free(self->space);
    ts_space_free(self->table);
    ts_classes_free(self->classes);
    ts_manifest_free(self->manifest);
    g_free(self->rows);
    g_free(self->class_of_point);
    g_free(self->targets);
    g_free(self->add);
    g_free(self->made);
    g_clear_pointer(&self->blends, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

static gboolean
parse_kind(TsSmoteKind *kind, GError **error)
{
    static const struct {
        const char *name;
        TsSmoteKind kind;
    } kinds[] = {{"smote", TS_SMOTE_PLAIN},
                 {"borderline-1", TS_SMOTE_BORDERLINE_1},
                 {"borderline-2", TS_SMOTE_BORDERLINE_2},
                 {"adasyn", TS_SMOTE_ADASYN}};
    g_autoptr(GString) known = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (opt.kind == NULL || strcmp(opt.kind, kinds[i].name) == 0) {
            *kind = kinds[i].kind;
            return TRUE;
        }
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", kinds[i].name);
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "--kind: '%s' is none of %s", opt.kind,
                        known->str);
}

/* Two options of which only one can be given. */
static gboolean
exclude(gboolean one, gboolean other, const char *names, GError **error)
{
    return !(one && other) ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "%s exclude each other", names);
}

static gboolean
check_output(Job *job, gboolean from_array, GError **error)
{
    job->output =
        opt.output == NULL || g_str_has_suffix(opt.output, ".tsv") || strcmp(opt.output, "-") == 0
            ? TO_TABLE
        : g_str_has_suffix(opt.output, ".npy") ? TO_ARRAY
                                               : TO_FOLDER;
    gboolean to_array = job->output == TO_ARRAY;
    if (from_array && !to_array && !opt.dry_run)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "rows of an array go to one: -o FILE.npy");
    if (to_array && !from_array)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "-o %s: an array is what a DATASET.npy with --labels goes to",
                            opt.output);
    if (to_array != (opt.labels_out != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "-o FILE.npy and --labels-out FILE.npy go together");
    return TRUE;
}

static gboolean
check_input(gboolean from_array, GError **error)
{
    TsSpaceOptions space = {opt.space, opt.columns, opt.label};
    if (!ts_space_check(&space, error))
        return FALSE;
    if (from_array != (opt.labels != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "a DATASET.npy and --labels FILE.npy go together");
    if (from_array && (opt.space != NULL || opt.columns != NULL || opt.label != NULL ||
                       opt.split != NULL || opt.all_splits))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--space, --columns, --label, --split and --all-splits are about "
                            "tables, not about a DATASET.npy");
    return TRUE;
}

static gboolean
check_options(Job *job, const char *dataset, GError **error)
{
    gboolean from_array = g_str_has_suffix(dataset, ".npy");
    if (opt.compat != NULL && strcmp(opt.compat, "imblearn") != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--compat: '%s' is not imblearn", opt.compat);
    if (opt.k < 1 || opt.m < 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: %d is not 1 or more",
                            opt.k < 1 ? "--neighbours" : "--m-neighbours",
                            opt.k < 1 ? opt.k : opt.m);
    job->how = (TsSmoteOptions){.k = (guint) opt.k,
                                .m = (guint) opt.m,
                                .seed = ts_tool_seed(),
                                .compat = opt.compat != NULL};
    return parse_kind(&job->how.kind, error) &&
           exclude(opt.strategy != NULL, opt.target != NULL, "--strategy and --target", error) &&
           exclude(opt.split != NULL, opt.all_splits, "--split and --all-splits", error) &&
           exclude(opt.dry_run, opt.output != NULL, "--dry-run and --output", error) &&
           exclude(opt.dry_run, opt.parents != NULL, "--dry-run and --parents", error) &&
           check_input(from_array, error) && check_output(job, from_array, error);
}

static gboolean
has_pictures(const Job *job)
{
    return job->manifest != NULL && ts_manifest_find_column(job->manifest, "file_name") >= 0;
}

/* A picture that is a mixture itself cannot be mixed: rows name one other row. */
static gboolean
check_parents(const Job *job, GError **error)
{
    int column = ts_manifest_find_column(job->manifest, "parent_b");
    for (gsize i = 0; column >= 0 && has_pictures(job) && i < job->n; i++) {
        TsCell cell = ts_manifest_cell(job->manifest, job->rows[i], (guint) column);
        if (ts_cell_is_null(cell))
            continue;
        g_autofree char *where = ts_manifest_where(job->manifest, job->rows[i]);
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: is a mixture already (column parent_b), and cannot be a parent; "
                            "make synthetic rows once, of the rows that there were",
                            where);
    }
    return TRUE;
}

/* The rows that have a class. */
static gboolean
choose_rows(Job *job, guint64 n_rows, GError **error)
{
    job->rows = ts_try_alloc(MAX(n_rows, 1), sizeof *job->rows, "rows", error);
    job->class_of_point =
        job->rows ? ts_try_alloc(MAX(n_rows, 1), sizeof(gint32), "rows", error) : NULL;
    if (job->class_of_point == NULL)
        return FALSE;
    for (guint64 row = 0; row < n_rows; row++) {
        if (job->classes->of_row[row] < 0)
            continue;
        job->class_of_point[job->n] = job->classes->of_row[row];
        job->rows[job->n++] = row;
    }
    return TRUE;
}

static gboolean
read_table(Job *job, const char *dataset, GError **error)
{
    job->manifest = ts_layout_read(dataset, error);
    if (job->manifest == NULL)
        return FALSE;
    job->classes = ts_classes_new(job->manifest, opt.label != NULL ? opt.label : "label", error);
    return job->classes != NULL &&
           (opt.all_splits ||
            ts_classes_keep_split(job->classes, job->manifest, opt.split, error)) &&
           choose_rows(job, ts_manifest_n_rows(job->manifest), error) && check_parents(job, error);
}

/* Neighbours in one space; features that stand in columns are interpolated there. */
static gboolean
read_space(Job *job, GError **error)
{
    TsSpaceOptions how = {opt.space, opt.columns, opt.label};
    job->space = ts_space_new(job->manifest, job->rows, job->n, &how, error);
    if (job->space == NULL)
        return FALSE;
    if (has_pictures(job) || job->space->columns != NULL)
        return TRUE;
    how.space = "columns";
    job->table = ts_space_new(job->manifest, job->rows, job->n, &how, error);
    return job->table != NULL;
}

static gboolean
read_array(Job *job, const char *dataset, GError **error)
{
    job->space = ts_space_read_npy(dataset, error);
    if (job->space == NULL)
        return FALSE;
    job->classes = ts_space_read_labels(opt.labels, job->space->points.n, error);
    return job->classes != NULL && choose_rows(job, job->space->points.n, error);
}

static gboolean
plan(Job *job, const char *name, GError **error)
{
    const TsClasses *classes = job->classes;
    job->targets = g_new0(guint64, classes->n + 1);
    job->add = g_new0(guint64, classes->n + 1);
    job->made = g_new0(guint64, classes->n + 1);
    job->how.names = classes->names;
    gboolean planned =
        opt.target != NULL
            ? ts_resample_targets(opt.target, TS_RESAMPLE_OVER, classes->names, classes->counts,
                                  classes->n, job->targets, error)
            : ts_resample_strategy(opt.strategy != NULL ? opt.strategy : "auto", TS_RESAMPLE_OVER,
                                   classes->counts, classes->n, job->targets, error);
    for (guint c = 0; planned && c < classes->n; c++)
        job->add[c] = job->targets[c] - classes->counts[c];
    if (!planned && g_error_matches(*error, TS_ERROR, TS_ERROR_ARGUMENT))
        g_prefix_error(error, "%s: ", opt.target != NULL ? "--target" : "--strategy");
    else if (!planned)
        g_prefix_error(error, "%s: ", name);
    return planned;
}

/* How many neighbours there are to go towards in a class of n rows. */
static guint64
neighbours_of(const Job *job, guint64 n)
{
    guint64 n_around = job->how.kind == TS_SMOTE_BORDERLINE_2 ? job->n : n;
    return MIN(job->how.k, n_around > 0 ? n_around - 1 : 0);
}

static void
warn(Job *job)
{
    const TsClasses *classes = job->classes;
    for (guint c = 0; c < classes->n; c++) {
        guint64 k = neighbours_of(job, classes->counts[c]);
        if (classes->counts[c] == 0)
            ts_warning("class '%s' has no row to start from and stays empty", classes->names[c]);
        else if (job->add[c] > 0 && classes->counts[c] == 1)
            ts_warning("class '%s' has one row, which is repeated", classes->names[c]);
        else if (job->add[c] > 0 && k < job->how.k)
            ts_warning("class '%s' has %" G_GUINT64_FORMAT " rows: %" G_GUINT64_FORMAT
                       " neighbours are used instead of %u",
                       classes->names[c], classes->counts[c], k, job->how.k);
    }
    if (job->how.m >= job->n && job->n > 1 &&
        (job->how.kind == TS_SMOTE_BORDERLINE_1 || job->how.kind == TS_SMOTE_BORDERLINE_2)) {
        ts_warning("%u neighbours say who is in danger instead of %u: there are %" G_GSIZE_FORMAT
                   " rows",
                   (guint) job->n - 1, job->how.m, job->n);
        job->how.m = (guint) job->n - 1;
    }
}

static gboolean
print_plan(const Job *job, GError **error)
{
    static const char *const columns[] = {"class", "before", "after", "new", "neighbours", NULL};
    const TsClasses *classes = job->classes;
    g_autoptr(TsReport) report = ts_report_new();
    ts_report_begin(report, "plan", columns);
    for (guint c = 0; c < classes->n; c++) {
        ts_report_text(report, classes->names[c]);
        ts_report_int(report, (gint64) classes->counts[c]);
        ts_report_int(report, (gint64) job->targets[c]);
        ts_report_int(report, (gint64) job->add[c]);
        ts_report_int(report, (gint64) neighbours_of(job, classes->counts[c]));
    }
    return ts_report_print(report, ts_tool_format(), error);
}

static gboolean
write_all(const Job *job, GError **error)
{
    const TsSpace *table = job->table != NULL ? job->table : job->space;
    gboolean force = ts_tool_force(), in_columns = table->columns != NULL;
    TsSynthetic made = {.manifest = job->manifest,
                        .rows = job->rows,
                        .n = job->n,
                        .values = in_columns || job->manifest == NULL ? &table->points : NULL,
                        .columns = table->columns,
                        .has_pictures = has_pictures(job),
                        .blends = job->blends};
    if (opt.parents != NULL && !ts_synthetic_write_parents(&made, opt.parents, force, error))
        return FALSE;
    switch (job->output) {
    case TO_ARRAY:
        return ts_synthetic_write_labels(&made, job->classes, opt.labels_out, force, error) &&
               ts_synthetic_write_npy(&made, ts_npy_get(job->space->file), opt.output, force,
                                      error);
    case TO_FOLDER:
        return ts_synthetic_write_pictures(&made, opt.output, force, error);
    default:
        return ts_synthetic_write_table(&made, opt.output != NULL ? opt.output : "-", force, error);
    }
}

/* "rows 43 -> 72 (disc 24, square 12 + 12 of 12, triangle 6 + 18 of 18)": made of asked for. */
static void
report_counts(const Job *job)
{
    enum { CLASSES_SHOWN = 20 };
    const TsClasses *classes = job->classes;
    guint64 before = 0, made = 0;
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint c = 0; c < classes->n; c++) {
        before += classes->counts[c];
        made += job->made[c];
        if (job->made[c] != job->add[c])
            ts_warning("class '%s': %" G_GUINT64_FORMAT
                       " new rows were asked for, %" G_GUINT64_FORMAT " were made",
                       classes->names[c], job->add[c], job->made[c]);
        if (c >= CLASSES_SHOWN)
            continue;
        g_string_append_printf(list, "%s%s %" G_GUINT64_FORMAT, c > 0 ? ", " : "",
                               classes->names[c], classes->counts[c]);
        if (job->add[c] > 0)
            g_string_append_printf(list, " + %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
                                   job->made[c], job->add[c]);
    }
    if (classes->n > CLASSES_SHOWN)
        g_string_append_printf(list, ", and %u more classes", classes->n - CLASSES_SHOWN);
    ts_info("rows %" G_GUINT64_FORMAT " -> %" G_GUINT64_FORMAT " (%s)", before, before + made,
            list->str);
}

/* New rows whose parents are of two groups belong to neither: without splits yet, that is for the
 * user to know. */
static void
report_groups(const Job *job)
{
    gboolean may_leak =
        job->manifest != NULL && ts_manifest_find_column(job->manifest, "split") < 0;
    int column = may_leak ? ts_manifest_find_column(job->manifest, "group") : -1;
    guint n_between = 0;
    for (guint i = 0; column >= 0 && i < job->blends->len; i++) {
        const TsBlend *blend = &g_array_index(job->blends, TsBlend, i);
        TsCell a = ts_manifest_cell(job->manifest, job->rows[blend->a], (guint) column);
        TsCell b = ts_manifest_cell(job->manifest, job->rows[blend->b], (guint) column);
        n_between += !ts_cell_same(a, b);
    }
    if (n_between > 0)
        ts_info("%u new rows have parents of two groups, and the group of the first one; split "
                "before, not after",
                n_between);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(Job) job = {0};
    const char *dataset = n_args > 0 ? args[0] : "-";
    if (!check_options(&job, dataset, error) ||
        (opt.labels != NULL ? !read_array(&job, dataset, error)
                            : !read_table(&job, dataset, error)) ||
        !plan(&job, job.manifest != NULL ? ts_manifest_name(job.manifest) : dataset, error))
        return FALSE;
    warn(&job);
    if (opt.dry_run)
        return print_plan(&job, error);
    if (job.manifest != NULL && !read_space(&job, error))
        return FALSE;
    job.blends = ts_smote(&job.space->points, job.class_of_point, job.classes->n, job.add, &job.how,
                          job.made, error);
    if (job.blends == NULL || !write_all(&job, error))
        return FALSE;
    report_counts(&job);
    report_groups(&job);
    return TRUE;
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "smote",
        .arguments = "[DATASET]",
        .summary = "Make small classes larger by synthetic rows between neighbours.",
        .description =
            "A new row lies between a row of a small class and one of its nearest neighbours. By\n"
            "default every class grows to the size of the largest one. Where there is a split\n"
            "column only training rows are used. DATASET is a table of features or a manifest of\n"
            "pictures (.tsv), another layout of tessera-manifest(5), or - (default) for standard\n"
            "input; or an array FILE.npy with --labels. New rows stand behind the old ones: with\n"
            "interpolated numbers, or, where rows are pictures, with the names of two of them and\n"
            "how to mix them (-o DIR makes these pictures).",
        .examples = "  smote features.tsv > balanced.tsv\n"
                    "  datasplit photos/ | smote --space pca:50 | train -o run\n"
                    "  smote -K borderline-1 -t 'rare=500' -o pictures/ split.tsv\n"
                    "  smote --compat imblearn --labels y.npy -o x2.npy --labels-out y2.npy x.npy",
        .flags = TS_TOOL_SEED | TS_TOOL_FORCE | TS_TOOL_FORMAT | TS_TOOL_THREADS |
                 TS_TOOL_PROGRESS | TS_TOOL_COMPUTE,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
