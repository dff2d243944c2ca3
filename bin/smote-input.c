/* smote: the rows, their classes and their features. */
#include "base/error.h"
#include "layout/layout.h"
#include "smote.h"

gboolean
smote_has_pictures(const SmoteJob *job)
{
    return job->manifest != NULL && ts_manifest_find_column(job->manifest, "file_name") >= 0;
}

/* A picture that is a mixture itself cannot be mixed: rows name one other row. */
static gboolean
check_parents(const SmoteJob *job, GError **error)
{
    int column = ts_manifest_find_column(job->manifest, "parent_b");
    for (gsize i = 0; column >= 0 && smote_has_pictures(job) && i < job->n; i++) {
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
choose_rows(SmoteJob *job, guint64 n_rows, GError **error)
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
read_table(SmoteJob *job, const SmoteInput *from, GError **error)
{
    job->manifest = ts_layout_read(from->dataset, error);
    if (job->manifest == NULL)
        return FALSE;
    job->classes = ts_classes_new(job->manifest,
                                  from->space.label != NULL ? from->space.label : "label", error);
    return job->classes != NULL &&
           (from->all_splits ||
            ts_classes_keep_split(job->classes, job->manifest, from->split, error)) &&
           choose_rows(job, ts_manifest_n_rows(job->manifest), error) && check_parents(job, error);
}

/* Neighbours elsewhere; what is interpolated stays the array. */
static gboolean
replace_space_of_array(SmoteJob *job, const SmoteInput *from, GError **error)
{
    job->table = g_steal_pointer(&job->space);
    job->space =
        ts_space_new_of_array(&job->table->points, from->dataset, from->space.space, error);
    return job->space != NULL;
}

/* Neighbours in one space; features that stand in columns are interpolated there. */
gboolean
smote_read_space(SmoteJob *job, const SmoteInput *from, GError **error)
{
    if (job->manifest == NULL) /* read with the rows */
        return from->space.space == NULL || replace_space_of_array(job, from, error);
    TsSpaceOptions how = from->space;
    job->space = ts_space_new(job->manifest, job->rows, job->n, &how, error);
    if (job->space == NULL)
        return FALSE;
    if (smote_has_pictures(job) || job->space->columns != NULL)
        return TRUE;
    how.space = "columns";
    job->table = ts_space_new(job->manifest, job->rows, job->n, &how, error);
    return job->table != NULL;
}

gboolean
smote_read_nominal(SmoteJob *job, const SmoteInput *from, gboolean has_numbers, GError **error)
{
    TsSpaceOptions how = from->space;
    how.space = "columns";
    if (has_numbers) {
        job->space = ts_space_new(job->manifest, job->rows, job->n, &how, error);
        if (job->space == NULL)
            return FALSE;
    }
    g_autoptr(GArray) columns = ts_space_find_nominal(job->manifest, &how, job->space, error);
    if (columns == NULL)
        return FALSE;
    if (columns->len == 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: no column holds categories; take --kind smote",
                            ts_manifest_name(job->manifest));
    job->nominal = ts_nominal_new(job->manifest, job->rows, job->n,
                                  (const guint *) (void *) columns->data, columns->len, error);
    return job->nominal != NULL;
}

static gboolean
read_array(SmoteJob *job, const SmoteInput *from, GError **error)
{
    job->space = ts_space_read_npy(from->dataset, error);
    if (job->space == NULL)
        return FALSE;
    job->classes = ts_space_read_labels(from->labels, job->space->points.n, error);
    return job->classes != NULL && choose_rows(job, job->space->points.n, error);
}

gboolean
smote_read_rows(SmoteJob *job, const SmoteInput *from, GError **error)
{
    return from->labels != NULL ? read_array(job, from, error) : read_table(job, from, error);
}
