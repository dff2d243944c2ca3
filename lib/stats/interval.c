/* Multinomial replicates of counts, and percentile intervals. */
#include "stats/interval.h"

#include "base/error.h"
#include "base/rng.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Sizes of the groups into next[g + 1]; samples without a group stand behind the others. */
static guint64
count_groups(const gint32 *of_class, const gint32 *of_group, guint64 n_samples, guint n_groups,
             guint64 *next)
{
    guint64 n_alone = 0;
    for (guint64 i = 0; i < n_samples; i++) {
        if (of_class[i] < 0)
            continue;
        if (of_group[i] >= 0)
            next[of_group[i] + 1]++;
        else
            n_alone++;
    }
    for (guint g = 0; g < n_groups; g++)
        next[g + 1] += next[g];
    return n_alone;
}

/* Take out groups without samples. */
static void
close_gaps(TsSampleGroups *self, guint64 n_all)
{
    guint64 n = 0;
    for (guint64 g = 0; g < n_all; g++)
        if (self->first[g + 1] > self->first[g])
            self->first[n++] = self->first[g];
    self->first[n] = self->first[n_all];
    self->n = n;
}

TsSampleGroups *
ts_sample_groups_new(const gint32 *of_class, const gint32 *of_group, guint64 n_samples,
                     guint n_groups, GError **error)
{
    g_autoptr(TsSampleGroups) self = g_new0(TsSampleGroups, 1);
    gsize n_first = (gsize) n_groups + n_samples + 1;
    self->first = ts_try_alloc(n_first, sizeof *self->first, "groups", error);
    if (self->first == NULL)
        return NULL;
    self->classes = ts_try_alloc(n_samples + 1, sizeof *self->classes, "groups", error);
    if (self->classes == NULL)
        return NULL;
    guint64 n_alone = count_groups(of_class, of_group, n_samples, n_groups, self->first);
    for (guint64 k = 0; k < n_alone; k++)
        self->first[n_groups + k + 1] = self->first[n_groups] + k + 1;
    g_autofree guint64 *next = g_memdup2(self->first, ((gsize) n_groups + 1) * sizeof *next);
    for (guint64 i = 0; i < n_samples; i++)
        if (of_class[i] >= 0)
            self->classes[next[of_group[i] >= 0 ? (guint) of_group[i] : n_groups]++] =
                (guint32) of_class[i];
    close_gaps(self, n_groups + n_alone);
    return g_steal_pointer(&self);
}

void
ts_sample_groups_free(TsSampleGroups *self)
{
    if (self == NULL)
        return;
    g_free(self->first);
    g_free(self->classes);
    g_free(self);
}

void
ts_bootstrap_draw_groups(const TsBootstrap *how, guint item, guint replicate,
                         const TsSampleGroups *groups, guint n, guint64 *drawn)
{
    TsRng rng;
    ts_rng_init(&rng, how->seed, "bootstrap groups", (guint64) item << 32 | replicate);
    memset(drawn, 0, n * sizeof *drawn);
    for (guint64 k = 0; k < groups->n; k++) {
        guint64 g = ts_rng_below(&rng, groups->n);
        for (guint64 i = groups->first[g]; i < groups->first[g + 1]; i++)
            drawn[groups->classes[i]]++;
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
