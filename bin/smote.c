/* smote: small classes grown by synthetic rows between neighbours. */
#include "smote.h"
#include "balance/resample/resample.h"
#include "balance/smote/smote_nominal.h"
#include "balance/space/kmeans_compat.h"
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"

#include <math.h>
#include <string.h>

static struct {
    char *kind, *strategy, *target, *total, *cap, *space, *columns, *label, *split, *labels,
        *labels_out, *compat, *parents, *output, *out_step, *clusters, *threshold, *exponent,
        *categorical;
    int k, m;
    gboolean all_splits, dry_run;
} opt = {.k = G_MININT, .m = 10};

static const GOptionEntry entries[] = {
    {"kind", 'K', 0, G_OPTION_ARG_STRING, &opt.kind,
     "smote (default), borderline-1, borderline-2, svm, kmeans, adasyn, nc, n, enn, tomek, "
     "safe-level or eos",
     "KIND"},
    {"neighbours", 'k', 0, G_OPTION_ARG_INT, &opt.k,
     "Nearest rows of the class to go towards (default: 5; kmeans: 2)", "N"},
    {"m-neighbours", 'm', 0, G_OPTION_ARG_INT, &opt.m,
     "Nearest rows that say whether a row is in danger, or that are enemies (default: 10)", "N"},
    {"out-step", 0, 0, G_OPTION_ARG_STRING, &opt.out_step,
     "Of svm: how far beyond a safe row, of the way to its neighbour (default: 0.5)", "F"},
    {"clusters", 0, 0, G_OPTION_ARG_STRING, &opt.clusters,
     "Of kmeans: how many (default: 8), or a whole number for each row, from any clustering",
     "N|FILE.npy"},
    {"cluster-threshold", 0, 0, G_OPTION_ARG_STRING, &opt.threshold,
     "Of kmeans: share of the class that a cluster needs (default: half the share of the class in "
     "all new rows)",
     "F"},
    {"density-exponent", 0, 0, G_OPTION_ARG_STRING, &opt.exponent,
     "Of kmeans: power of the mean distance in a cluster (default: by its rows)", "F"},
    {"strategy", 's', 0, G_OPTION_ARG_STRING, &opt.strategy,
     "Which classes, to what size: auto (default), all, minority, 'not minority', 'not majority', "
     "list:A,B, a ratio in (0, 1] for two classes, or a rule as of rebalance: power:Q, effnum:B, "
     "max*F, median*F, ...",
     "NAME"},
    {"target", 't', 0, G_OPTION_ARG_STRING, &opt.target,
     "Rows of each class instead of a strategy, such as 'cat=500,dog=200%'; classes not named stay "
     "as they are",
     "CLASS=N,..."},
    {"total", 'N', 0, G_OPTION_ARG_STRING, &opt.total,
     "Rows of all classes together, exactly, in the proportions of the strategy", "N|P%"},
    {"cap", 0, 0, G_OPTION_ARG_STRING, &opt.cap,
     "No class grows to more rows: a number, or such as median*2", "N"},
    {"space", 0, 0, G_OPTION_ARG_STRING, &opt.space,
     "Where neighbours are looked for: pixels, columns, pca[:K] or FILE.npy (default: pixels of "
     "pictures, columns of other tables); of a DATASET.npy columns:LIST, pca[:K] or FILE.npy",
     "SPACE"},
    {"columns", 0, 0, G_OPTION_ARG_STRING, &opt.columns,
     "Columns that are features (default: all that hold numbers)", "NAME,..."},
    {"categorical", 0, 0, G_OPTION_ARG_STRING, &opt.categorical,
     "Of nc and n: columns that are categories (default: nc: those that hold texts, n: all)",
     "NAME,..."},
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
     "Write a table FILE.tsv, an array FILE.npy, or pictures and manifest.tsv into DIR (default: a "
     "table to standard output)",
     "PATH"},
    {NULL},
};

typedef enum { CLEAN_NOT, CLEAN_ENN, CLEAN_TOMEK } Cleaning;

