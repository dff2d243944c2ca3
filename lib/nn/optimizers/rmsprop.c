/* RMSprop, and RMSprop as TensorFlow has it: with epsilon under the root and the learning rate in
 * the momentum, which is what the recipes of EfficientNet and MobileNet were tuned with. */
#include "nn/optimizers/rules.h"

#include <math.h>

static void
rmsprop(const TsUpdate *u)
{
    const TsOptimizerOptions *o = u->options;
    float *restrict p = u->p, *restrict s = u->moment[0], *restrict buffer = u->moment[1];
    const float *restrict grad = u->g;
    const float alpha = (float) o->alpha, take = (float) (1 - o->alpha);
    const float epsilon = (float) o->epsilon, momentum = (float) o->momentum;
    const float rate = (float) u->rate, decay = (float) u->decay;
#pragma omp parallel for simd if (u->n >= TS_OPTIMIZER_PARALLEL_FROM)
    for (gsize i = 0; i < u->n; i++) {
        float g = grad[i] + decay * p[i];
        s[i] = alpha * s[i] + take * g * g;
        float d = g / (sqrtf(s[i]) + epsilon);
        if (buffer != NULL)
            d = buffer[i] = momentum * buffer[i] + d;
        p[i] -= rate * d;
    }
}

static void
rmsprop_tf(const TsUpdate *u)
{
    const TsOptimizerOptions *o = u->options;
    float *restrict p = u->p, *restrict s = u->moment[0], *restrict buffer = u->moment[1];
    const float *restrict grad = u->g;
    const float take = (float) (1 - o->alpha);
    const float epsilon = (float) o->epsilon, momentum = (float) o->momentum;
    const float rate = (float) u->rate, decay = (float) u->decay;
#pragma omp parallel for simd if (u->n >= TS_OPTIMIZER_PARALLEL_FROM)
    for (gsize i = 0; i < u->n; i++) {
        float g = grad[i] + decay * p[i];
        s[i] += take * (g * g - s[i]);
        float d = rate * g / sqrtf(s[i] + epsilon);
        if (buffer != NULL)
            d = buffer[i] = momentum * buffer[i] + d;
        p[i] -= d;
    }
}

void
ts_update_rmsprop(const TsUpdate *u)
{
    if (u->options->kind == TS_OPTIMIZER_RMSPROP)
        rmsprop(u);
    else
        rmsprop_tf(u);
}
