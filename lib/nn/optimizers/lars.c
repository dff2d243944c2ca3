/* LARS: SGD whose gradient is scaled, parameter by parameter, to the length of the parameter. */
#include "nn/optimizers/rules.h"

#include "nn/clip.h"

#include <math.h>

/* trust |p| / (|g| + decay |p| + epsilon); 1 if a length is zero or the parameter does not decay
 * (as timm has it). */
static double
trust(const TsUpdate *u)
{
    if (u->decay == 0)
        return 1;
    double length = sqrt(ts_sum_of_squares(u->p, u->n));
    double gradient = sqrt(ts_sum_of_squares(u->g, u->n));
    if (length == 0 || gradient == 0)
        return 1;
    return u->options->trust * length / (gradient + length * u->decay + u->options->epsilon);
}

void
ts_update_lars(const TsUpdate *u)
{
    float *restrict p = u->p, *restrict buffer = u->moment[0];
    const float *restrict grad = u->g;
    const float ratio = (float) trust(u), decay = (float) u->decay, rate = (float) u->rate;
    const float momentum = (float) u->options->momentum;
#pragma omp parallel for simd if (u->n >= TS_OPTIMIZER_PARALLEL_FROM)
    for (gsize i = 0; i < u->n; i++) {
        float d = ratio * (grad[i] + decay * p[i]);
        if (buffer != NULL)
            d = buffer[i] = momentum * buffer[i] + d;
        p[i] -= rate * d;
    }
}
