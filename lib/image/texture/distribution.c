/* Values and how often they occur: by counting where there are at most 65536, else by sorting. */
#include "image/texture/distribution.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

/* The integers that a small type can hold: `low` and how many; FALSE for others. */
static gboolean
small_range(TsSampleType type, int *low, gsize *n)
{
    *low = type == TS_I8 ? G_MININT8 : type == TS_I16 ? G_MININT16 : 0;
    *n = ts_sample_type_size(type) == 1 ? 256 : 65536;
    return ts_sample_type_size(type) <= 2;
}

static gboolean
make_room(TsDistribution *self, gsize n, GError **error)
{
    self->values = ts_try_alloc(MAX(n, 1), sizeof *self->values, "values", error);
    self->counts = self->values != NULL
                       ? ts_try_alloc(MAX(n, 1), sizeof *self->counts, "values", error)
                       : NULL;
    return self->counts != NULL;
}

static gboolean
count_small(TsDistribution *self, int low, gsize n_bins, const double *samples, gsize n,
            gsize stride, const guint8 *counts, GError **error)
{
    /* Two in turn: adding to a bin that has just been added to waits for that addition. */
    g_autofree guint64 *bins = ts_try_alloc(2 * n_bins, sizeof *bins, "histogram", error);
    if (bins == NULL || !make_room(self, MIN(n_bins, n), error))
        return FALSE;
    for (gsize i = 0; i < n; i++)
        if (counts == NULL || counts[i])
            bins[(gsize) ((int) samples[i * stride] - low) + (i & 1) * n_bins]++;
    for (gsize i = 0; i < n_bins; i++)
        bins[i] += bins[n_bins + i];
    for (gsize i = 0; i < n_bins; i++)
        if (bins[i] > 0) {
            self->values[self->n_values] = low + (double) i;
            self->counts[self->n_values++] = bins[i];
            self->n += bins[i];
        }
    return TRUE;
}

static int
compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static gboolean
count_sorted(TsDistribution *self, const double *samples, gsize n, gsize stride,
             const guint8 *counts, GError **error)
{
    if (!make_room(self, n, error))
        return FALSE;
    for (gsize i = 0; i < n; i++)
        if ((counts == NULL || counts[i]) && !isnan(samples[i * stride]))
            self->values[self->n++] = samples[i * stride];
    qsort(self->values, self->n, sizeof *self->values, compare_doubles);
    for (guint64 i = 0; i < self->n; i++) {
        if (i == 0 || self->values[i] != self->values[self->n_values - 1])
            self->values[self->n_values++] = self->values[i];
        self->counts[self->n_values - 1]++;
    }
    return TRUE;
}

gboolean
ts_distribution_init(TsDistribution *self, TsSampleType type, const double *samples, gsize n,
                     gsize stride, const guint8 *counts, GError **error)
{
    int low;
    gsize n_bins;
    *self = (TsDistribution){0};
    if (small_range(type, &low, &n_bins))
        return count_small(self, low, n_bins, samples, n, stride, counts, error);
    return count_sorted(self, samples, n, stride, counts, error);
}

void
ts_distribution_clear(TsDistribution *self)
{
    g_clear_pointer(&self->values, g_free);
    g_clear_pointer(&self->counts, g_free);
}

TsMoments
ts_distribution_moments(const TsDistribution *self)
{
    TsMoments m = {0};
    double n = (double) self->n;
    for (gsize i = 0; i < self->n_values; i++)
        m.mean += (double) self->counts[i] * self->values[i];
    m.mean /= n;
    for (gsize i = 0; i < self->n_values; i++) {
        double d = self->values[i] - m.mean, square = (double) self->counts[i] * d * d;
        m.variance += square;
        m.third += square * d;
        m.fourth += square * d * d;
    }
    m.variance /= n;
    m.third /= n;
    m.fourth /= n;
    return m;
}

/* The value at place `rank`, from 0, of all values in order. */
static double
value_at(const TsDistribution *self, guint64 rank)
{
    gsize i = 0;
    for (guint64 passed = self->counts[0]; passed <= rank; passed += self->counts[i])
        i++;
    return self->values[i];
}

double
ts_distribution_percentile(const TsDistribution *self, double percent)
{
    if (self->n == 0)
        return (double) NAN;
    double place = percent / 100 * (double) (self->n - 1);
    guint64 below = (guint64) floor(place);
    double low = value_at(self, below);
    double high = value_at(self, MIN(below + 1, self->n - 1));
    return low + (high - low) * (place - (double) below);
}

double
ts_distribution_entropy(const TsDistribution *self)
{
    double sum = 0;
    for (gsize i = 0; i < self->n_values; i++) {
        double p = (double) self->counts[i] / (double) self->n;
        sum -= p * log2(p);
    }
    return self->n > 0 ? fmax(sum, 0) : (double) NAN;
}
