/* Rows repeated with noise. */
#include "balance/undersample/rose.h"

#include "balance/random_state.h"
#include "balance/undersample/undersample.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

/* One class, and where its numbers come from. */
typedef struct {
    const TsRose *how;
    const guint32 *rows; /* (n) */
    gsize n;
    guint32 class;
    TsRandomState *random; /* compat */
    double *width;         /* (d) of the noise */
} Class;

/* sd of every column, summed row by row as NumPy sums along the first axis. */
static void
measure_widths(Class *self)
{
    const TsPoints *points = self->how->points;
    gsize d = points->d;
    g_autofree double *mean = g_new0(double, MAX(d, 1));
    double h = pow(4 / ((double) (d + 2) * (double) points->n), 1 / (double) (d + 4));
    memset(self->width, 0, d * sizeof *self->width);
    for (gsize i = 0; i < self->n; i++)
        for (gsize j = 0; j < d; j++)
            mean[j] += ts_points_get(points, self->rows[i], j);
    for (gsize j = 0; j < d; j++)
        mean[j] /= (double) self->n;
    for (gsize i = 0; i < self->n; i++)
        for (gsize j = 0; j < d; j++) {
            double delta = ts_points_get(points, self->rows[i], j) - mean[j];
            self->width[j] += delta * delta;
        }
    for (gsize j = 0; j < d; j++)
        self->width[j] =
            self->how->shrinkage[self->class] * h * sqrt(self->width[j] / (double) self->n);
}

static gboolean
make_rows(Class *self, guint64 n_new, guint32 *base, double *values, GError **error)
{
    gsize d = self->how->points->d;
    if (self->n == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "a class without rows cannot grow");
    measure_widths(self);
    for (guint64 i = 0; self->how->compat && i < n_new; i++)
        base[i] = self->rows[ts_random_state_below(self->random, self->n)];
    for (guint64 i = 0; i < n_new; i++) {
        TsRng rng;
        ts_rng_init(&rng, self->how->seed, "rose", ((guint64) self->class << 40) + i);
        if (ts_interrupt_check(error))
            return FALSE;
        for (gsize j = 0; j < d; j++) {
            double z =
                self->how->compat ? ts_random_state_normal(self->random) : ts_rng_normal(&rng);
            values[i * d + j] = z * self->width[j] + ts_points_get(self->how->points, base[i], j);
        }
    }
    return TRUE;
}

gboolean
ts_rose(const TsRose *how, guint32 *base, double *values, GError **error)
{
    TsRandomState random;
    g_autofree double *width = g_new(double, MAX(how->points->d, 1));
    ts_random_state_init(&random, (guint32) how->seed);
    for (guint c = 0; c < how->n_classes; c++) {
        Class class = {.how = how, .class = c, .random = &random, .width = width};
        g_autofree guint32 *rows =
            ts_rows_of_class(how->class_of_row, how->points->n, (gint32) c, &class.n, error);
        class.rows = rows;
        if (rows == NULL ||
            (how->add[c] > 0 && !make_rows(&class, how->add[c], base, values, error)))
            return FALSE;
        base += how->add[c];
        values += how->add[c] * how->points->d;
    }
    return TRUE;
}
