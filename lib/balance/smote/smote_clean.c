/* Rows left out after SMOTE: SMOTE + Tomek and SMOTE + ENN (Batista, Prati & Monard, "A study of
 * the behavior of several methods for balancing machine learning training data", SIGKDD 6, 2004).
 */
#include "balance/smote/smote.h"

#include "base/error.h"

#include <string.h>

/* All rows in one table: those of the points, then the new ones. */
typedef struct {
    TsPoints points;
    gpointer values;
    gint32 *class_of_row;
} Union;

static void
union_clear(Union *self)
{
    g_free(self->values);
    g_free(self->class_of_row);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Union, union_clear)

static gboolean
join(Union *self, const TsPoints *points, const gint32 *class_of_row, const GArray *blends,
     GError **error)
{
    gsize n = points->n + blends->len, d = points->d;
    gsize size = points->f32 != NULL ? sizeof(float) : sizeof(double);
    self->class_of_row = ts_try_alloc(n, sizeof(gint32), "rows", error);
    self->values = self->class_of_row ? ts_try_alloc(n, d * size, "rows", error) : NULL;
    if (self->values == NULL)
        return FALSE;
    gconstpointer from = points->f32 != NULL ? (gconstpointer) points->f32 : points->f64;
    memcpy(self->values, from, points->n * d * size);
    memcpy(self->class_of_row, class_of_row, points->n * sizeof(gint32));
    for (gsize i = points->n; i < n; i++) {
        const TsBlend *blend = &g_array_index(blends, TsBlend, i - points->n);
        self->class_of_row[i] = class_of_row[blend->a];
        if (points->f32 != NULL)
            ts_blend_f32(points, blend, (float *) self->values + i * d);
        else
            ts_blend_f64(points, blend, (double *) self->values + i * d);
    }
    self->points = (TsPoints){.n = n, .d = d};
    if (points->f32 != NULL)
        self->points.f32 = self->values;
    else
        self->points.f64 = self->values;
    return TRUE;
}

guint8 *
ts_smote_clean(const TsPoints *points, const gint32 *class_of_row, guint n_classes,
               const GArray *blends, const TsCleanOptions *how, GError **error)
{
    g_auto(Union) all = {.values = NULL};
    if (!join(&all, points, class_of_row, blends, error))
        return NULL;
    g_autofree gboolean *targeted = g_new(gboolean, MAX(n_classes, 1));
    for (guint c = 0; c < n_classes; c++)
        targeted[c] = TRUE;
    g_autofree guint8 *keep = ts_try_alloc(all.points.n, 1, "rows", error);
    if (keep == NULL ||
        !ts_clean(&all.points, all.class_of_row, n_classes, targeted, how, keep, error))
        return NULL;
    return g_steal_pointer(&keep);
}
