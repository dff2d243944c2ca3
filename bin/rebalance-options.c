/* rebalance: its options, and which of them go together. */
#include "base/error.h"
#include "base/number.h"
#include "base/tool.h"
#include "rebalance.h"

#include <string.h>

static struct {
    char *method, *strategy, *target, *total, *cap, *floor, *max_repeats, *as;
    gboolean random, all_splits, dry_run, multi_label;
    char *space, *columns, *agreement, *threshold, *scores, *voting, *shrinkage, *compat;
    int k, k3, seeds, rounds;
    char *label, *split, *labels, *labels_out, *output;
} opt;

static const GOptionEntry entries[] = {
    {"method", 'm', 0, G_OPTION_ARG_STRING, &opt.method,
     "random (default): rows are repeated and left out, over: repeated alone, under: left out "
     "alone; or left out by features: nearmiss-1, nearmiss-2, nearmiss-3, centroids, iht, tomek, "
     "enn, renn, allknn, ncr, cnn, oss",
     "METHOD"},
    {"strategy", 's', 0, G_OPTION_ARG_STRING, &opt.strategy,
     "Which classes: auto (default), all, minority, 'not minority', majority, 'not majority', "
     "list:A,B, or a ratio in (0, 1] for two classes; or a rule for all: as-is, power:Q, effnum:B, "
     "repeat-factor:T, max*F, min*F, mean*F, median*F",
     "NAME"},
    {"target", 't', 0, G_OPTION_ARG_STRING, &opt.target,
     "Rows of each class instead of a strategy, such as 'cat=500,dog=20%,*=100'; classes not named "
     "stay as they are",
     "CLASS=N,..."},
    {"total", 'N', 0, G_OPTION_ARG_STRING, &opt.total,
     "Rows of all classes together, exactly, in the proportions of the strategy (default: as-is)",
     "N|P%"},
    {"cap", 0, 0, G_OPTION_ARG_STRING, &opt.cap,
     "No class has more rows: a number, or such as median*2", "N"},
    {"floor", 0, 0, G_OPTION_ARG_STRING, &opt.floor,
     "No class has fewer rows: a number, or such as max*0.1", "N"},
    {"max-repeats", 0, 0, G_OPTION_ARG_STRING, &opt.max_repeats,
     "No class grows to more than R times its rows", "R"},
    {"random", 0, 0, G_OPTION_ARG_NONE, &opt.random,
     "Draw the rows to repeat at random instead of using all evenly", NULL},
    {"shrinkage", 0, 0, G_OPTION_ARG_STRING, &opt.shrinkage,
     "Add noise to repeated rows of a feature table: 1 as in ROSE, or 'cat=0.5,*=1'",
     "S|CLASS=S,..."},
    {"as", 0, 0, G_OPTION_ARG_STRING, &opt.as,
     "rows: repeated lines (default); repeat: a column that says how often; weight: a column of "
     "weights that make up for it",
     "FORM"},
    {"space", 0, 0, G_OPTION_ARG_STRING, &opt.space,
     "Where neighbours are looked for: pixels, columns, pca[:K] or FILE.npy (default: pixels of "
     "pictures, columns of other tables); of a DATASET.npy columns:LIST, pca[:K] or FILE.npy",
     "SPACE"},
    {"columns", 0, 0, G_OPTION_ARG_STRING, &opt.columns,
     "Columns that are features (default: all that hold numbers)", "NAME,..."},
    {"neighbours", 'k', 0, G_OPTION_ARG_INT, &opt.k,
     "Neighbours of nearmiss, enn, renn, allknn and ncr (default: 3)", "N"},
    {"neighbours-3", 0, 0, G_OPTION_ARG_INT, &opt.k3,
     "Neighbours that nearmiss-3 chooses first (default: 3)", "N"},
    {"agreement", 0, 0, G_OPTION_ARG_STRING, &opt.agreement,
     "What of the neighbours has to agree in enn, renn and allknn: all (default) or mode", "WHAT"},
    {"rounds", 0, 0, G_OPTION_ARG_INT, &opt.rounds, "Rounds of renn at most (default: 100)", "N"},
    {"threshold", 0, 0, G_OPTION_ARG_STRING, &opt.threshold,
     "ncr looks at classes with more than X times the rows of the smallest (default: 0.5)", "X"},
    {"seeds", 0, 0, G_OPTION_ARG_INT, &opt.seeds,
     "Rows of each class that cnn and oss start from (default: 1)", "N"},
    {"scores", 0, 0, G_OPTION_ARG_STRING, &opt.scores,
     "iht: the column, or FILE.npy, with the probability of a row's own class (default: columns "
     "p_CLASS, as of predict)",
     "COLUMN"},
    {"voting", 0, 0, G_OPTION_ARG_STRING, &opt.voting,
     "centroids: soft (new rows, for feature tables), hard (real rows) or auto (default)", "WHICH"},
    {"compat", 0, 0, G_OPTION_ARG_STRING, &opt.compat,
     "imblearn: draw the numbers that imbalanced-learn draws for this --seed", "NAME"},
    {"label", 0, 0, G_OPTION_ARG_STRING, &opt.label, "Column of the classes (default: label)",
     "COLUMN"},
    {"multi-label", 0, 0, G_OPTION_ARG_NONE, &opt.multi_label,
     "Cells hold several labels, separated by ';' (default column: labels), for --strategy "
     "repeat-factor:T: a row is used as often as the label that asks for most",
     NULL},
    {"labels", 0, 0, G_OPTION_ARG_FILENAME, &opt.labels, "Classes of the rows of a DATASET.npy",
     "FILE.npy"},
    {"labels-out", 0, 0, G_OPTION_ARG_FILENAME, &opt.labels_out,
     "Where to write the classes of -o FILE.npy", "FILE.npy"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &opt.split,
     "Change rows of this split alone (default: train, if there is a split column)", "NAME"},
    {"all-splits", 0, 0, G_OPTION_ARG_NONE, &opt.all_splits,
     "Change rows of all splits, test rows too", NULL},
    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &opt.dry_run,
     "Print the plan (see --format) instead of the manifest", NULL},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output,
     "Write to FILE, a table or an array .npy, instead of a table to standard output", "FILE"},
    {NULL},
};

