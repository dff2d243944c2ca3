/* Lion: the sign of a mean of gradients. */
#include "nn/optimizers/rules.h"

void
ts_update_lion(const TsUpdate *u)
{
    const TsOptimizerOptions *o = u->options;
    float *restrict p = u->p, *restrict m = u->moment[0];
    const float *restrict g = u->g;
    const float b1 = (float) o->beta1, take1 = (float) (1 - o->beta1);
    const float b2 = (float) o->beta2, take2 = (float) (1 - o->beta2);
    const float shrink = (float) (1 - u->rate * u->decay), rate = (float) u->rate;
#pragma omp parallel for simd if (u->n >= TS_OPTIMIZER_PARALLEL_FROM)
    for (gsize i = 0; i < u->n; i++) {
        float d = b1 * m[i] + take1 * g[i];
        float sign = (float) (d > 0) - (float) (d < 0);
        p[i] = p[i] * shrink - rate * sign;
        m[i] = b2 * m[i] + take2 * g[i];
    }
}
