/* Multinomial replicates of counts, and percentile intervals. */
#include "stats/interval.h"

#include "base/rng.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

void
ts_bootstrap_draw(const TsBootstrap *how, guint item, guint replicate, const guint64 *counts,
                  guint n, guint64 *drawn)
{
    TsRng rng;
    ts_rng_init(&rng, how->seed, "bootstrap", (guint64) item << 32 | replicate);
    guint64 left = 0;
    for (guint i = 0; i < n; i++)
        left += counts[i];
    g_assert(left < G_MAXUINT32);
    /* Class by class, a binomial share of what is left for it and those behind it. */
    guint64 weight = left;
    for (guint i = 0; i < n; i++) {
        double p = weight > 0 ? (double) counts[i] / (double) weight : 0;
        drawn[i] = left > 0 && p > 0
                       ? gsl_ran_binomial(ts_rng_gsl(&rng), MIN(p, 1), (unsigned int) left)
                       : 0;
        left -= drawn[i];
        weight -= counts[i];
    }
}

static int
compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

TsInterval
ts_bootstrap_interval(const TsBootstrap *how, double *values)
{
    for (guint i = 0; i < how->n_replicates; i++)
        if (isnan(values[i]))
            return (TsInterval){NAN, NAN};
    qsort(values, how->n_replicates, sizeof *values, compare_doubles);
    double outside = (1 - how->confidence) / 2;
    return (TsInterval){
        gsl_stats_quantile_from_sorted_data(values, 1, how->n_replicates, outside),
        gsl_stats_quantile_from_sorted_data(values, 1, how->n_replicates, 1 - outside)};
}
