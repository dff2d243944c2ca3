/* The curve of a sweep, and what four rules make of it. */
#include "nn/lrfind/sweep.h"

#include <math.h>

static const double SMOOTHING = 0.98, DIVERGED = 4;
enum { DROP_LAST = 5, SLIDE_POINTS = 15 };
static const double SLIDE_THRESHOLD = 0.005;

void
ts_rate_curve_init(TsRateCurve *curve, const TsRateSweep *sweep)
{
    *curve = (TsRateCurve){.n_steps = sweep->n_steps,
                           .lowest = INFINITY,
                           .rates = g_new(double, sweep->n_steps),
                           .losses = g_new(double, sweep->n_steps),
                           .smoothed = g_new(double, sweep->n_steps)};
    for (guint i = 0; i < sweep->n_steps; i++)
        curve->rates[i] =
            sweep->start * pow(sweep->end / sweep->start, (double) i / sweep->n_steps);
}

void
ts_rate_curve_clear(TsRateCurve *curve)
{
    g_free(curve->rates);
    g_free(curve->losses);
    g_free(curve->smoothed);
    *curve = (TsRateCurve){0};
}

/* A loss that is no number stays so in all averages to come, which no comparison stops: the steps
 * that would follow count, but have nothing to show. */
gboolean
ts_rate_curve_add(TsRateCurve *curve, double loss, gboolean no_stop)
{
    curve->average = SMOOTHING * curve->average + (1 - SMOOTHING) * loss;
    if (isnan(curve->average)) {
        curve->last = MIN(curve->n_steps - DROP_LAST, curve->n);
        return FALSE;
    }
    const guint i = curve->n++;
    curve->losses[i] = loss;
    curve->smoothed[i] = curve->average / (1 - pow(SMOOTHING, curve->n));
    curve->lowest = MIN(curve->lowest, curve->smoothed[i]);
    curve->last = curve->n > DROP_LAST ? curve->n - DROP_LAST : 0;
    gboolean diverged = curve->smoothed[i] > DIVERGED * curve->lowest;
    return curve->n < curve->n_steps && (no_stop || !diverged);
}

/* ---- the rules; x rates, y smoothed losses, n > 0 points ---- */

/* The longest falling subsequence by dynamic programming. Its beginning is its end less the length
 * that it had when its end was found; with one point it may be -1, which Python takes for the last.
 */
static double
valley(const double *x, const double *y, guint n)
{
    g_autofree guint *length = g_new(guint, n);
    guint end = 0;
    int begin = 0;
    for (guint i = 0; i < n; i++) {
        length[i] = 1;
        for (guint j = 0; j < i; j++) {
            if (y[i] < y[j] && length[i] < length[j] + 1)
                length[i] = length[j] + 1;
            if (length[end] < length[i]) {
                end = i;
                begin = (int) end - (int) length[end];
            }
        }
    }
    const double third = ((int) end - begin) / 3.0;
    const int at = begin + (int) third + (int) (third / 2);
    return x[at < 0 ? (int) n + at : at];
}

/* As numpy.gradient: central differences, at the ends one-sided. */
static double
slope(const double *y, guint n, int i)
{
    const int before = MAX(i - 1, 0), after = MIN(i + 1, (int) n - 1);
    return (y[after] - y[before]) / (after - before);
}

static double
slide(const double *x, const double *y, guint n)
{
    if (n <= SLIDE_POINTS)
        return NAN;
    int right = (int) n - 1, left = right - SLIDE_POINTS;
    double rate = x[left];
    while (left >= 0 && fabs(slope(y, n, right) - slope(y, n, left)) > SLIDE_THRESHOLD) {
        rate = x[left];
        right--;
        left--;
    }
    return rate;
}

static double
minimum(const double *x, const double *y, guint n)
{
    guint best = 0;
    for (guint i = 1; i < n; i++)
        if (y[i] < y[best])
            best = i;
    return x[best] / 10;
}

static double
steep(const double *x, const double *y, guint n)
{
    if (n < 2)
        return NAN;
    guint best = 0;
    double steepest = INFINITY;
    for (guint i = 0; i + 1 < n; i++) {
        const double fall = (y[i + 1] - y[i]) / (log(x[i + 1]) - log(x[i]));
        if (fall < steepest) {
            steepest = fall;
            best = i;
        }
    }
    return x[best];
}

static const struct {
    const char *name;
    double (*rule)(const double *x, const double *y, guint n);
} rules[] = {[TS_SUGGEST_VALLEY] = {"valley", valley},
             [TS_SUGGEST_SLIDE] = {"slide", slide},
             [TS_SUGGEST_MINIMUM] = {"minimum", minimum},
             [TS_SUGGEST_STEEP] = {"steep", steep}};

double
ts_rate_suggest(const TsRateCurve *curve, TsRateSuggestion rule)
{
    const guint first = curve->n_steps / 10;
    if (curve->last <= first)
        return NAN;
    return rules[rule].rule(curve->rates + first, curve->smoothed + first, curve->last - first);
}

const char *
ts_rate_suggestion_name(TsRateSuggestion rule)
{
    return rules[rule].name;
}