enum { CLEAN_K = 3 }; /* neighbours that enn looks at */

typedef enum { NOMINAL_NOT, NOMINAL_TOO, NOMINAL_ALONE } Nominal;

typedef struct {
    const char *name;
    TsSmoteKind kind;
    Nominal nominal;
    Cleaning cleaning;
    gboolean not_compat; /* imbalanced-learn has no such kind */
} Kind;

static const Kind kinds[] = {
    {.name = "smote", .kind = TS_SMOTE_PLAIN},
    {.name = "borderline-1", .kind = TS_SMOTE_BORDERLINE_1},
    {.name = "borderline-2", .kind = TS_SMOTE_BORDERLINE_2},
    {.name = "svm", .kind = TS_SMOTE_SVM},
    {.name = "kmeans", .kind = TS_SMOTE_CLUSTERS},
    {.name = "adasyn", .kind = TS_SMOTE_ADASYN},
    {.name = "nc", .nominal = NOMINAL_TOO},
    {.name = "n", .nominal = NOMINAL_ALONE},
    {.name = "enn", .kind = TS_SMOTE_PLAIN, .cleaning = CLEAN_ENN},
    {.name = "tomek", .kind = TS_SMOTE_PLAIN, .cleaning = CLEAN_TOMEK},
    {.name = "safe-level", .kind = TS_SMOTE_SAFE_LEVEL, .not_compat = TRUE},
    {.name = "eos", .kind = TS_SMOTE_EOS, .not_compat = TRUE}};

static void
job_clear(SmoteJob *self)
{
    ts_space_free(self->space);
    ts_space_free(self->table);
    ts_classes_free(self->classes);
    ts_manifest_free(self->manifest);
    g_free(self->rows);
    g_free(self->class_of_point);
    g_free(self->cluster);
    g_free(self->codes);
    ts_nominal_free(self->nominal);
    g_free(self->requested);
    g_free(self->targets);
    g_free(self->add);
    g_free(self->made);
    g_free(self->keep);
    g_clear_pointer(&self->blends, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmoteJob, job_clear)

static const Kind *
find_kind(GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (opt.kind == NULL || strcmp(opt.kind, kinds[i].name) == 0)
            return &kinds[i];
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", kinds[i].name);
    }
    ts_error_set(error, TS_ERROR_ARGUMENT, "--kind: '%s' is none of %s", opt.kind, known->str);
    return NULL;
}

/* Two options of which only one can be given. */
static gboolean
exclude(gboolean one, gboolean other, const char *names, GError **error)
{
    return !(one && other) ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "%s exclude each other", names);
}

static gboolean
check_input(gboolean from_array, GError **error)
{
    TsSpaceOptions space = {opt.space, opt.columns, opt.label};
    if (from_array ? !ts_space_check_array(opt.space, error) : !ts_space_check(&space, error))
        return FALSE;
    if (from_array != (opt.labels != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "a DATASET.npy and --labels FILE.npy go together");
    if (from_array &&
        (opt.columns != NULL || opt.label != NULL || opt.split != NULL || opt.all_splits))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--columns, --label, --split and --all-splits are about tables, not "
                            "about a DATASET.npy");
    return TRUE;
}

static gboolean
is_table(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0 || g_str_has_suffix(path, ".tsv");
}

static gboolean
check_output(gboolean from_array, GError **error)
{
    gboolean to_array = opt.output != NULL && g_str_has_suffix(opt.output, ".npy");
    if (from_array && !to_array && !opt.dry_run)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "rows of an array go to one: -o FILE.npy");
    if (to_array && !from_array)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "-o %s: an array is what a DATASET.npy with --labels goes to",
                            opt.output);
    if (to_array != (opt.labels_out != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "-o FILE.npy and --labels-out FILE.npy go together");
    const gboolean to_folder = !to_array && !is_table(opt.output);
    return (to_folder || ts_tool_check_output(opt.output, error)) &&
           ts_tool_check_output(opt.labels_out, error) && ts_tool_check_output(opt.parents, error);
}