const GOptionEntry *
rebalance_option_entries(void)
{
    return entries;
}

/* Letters of the options that not every method takes. */
enum {
    NEIGHBOURS = 'k',
    NEIGHBOURS_3 = '3',
    AGREEMENT = 'a',
    ROUNDS = 'r',
    THRESHOLD = 't',
    SEEDS = 's',
    SCORES = 'p',
    VOTING = 'v',
    COMPAT = 'c',
    SPACE = 'f',   /* and --columns */
    LIMITS = 'l',  /* --target, --total, --cap, --floor, and --as weight does not go without */
    REPEATS = 'm', /* --random, --max-repeats, --shrinkage */
};

static const RebalanceMethod methods[] = {
    {"random", TS_RESAMPLE_ANY, BY_CHANCE, 0, "lmcf"},
    {"over", TS_RESAMPLE_OVER, BY_CHANCE, 0, "lmcf"},
    {"under", TS_RESAMPLE_UNDER, BY_CHANCE, 0, "lc"},
    {"nearmiss-1", TS_RESAMPLE_UNDER, BY_NEARMISS, 1, "lfk"},
    {"nearmiss-2", TS_RESAMPLE_UNDER, BY_NEARMISS, 2, "lfk"},
    {"nearmiss-3", TS_RESAMPLE_UNDER, BY_NEARMISS, 3, "lfk3"},
    {"centroids", TS_RESAMPLE_UNDER, BY_CENTROIDS, 0, "lfvc"},
    {"iht", TS_RESAMPLE_UNDER, BY_HARDNESS, 0, "lp"},
    {"tomek", TS_RESAMPLE_UNDER, BY_CLEANING, TS_CLEAN_TOMEK, "f"},
    {"enn", TS_RESAMPLE_UNDER, BY_CLEANING, TS_CLEAN_ENN, "fka"},
    {"renn", TS_RESAMPLE_UNDER, BY_CLEANING, TS_CLEAN_RENN, "fkar"},
    {"allknn", TS_RESAMPLE_UNDER, BY_CLEANING, TS_CLEAN_ALLKNN, "fka"},
    {"ncr", TS_RESAMPLE_UNDER, BY_CLEANING, TS_CLEAN_NCR, "fkt"},
    {"cnn", TS_RESAMPLE_UNDER, BY_CLEANING, TS_CLEAN_CNN, "fsc"},
    {"oss", TS_RESAMPLE_UNDER, BY_CLEANING, TS_CLEAN_OSS, "fs"},
};

static gboolean
parse_method(RebalanceOptions *how, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    const char *name = opt.method != NULL ? opt.method : "random";
    for (gsize i = 0; i < G_N_ELEMENTS(methods); i++) {
        if (strcmp(name, methods[i].name) == 0) {
            how->method = &methods[i];
            how->wish.method = methods[i].direction;
            how->clean.method = (TsCleanMethod) methods[i].version;
            return TRUE;
        }
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", methods[i].name);
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "--method: '%s' is none of %s", name, known->str);
}

