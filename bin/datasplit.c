/* datasplit: give every row of a manifest a split or a fold. */
#include "datasplit.h"

#include "base/error.h"
#include "base/tool.h"

#define DEFAULT_SHARES "train=0.7,val=0.15,test=0.15"

enum { UNSET = G_MININT };

SplitOptions split_options = {
    .folds = UNSET, .fold = UNSET, .repeats = UNSET, .repeat = UNSET, .gap = UNSET};

static const GOptionEntry entries[] = {
    {"ratios", 'r', 0, G_OPTION_ARG_STRING, &split_options.ratios,
     "Names and shares of the splits (default: " DEFAULT_SHARES ")", "NAME=SHARE,..."},
    {"counts", 'n', 0, G_OPTION_ARG_STRING, &split_options.counts,
     "Names and rows of the splits; rest: all that are left", "NAME=N|rest,..."},
    {"folds", 'k', 0, G_OPTION_ARG_INT, &split_options.folds,
     "Deal K folds: a column fold with 1 to K", "K"},
    {"leave-one-group-out", 0, 0, G_OPTION_ARG_NONE, &split_options.leave_one_group_out,
     "Every group is a fold of its own", NULL},
    {"fold", 0, 0, G_OPTION_ARG_INT, &split_options.fold,
     "Write a split: fold I is val, the others train; without --folds, folds are those of the "
     "input",
     "I"},
    {"repeats", 0, 0, G_OPTION_ARG_INT, &split_options.repeats,
     "Deal R times anew, into columns split_1 or fold_1, ..., up to R", "R"},
    {"repeat", 0, 0, G_OPTION_ARG_INT, &split_options.repeat,
     "With --fold: the fold of this repeat", "N"},
    {"compat", 0, 0, G_OPTION_ARG_STRING, &split_options.compat,
     "Split as scikit-learn does with random_state=SEED", "sklearn"},
    {"no-shuffle", 0, 0, G_OPTION_ARG_NONE, &split_options.no_shuffle,
     "With --compat: shuffle=False", NULL},
    {"label", 0, 0, G_OPTION_ARG_STRING, &split_options.label,
     "Column of the classes that are split in proportion (default: label; labels with "
     "--multi-label)",
     "COLUMN"},
    {"multi-label", 0, 0, G_OPTION_ARG_NONE, &split_options.multi_label,
     "Cells hold several labels, separated by ';'", NULL},
    {"no-stratify", 0, 0, G_OPTION_ARG_NONE, &split_options.no_stratify,
     "Do not look at classes, keep totals only", NULL},
    {"group", 0, 0, G_OPTION_ARG_STRING_ARRAY, &split_options.group,
     "Keep rows with the same value in this column together; may be given again (default: group "
     "and dup_group, where they are there)",
     "COLUMN"},
    {"no-groups", 0, 0, G_OPTION_ARG_NONE, &split_options.no_groups, "Do not look at groups", NULL},
    {"blocks", 0, 0, G_OPTION_ARG_STRING, &split_options.blocks,
     "Deal blocks of the pictures that the rows are regions of", "WxH"},
    {"gap", 0, 0, G_OPTION_ARG_INT, &split_options.gap,
     "Pixels between regions of different splits (default: 0)", "PIXELS"},
    {"drop-gap", 0, 0, G_OPTION_ARG_NONE, &split_options.drop_gap,
     "Leave out rows that lie across borders or in the gap, instead of giving them split gap",
     NULL},
    {"hash", 0, 0, G_OPTION_ARG_NONE, &split_options.hash,
     "Split by a hash of a key: the same for ever, whatever rows are added", NULL},
    {"key", 0, 0, G_OPTION_ARG_STRING, &split_options.key,
     "Column of the keys of --hash (default: group, else file_name)", "COLUMN"},
    {"lock", 0, 0, G_OPTION_ARG_FILENAME, &split_options.lock,
     "Rows stay where they are in this dataset, only new ones are dealt", "OLD"},
    {"only", 0, 0, G_OPTION_ARG_STRING, &split_options.only,
     "Deal only the rows of this split of the input, the others stay", "SPLIT"},
    {"resplit", 0, 0, G_OPTION_ARG_NONE, &split_options.resplit,
     "Replace the split or fold column that is there already", NULL},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &split_options.output,
     "Write the manifest to FILE instead of standard output", "FILE"},
    {"residuals", 0, 0, G_OPTION_ARG_FILENAME, &split_options.residuals,
     "Write how far every class in every split is from its share to FILE", "FILE"},
    {NULL},
};

typedef struct {
    gboolean a, b;
    const char *message;
} Clash;

