/* The curves of several sweeps, taken together and drawn.
 *
 * At each rate the band goes from the lowest to the highest smoothed loss of the runs that came so
 * far; a suggestion is the median of the runs' own, by the logarithm.
 *
 *     TsRateBand band = {.curves = curves, .n_curves = 3, .title = "digits.tsv"};
 *     double low, high, rate = ts_rate_band_suggest(&band, TS_SUGGEST_VALLEY, &low, &high);
 *     g_autofree char *svg = ts_rate_band_svg(&band);
 */
#pragma once

#include "nn/lrfind/sweep.h"

G_BEGIN_DECLS

typedef struct {
    const TsRateCurve *curves; /* (n_curves), of the same sweep */
    guint n_curves;            /* at least 1 */
    const char *title;
} TsRateBand;

/* One rate of the band. */
typedef struct {
    double rate;
    guint n;               /* runs that came so far */
    double loss, smoothed; /* their means */
    double low, high;      /* of the smoothed losses */
} TsRateBandPoint;

/* Points that at least one run has. */
guint ts_rate_band_n(const TsRateBand *band);
TsRateBandPoint ts_rate_band_point(const TsRateBand *band, guint i);

/* The median, lowest and highest rate that the runs suggest; NaN where none does. */
double
ts_rate_band_suggest(const TsRateBand *band, TsRateSuggestion rule, double *low, double *high);

/* The band, its mean, a single run's losses, and the suggestions, as an SVG document of its own,
 * without the last points of each run, which dwarf the others. Free with g_free(). */
char *ts_rate_band_svg(const TsRateBand *band);

G_END_DECLS
