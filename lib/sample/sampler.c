/* Orders of epochs in which samples come more or less than once. */
#include "sample/sampler.h"

#include "base/error.h"
#include "base/rng.h"

#include <math.h>

static const double MOST = 4294967296.0;

struct _TsSampler {
    guint64 n;       /* samples */
    guint64 n_drawn; /* in an epoch */
    double *sums;    /* (n) of weights, up to each sample; NULL: repeats */
    double *repeats; /* (n); NULL: draws */
    guint64 n_more;  /* how many of the fractions are drawn in an epoch */
    double fractions;
};

TsSampler *
ts_sampler_new_repeats(const double *repeats, guint64 n, GError **error)
{
    g_autoptr(TsSampler) self = g_new0(TsSampler, 1);
    double whole = 0;
    self->n = n;
    self->repeats = ts_try_alloc(n, sizeof *self->repeats, "sampler", error);
    if (self->repeats == NULL)
        return NULL;
    for (guint64 i = 0; i < n; i++) {
        self->repeats[i] = repeats[i];
        whole += floor(repeats[i]);
        self->fractions += repeats[i] - floor(repeats[i]);
    }
    /* A sum such as 0.1 + 0.2 + 0.7 is not to be rounded up. */
    const double more = ceil(self->fractions * (1 - 1e-12));
    if (whole + more < 1 || whole + more > MOST) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "repeats of samples: an epoch has %.10g samples, 1 to 2^32 can be",
                     whole + more);
        return NULL;
    }
    self->n_more = (guint64) more;
    self->n_drawn = (guint64) whole + self->n_more;
    return g_steal_pointer(&self);
}

TsSampler *
ts_sampler_new_draws(const double *weights, guint64 n, GError **error)
{
    g_autoptr(TsSampler) self = g_new0(TsSampler, 1);
    double sum = 0;
    self->n = self->n_drawn = n;
    self->sums = ts_try_alloc(n, sizeof *self->sums, "sampler", error);
    if (self->sums == NULL)
        return NULL;
    for (guint64 i = 0; i < n; i++)
        self->sums[i] = sum += weights[i];
    if (sum > 0 && isfinite(sum))
        return g_steal_pointer(&self);
    ts_error_set(error, TS_ERROR_ARGUMENT,
                 "weights of samples: their sum is %g, nothing can be "
                 "drawn",
                 sum);
    return NULL;
}

void
ts_sampler_free(TsSampler *self)
{
    if (self == NULL)
        return;
    g_free(self->sums);
    g_free(self->repeats);
    g_free(self);
}

guint64
ts_sampler_n_drawn(const TsSampler *self)
{
    return self->n_drawn;
}

/* The first sample whose sum is above `target`: one of weight 0 is never it. */
static guint64
find(const TsSampler *self, double target)
{
    guint64 low = 0, high = self->n - 1;
    while (low < high) {
        guint64 middle = low + (high - low) / 2;
        if (self->sums[middle] > target)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void
draw_weighted(const TsSampler *self, TsRng *rng, guint64 *order)
{
    const double sum = self->sums[self->n - 1];
    for (guint64 k = 0; k < self->n_drawn; k++)
        order[k] = find(self, ts_rng_uniform(rng) * sum);
}

/* The samples in random order lie side by side, each as wide as its fraction, and n_more points at
 * equal distances, the first one at random, choose among them. */
static void
draw_fractions(const TsSampler *self, TsRng *rng, guint64 *candidates, guint64 n, guint64 *order)
{
    const double width = self->fractions / (double) self->n_more;
    const double start = ts_rng_uniform(rng);
    double sum = 0;
    guint64 drawn = 0;
    ts_rng_shuffle(rng, candidates, n);
    for (guint64 k = 0; k < n && drawn < self->n_more; k++) {
        sum += self->repeats[candidates[k]] - floor(self->repeats[candidates[k]]);
        /* The last ones make up for what the sum lost to rounding. */
        if (sum > (start + (double) drawn) * width || n - k <= self->n_more - drawn)
            order[drawn++] = candidates[k];
    }
}

static void
draw_repeats(const TsSampler *self, TsRng *rng, guint64 *order)
{
    guint64 drawn = 0, n_candidates = 0;
    g_autofree guint64 *candidates = g_new(guint64, self->n);
    for (guint64 i = 0; i < self->n; i++) {
        for (guint64 k = (guint64) self->repeats[i]; k > 0; k--)
            order[drawn++] = i;
        if (self->repeats[i] > floor(self->repeats[i]))
            candidates[n_candidates++] = i;
    }
    if (n_candidates > 0)
        draw_fractions(self, rng, candidates, n_candidates, order + drawn);
    ts_rng_shuffle(rng, order, self->n_drawn);
}

void
ts_sampler_draw(const TsSampler *self, guint64 seed, guint64 epoch, guint64 *order)
{
    TsRng rng;
    ts_rng_init(&rng, seed, "sampler", epoch);
    if (self->sums != NULL)
        draw_weighted(self, &rng, order);
    else
        draw_repeats(self, &rng, order);
}
