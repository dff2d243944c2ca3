/* Mean and variance of responses, row by row, without differences of large numbers; inside of
 * lib/image/texture. */
#pragma once

#include <glib.h>
#include <math.h>

G_BEGIN_DECLS

typedef struct {
    double n, mean, square; /* count, mean, sum of squared differences from it */
} TsSpread;

enum { TS_SPREAD_LANES = 8 };

static inline double
ts_spread_add_lanes(const double *lanes)
{
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
           ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/* The sum of (values - from)^power, power 1 or 2, of n values. */
static inline double
ts_spread_sum(const double *values, gsize n, double from, int power)
{
    double lanes[TS_SPREAD_LANES] = {0};
    gsize whole = n - n % TS_SPREAD_LANES;
    for (gsize i = 0; i < whole; i += TS_SPREAD_LANES)
        for (gsize k = 0; k < TS_SPREAD_LANES; k++) {
            double d = values[i + k] - from;
            lanes[k] += power == 1 ? d : d * d;
        }
    for (gsize i = whole; i < n; i++)
        lanes[i - whole] += power == 1 ? values[i] - from : (values[i] - from) * (values[i] - from);
    return ts_spread_add_lanes(lanes);
}

/* Take the n values of `row`, all numbers, along. */
static inline void
ts_spread_add(TsSpread *self, const double *row, gsize n)
{
    if (n == 0)
        return;
    double mean = ts_spread_sum(row, n, 0, 1) / (double) n;
    double n_both = self->n + (double) n, apart = mean - self->mean;
    self->square += ts_spread_sum(row, n, mean, 2) + apart * apart * self->n * (double) n / n_both;
    self->mean += apart * (double) n / n_both;
    self->n = n_both;
}

/* Like ts_spread_add(), but only of those values that `counts` allows and that are numbers. `row`
 * is changed. NULL: all, and all are numbers. */
static inline void
ts_spread_add_some(TsSpread *self, double *row, const guint8 *counts, gsize n)
{
    gsize kept = counts == NULL ? n : 0;
    for (gsize i = 0; counts != NULL && i < n; i++)
        if (counts[i] && !isnan(row[i]))
            row[kept++] = row[i];
    ts_spread_add(self, row, kept);
}

static inline double
ts_spread_mean(const TsSpread *self)
{
    return self->n > 0 ? self->mean : (double) NAN;
}

static inline double
ts_spread_variance(const TsSpread *self)
{
    return self->n > 0 ? self->square / self->n : (double) NAN;
}

G_END_DECLS
