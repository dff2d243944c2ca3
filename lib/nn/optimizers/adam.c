/* Adam, AdamW and NAdam: means of the gradient and of its square. */
#include "nn/optimizers/rules.h"

#include <math.h>

void
ts_update_adam(const TsUpdate *u)
{
    const TsOptimizerOptions *o = u->options;
    float *restrict p = u->p, *restrict m = u->moment[0], *restrict v = u->moment[1];
    const float *restrict grad = u->g;
    const float b1 = (float) o->beta1, b2 = (float) o->beta2, epsilon = (float) o->epsilon;
    const float take1 = (float) (1 - o->beta1), take2 = (float) (1 - o->beta2);
    const float step = (float) (u->rate / (1 - pow(o->beta1, (double) u->t)));
    const float root = (float) sqrt(1 - pow(o->beta2, (double) u->t));
    const gboolean decoupled = o->kind == TS_OPTIMIZER_ADAMW;
    const float shrink = decoupled ? (float) (1 - u->rate * u->decay) : 1.0f;
    const float in_gradient = decoupled ? 0.0f : (float) u->decay;
#pragma omp parallel for simd if (u->n >= TS_OPTIMIZER_PARALLEL_FROM)
    for (gsize i = 0; i < u->n; i++) {
        float q = p[i] * shrink;
        float g = grad[i] + in_gradient * q;
        m[i] = b1 * m[i] + take1 * g;
        v[i] = b2 * v[i] + take2 * g * g;
        p[i] = q - step * m[i] / (sqrtf(v[i]) / root + epsilon);
    }
}

double
ts_nadam_momentum(const TsOptimizerOptions *o, gint64 t)
{
    return o->beta1 * (1 - 0.5 * pow(0.96, (double) t * o->momentum_decay));
}

void
ts_update_nadam(const TsUpdate *u)
{
    const TsOptimizerOptions *o = u->options;
    float *restrict p = u->p, *restrict m = u->moment[0], *restrict v = u->moment[1];
    const float *restrict grad = u->g;
    const float b1 = (float) o->beta1, b2 = (float) o->beta2, epsilon = (float) o->epsilon;
    const float take1 = (float) (1 - o->beta1), take2 = (float) (1 - o->beta2);
    const float decay = (float) u->decay;
    const float root = (float) sqrt(1 - pow(o->beta2, (double) u->t));
    const double mu = ts_nadam_momentum(o, u->t), next = ts_nadam_momentum(o, u->t + 1);
    const float of_gradient = (float) (u->rate * (1 - mu) / (1 - u->mu_product));
    const float of_mean = (float) (u->rate * next / (1 - u->mu_product * next));
#pragma omp parallel for simd if (u->n >= TS_OPTIMIZER_PARALLEL_FROM)
    for (gsize i = 0; i < u->n; i++) {
        float g = grad[i] + decay * p[i];
        m[i] = b1 * m[i] + take1 * g;
        v[i] = b2 * v[i] + take2 * g * g;
        p[i] -= (of_gradient * g + of_mean * m[i]) / (sqrtf(v[i]) / root + epsilon);
    }
}
