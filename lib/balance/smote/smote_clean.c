/* Rows left out after SMOTE: SMOTE + Tomek and SMOTE + ENN (Batista, Prati & Monard, "A study of
 * the behavior of several methods for balancing machine learning training data", SIGKDD 6, 2004).
 */
#include "balance/smote/smote.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

/* All rows in one table: those of the points, then the new ones. */
typedef struct {
    TsPoints points;
    TsScratch values;
    gint32 *class_of_row;
} Union;

static void
union_clear(Union *self)
{
    ts_scratch_clear(&self->values);
    g_free(self->class_of_row);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Union, union_clear)

/* Row i of the union. */
static void
put_row(Union *self, const TsPoints *points, const GArray *blends, gsize i)
{
    gsize row_bytes = ts_points_row_bytes(points);
    guint8 *to = (guint8 *) self->values.data + i * row_bytes;
    gconstpointer from = points->f32 != NULL ? (gconstpointer) points->f32 : points->f64;
    if (i < points->n)
        memcpy(to, (const guint8 *) from + i * row_bytes, row_bytes);
    else if (points->f32 != NULL)
        ts_blend_f32(points, &g_array_index(blends, TsBlend, i - points->n), (gpointer) to);
    else
        ts_blend_f64(points, &g_array_index(blends, TsBlend, i - points->n), (gpointer) to);
}

static gboolean
join(Union *self, const TsPoints *points, const gint32 *class_of_row, const GArray *blends,
     GError **error)
{
    gsize n = points->n + blends->len, step = ts_blend_release_step(points);
    self->class_of_row = ts_try_alloc(n, sizeof(gint32), "rows", error);
    if (self->class_of_row == NULL ||
        !ts_scratch_alloc(&self->values, n, ts_points_row_bytes(points), "rows", error))
        return FALSE;
    self->points = (TsPoints){.n = n, .d = points->d, .mapped = self->values.in_file};
    if (points->f32 != NULL)
        self->points.f32 = self->values.data;
    else
        self->points.f64 = self->values.data;
    for (gsize i = 0; i < n; i++) {
        gsize base = i < points->n ? i : g_array_index(blends, TsBlend, i - points->n).a;
        self->class_of_row[i] = class_of_row[base];
        put_row(self, points, blends, i);
        if ((i + 1) % step > 0 && i + 1 < n)
            continue;
        ts_points_release(points, 0, points->n);
        ts_points_release(&self->points, i / step * step, i + 1);
    }
    return TRUE;
}

guint8 *
ts_smote_clean(const TsPoints *points, const gint32 *class_of_row, guint n_classes,
               const GArray *blends, const TsCleanOptions *how, GError **error)
{
    g_auto(Union) all = {.class_of_row = NULL};
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
