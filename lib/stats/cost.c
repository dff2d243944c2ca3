/* Tables of costs. */
#include "stats/cost.h"

#include "base/error.h"

/* One row: the costs of a true class. */
static gboolean
read_row(const TsManifest *manifest, guint64 row, const guint *columns, guint n, double *costs,
         GError **error)
{
    for (guint c = 0; c < n; c++) {
        TsCell cell = ts_manifest_cell(manifest, row, columns[c]);
        if (ts_cell_to_double(cell, &costs[c]))
            continue;
        g_autofree char *where = ts_manifest_where(manifest, row);
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: %s '%.*s' is not a cost, a number", where,
                            ts_manifest_column_name(manifest, columns[c]),
                            (int) MIN(cell.length, 60), cell.text);
    }
    return TRUE;
}

static gboolean
find_row(const TsManifest *manifest, const char *name, guint64 *row, GError **error)
{
    guint n_found = 0;
    for (guint64 i = 0; i < ts_manifest_n_rows(manifest); i++)
        if (ts_cell_equal(ts_manifest_cell(manifest, i, 0), name)) {
            *row = i;
            n_found++;
        }
    return n_found == 1 ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s: %s row begins with the class '%s'",
                        ts_manifest_name(manifest), n_found == 0 ? "no" : "more than one", name);
}

double *
ts_cost_read(const char *path, const TsPredictions *predictions, GError **error)
{
    const guint n = predictions->n_classes;
    g_autoptr(TsManifest) manifest = ts_manifest_read(path, error);
    g_autofree guint *columns = g_new0(guint, (gsize) n + 1);
    g_autofree double *cost =
        manifest != NULL ? ts_try_alloc(n, n * sizeof *cost, "costs", error) : NULL;
    if (cost == NULL)
        return NULL;
    for (guint c = 0; c < n; c++)
        if (!ts_manifest_require_column(manifest, predictions->names[c], &columns[c], error))
            return NULL;
    for (guint c = 0; c < n; c++) {
        guint64 row = 0;
        if (!find_row(manifest, predictions->names[c], &row, error) ||
            !read_row(manifest, row, columns, n, cost + (gsize) c * n, error))
            return NULL;
    }
    return g_steal_pointer(&cost);
}

double *
ts_predictions_copy_cost(const TsPredictions *predictions)
{
    gsize n = (gsize) predictions->n_classes * predictions->n_classes;
    return g_memdup2(predictions->cost, n * sizeof *predictions->cost);
}
