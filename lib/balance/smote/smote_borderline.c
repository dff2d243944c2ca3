/* Borderline-SMOTE: from rows in danger. */
#include "balance/smote/smote_private.h"

/* The rows of the class that are in danger; their number may be 0. */
static guint32 *
rows_in_danger(const TsSmoteClass *self, gsize *n, GError **error)
{
    guint m = self->how->m;
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, NULL, 0, self->rows, self->n_rows, m, error);
    if (near == NULL)
        return NULL;
    guint32 *danger = g_new(guint32, self->n_rows);
    *n = 0;
    for (gsize i = 0; i < near->n; i++) {
        guint others = ts_smote_count_others(self, near, i);
        if (2 * others >= m && others < m)
            danger[(*n)++] = self->rows[i];
    }
    return danger;
}

/* At most half the way to rows of other classes: drawn anew from the seed, as imbalanced-learn. */
static void
shorten_ways_to_others(TsSmoteClass *self, gsize first)
{
    TsRandomState again;
    TsRng rng;
    ts_random_state_init(&again, (guint32) self->how->seed);
    ts_rng_init(&rng, self->how->seed, "smote, others", (guint64) self->number);
    for (gsize i = first; i < self->blends->len; i++) {
        TsBlend *blend = &g_array_index(self->blends, TsBlend, i);
        if (self->class_of_row[blend->b] != self->number)
            blend->scale =
                0.5 * (self->how->compat ? ts_random_state_uniform(&again) : ts_rng_uniform(&rng));
    }
}

gboolean
ts_smote_make_borderline(TsSmoteClass *self, GError **error)
{
    gsize n_danger, first = self->blends->len;
    g_autofree guint32 *danger = rows_in_danger(self, &n_danger, error);
    if (danger == NULL)
        return FALSE;
    if (n_danger == 0)
        return TRUE;
    gboolean to_all = self->how->kind == TS_SMOTE_BORDERLINE_2;
    gsize n_base = to_all ? self->points->n : self->n_rows;
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, to_all ? NULL : self->rows, n_base, danger, n_danger,
                          (guint) MIN(self->how->k, n_base - 1), error);
    if (near == NULL)
        return FALSE;
    ts_smote_draw(self, danger, near, self->add, 1, "smote");
    if (to_all)
        shorten_ways_to_others(self, first);
    return TRUE;
}
