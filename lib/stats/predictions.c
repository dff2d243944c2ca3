/* Tables of predictions in memory: made, selected, ranked. */
#include "stats/predictions.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/threads.h"
#include "stats/calibration.h"
#include "stats/cost.h"
#include "stats/row_values.h"

#include <stdlib.h>

enum { BLOCK = 4096 }; /* rows that are worked together */

static const guint64 MAX_ROWS = (1u << 30) - 1;

static gpointer
alloc(guint64 n, gsize size, GError **error)
{
    return ts_try_alloc(n + 1, size, "predictions", error);
}

static gboolean
alloc_answers(TsPredictions *self, gboolean is_multi, GError **error)
{
    const gsize row = self->n_classes;
    if (is_multi)
        return (self->truth_sets = alloc(self->n, row, error)) != NULL &&
               (self->pred_sets = alloc(self->n, row, error)) != NULL;
    return (self->truth = alloc(self->n, sizeof *self->truth, error)) != NULL &&
           (self->pred = alloc(self->n, sizeof *self->pred, error)) != NULL;
}

TsPredictions *
ts_predictions_new(guint64 n, const char *const *names, gboolean is_multi, gboolean with_p,
                   GError **error)
{
    g_autoptr(TsPredictions) self = g_new0(TsPredictions, 1);
    self->n = n;
    self->n_bins = TS_CALIBRATION_BINS;
    self->names = g_strdupv((char **) names);
    self->n_classes = g_strv_length(self->names);
    self->positive = self->n_classes > 0 ? self->n_classes - 1 : 0;
    if (n > MAX_ROWS) {
        ts_error_set(error, TS_ERROR_RANGE, "too many predictions: 2^30 rows and more");
        return NULL;
    }
    if (!alloc_answers(self, is_multi, error) ||
        (self->rows = alloc(n, sizeof *self->rows, error)) == NULL ||
        (with_p && (self->p = alloc(n, MAX(1, self->n_classes) * sizeof *self->p, error)) == NULL))
        return NULL;
    return g_steal_pointer(&self);
}

/* Copy the rows `which` of `from` (size bytes each) into `to`, which may be NULL with it. */
static void
copy_rows(gpointer to, gconstpointer from, gsize size, const guint64 *which, guint64 n)
{
    for (guint64 i = 0; from != NULL && i < n; i++)
        memcpy((char *) to + i * size, (const char *) from + which[i] * size, size);
}

TsPredictions *
ts_predictions_select(const TsPredictions *self, const guint64 *which, guint64 n, GError **error)
{
    g_autoptr(TsPredictions) part = ts_predictions_new(
        n, (const char *const *) self->names, self->truth_sets != NULL, self->p != NULL, error);
    if (part == NULL ||
        (self->score != NULL && (part->score = alloc(n, sizeof(double), error)) == NULL) ||
        (self->weight != NULL && (part->weight = alloc(n, sizeof(double), error)) == NULL))
        return NULL;
    part->positive = self->positive;
    part->n_bins = self->n_bins;
    part->cost = ts_predictions_copy_cost(self);
    part->tree = ts_class_tree_ref(self->tree);
    copy_rows(part->truth, self->truth, sizeof *self->truth, which, n);
    copy_rows(part->pred, self->pred, sizeof *self->pred, which, n);
    copy_rows(part->truth_sets, self->truth_sets, self->n_classes, which, n);
    copy_rows(part->pred_sets, self->pred_sets, self->n_classes, which, n);
    copy_rows(part->p, self->p, self->n_classes * sizeof *self->p, which, n);
    copy_rows(part->score, self->score, sizeof *self->score, which, n);
    copy_rows(part->weight, self->weight, sizeof *self->weight, which, n);
    copy_rows(part->rows, self->rows, sizeof *self->rows, which, n);
    return g_steal_pointer(&part);
}

