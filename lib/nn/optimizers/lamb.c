/* LAMB: a step of Adam whose length is made proportional to the length of the parameter. */
#include "nn/optimizers/rules.h"

#include "nn/clip.h"

#include <math.h>

/* The direction that Adam would take from number i, decay included. */
typedef struct {
    const float *p, *m, *v;
    float of_mean, of_square, epsilon, decay;
} Direction;

static inline float
direction_at(const Direction *d, gsize i)
{
    return d->of_mean * d->m[i] / (sqrtf(d->v[i]) * d->of_square + d->epsilon) + d->decay * d->p[i];
}

static double
sum_of_squares(const void *direction, gsize begin, gsize end)
{
    double sum = 0;
    for (gsize i = begin; i < end; i++) {
        double x = direction_at(direction, i);
        sum += x * x;
    }
    return sum;
}

/* |p| / |direction|, 1 if either is zero or the parameter does not decay (as timm has it). */
static double
trust(const TsUpdate *u, const Direction *direction)
{
    if (u->decay == 0)
        return 1;
    double length = sqrt(ts_sum_of_squares(u->p, u->n));
    double step = sqrt(ts_sum_in_order(sum_of_squares, direction, u->n));
    return length > 0 && step > 0 ? length / step : 1;
}

void
ts_update_lamb(const TsUpdate *u)
{
    const TsOptimizerOptions *o = u->options;
    float *restrict p = u->p, *restrict m = u->moment[0], *restrict v = u->moment[1];
    const float *restrict grad = u->g;
    const float b1 = (float) o->beta1, b2 = (float) o->beta2, clip = (float) u->clip;
    const float take1 = (float) (1 - o->beta1), take2 = (float) (1 - o->beta2);
#pragma omp parallel for simd if (u->n >= TS_OPTIMIZER_PARALLEL_FROM)
    for (gsize i = 0; i < u->n; i++) {
        float g = clip * grad[i];
        m[i] = b1 * m[i] + take1 * g;
        v[i] = b2 * v[i] + take2 * g * g;
    }
    const Direction direction = {p,
                                 m,
                                 v,
                                 (float) (1 / (1 - pow(o->beta1, (double) u->t))),
                                 (float) (1 / sqrt(1 - pow(o->beta2, (double) u->t))),
                                 (float) o->epsilon,
                                 (float) u->decay};
    const float step = (float) (u->rate * trust(u, &direction));
#pragma omp parallel for if (u->n >= TS_OPTIMIZER_PARALLEL_FROM)
    for (gsize i = 0; i < u->n; i++)
        p[i] -= step * direction_at(&direction, i);
}