static gboolean
check_clashes(GError **error)
{
    const SplitOptions *o = &split_options;
    gboolean folds = o->folds > 0, sizes = o->ratios != NULL || o->counts != NULL;
    const Clash clashes[] = {
        {o->no_groups, o->group != NULL, "--group and --no-groups exclude each other"},
        {o->no_stratify, o->label != NULL, "--label and --no-stratify exclude each other"},
        {o->ratios != NULL, o->counts != NULL, "--ratios and --counts exclude each other"},
        {folds, sizes, "--folds has no use for --ratios or --counts"},
        {o->leave_one_group_out, sizes || folds,
         "--leave-one-group-out has no use for --ratios, --counts or --folds"},
        {o->leave_one_group_out, o->repeats > 1, "--leave-one-group-out is the same every time"},
        {o->fold > 0, sizes, "--fold has no use for --ratios or --counts"},
        {o->fold > 0 && !folds, o->repeats > 0, "--repeats needs --folds beside --fold"},
        {o->repeat > 0, o->fold == 0, "--repeat needs --fold"},
        {folds && o->repeat > MAX(o->repeats, 1), TRUE, "--repeat is more than --repeats"},
        {o->residuals != NULL, o->leave_one_group_out || o->fold > 0,
         "--residuals are those of shares: not of --fold or --leave-one-group-out"},
        {o->blocks != NULL, o->fold > 0 && !folds && !o->leave_one_group_out,
         "--blocks were looked at when the folds were dealt"},
        {o->key != NULL, !o->hash, "--key needs --hash"},
        {o->hash, o->counts != NULL, "--hash keeps shares, not --counts"},
        {o->hash, o->group != NULL, "--hash keeps rows of one --key together, not of a --group"},
        {o->hash, o->label != NULL, "--hash does not look at classes: no --label"},
        {o->hash, o->blocks != NULL, "--hash and --blocks exclude each other"},
        {o->multi_label, o->no_stratify, "--multi-label and --no-stratify exclude each other"},
        {o->multi_label, o->hash || o->compat != NULL,
         "--hash and --compat sklearn have no use for --multi-label"},
        {o->hash || o->lock != NULL, o->compat != NULL,
         "--compat sklearn has neither --hash nor --lock"},
        {o->hash || o->lock != NULL, o->leave_one_group_out || (o->fold > 0 && !folds),
         "--hash and --lock are for splits and --folds"},
        {o->lock != NULL, o->repeats > 1, "--lock and --repeats exclude each other"},
        {o->compat != NULL, o->leave_one_group_out || (o->fold > 0 && !folds),
         "--compat has a use with --folds, --ratios and --counts"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(clashes); i++)
        if (clashes[i].a && clashes[i].b)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "%s", clashes[i].message);
    return TRUE;
}

/* An option that was not given becomes 0. */
static gboolean
check_number(int *value, int min, int max, const char *option, GError **error)
{
    gboolean given = *value != UNSET;
    if (given && (*value < min || *value > max))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s %d: a number from %d to %d was expected",
                            option, *value, min, max);
    *value = given ? *value : 0;
    return TRUE;
}

static gboolean
check_options(SplitJob *job, GError **error)
{
    SplitOptions *o = &split_options;
    if (!check_number(&o->folds, 2, TS_SPLITS_MAX, "--folds", error) ||
        !check_number(&o->fold, 1, G_MAXINT32, "--fold", error) ||
        !check_number(&o->repeats, 1, 1000, "--repeats", error) ||
        !check_number(&o->repeat, 1, 1000, "--repeat", error) ||
        !check_number(&o->gap, 0, 1000000, "--gap", error) || !check_clashes(error) ||
        !split_blocks_new(job, error) || !split_sklearn_check(error))
        return FALSE;
    if (o->leave_one_group_out || (o->fold > 0 && o->folds == 0))
        return TRUE;
    if (o->folds > 0)
        job->shares = ts_split_folds_new((guint) o->folds, error);
    else if (o->counts != NULL)
        job->shares = ts_split_counts_parse(o->counts, error);
    else
        job->shares = ts_split_shares_parse(o->ratios != NULL ? o->ratios : DEFAULT_SHARES, error);
    if (job->shares == NULL)
        g_prefix_error(error, o->counts != NULL ? "--counts: " : "--ratios: ");
    return job->shares != NULL;
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(SplitJob) job = {0};
    return check_options(&job, error) && ts_tool_check_output(split_options.output, error) &&
           ts_tool_check_output(split_options.residuals, error) &&
           split_job_read(&job, n_args > 0 ? args[0] : "-", error) && split_job_deal(&job, error) &&
           split_job_report(&job, error) && split_job_write(&job, error);
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "datasplit",
        .arguments = "[DATASET]",
        .summary = "Give every row of a manifest a split (train, val, test) or a fold.",
        .description =
            "Totals are exact and every class is split in proportion, to less than a row. Where\n"
            "there is a group column, groups stay whole and shares are met as nearly as they\n"
            "allow. DATASET is a manifest (.tsv), a folder, another layout of\n"
            "tessera-manifest(5), or - (default) for a manifest on standard input; the manifest\n"
            "with its split column goes to standard output.",
        .examples = "  datasplit photos/ > split.tsv\n"
                    "  datasplit --ratios train=0.8,test=0.2 --seed 7 -o split.tsv shapes.tsv\n"
                    "  tile --virtual slide.tif | datasplit --counts test=500,train=rest\n"
                    "  tile --virtual --overlap 64 map.tif | datasplit --blocks 2048 --gap 256\n"
                    "  datasplit --folds 5 shapes.tsv > folds.tsv\n"
                    "  datasplit --lock split.tsv --force -o split.tsv photos/\n"
                    "  datasplit --fold 3 folds.tsv > fold-3.tsv",
        .flags = TS_TOOL_SEED | TS_TOOL_FORCE,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
