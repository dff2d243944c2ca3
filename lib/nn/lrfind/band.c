/* Several curves as one. */
#include "nn/lrfind/band.h"

#include <math.h>
#include <stdlib.h>

guint
ts_rate_band_n(const TsRateBand *band)
{
    guint n = 0;
    for (guint r = 0; r < band->n_curves; r++)
        n = MAX(n, band->curves[r].n);
    return n;
}

TsRateBandPoint
ts_rate_band_point(const TsRateBand *band, guint i)
{
    TsRateBandPoint point = {.rate = band->curves[0].rates[i], .low = INFINITY, .high = -INFINITY};
    for (guint r = 0; r < band->n_curves; r++) {
        const TsRateCurve *curve = &band->curves[r];
        if (i >= curve->n)
            continue;
        point.n++;
        point.loss += curve->losses[i];
        point.smoothed += curve->smoothed[i];
        point.low = MIN(point.low, curve->smoothed[i]);
        point.high = MAX(point.high, curve->smoothed[i]);
    }
    point.loss /= point.n;
    point.smoothed /= point.n;
    return point;
}

static int
compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

double
ts_rate_band_suggest(const TsRateBand *band, TsRateSuggestion rule, double *low, double *high)
{
    g_autofree double *rates = g_new(double, band->n_curves);
    guint n = 0;
    for (guint r = 0; r < band->n_curves; r++) {
        const double rate = ts_rate_suggest(&band->curves[r], rule);
        if (!isnan(rate))
            rates[n++] = rate;
    }
    *low = *high = NAN;
    if (n == 0)
        return NAN;
    qsort(rates, n, sizeof *rates, compare_doubles);
    *low = rates[0];
    *high = rates[n - 1];
    return n % 2 == 1 ? rates[n / 2] : sqrt(rates[n / 2 - 1] * rates[n / 2]);
}
