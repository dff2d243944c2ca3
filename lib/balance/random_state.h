/* NumPy's RandomState, number for number, for results that have to equal those of scikit-learn and
 * imbalanced-learn for the same integer seed. Everything else draws from base/rng.h.
 *
 * The generator is MT19937 (Matsumoto & Nishimura, "Mersenne Twister", TOMACS 8, 1998), seeded as
 * NumPy seeds it with one integer; GSL's own takes the seed 0 for 4357. What is drawn from it, and
 * how many words each draw takes, is that of NumPy's legacy distributions, frozen since 1.16.
 *
 *     TsRandomState random;
 *     ts_random_state_init(&random, 42);
 *     ts_random_state_shuffle(&random, order, n);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { TS_MT19937_WORDS = 624 };

typedef struct {
    guint32 word[TS_MT19937_WORDS];
    guint next;         /* word to give out; TS_MT19937_WORDS: none is left */
    gboolean has_gauss; /* a second normal number is kept */
    double gauss;
} TsRandomState;

/* RandomState(seed). */
void ts_random_state_init(TsRandomState *self, guint32 seed);

/* 32 uniform bits. */
guint32 ts_random_state_next(TsRandomState *self);

/* random_sample(): uniform in [0, 1) with 53 bits, of two words. */
double ts_random_state_uniform(TsRandomState *self);

/* randint(0, n), n >= 1: uniform in 0 .. n - 1, by rejection of masked words; n = 1 draws none. */
guint64 ts_random_state_below(TsRandomState *self, guint64 n);

/* shuffle(): put n numbers into a random order. */
void ts_random_state_shuffle(TsRandomState *self, guint32 *order, gsize n);

/* permutation(n): 0 .. n - 1 in a random order; n numbers are written to `order`. */
void ts_random_state_permutation(TsRandomState *self, guint32 *order, gsize n);

/* standard_normal(): Marsaglia's polar method; every second call draws nothing. */
double ts_random_state_normal(TsRandomState *self);

/* standard_gamma(shape), shape > 1: Marsaglia & Tsang, "A simple method for generating gamma
 * variables", TOMS 26, 2000. */
double ts_random_state_gamma(TsRandomState *self, double shape);

/* beta(a, b), a and b > 1: of two gamma numbers. */
double ts_random_state_beta(TsRandomState *self, double a, double b);

G_END_DECLS
