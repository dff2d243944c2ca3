/* NumPy's RandomState: the Mersenne Twister, and the draws of its legacy distributions. */
#include "balance/random_state.h"

#include <math.h>

enum { N = TS_MT19937_WORDS, M = 397 };

void
ts_random_state_init(TsRandomState *self, guint32 seed)
{
    for (guint32 i = 0; i < N; i++) {
        self->word[i] = seed;
        seed = 1812433253u * (seed ^ (seed >> 30)) + i + 1;
    }
    self->next = N;
    self->has_gauss = FALSE;
    self->gauss = 0;
}

static guint32
twist(guint32 high, guint32 low)
{
    guint32 joined = (high & 0x80000000u) | (low & 0x7fffffffu);
    return (joined >> 1) ^ ((low & 1) != 0 ? 0x9908b0dfu : 0);
}

static void
make_words(TsRandomState *self)
{
    guint32 *word = self->word;
    for (guint i = 0; i < N; i++)
        word[i] = word[(i + M) % N] ^ twist(word[i], word[(i + 1) % N]);
    self->next = 0;
}

guint32
ts_random_state_next(TsRandomState *self)
{
    if (self->next == N)
        make_words(self);
    guint32 y = self->word[self->next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

double
ts_random_state_uniform(TsRandomState *self)
{
    guint32 high = ts_random_state_next(self) >> 5, low = ts_random_state_next(self) >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
}

/* The smallest 2^b - 1 that is at least `n`. */
static guint64
mask_of(guint64 n)
{
    for (guint shift = 1; shift < 64; shift *= 2)
        n |= n >> shift;
    return n;
}

guint64
ts_random_state_below(TsRandomState *self, guint64 n)
{
    guint64 largest = n - 1, mask = mask_of(largest), value;
    if (largest == 0)
        return 0;
    do {
        value = ts_random_state_next(self);
        if (largest > G_MAXUINT32)
            value = value << 32 | ts_random_state_next(self);
        value &= mask;
    } while (value > largest);
    return value;
}

void
ts_random_state_shuffle(TsRandomState *self, guint32 *order, gsize n)
{
    for (gsize i = n; i-- > 1;) {
        gsize j = ts_random_state_below(self, i + 1);
        guint32 kept = order[j];
        order[j] = order[i];
        order[i] = kept;
    }
}

void
ts_random_state_permutation(TsRandomState *self, guint32 *order, gsize n)
{
    for (gsize i = 0; i < n; i++)
        order[i] = (guint32) i;
    ts_random_state_shuffle(self, order, n);
}

double
ts_random_state_normal(TsRandomState *self)
{
    if (self->has_gauss) {
        self->has_gauss = FALSE;
        return self->gauss;
    }
    double x, y, r2;
    do {
        x = 2 * ts_random_state_uniform(self) - 1;
        y = 2 * ts_random_state_uniform(self) - 1;
        r2 = x * x + y * y;
    } while (r2 >= 1 || r2 == 0);
    double f = sqrt(-2 * log(r2) / r2);
    self->gauss = f * x;
    self->has_gauss = TRUE;
    return f * y;
}

double
ts_random_state_gamma(TsRandomState *self, double shape)
{
    double b = shape - 1 / 3.0, c = 1 / sqrt(9 * b);
    for (;;) {
        double x, v;
        do {
            x = ts_random_state_normal(self);
            v = 1 + c * x;
        } while (v <= 0);
        v = v * v * v;
        double u = ts_random_state_uniform(self);
        if (u < 1 - 0.0331 * (x * x) * (x * x) || log(u) < 0.5 * x * x + b * (1 - v + log(v)))
            return b * v;
    }
}

double
ts_random_state_beta(TsRandomState *self, double a, double b)
{
    double x = ts_random_state_gamma(self, a), y = ts_random_state_gamma(self, b);
    return x / (x + y);
}