/* By a file, not by their number. */
static gboolean
clusters_are_given(void)
{
    return opt.clusters != NULL && g_str_has_suffix(opt.clusters, ".npy");
}

/* Options that one kind has. */
static gboolean
check_kind(const Kind *kind, GError **error)
{
    gboolean clusters = kind->kind == TS_SMOTE_CLUSTERS;
    if (opt.compat != NULL && strcmp(opt.compat, "imblearn") != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--compat: '%s' is not imblearn", opt.compat);
    if (opt.compat != NULL && kind->not_compat)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--compat imblearn: it has no kind %s that could be equalled",
                            kind->name);
    if (opt.out_step != NULL && kind->kind != TS_SMOTE_SVM)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--out-step is about --kind svm");
    if (opt.categorical != NULL && kind->nominal == NOMINAL_NOT)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--categorical is about --kind nc and n");
    if (kind->nominal != NOMINAL_NOT && (opt.labels != NULL || opt.space != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--kind %s is about the columns of a table, --labels and --space are "
                            "not",
                            kind->name);
    if (kind->nominal == NOMINAL_ALONE && opt.columns != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--kind n has no features that are numbers: name its --categorical");
    if (!clusters && (opt.clusters != NULL || opt.threshold != NULL || opt.exponent != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--clusters, --cluster-threshold and --density-exponent are about "
                            "--kind kmeans");
    return TRUE;
}

/* Read a number, or leave what there is. */
static gboolean
parse_number(const char *text, const char *option, double low, double high, double *value,
             GError **error)
{
    return text == NULL || ts_parse_double(text, low, high, option, value, error);
}

static gboolean
parse_how(const Kind *kind, TsSmoteOptions *how, GError **error)
{
    int k = opt.k != G_MININT ? opt.k : kind->kind == TS_SMOTE_CLUSTERS ? 2 : 5;
    if (k < 1 || opt.m < 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: %d is not 1 or more",
                            k < 1 ? "--neighbours" : "--m-neighbours", k < 1 ? k : opt.m);
    *how = (TsSmoteOptions){.kind = kind->kind,
                            .k = (guint) k,
                            .m = (guint) opt.m,
                            .seed = ts_tool_seed(),
                            .compat = opt.compat != NULL,
                            .out_step = 0.5,
                            .cluster_threshold = NAN,
                            .density_exponent = NAN};
    return parse_number(opt.out_step, "--out-step", 0, 1e6, &how->out_step, error) &&
           parse_number(opt.threshold, "--cluster-threshold", 0, 1, &how->cluster_threshold,
                        error) &&
           parse_number(opt.exponent, "--density-exponent", 0, 1e6, &how->density_exponent, error);
}

static gboolean
check_options(SmoteJob *job, const Kind *kind, const char *dataset, GError **error)
{
    gboolean from_array = g_str_has_suffix(dataset, ".npy");
    return check_kind(kind, error) && parse_how(kind, &job->how, error) &&
           exclude(opt.strategy != NULL, opt.target != NULL, "--strategy and --target", error) &&
           exclude(opt.split != NULL, opt.all_splits, "--split and --all-splits", error) &&
           exclude(opt.dry_run, opt.output != NULL, "--dry-run and --output", error) &&
           exclude(opt.dry_run, opt.parents != NULL, "--dry-run and --parents", error) &&
           check_input(from_array, error) && check_output(from_array, error);
}

/* A row that names its parents needs them in the table; cleaning may take them out. */
static gboolean
check_cleaning(const SmoteJob *job, const Kind *kind, GError **error)
{
    return kind->cleaning == CLEAN_NOT || !smote_has_pictures(job) || !is_table(opt.output) ||
           opt.dry_run ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--kind %s leaves rows out, and rows that are mixtures need the rows that "
                        "they name: write the pictures, -o DIR",
                        kind->name);
}

static gboolean
plan(SmoteJob *job, const char *dataset, GError **error)
{
    const TsClasses *classes = job->classes;
    TsResampleWish wish = {.method = TS_RESAMPLE_OVER,
                           .strategy = opt.strategy,
                           .targets = opt.target,
                           .total = opt.total,
                           .cap = opt.cap};
    job->requested = g_new0(guint64, classes->n + 1);
    job->targets = g_new0(guint64, classes->n + 1);
    job->add = g_new0(guint64, classes->n + 1);
    job->made = g_new0(guint64, classes->n + 1);
    job->how.names = classes->names;
    if (ts_resample_plan(&wish, classes->names, classes->counts, classes->n, job->requested,
                         job->targets, error)) {
        for (guint c = 0; c < classes->n; c++)
            job->add[c] = job->targets[c] - MIN(job->targets[c], classes->counts[c]);
        return TRUE;
    }
    if (g_error_matches(*error, TS_ERROR, TS_ERROR_ARGUMENT))
        g_prefix_error(error, "--");
    else
        g_prefix_error(error,
                       "%s: ", job->manifest != NULL ? ts_manifest_name(job->manifest) : dataset);
    return FALSE;
}

static void
warn_of_small_classes(const SmoteJob *job)
{
    const TsClasses *classes = job->classes;
    gboolean within = job->how.kind != TS_SMOTE_EOS && job->how.kind != TS_SMOTE_CLUSTERS;
    for (guint c = 0; c < classes->n; c++) {
        guint64 k = smote_neighbours_of(job, classes->counts[c]);
        if (classes->counts[c] == 0)
            ts_warning("class '%s' has no row to start from and stays empty", classes->names[c]);
        else if (job->add[c] > 0 && classes->counts[c] == 1)
            ts_warning("class '%s' has one row, which is repeated", classes->names[c]);
        else if (job->add[c] > 0 && k < job->how.k && within)
            ts_warning("class '%s' has %" G_GUINT64_FORMAT " rows: %" G_GUINT64_FORMAT
                       " neighbours are used instead of %u",
                       classes->names[c], classes->counts[c], k, job->how.k);
    }
}

/* There cannot be more neighbours of any class than rows. */
static void
shrink_m(SmoteJob *job)
{
    TsSmoteKind kind = job->how.kind;
    gboolean uses_m = kind == TS_SMOTE_BORDERLINE_1 || kind == TS_SMOTE_BORDERLINE_2 ||
                      kind == TS_SMOTE_SVM || kind == TS_SMOTE_EOS;
    if (!uses_m || job->how.m < job->n || job->n < 2)
        return;
    ts_warning("--m-neighbours: %u instead of %u, there are %" G_GSIZE_FORMAT " rows",
               (guint) job->n - 1, job->how.m, job->n);
    job->how.m = (guint) job->n - 1;
}

/* The clusters of the rows that are used, out of one for each row. */
static gboolean
read_clusters(SmoteJob *job, GError **error)
{
    gsize n_rows = job->manifest != NULL ? ts_manifest_n_rows(job->manifest) : job->n;
    g_autoptr(TsClasses) clusters = ts_space_read_labels(opt.clusters, n_rows, error);
    job->cluster =
        clusters != NULL ? ts_try_alloc(job->n, sizeof *job->cluster, "clusters", error) : NULL;
    if (job->cluster == NULL)
        return FALSE;
    for (gsize i = 0; i < job->n; i++)
        job->cluster[i] = (guint32) clusters->of_row[job->rows[i]];
    job->how.n_clusters = clusters->n;
    return TRUE;
}

static gboolean
find_clusters(SmoteJob *job, GError **error)
{
    enum { DEFAULT_CLUSTERS = 8 };
    gint64 n = DEFAULT_CLUSTERS;
    if (opt.clusters != NULL && !ts_parse_int(opt.clusters, 1, G_MAXINT32, "--clusters", &n, error))
        return FALSE;
    const TsPoints *points = &job->space->points;
    gsize k = MIN((gsize) n, job->n);
    g_autoptr(TsKmeans) found =
        job->how.compat
            ? ts_kmeans_compat(points, NULL, job->n, k, (guint32) ts_tool_seed(), TRUE, error)
            : ts_kmeans(points, NULL, job->n, k, ts_tool_seed(), error);
    if (found == NULL)
        return FALSE;
    job->cluster = g_steal_pointer(&found->cluster);
    job->how.n_clusters = (guint) found->k;
    return TRUE;
}

static gboolean
get_clusters(SmoteJob *job, GError **error)
{
    if (job->how.kind != TS_SMOTE_CLUSTERS)
        return TRUE;
    if (clusters_are_given() ? !read_clusters(job, error) : !find_clusters(job, error))
        return FALSE;
    job->how.cluster = job->cluster;
    return TRUE;
}

static gboolean
make_nominal(SmoteJob *job, const Kind *kind, GError **error)
{
    job->blends = ts_smote_nominal(kind->nominal == NOMINAL_TOO ? &job->space->points : NULL,
                                   job->nominal, job->class_of_point, job->classes->n, job->add,
                                   &job->how, job->made, &job->codes, error);
    return job->blends != NULL;
}

static guint
neighbours_of_cleaning(const SmoteJob *job, Cleaning cleaning)
{
    gsize n = job->n + job->blends->len;
    if (cleaning != CLEAN_ENN || n > CLEAN_K || n < 2)
        return CLEAN_K;
    ts_warning("--kind enn: %" G_GSIZE_FORMAT
               " neighbours clean instead of %d, there are %" G_GSIZE_FORMAT " rows",
               n - 1, CLEAN_K, n);
    return (guint) n - 1;
}

static gboolean
make(SmoteJob *job, const Kind *kind, GError **error)
{
    if (kind->nominal != NOMINAL_NOT)
        return make_nominal(job, kind, error);
    const TsPoints *points = &job->space->points;
    job->blends = ts_smote(points, job->class_of_point, job->classes->n, job->add, &job->how,
                           job->made, error);
    if (job->blends == NULL || kind->cleaning == CLEAN_NOT)
        return job->blends != NULL;
    TsCleanOptions how = {.method = kind->cleaning == CLEAN_ENN ? TS_CLEAN_ENN : TS_CLEAN_TOMEK,
                          .k = neighbours_of_cleaning(job, kind->cleaning)};
    job->keep =
        ts_smote_clean(points, job->class_of_point, job->classes->n, job->blends, &how, error);
    return job->keep != NULL;
}

static gboolean
read_features(SmoteJob *job, const Kind *kind, const SmoteInput *from, GError **error)
{
    return kind->nominal == NOMINAL_NOT
               ? smote_read_space(job, from, error)
               : smote_read_nominal(job, from, kind->nominal == NOMINAL_TOO, error);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(SmoteJob) job = {.rows = NULL};
    const SmoteInput from = {.dataset = n_args > 0 ? args[0] : "-",
                             .labels = opt.labels,
                             .space = {opt.space, opt.columns, opt.label, opt.categorical},
                             .split = opt.split,
                             .all_splits = opt.all_splits};
    const SmoteOutput to = {opt.output, opt.labels_out, opt.parents};
    const Kind *kind = find_kind(error);
    if (kind == NULL || !check_options(&job, kind, from.dataset, error))
        return FALSE;
    if (!opt.dry_run)
        ts_tool_use_kernels();
    if (!smote_read_rows(&job, &from, error) || !plan(&job, from.dataset, error) ||
        !check_cleaning(&job, kind, error))
        return FALSE;
    warn_of_small_classes(&job);
    shrink_m(&job);
    if (opt.dry_run)
        return smote_print_plan(&job, error);
    if (!read_features(&job, kind, &from, error) || !get_clusters(&job, error) ||
        !make(&job, kind, error) || !smote_write(&job, &to, error))
        return FALSE;
    smote_report(&job);
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
                 TS_TOOL_PROGRESS | TS_TOOL_MEMORY,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