void
ts_predictions_choose(TsPredictions *self)
{
    const guint n = self->n_classes;
    for (guint64 i = 0; i < self->n; i++) {
        const double *p = self->p + i * n;
        guint best = 0;
        for (guint c = 0; c < n; c++) {
            if (self->pred_sets != NULL)
                self->pred_sets[i * n + c] = p[c] >= 0.5;
            else if (p[c] > p[best])
                best = c;
        }
        if (self->pred != NULL)
            self->pred[i] = (gint32) best;
    }
}

int
ts_predictions_find(const TsPredictions *self, const char *name)
{
    for (guint c = 0; c < self->n_classes; c++)
        if (strcmp(self->names[c], name) == 0)
            return (int) c;
    return -1;
}

gboolean
ts_predictions_set_positive(TsPredictions *self, const char *name, GError **error)
{
    if (self->n_classes != 2)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "'%s' is to be the positive class, but there are %u classes, not 2",
                            name, self->n_classes);
    int c = ts_predictions_find(self, name);
    if (c < 0) {
        g_autofree char *hint = ts_nearest_hint(name, (const char *const *) self->names);
        return ts_error_set(error, TS_ERROR_ARGUMENT, "there is no class '%s'%s", name, hint);
    }
    self->positive = (guint) c;
    return TRUE;
}

typedef struct {
    double p;
    guint32 row;
} Ranking;

/* Highest first, rows in order among equals. */
static int
compare_rankings(const void *a, const void *b)
{
    const Ranking *x = a, *y = b;
    if (x->p != y->p)
        return x->p < y->p ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

static gboolean
rank_class(guint64 c, gpointer data, GError **error)
{
    TsPredictions *self = data;
    g_autofree Ranking *order = alloc(self->n, sizeof *order, error);
    if (order == NULL)
        return FALSE;
    for (guint64 i = 0; i < self->n; i++)
        order[i] = (Ranking){self->p[i * self->n_classes + c], (guint32) i};
    qsort(order, self->n, sizeof *order, compare_rankings);
    TsRanked *ranked = self->ranked + c * self->n;
    for (guint64 i = 0; i < self->n; i++) {
        ranked[i].row = order[i].row & 0x3fffffff;
        ranked[i].is_positive = ts_predictions_is(self, order[i].row, (guint) c) ? 1 : 0;
        ranked[i].ends = i + 1 == self->n || order[i].p != order[i + 1].p ? 1 : 0;
    }
    return TRUE;
}

static gboolean
compute_values(guint64 block, gpointer data, GError **error)
{
    TsPredictions *self = data;
    const guint n_values = ts_n_row_values(self);
    (void) error;
    for (guint64 i = block * BLOCK; i < MIN(self->n, (block + 1) * BLOCK); i++) {
        double values[MAX(TS_N_SET_VALUES, TS_N_TREE_VALUES)];
        ts_row_values(self, i, values);
        for (guint k = 0; k < n_values; k++)
            self->values[k * self->n + i] = values[k];
    }
    return TRUE;
}

gboolean
ts_predictions_prepare(TsPredictions *self, GError **error)
{
    g_clear_pointer(&self->ranked, g_free);
    g_clear_pointer(&self->values, g_free);
    if (self->p != NULL &&
        ((self->ranked = alloc(self->n, MAX(1, self->n_classes) * sizeof *self->ranked, error)) ==
             NULL ||
         !ts_parallel_for(self->n_classes, rank_class, self, error)))
        return FALSE;
    self->values = alloc(self->n, ts_n_row_values(self) * sizeof *self->values, error);
    return self->values != NULL &&
           ts_parallel_for((self->n + BLOCK - 1) / BLOCK, compute_values, self, error);
}

void
ts_predictions_free(TsPredictions *self)
{
    if (self == NULL)
        return;
    g_strfreev(self->names);
    g_free(self->truth);
    g_free(self->pred);
    g_free(self->truth_sets);
    g_free(self->pred_sets);
    g_free(self->p);
    g_free(self->score);
    g_free(self->weight);
    g_free(self->cost);
    ts_class_tree_unref(self->tree);
    g_free(self->rows);
    g_free(self->ranked);
    g_free(self->values);
    g_free(self);
}
