/* Bootstrap replicates of rows. */
#include "stats/row_draw.h"

#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"

#include <string.h>

/* Rows by unit, units by stratum. */
struct _TsRowDraw {
    guint64 n;     /* rows */
    guint32 *unit; /* (n): of each row; NULL: its own */
    guint64 n_units;
    guint64 *first; /* (n_units + 1): where the rows of a unit begin in `rows`; NULL: unit u is
                       rows[u] */
    guint32 *rows;  /* (n); NULL: unit u is row u */
    guint n_strata;
    guint64 *stratum; /* (n_strata + 1): where its units begin */
};

static gpointer
alloc(guint64 n, gsize size, GError **error)
{
    return ts_try_alloc(n + 2, size, "bootstrap", error);
}

/* Put rows in the order of `key` (below n_keys); first[k] becomes where those of key k begin. */
static void
sort_rows(const guint32 *key, guint64 n, guint64 n_keys, guint64 *first, guint32 *rows)
{
    for (guint64 i = 0; i < n; i++)
        first[key[i] + 1]++;
    for (guint64 k = 0; k < n_keys; k++)
        first[k + 1] += first[k];
    g_autofree guint64 *next = g_memdup2(first, (n_keys + 1) * sizeof *next);
    for (guint64 i = 0; i < n; i++)
        rows[next[key[i]]++] = (guint32) i;
}

/* Number the groups that have rows by first appearance; each row without one is one. */
static gboolean
number_groups(TsRowDraw *self, const gint32 *group, GError **error)
{
    gint32 most = -1;
    for (guint64 i = 0; i < self->n; i++)
        most = MAX(most, group[i]);
    g_autofree gint64 *number = alloc((guint64) (most + 1), sizeof *number, error);
    if (number == NULL || (self->unit = alloc(self->n, sizeof *self->unit, error)) == NULL)
        return FALSE;
    for (guint64 i = 0; i < self->n; i++) {
        if (group[i] >= 0 && number[group[i]] == 0)
            number[group[i]] = (gint64) ++self->n_units;
        self->unit[i] =
            (guint32) (group[i] >= 0 ? (guint64) number[group[i]] - 1 : self->n_units++);
    }
    return TRUE;
}

static gboolean
draw_by_group(TsRowDraw *self, const gint32 *group, GError **error)
{
    if (!number_groups(self, group, error) ||
        (self->first = alloc(self->n_units, sizeof *self->first, error)) == NULL ||
        (self->rows = alloc(self->n, sizeof *self->rows, error)) == NULL)
        return FALSE;
    sort_rows(self->unit, self->n, self->n_units, self->first, self->rows);
    return TRUE;
}

static gboolean
draw_by_class(TsRowDraw *self, const TsPredictions *predictions, GError **error)
{
    if (predictions->truth == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "strata are classes, and rows with several labels have no class");
    g_free(self->stratum);
    self->n_strata = predictions->n_classes;
    if ((self->stratum = alloc(self->n_strata, sizeof *self->stratum, error)) == NULL ||
        (self->rows = alloc(self->n, sizeof *self->rows, error)) == NULL)
        return FALSE;
    sort_rows((const guint32 *) predictions->truth, self->n, self->n_strata, self->stratum,
              self->rows);
    return TRUE;
}

TsRowDraw *
ts_row_draw_new(const TsPredictions *predictions, const gint32 *group, gboolean is_stratified,
                GError **error)
{
    g_autoptr(TsRowDraw) self = g_new0(TsRowDraw, 1);
    self->n = predictions->n;
    if (group != NULL && is_stratified) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "groups may hold several classes: draw by group or by class, not both");
        return NULL;
    }
    self->n_strata = 1;
    self->stratum = g_new0(guint64, 2);
    if ((group != NULL && !draw_by_group(self, group, error)) ||
        (is_stratified && !draw_by_class(self, predictions, error)))
        return NULL;
    if (group == NULL)
        self->n_units = self->n;
    self->stratum[self->n_strata] = self->n_units;
    return g_steal_pointer(&self);
}

static void
draw_unit(const TsRowDraw *self, guint64 unit, const double *weight, double *times)
{
    if (self->first == NULL) {
        guint64 row = self->rows != NULL ? self->rows[unit] : unit;
        times[row] += weight != NULL ? weight[row] : 1;
        return;
    }
    for (guint64 i = self->first[unit]; i < self->first[unit + 1]; i++)
        times[self->rows[i]] += weight != NULL ? weight[self->rows[i]] : 1;
}

void
ts_row_draw(const TsRowDraw *self, guint64 seed, guint replicate, const double *weight,
            double *times)
{
    TsRng rng;
    ts_rng_init(&rng, seed, "bootstrap rows", replicate);
    memset(times, 0, self->n * sizeof *times);
    for (guint s = 0; s < self->n_strata; s++) {
        guint64 begin = self->stratum[s], n = self->stratum[s + 1] - begin;
        for (guint64 k = 0; k < n; k++)
            draw_unit(self, begin + ts_rng_below(&rng, n), weight, times);
    }
}

guint64
ts_row_draw_n(const TsRowDraw *self)
{
    return self->n_units;
}

const guint32 *
ts_row_draw_units(const TsRowDraw *self)
{
    return self->unit;
}

typedef struct {
    const TsRowDraw *draw;
    const TsBootstrap *how;
    const TsPredictions *predictions;
    const GPtrArray *metrics;
    TsProgress *progress;
    double *values; /* (metrics, n_replicates) */
} Replicates;

static gboolean
compute_replicate(guint64 r, gpointer data, GError **error)
{
    const Replicates *all = data;
    g_autofree double *times = alloc(all->draw->n, sizeof *times, error);
    if (times == NULL)
        return FALSE;
    ts_row_draw(all->draw, all->how->seed, (guint) r, all->predictions->weight, times);
    g_autoptr(TsScorecard) card = ts_scorecard_new(all->predictions, times);
    for (guint m = 0; m < all->metrics->len; m++)
        all->values[(gsize) m * all->how->n_replicates + r] =
            ts_metric_compute(all->metrics->pdata[m], card);
    if (all->progress != NULL)
        ts_progress_add(all->progress, 1);
    return TRUE;
}

gboolean
ts_row_draw_intervals(const TsRowDraw *self, const TsBootstrap *how,
                      const TsPredictions *predictions, const GPtrArray *metrics,
                      TsProgress *progress, TsInterval *out, GError **error)
{
    g_autofree double *values =
        alloc((guint64) metrics->len * how->n_replicates, sizeof *values, error);
    Replicates all = {self, how, predictions, metrics, progress, values};
    if (values == NULL || !ts_parallel_for(how->n_replicates, compute_replicate, &all, error))
        return FALSE;
    for (guint m = 0; m < metrics->len; m++)
        out[m] = ts_bootstrap_interval(how, values + (gsize) m * how->n_replicates);
    return TRUE;
}

void
ts_row_draw_free(TsRowDraw *self)
{
    if (self == NULL)
        return;
    g_free(self->unit);
    g_free(self->first);
    g_free(self->rows);
    g_free(self->stratum);
    g_free(self);
}
