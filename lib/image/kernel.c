/* Filters along one axis: the taps of an output pixel. */
#include "image/kernel.h"

#include "base/error.h"

#include <math.h>

/* Half the width of a filter, in pixels of the coarser grid. */
static double
half_width(TsFilter filter)
{
    return filter == TS_FILTER_LANCZOS ? 3 : filter == TS_FILTER_CUBIC ? 2 : 1;
}

static double
cubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0;
}

static double
sinc(double x)
{
    return x == 0 ? 1 : sin(G_PI * x) / (G_PI * x);
}

static double
weigh(TsFilter filter, double x)
{
    if (filter == TS_FILTER_LANCZOS)
        return fabs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
    if (filter == TS_FILTER_CUBIC)
        return cubic(x);
    return MAX(0.0, 1 - fabs(x));
}

/* Pixels of `from` a pixel of the coarser grid is wide. */
static double
widening(const TsAxis *axis)
{
    return MAX((double) axis->from / axis->to, 1.0);
}

gsize
ts_axis_max_taps(const TsAxis *axis)
{
    return (gsize) ceil(half_width(axis->filter) * widening(axis)) * 2 + 1;
}

int
ts_axis_taps(const TsAxis *axis, int i, int *first, double *weights)
{
    double scale = (double) axis->from / axis->to, wide = widening(axis);
    double centre = (i + 0.5) * scale, reach = half_width(axis->filter) * wide;
    if (axis->filter == TS_FILTER_NEAREST) {
        *first = (int) ((2 * (gint64) i + 1) * axis->from / (2 * (gint64) axis->to));
        if (weights != NULL)
            weights[0] = 1;
        return 1;
    }
    *first = MAX(0, (int) (centre - reach + 0.5));
    int n = MIN(axis->from, (int) (centre + reach + 0.5)) - *first;
    double sum = 0;
    for (int k = 0; weights != NULL && k < n; k++) {
        weights[k] = weigh(axis->filter, (*first + k - centre + 0.5) / wide);
        sum += weights[k];
    }
    for (int k = 0; weights != NULL && k < n; k++)
        weights[k] /= sum;
    return n;
}

void
ts_kernel_clear(TsKernel *self)
{
    g_free(self->first);
    g_free(self->count);
    g_free(self->weights);
    *self = (TsKernel){0};
}

gboolean
ts_kernel_init(TsKernel *self, const TsAxis *axis, int i, int n, GError **error)
{
    gsize room;
    *self = (TsKernel){.n = n, .n_taps = ts_axis_max_taps(axis)};
    if (!g_size_checked_mul(&room, (gsize) n, self->n_taps))
        return ts_error_set(error, TS_ERROR_RANGE, "an image of %d pixels a side is too large", n);
    self->first = ts_try_alloc((gsize) n, sizeof(int), "filter", error);
    self->count = self->first ? ts_try_alloc((gsize) n, sizeof(int), "filter", error) : NULL;
    self->weights = self->count ? ts_try_alloc(room, sizeof(double), "filter", error) : NULL;
    if (self->weights == NULL)
        return FALSE;
    for (int k = 0; k < n; k++)
        self->count[k] =
            ts_axis_taps(axis, i + k, &self->first[k], self->weights + (gsize) k * self->n_taps);
    return TRUE;
}

void
ts_kernel_apply(const TsKernel *self, const double *row, int row_x, gsize bands, double *out)
{
    for (int i = 0; i < self->n; i++) {
        const double *weights = self->weights + (gsize) i * self->n_taps;
        const double *from = row + (gsize) (self->first[i] - row_x) * bands;
        for (gsize b = 0; b < bands; b++) {
            double sum = 0;
            for (int k = 0; k < self->count[i]; k++)
                sum += weights[k] * from[(gsize) k * bands + b];
            out[(gsize) i * bands + b] = sum;
        }
    }
}
