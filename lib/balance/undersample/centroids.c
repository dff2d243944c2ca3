/* Classes replaced by the centres of their clusters. */
#include "balance/space/kmeans_compat.h"
#include "balance/undersample/undersample.h"
#include "base/error.h"

#include <string.h>

/* `center` is where the centres of the class go, NULL for real rows. */
static gboolean
replace_class(const TsUndersample *what, gint32 class, guint64 seed, gboolean compat, guint8 *keep,
              double *center, GError **error)
{
    gsize n, target = what->targets[class];
    g_autofree guint32 *rows =
        ts_rows_of_class(what->class_of_row, what->points->n, class, &n, error);
    if (rows == NULL)
        return FALSE;
    for (gsize i = 0; i < n; i++)
        keep[rows[i]] = FALSE;
    if (target == 0)
        return TRUE;
    g_autoptr(TsKmeans) found =
        compat ? ts_kmeans_compat(what->points, rows, n, target, (guint32) seed, FALSE, error)
               : ts_kmeans(what->points, rows, n, target, seed + (guint64) class, error);
    if (found == NULL)
        return FALSE;
    for (gsize c = 0; c < target && center == NULL; c++)
        keep[rows[found->medoid[c]]] = TRUE;
    if (center != NULL)
        memcpy(center, found->center, target * found->d * sizeof *center);
    return TRUE;
}

gboolean
ts_keep_centroids(const TsUndersample *what, guint64 seed, gboolean compat, guint8 *keep,
                  double **centers, GError **error)
{
    guint64 n_centers = 0;
    for (guint c = 0; c < what->n_classes; c++)
        n_centers += what->targeted[c] ? what->targets[c] : 0;
    gsize size;
    if (!g_size_checked_mul(&size, n_centers, what->points->d))
        return ts_error_set(error, TS_ERROR_NO_MEMORY, "centroids: too many");
    g_autofree double *values =
        centers != NULL ? ts_try_alloc(size, sizeof *values, "centroids", error) : NULL;
    if (centers != NULL && values == NULL)
        return FALSE;
    memset(keep, TRUE, what->points->n);
    gsize at = 0;
    for (guint c = 0; c < what->n_classes; c++) {
        if (!what->targeted[c])
            continue;
        if (!replace_class(what, (gint32) c, seed, compat, keep,
                           values != NULL ? values + at * what->points->d : NULL, error))
            return FALSE;
        at += what->targets[c];
    }
    if (centers != NULL)
        *centers = g_steal_pointer(&values);
    return TRUE;
}
