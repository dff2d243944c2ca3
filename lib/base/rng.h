/* Random streams keyed by (seed, purpose, item).
 *
 * A stream depends on nothing but its key, so neither threads nor resumption can change a result:
 * the loader shuffles with (seed, "shuffle", epoch), dropout draws with (seed, "dropout", step).
 * The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC'11): seed is its key; item, purpose and position its counter, so that two streams of one
 * purpose can never overlap. It is a gsl_rng_type; ts_rng_gsl() gives GSL's distributions.
 *
 *     TsRng rng;
 *     ts_rng_init(&rng, seed, "shuffle", epoch);
 *     ts_rng_shuffle(&rng, order, n);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

struct _TsRngState {
    guint32 key[2];
    guint32 counter[4]; /* block, item low, item high, purpose */
    guint32 word[4];    /* output of the current block */
    guint used;         /* words of it already given out */
};

typedef struct {
    struct _TsRngState state;
    gpointer gsl[2]; /* room for a gsl_rng: type and state */
} TsRng;

/* Set up a stream. `purpose` is a short name such as "shuffle"; only its hash is kept. */
void ts_rng_init(TsRng *rng, guint64 seed, const char *purpose, guint64 item);

/* 32 uniform bits. */
guint32 ts_rng_next(TsRng *rng);

/* Uniform in [0, 1) with 53 bits. */
double ts_rng_uniform(TsRng *rng);

/* Uniform in 0 .. n - 1, n >= 1, without bias (Lemire, "Fast random integer generation in an
 * interval", 2019). */
guint64 ts_rng_below(TsRng *rng, guint64 n);

/* Standard normal (GSL's ziggurat). */
double ts_rng_normal(TsRng *rng);

/* Beta(a, b), both above 0 (gsl_ran_beta). */
double ts_rng_beta(TsRng *rng, double a, double b);

/* A Poisson number of the given mean, 0 to 1e9 (PTRS of W. Hoermann, "The transformed rejection
 * method for generating Poisson random variables", 1993). */
guint64 ts_rng_poisson(TsRng *rng, double mean);

/* Put `order` (n numbers) into a uniformly random order (Fisher-Yates). */
void ts_rng_shuffle(TsRng *rng, guint64 *order, gsize n);

/* The stream as a `const gsl_rng *`, for GSL's distributions. Borrowed; valid as long as `rng`. */
const void *ts_rng_gsl(TsRng *rng);

/* One Philox4x32-10 block, for tests against the published vectors. */
void ts_philox4x32(const guint32 counter[4], const guint32 key[2], guint32 out[4]);

G_END_DECLS