/* An option that the method does not look at is an error. */
static gboolean
check_method_options(const RebalanceMethod *method, GError **error)
{
    const struct {
        gboolean given;
        const char *name;
        char letter;
    } given[] = {
        {opt.k != 0, "--neighbours", NEIGHBOURS},
        {opt.k3 != 0, "--neighbours-3", NEIGHBOURS_3},
        {opt.agreement != NULL, "--agreement", AGREEMENT},
        {opt.rounds != 0, "--rounds", ROUNDS},
        {opt.threshold != NULL, "--threshold", THRESHOLD},
        {opt.seeds != 0, "--seeds", SEEDS},
        {opt.scores != NULL, "--scores", SCORES},
        {opt.voting != NULL, "--voting", VOTING},
        {opt.compat != NULL, "--compat", COMPAT},
        {opt.space != NULL, "--space", SPACE},
        {opt.columns != NULL, "--columns", SPACE},
        {opt.target != NULL, "--target", LIMITS},
        {opt.total != NULL, "--total", LIMITS},
        {opt.cap != NULL, "--cap", LIMITS},
        {opt.floor != NULL, "--floor", LIMITS},
        {opt.random, "--random", REPEATS},
        {opt.max_repeats != NULL, "--max-repeats", REPEATS},
        {opt.shrinkage != NULL, "--shrinkage", REPEATS},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(given); i++)
        if (given[i].given && strchr(method->options, given[i].letter) == NULL)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "%s has no meaning for --method %s",
                                given[i].name, method->name);
    return TRUE;
}

/* `text` is word number *value of `words`; `value` stays what it is without a text. */
static gboolean
parse_word(const char *option, const char *text, const char *const *words, guint *value,
           GError **error)
{
    for (guint i = 0; text != NULL && words[i] != NULL; i++)
        if (strcmp(text, words[i]) == 0) {
            *value = i;
            return TRUE;
        }
    if (text == NULL)
        return TRUE;
    g_autofree char *known = g_strjoinv(", ", (char **) words);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is none of %s", option, text, known);
}

static gboolean
parse_words(RebalanceOptions *how, GError **error)
{
    static const char *const forms[] = {"rows", "repeat", "weight", NULL};
    static const char *const agreements[] = {"all", "mode", NULL};
    static const char *const votings[] = {"auto", "hard", "soft", NULL};
    static const char *const compats[] = {"imblearn", NULL};
    guint form = AS_ROWS, agreement = 0, voting = VOTING_AUTO, compat = 0;
    if (!parse_word("--as", opt.as, forms, &form, error) ||
        !parse_word("--agreement", opt.agreement, agreements, &agreement, error) ||
        !parse_word("--voting", opt.voting, votings, &voting, error) ||
        !parse_word("--compat", opt.compat, compats, &compat, error))
        return FALSE;
    how->form = (OutputForm) form;
    how->clean.by_mode = agreement == 1;
    how->voting = (Voting) voting;
    how->compat = opt.compat != NULL;
    return TRUE;
}

static gboolean
parse_numbers(RebalanceOptions *how, GError **error)
{
    const struct {
        const char *name;
        int value;
    } counts[] = {{"--neighbours", opt.k},
                  {"--neighbours-3", opt.k3},
                  {"--rounds", opt.rounds},
                  {"--seeds", opt.seeds}};
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
        if (counts[i].value < 0)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: %d is not 1 or more", counts[i].name,
                                counts[i].value);
    how->clean.k = opt.k > 0 ? (guint) opt.k : 3;
    how->k3 = opt.k3 > 0 ? (guint) opt.k3 : 3;
    how->clean.max_rounds = (guint) opt.rounds;
    how->clean.n_seeds = (guint) opt.seeds;
    how->clean.threshold = 0.5;
    how->clean.seed = ts_tool_seed();
    how->clean.compat = how->compat;
    if ((how->compat || how->method->approach == BY_CLEANING) && ts_tool_seed() > G_MAXUINT32)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--seed: imbalanced-learn's random numbers begin from a number below "
                            "2^32");
    return (opt.threshold == NULL || ts_parse_double(opt.threshold, 0, G_MAXDOUBLE, "--threshold",
                                                     &how->clean.threshold, error)) &&
           (opt.max_repeats == NULL || ts_parse_double(opt.max_repeats, 1, 1e9, "--max-repeats",
                                                       &how->wish.max_repeats, error));
}

