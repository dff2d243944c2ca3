/* datasplit's input: the manifest, the rows that are dealt, their classes and groups. */
#include "balance/split/row_groups.h"
#include "base/error.h"
#include "datasplit.h"
#include "layout/layout.h"

#include <string.h>

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

/* What was divided before is not divided anew unless asked for. */
static gboolean
check_not_split_yet(const SplitJob *job, GError **error)
{
    const char *name = ts_manifest_name(job->manifest);
    if (split_options.resplit || split_options.only != NULL)
        return TRUE;
    if (job->split_column >= 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has a split column already; --resplit replaces it, --only SPLIT "
                            "deals the rows of one split",
                            name);
    if (split_job_has_folds(job) && ts_manifest_find_column(job->manifest, "fold") >= 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has a fold column already; --resplit replaces it", name);
    return TRUE;
}

static gboolean
select_rows(SplitJob *job, GError **error)
{
    const char *only = split_options.only;
    guint column;
    if (only != NULL && !ts_manifest_require_column(job->manifest, "split", &column, error))
        return FALSE;
    job->rows = ts_manifest_select(job->manifest, "split", only, &job->n);
    return only == NULL || job->n > 0 ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s: no row of split '%s'",
                        ts_manifest_name(job->manifest), only);
}

/* Numbers of the dealt rows, instead of those of all rows. */
static void
keep_dealt_rows(const SplitJob *job, TsClasses *classes)
{
    memset(classes->counts, 0, classes->n * sizeof *classes->counts);
    classes->n_unlabelled = 0;
    for (guint64 i = 0; i < job->n; i++) {
        gint32 number = classes->of_row[i] = classes->of_row[job->rows[i]];
        if (number >= 0)
            classes->counts[number]++;
        else
            classes->n_unlabelled++;
    }
}

static void
keep_dealt_sets(const SplitJob *job, TsLabelSets *sets)
{
    guint64 at = 0;
    for (guint64 i = 0; i < job->n; i++) {
        guint64 begin = sets->first[job->rows[i]], end = sets->first[job->rows[i] + 1];
        sets->is_labelled[i] = sets->is_labelled[job->rows[i]];
        sets->first[i] = at;
        memmove(sets->labels + at, sets->labels + begin, (end - begin) * sizeof *sets->labels);
        at += end - begin;
    }
    sets->first[job->n] = at;
    sets->n_rows = job->n;
}

static gboolean
read_sets(SplitJob *job, GError **error)
{
    const char *label = split_options.label != NULL ? split_options.label : "labels";
    job->sets = ts_label_sets_new(job->manifest, label, error);
    if (job->sets != NULL)
        keep_dealt_sets(job, job->sets);
    return job->sets != NULL;
}

static gboolean
read_classes(SplitJob *job, GError **error)
{
    const char *label = split_options.label != NULL ? split_options.label : "label";
    if (split_options.multi_label)
        return read_sets(job, error);
    gboolean needed = split_options.label != NULL || (job->shares != NULL && !split_options.hash);
    if (split_options.no_stratify || (!needed && ts_manifest_find_column(job->manifest, label) < 0))
        return TRUE;
    if (ts_manifest_find_column(job->manifest, label) < 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s:1: no column '%s'; --label COLUMN names that of the classes, "
                            "--no-stratify splits without",
                            ts_manifest_name(job->manifest), label);
    job->classes = ts_classes_new(job->manifest, label, error);
    if (job->classes != NULL)
        keep_dealt_rows(job, job->classes);
    return job->classes != NULL;
}

/* The columns that say what belongs together: those asked for, else those usual ones that are
 * there, but for blocks, which divide what `group` keeps together. Free with g_ptr_array_unref().
 */
static GPtrArray *
group_columns(const SplitJob *job)
{
    static const char *const usual[] = {"group", "dup_group"};
    gboolean by_default = split_options.group == NULL && !split_options.no_groups &&
                          !split_options.hash && job->blocks == NULL;
    GPtrArray *columns = g_ptr_array_new();
    for (char **name = split_options.group; name != NULL && *name != NULL; name++)
        g_ptr_array_add(columns, *name);
    for (gsize i = 0; by_default && i < G_N_ELEMENTS(usual); i++)
        if (ts_manifest_find_column(job->manifest, usual[i]) >= 0)
            g_ptr_array_add(columns, (gpointer) usual[i]);
    return columns;
}

/* Join the relations of the columns, and that of the blocks, into one. */
static gboolean
merge_groups(SplitJob *job, const GPtrArray *columns, const gint32 *block_of_row, GError **error)
{
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func((GDestroyNotify) ts_classes_free);
    g_autofree TsRowRelation *relations = g_new(TsRowRelation, columns->len + 1);
    for (guint i = 0; i < columns->len; i++) {
        TsClasses *values = ts_classes_new(job->manifest, columns->pdata[i], error);
        if (values == NULL)
            return FALSE;
        g_ptr_array_add(kept, values);
        keep_dealt_rows(job, values);
        relations[i] = (TsRowRelation){values->of_row, values->n};
    }
    guint n = columns->len;
    if (block_of_row != NULL)
        relations[n++] = (TsRowRelation){block_of_row, ts_blocks_n(job->blocks)};
    return ts_row_groups_merge(relations, n, job->n, job->groups, &job->n_groups, error);
}

static gboolean
read_groups(SplitJob *job, GError **error)
{
    g_autoptr(GPtrArray) columns = group_columns(job);
    g_autofree gint32 *block_of_row = NULL;
    if (columns->len == 0 && job->blocks == NULL)
        return TRUE;
    job->groups = ts_try_alloc(job->n, sizeof *job->groups, "groups", error);
    if (job->groups == NULL)
        return FALSE;
    if (job->blocks != NULL) {
        block_of_row = ts_try_alloc(job->n, sizeof *block_of_row, "blocks", error);
        if (block_of_row == NULL || !split_blocks_add_rows(job, block_of_row, error))
            return FALSE;
    }
    return merge_groups(job, columns, block_of_row, error);
}

gboolean
split_job_read(SplitJob *job, const char *dataset, GError **error)
{
    job->manifest = ts_layout_read(dataset, error);
    if (job->manifest == NULL)
        return FALSE;
    job->split_column = ts_manifest_find_column(job->manifest, "split");
    return check_not_split_yet(job, error) && check_no_synthetic_row(job->manifest, error) &&
           select_rows(job, error) && read_classes(job, error) && read_groups(job, error) &&
           split_lock_read(job, error);
}

void
split_job_clear(SplitJob *job)
{
    g_clear_pointer(&job->manifest, ts_manifest_free);
    g_clear_pointer(&job->rows, g_free);
    g_clear_pointer(&job->classes, ts_classes_free);
    g_clear_pointer(&job->sets, ts_label_sets_free);
    g_clear_pointer(&job->groups, g_free);
    g_clear_pointer(&job->locked, g_free);
    g_clear_pointer(&job->blocks, ts_blocks_free);
    g_clear_pointer(&job->shares, ts_split_shares_free);
    for (guint r = 0; job->part_of_row != NULL && r < job->n_repeats; r++)
        g_free(job->part_of_row[r]);
    g_clear_pointer(&job->part_of_row, g_free);
}
