/* Copies of all numbers of a model. */
#include "nn/weights.h"

#include <stdlib.h>
#include <string.h>

TsWeights *
ts_weights_new(const TsParams *params, GError **error)
{
    g_autoptr(TsWeights) self = g_new0(TsWeights, 1);
    self->data = g_new0(float *, params->n + 1);
    self->n = params->n;
    for (guint i = 0; i < params->n; i++)
        if ((self->data[i] = ts_aligned_floats(params->param[i].n_stored, error)) == NULL)
            return NULL;
    ts_weights_take(self, params);
    return g_steal_pointer(&self);
}

void
ts_weights_free(TsWeights *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < self->n; i++)
        free(self->data[i]);
    g_free(self->data);
    g_free(self);
}

void
ts_weights_take(TsWeights *self, const TsParams *params)
{
    for (guint i = 0; i < self->n; i++)
        memcpy(self->data[i], params->param[i].data, params->param[i].n_stored * sizeof(float));
}

void
ts_weights_put(const TsWeights *self, TsParams *params)
{
    for (guint i = 0; i < self->n; i++)
        memcpy(params->param[i].data, self->data[i], params->param[i].n_stored * sizeof(float));
}

void
ts_weights_swap(TsWeights *self, TsParams *params)
{
    for (guint i = 0; i < self->n; i++) {
        float *a = self->data[i], *b = params->param[i].data;
        for (gsize k = 0; k < params->param[i].n_stored; k++) {
            const float kept = a[k];
            a[k] = b[k];
            b[k] = kept;
        }
    }
}

/* The end that is nearer is what the rest is added to. */
static void
lerp(float *a, const float *b, gsize n, float weight)
{
    if (weight < 0.5f)
        for (gsize k = 0; k < n; k++)
            a[k] += weight * (b[k] - a[k]);
    else
        for (gsize k = 0; k < n; k++)
            a[k] = b[k] - (b[k] - a[k]) * (1 - weight);
}

void
ts_weights_lerp(TsWeights *self, const TsParams *params, double weight, gboolean statistics)
{
    for (guint i = 0; i < self->n; i++) {
        const TsParam *param = &params->param[i];
        const gboolean copied = !statistics && !ts_param_is_learned(param);
        lerp(self->data[i], param->data, param->n_stored, copied ? 1.0f : (float) weight);
    }
}

gboolean
ts_weights_save(const TsWeights *self, const TsParams *params, const char *prefix, TsState *state,
                GError **error)
{
    for (guint i = 0; i < self->n; i++)
        if (!ts_state_add_param(state, prefix, &params->param[i], self->data[i], error))
            return FALSE;
    return TRUE;
}

gboolean
ts_weights_are_saved(const TsParams *params, const char *prefix, const TsState *state)
{
    return params->n > 0 && ts_state_has_param(state, prefix, &params->param[0]);
}

gboolean
ts_weights_load(TsWeights *self, const TsParams *params, const char *prefix, const TsState *state,
                GError **error)
{
    for (guint i = 0; i < self->n; i++)
        if (!ts_state_get_param(state, prefix, &params->param[i], self->data[i], error))
            return FALSE;
    return TRUE;
}
