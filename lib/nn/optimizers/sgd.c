/* Stochastic gradient descent with momentum, plain or Nesterov's. */
#include "nn/optimizers/rules.h"

void
ts_update_sgd(const TsUpdate *u)
{
    float *restrict p = u->p;
    float *restrict v = u->moment[0];
    const float *restrict grad = u->g;
    const float rate = (float) u->rate, decay = (float) u->decay;
    const float momentum = (float) u->options->momentum;
    /* v is zero before the first step, which takes the gradient whole. */
    const float take = u->t == 1 ? 1.0f : (float) (1 - u->options->dampening);
    const gboolean nesterov = u->options->kind == TS_OPTIMIZER_NESTEROV;
#pragma omp parallel for simd if (u->n >= TS_OPTIMIZER_PARALLEL_FROM)
    for (gsize i = 0; i < u->n; i++) {
        float g = grad[i] + decay * p[i];
        float d = g;
        if (v != NULL) {
            v[i] = momentum * v[i] + take * g;
            d = nesterov ? g + momentum * v[i] : v[i];
        }
        p[i] -= rate * d;
    }
}
