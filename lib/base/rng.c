/* Philox4x32-10 as a gsl_rng_type, and the few draws that need no GSL distribution. */
#include "base/rng.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <string.h>

G_STATIC_ASSERT(sizeof(gsl_rng) <= sizeof(((TsRng *) NULL)->gsl));

void
ts_philox4x32(const guint32 counter[4], const guint32 key[2], guint32 out[4])
{
    guint32 c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    guint32 k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        guint64 p0 = (guint64) 0xD2511F53u * c0;
        guint64 p1 = (guint64) 0xCD9E8D57u * c2;
        c0 = (guint32) (p1 >> 32) ^ c1 ^ k0;
        c2 = (guint32) (p0 >> 32) ^ c3 ^ k1;
        c1 = (guint32) p1;
        c3 = (guint32) p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

static guint32
next_word(struct _TsRngState *state)
{
    if (state->used == 4) {
        ts_philox4x32(state->counter, state->key, state->word);
        state->counter[0]++;
        state->used = 0;
    }
    return state->word[state->used++];
}

/* FNV-1a. */
static guint32
hash_purpose(const char *purpose)
{
    guint32 hash = 2166136261u;
    for (const char *p = purpose; *p != '\0'; p++)
        hash = (hash ^ (guint8) *p) * 16777619u;
    return hash;
}

void
ts_rng_init(TsRng *rng, guint64 seed, const char *purpose, guint64 item)
{
    memset(rng, 0, sizeof *rng);
    rng->state.key[0] = (guint32) seed;
    rng->state.key[1] = (guint32) (seed >> 32);
    rng->state.counter[1] = (guint32) item;
    rng->state.counter[2] = (guint32) (item >> 32);
    rng->state.counter[3] = hash_purpose(purpose);
    rng->state.used = 4;
}

guint32
ts_rng_next(TsRng *rng)
{
    return next_word(&rng->state);
}

static double
uniform(struct _TsRngState *state)
{
    guint64 high = next_word(state) >> 5;
    guint64 low = next_word(state) >> 6;
    return (double) (high << 26 | low) / 9007199254740992.0;
}

double
ts_rng_uniform(TsRng *rng)
{
    return uniform(&rng->state);
}

guint64
ts_rng_below(TsRng *rng, guint64 n)
{
    g_assert(n >= 1);
    guint64 threshold =
        -n % n; /* draws whose low half is below it would be counted once too often */
    for (;;) {
        guint64 draw = (guint64) next_word(&rng->state) << 32;
        draw |= next_word(&rng->state);
        unsigned __int128 product = (unsigned __int128) draw * n;
        if ((guint64) product >= threshold)
            return (guint64) (product >> 64);
    }
}

double
ts_rng_normal(TsRng *rng)
{
    return gsl_ran_gaussian_ziggurat(ts_rng_gsl(rng), 1.0);
}

double
ts_rng_beta(TsRng *rng, double a, double b)
{
    return gsl_ran_beta(ts_rng_gsl(rng), a, b);
}

/* As many factors as it takes for a product of uniforms to fall below exp(-mean). */
static guint64
poisson_by_products(TsRng *rng, double mean)
{
    const double end = exp(-mean);
    guint64 n = 0;
    for (double product = ts_rng_uniform(rng); product > end; product *= ts_rng_uniform(rng))
        n++;
    return n;
}

guint64
ts_rng_poisson(TsRng *rng, double mean)
{
    if (mean < 10)
        return poisson_by_products(rng, mean);
    const double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
    const double scale = 1.1239 + 1.1328 / (b - 3.4), quick = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
        const double u = ts_rng_uniform(rng) - 0.5, v = ts_rng_uniform(rng);
        const double us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + mean + 0.43);
        int sign;
        if (us >= 0.07 && v <= quick)
            return (guint64) k;
        if (k < 0 || (us < 0.013 && v > us))
            continue;
        if (log(v * scale / (a / (us * us) + b)) <= k * log(mean) - mean - lgamma_r(k + 1, &sign))
            return (guint64) k;
    }
}

void
ts_rng_shuffle(TsRng *rng, guint64 *order, gsize n)
{
    for (gsize i = n; i > 1; i--) {
        gsize j = ts_rng_below(rng, i);
        guint64 swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
}

static void
philox_set(void *state, unsigned long seed)
{
    struct _TsRngState *self = state;
    memset(self, 0, sizeof *self);
    self->key[0] = (guint32) seed;
    self->used = 4;
}

static unsigned long
philox_get(void *state)
{
    return next_word(state);
}

static double
philox_get_double(void *state)
{
    return uniform(state);
}

static const gsl_rng_type philox_type = {
    "philox4x32-10", 0xffffffffUL,     0, sizeof(struct _TsRngState), philox_set,
    philox_get,      philox_get_double};

const void *
ts_rng_gsl(TsRng *rng)
{
    gsl_rng *gsl = (gsl_rng *) rng->gsl;
    gsl->type = &philox_type;
    gsl->state = &rng->state;
    return gsl;
}
