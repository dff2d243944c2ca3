/* ADASYN: the more from a row, the more of others are around it. */
#include "balance/smote/smote_private.h"

#include <math.h>

/* NumPy's sum, whose rounding decides where a share is near a half: pairwise, eight lanes. */
static double
numpy_sum(const double *values, gsize n)
{
    if (n > 128) {
        gsize half = n / 2 - n / 2 % 8;
        return numpy_sum(values, half) + numpy_sum(values + half, n - half);
    }
    double sum = 0;
    gsize i = 0;
    if (n >= 8) {
        double lane[8];
        for (; i < 8; i++)
            lane[i] = values[i];
        for (; i + 8 <= n; i += 8)
            for (gsize l = 0; l < 8; l++)
                lane[l] += values[i + l];
        sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
              ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    }
    for (; i < n; i++)
        sum += values[i];
    return sum;
}

/* How many new rows start at each row of the class: shares by the others around it. */
static guint64 *
count_for_each_row(const TsSmoteClass *self, guint64 *total, GError **error)
{
    guint k = (guint) MIN(self->how->k, self->points->n - 1);
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, NULL, 0, self->rows, self->n_rows, k, error);
    if (near == NULL)
        return NULL;
    g_autofree double *share = g_new(double, self->n_rows);
    for (gsize i = 0; i < near->n; i++)
        share[i] = (double) ts_smote_count_others(self, near, i) / k;
    double sum = numpy_sum(share, near->n);
    if (!(sum > 0)) {
        ts_smote_class_error(
            self, TS_ERROR_FORMAT,
            "no row has a neighbour of another class, and ADASYN starts from those; take "
            "--kind smote",
            error);
        return NULL;
    }
    guint64 *counts = g_new(guint64, self->n_rows);
    *total = 0;
    for (gsize i = 0; i < near->n; i++) {
        counts[i] = (guint64) rint(share[i] / sum * (double) self->add);
        *total += counts[i];
    }
    return counts;
}

/* Neighbours are drawn for all new rows, then steps. */
static void
draw_adaptively(TsSmoteClass *self, const guint64 *counts, const TsNeighbours *near)
{
    TsRng rng;
    gsize first = self->blends->len;
    ts_rng_init(&rng, self->how->seed, "adasyn", (guint64) self->number);
    for (gsize i = 0; i < near->n; i++)
        for (guint64 j = 0; j < counts[i]; j++) {
            guint64 which = self->how->compat ? ts_random_state_below(self->random, near->k)
                                              : ts_rng_below(&rng, near->k);
            ts_smote_add(self, self->rows[i], near->index[i * near->k + which], 0);
        }
    for (gsize i = first; i < self->blends->len; i++)
        g_array_index(self->blends, TsBlend, i).lambda =
            self->how->compat ? ts_random_state_uniform(self->random) : ts_rng_uniform(&rng);
}

gboolean
ts_smote_make_adasyn(TsSmoteClass *self, GError **error)
{
    guint64 total;
    g_autofree guint64 *counts = count_for_each_row(self, &total, error);
    if (counts == NULL)
        return FALSE;
    g_autoptr(TsNeighbours) near = ts_smote_neighbours_within(self, NULL, 0, error);
    if (near == NULL)
        return FALSE;
    draw_adaptively(self, counts, near);
    return TRUE;
}
