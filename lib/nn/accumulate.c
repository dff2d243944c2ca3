/* Gradient accumulation: sums of weighted gradients beside the parameters. */
#include "nn/accumulate.h"

#include <stdlib.h>
#include <string.h>

struct _TsAccumulator {
    guint n_params, classes;
    guint n_most; /* samples */
    float **sum;  /* one a parameter; NULL for statistics */
    float *logits;
    gsize n; /* samples so far */
    double weight;
};

TsAccumulator *
ts_accumulator_new(const TsParams *params, guint n, guint classes, GError **error)
{
    g_autoptr(TsAccumulator) self = g_new0(TsAccumulator, 1);
    self->n_params = params->n;
    self->classes = classes;
    self->n_most = n;
    self->sum = g_new0(float *, params->n + 1);
    self->logits = ts_aligned_floats((gsize) n * classes, error);
    if (self->logits == NULL)
        return NULL;
    for (guint i = 0; i < params->n; i++) {
        const TsParam *param = &params->param[i];
        if (!ts_param_is_learned(param))
            continue;
        self->sum[i] = ts_aligned_floats(param->n_stored, error);
        if (self->sum[i] == NULL)
            return NULL;
    }
    return g_steal_pointer(&self);
}

void
ts_accumulator_free(TsAccumulator *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < self->n_params; i++)
        free(self->sum[i]);
    g_free(self->sum);
    free(self->logits);
    g_free(self);
}

void
ts_accumulator_begin(TsAccumulator *self)
{
    self->n = 0;
    self->weight = 0;
    memset(self->logits, 0, (gsize) self->n_most * self->classes * sizeof *self->logits);
}

/* sum = add * weight, or with `keep` that more. */
static void
scale_and_add(float *sum, const float *add, gsize n, gboolean keep, float weight)
{
#pragma omp parallel for simd
    for (gsize k = 0; k < n; k++)
        sum[k] = (keep ? sum[k] : 0.0f) + weight * add[k];
}

void
ts_accumulator_add(TsAccumulator *self, const TsParams *params, double weight, const float *logits,
                   guint n)
{
    const gboolean keep = self->n > 0;
    for (guint i = 0; i < self->n_params; i++)
        if (self->sum[i] != NULL)
            scale_and_add(self->sum[i], params->param[i].grad, params->param[i].n_stored, keep,
                          (float) weight);
    memcpy(self->logits + self->n * self->classes, logits,
           (gsize) n * self->classes * sizeof *logits);
    self->n += n;
    self->weight += weight;
}

void
ts_accumulator_finish(const TsAccumulator *self, TsParams *params)
{
    const float share = self->weight > 0 ? (float) (1 / self->weight) : 0;
    for (guint i = 0; i < self->n_params; i++)
        if (self->sum[i] != NULL)
            scale_and_add(params->param[i].grad, self->sum[i], params->param[i].n_stored, FALSE,
                          share);
}

const float *
ts_accumulator_logits(const TsAccumulator *self)
{
    return self->logits;
}