/* Options that make no sense together. */
static gboolean
check_conflicts(const RebalanceOptions *how, GError **error)
{
    gboolean is_weight = how->form == AS_WEIGHT;
    gboolean is_plain_factor =
        opt.strategy != NULL && g_str_has_prefix(opt.strategy, "repeat-factor:") &&
        how->method->approach == BY_CHANCE && how->wish.method != TS_RESAMPLE_UNDER &&
        opt.total == NULL && opt.cap == NULL && opt.floor == NULL && opt.max_repeats == NULL &&
        opt.shrinkage == NULL && !how->compat && !how->from_array;
    const struct {
        gboolean is_wrong;
        const char *problem;
    } checks[] = {
        {opt.strategy != NULL && opt.target != NULL, "--strategy and --target exclude each other"},
        {opt.split != NULL && opt.all_splits, "--split and --all-splits exclude each other"},
        {opt.dry_run && opt.output != NULL, "--dry-run and --output exclude each other"},
        {opt.random && is_weight,
         "--random is about rows that are repeated, --as weight repeats none"},
        {is_weight && how->method->approach != BY_CHANCE,
         "--as weight is for --method random, over and under, others choose rows"},
        {opt.shrinkage != NULL && how->form != AS_ROWS,
         "--shrinkage makes rows, --as rows is how they are written"},
        {how->voting == VOTING_SOFT && how->form != AS_ROWS,
         "--voting soft makes rows, --as rows is how they are written"},
        {how->compat && opt.random, "--compat imblearn always draws at random, leave out --random"},
        {opt.multi_label && !is_plain_factor,
         "--multi-label is for --strategy repeat-factor:T, without limits and methods"},
        {opt.shrinkage == NULL && how->method->approach == BY_CHANCE &&
             (opt.space != NULL || opt.columns != NULL),
         "--space and --columns: rows are chosen by chance, no features are looked at"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++)
        if (checks[i].is_wrong)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "%s", checks[i].problem);
    return TRUE;
}

static gboolean
check_arrays(const RebalanceOptions *how, GError **error)
{
    gboolean to_array = opt.output != NULL && g_str_has_suffix(opt.output, ".npy");
    gboolean is_about_tables = opt.columns != NULL || opt.label != NULL || opt.split != NULL ||
                               opt.all_splits || how->form != AS_ROWS;
    const struct {
        gboolean is_wrong;
        const char *problem;
    } checks[] = {
        {how->from_array != (opt.labels != NULL),
         "a DATASET.npy and --labels FILE.npy go together"},
        {how->from_array && is_about_tables,
         "--columns, --label, --split, --all-splits and --as are about tables, not about a "
         "DATASET.npy"},
        {how->from_array && !to_array && !opt.dry_run, "rows of an array go to one: -o FILE.npy"},
        {!how->from_array && to_array,
         "-o: an array is what a DATASET.npy with --labels goes to, a table goes to a table"},
        {to_array != (opt.labels_out != NULL), "-o FILE.npy and --labels-out FILE.npy go together"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++)
        if (checks[i].is_wrong)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "%s", checks[i].problem);
    return TRUE;
}

gboolean
rebalance_read_options(int n_args, char **args, RebalanceOptions *how, GError **error)
{
    *how = (RebalanceOptions){
        .dataset = n_args > 0 ? args[0] : "-",
        .wish = {.strategy = opt.strategy,
                 .targets = opt.target,
                 .total = opt.total,
                 .cap = opt.cap,
                 .floor = opt.floor},
        .space = {.space = opt.space, .columns = opt.columns, .label = opt.label},
        .random = opt.random,
        .all_splits = opt.all_splits,
        .dry_run = opt.dry_run,
        .scores = opt.scores,
        .shrinkage = opt.shrinkage,
        .multi_label = opt.multi_label,
        .label = opt.label != NULL ? opt.label
                 : opt.multi_label ? "labels"
                                   : "label",
        .split = opt.split,
        .labels = opt.labels,
        .labels_out = opt.labels_out,
        .output = opt.output != NULL ? opt.output : "-",
    };
    how->from_array = g_str_has_suffix(how->dataset, ".npy");
    return parse_method(how, error) && check_method_options(how->method, error) &&
           parse_words(how, error) && parse_numbers(how, error) && check_conflicts(how, error) &&
           (how->from_array ? ts_space_check_array(opt.space, error)
                            : ts_space_check(&how->space, error)) &&
           check_arrays(how, error) && ts_tool_check_output(how->output, error) &&
           ts_tool_check_output(how->labels_out, error);
}
