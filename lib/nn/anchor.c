/* L2-SP: decay towards the weights that a training began with. */
#include "nn/anchor.h"

struct _TsAnchor {
    TsWeights *start;
    double alpha;
};

TsAnchor *
ts_anchor_new(const TsParams *params, double alpha, GError **error)
{
    g_autoptr(TsAnchor) self = g_new0(TsAnchor, 1);
    self->alpha = alpha;
    self->start = ts_weights_new(params, error);
    return self->start != NULL ? g_steal_pointer(&self) : NULL;
}

void
ts_anchor_free(TsAnchor *self)
{
    if (self == NULL)
        return;
    ts_weights_free(self->start);
    g_free(self);
}

void
ts_anchor_add(const TsAnchor *self, TsParams *params)
{
    const float alpha = (float) self->alpha;
    for (guint i = 0; i < params->n; i++) {
        const TsParam *param = &params->param[i];
        const float *p = param->data, *start = self->start->data[i];
        float *g = param->grad;
        if (!param->anchored || !ts_param_is_trained(param))
            continue;
#pragma omp parallel for simd
        for (gsize k = 0; k < param->n_stored; k++)
            g[k] += alpha * (p[k] - start[k]);
    }
}
