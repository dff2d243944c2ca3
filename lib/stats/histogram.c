/* Histograms with bins that grow by a tenth. */
#include "stats/histogram.h"

#include <math.h>

#define FIRST 1e-12
#define LAST 1e20
#define GROWTH 1.1

TsHistogram *
ts_histogram_new(void)
{
    TsHistogram *self = g_new0(TsHistogram, 1);
    guint n = 0;
    for (double end = FIRST; end < LAST; end *= GROWTH)
        n++;
    self->n_bins = 2 * n + 1;
    self->limit = g_new0(double, self->n_bins);
    self->count = g_new0(double, self->n_bins);
    double end = FIRST;
    for (guint i = 0; i < n; i++, end *= GROWTH) {
        self->limit[n + 1 + i] = end;
        self->limit[n - 1 - i] = -end;
    }
    return self;
}

void
ts_histogram_free(TsHistogram *self)
{
    if (self == NULL)
        return;
    g_free(self->limit);
    g_free(self->count);
    g_free(self);
}

/* The first bin whose end is not below x; what lies beyond the last end joins the last bin. */
static guint
find_bin(const TsHistogram *self, double x)
{
    const guint zero = self->n_bins / 2;
    if (x == 0)
        return zero;
    double steps = MAX(log(fabs(x) / FIRST) / log(GROWTH), 0);
    guint most = zero - 1, step = (guint) MIN(ceil(steps), most);
    guint bin = x > 0 ? zero + 1 + step : zero - 1 - step;
    while (bin > 0 && self->limit[bin - 1] >= x)
        bin--;
    while (bin + 1 < self->n_bins && self->limit[bin] < x)
        bin++;
    return bin;
}

void
ts_histogram_add(TsHistogram *self, const float *x, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        if (!isfinite(x[i])) {
            self->n_not_finite++;
            continue;
        }
        self->min = self->n == 0 || x[i] < self->min ? x[i] : self->min;
        self->max = self->n == 0 || x[i] > self->max ? x[i] : self->max;
        self->n++;
        self->sum += x[i];
        self->sum_of_squares += (double) x[i] * x[i];
        self->count[find_bin(self, x[i])]++;
    }
}

guint
ts_histogram_bins(const TsHistogram *self, const double **limit, const double **count)
{
    guint first = 0, last = self->n_bins;
    while (first < self->n_bins && self->count[first] == 0)
        first++;
    if (first == self->n_bins)
        return 0;
    while (self->count[last - 1] == 0)
        last--;
    first -= first > 0 ? 1 : 0;
    *limit = self->limit + first;
    *count = self->count + first;
    return last - first;
}
