/* datasplit's choice: which row goes to which split or fold. */
#include "base/error.h"
#include "base/rng.h"
#include "base/tool.h"
#include "datasplit.h"

static TsSplitRows
rows_to_deal(const SplitJob *job)
{
    const TsClasses *classes = job->classes;
    const TsLabelSets *sets = job->sets;
    return (TsSplitRows){
        .n = job->n,
        .strata = classes != NULL ? classes->of_row : NULL,
        .n_strata = classes != NULL ? classes->n
                    : sets != NULL  ? sets->n
                                    : 0,
        .label_begin = sets != NULL ? sets->first : NULL,
        .labels = sets != NULL ? sets->labels : NULL,
        .groups = job->groups,
        .n_groups = job->n_groups,
        .locked = job->locked,
    };
}

/* The first repeat is what --seed alone gives. */
static guint64
seed_of_repeat(guint repeat)
{
    TsRng rng;
    if (repeat == 0)
        return ts_tool_seed();
    ts_rng_init(&rng, ts_tool_seed(), "split repeat", repeat);
    guint64 high = ts_rng_next(&rng);
    return high << 32 | ts_rng_next(&rng);
}

static gboolean
alloc_parts(SplitJob *job, GError **error)
{
    job->n_repeats = (guint) MAX(split_options.repeats, 1);
    job->part_of_row = g_new0(guint32 *, job->n_repeats);
    for (guint r = 0; r < job->n_repeats; r++) {
        job->part_of_row[r] = ts_try_alloc(job->n, sizeof **job->part_of_row, "splits", error);
        if (job->part_of_row[r] == NULL)
            return FALSE;
    }
    return TRUE;
}

/* Every group is a fold, and so is every row without one. */
static gboolean
deal_one_group_a_fold(SplitJob *job, GError **error)
{
    guint64 next = job->n_groups;
    for (guint64 i = 0; i < job->n; i++)
        job->part_of_row[0][i] = job->groups != NULL && job->groups[i] >= 0
                                     ? (guint32) job->groups[i]
                                     : (guint32) next++;
    if (next > G_MAXINT32)
        return ts_error_set(error, TS_ERROR_RANGE, "too many groups");
    job->n_parts = (guint) next;
    return TRUE;
}

/* Rows that are locked or have several labels are groups of one row. */
static gboolean
deal_once(SplitJob *job, const TsSplitRows *rows, guint64 seed, guint32 *split_of_row,
          GError **error)
{
    if (split_options.hash)
        return split_hash_deal(job, seed, split_of_row, error);
    if (rows->groups != NULL || rows->locked != NULL || rows->label_begin != NULL)
        return ts_split_by_groups(job->shares, rows, seed, split_of_row, error);
    return ts_split_by_strata(job->shares, rows, seed, split_of_row, error);
}

/* Every fold gets a group, or a row, at least. */
static gboolean
check_folds(const SplitJob *job, GError **error)
{
    guint64 n = job->n_groups;
    for (guint64 i = 0; i < job->n; i++)
        n += job->groups == NULL || job->groups[i] < 0;
    return (guint64) split_options.folds <= n || split_options.hash ||
           ts_error_set(error, TS_ERROR_RANGE,
                        "--folds %d: there are %" G_GUINT64_FORMAT " rows or groups of rows",
                        split_options.folds, n);
}

static gboolean
deal_shares(SplitJob *job, GError **error)
{
    const TsSplitRows rows = rows_to_deal(job);
    job->n_parts = job->shares->n;
    job->names = job->shares->names;
    if (split_options.compat != NULL)
        return split_sklearn_deal(job, rows, error);
    if (!check_folds(job, error))
        return FALSE;
    if (!ts_split_shares_fit(job->shares, job->n, error)) {
        g_prefix_error(error, "--counts: ");
        return FALSE;
    }
    for (guint r = 0; r < job->n_repeats; r++)
        if (!deal_once(job, &rows, seed_of_repeat(r), job->part_of_row[r], error))
            return FALSE;
    return TRUE;
}

/* Take the folds that the input has. Rows without one are not dealt. */
static gboolean
take_folds(SplitJob *job, guint column, GError **error)
{
    guint64 n = 0;
    for (guint64 i = 0; i < job->n; i++) {
        TsCell cell = ts_manifest_cell(job->manifest, job->rows[i], column);
        gint64 fold;
        if (ts_cell_is_null(cell))
            continue;
        if (!ts_cell_to_int(cell, &fold) || fold < 1 || fold > G_MAXINT32) {
            g_autofree char *where = ts_manifest_where(job->manifest, job->rows[i]);
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: fold '%.*s', a whole number from 1 on was expected", where,
                                (int) MIN(cell.length, 50), cell.text);
        }
        job->n_parts = MAX(job->n_parts, (guint) fold);
        job->part_of_row[0][n] = (guint32) fold - 1;
        job->rows[n++] = job->rows[i];
    }
    job->n = n;
    return TRUE;
}

static gboolean
read_folds(SplitJob *job, GError **error)
{
    guint column;
    g_autofree char *name = split_options.repeat > 0
                                ? g_strdup_printf("fold_%d", split_options.repeat)
                                : g_strdup("fold");
    if (!ts_manifest_require_column(job->manifest, name, &column, error)) {
        g_prefix_error(error, "--fold without --folds K takes the folds of the input: ");
        return FALSE;
    }
    return take_folds(job, column, error);
}

/* Turn folds into a split: one fold is held out, the others are for training. */
static gboolean
hold_out(SplitJob *job, GError **error)
{
    static char *const names[] = {(char *) "train", (char *) "val", NULL};
    guint repeat = job->n_repeats > 1 ? (guint) MAX(split_options.repeat, 1) - 1 : 0;
    guint32 held_out = (guint32) split_options.fold - 1;
    if (held_out >= job->n_parts)
        return ts_error_set(error, TS_ERROR_RANGE, "--fold %d: there are %u folds",
                            split_options.fold, job->n_parts);
    guint32 *kept = job->part_of_row[repeat];
    job->part_of_row[repeat] = job->part_of_row[0];
    job->part_of_row[0] = kept;
    for (guint r = 1; r < job->n_repeats; r++)
        g_free(job->part_of_row[r]);
    job->n_repeats = 1;
    for (guint64 i = 0; i < job->n; i++)
        kept[i] = kept[i] == held_out;
    job->n_parts = 2;
    job->names = names;
    return TRUE;
}

gboolean
split_job_deal(SplitJob *job, GError **error)
{
    gboolean done = alloc_parts(job, error);
    if (done && split_options.leave_one_group_out)
        done = deal_one_group_a_fold(job, error);
    else if (done && job->shares != NULL)
        done = deal_shares(job, error);
    else if (done)
        done = read_folds(job, error);
    if (!done || (split_options.fold > 0 && !hold_out(job, error)))
        return FALSE;
    if (job->blocks != NULL)
        split_blocks_guard(job);
    return TRUE;
}
