/* SGD, Adam and AdamW, element by element over the stored numbers. */
#include "nn/optimizer.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MOMENTS = 2 };
enum { PARALLEL_FROM = 1 << 15 }; /* below, starting threads costs more than it saves */

struct _TsOptimizer {
    TsOptimizerOptions options;
    TsParams *params;
    gint64 t; /* steps done */
    guint n_moments;
    float **moment[MAX_MOMENTS]; /* moment[k][param], stored layout */
};

static const char *const kind_names[] = {
    [TS_OPTIMIZER_SGD] = "sgd", [TS_OPTIMIZER_ADAM] = "adam", [TS_OPTIMIZER_ADAMW] = "adamw"};

gboolean
ts_optimizer_kind_parse(const char *name, TsOptimizerKind *kind, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kind_names); i++)
        if (strcmp(name, kind_names[i]) == 0) {
            *kind = (TsOptimizerKind) i;
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "optimizer '%s' is not sgd, adam or adamw", name);
}

const char *
ts_optimizer_kind_name(TsOptimizerKind kind)
{
    return kind_names[kind];
}

TsOptimizerOptions
ts_optimizer_defaults(TsOptimizerKind kind)
{
    return (TsOptimizerOptions){.kind = kind,
                                .momentum = 0.9,
                                .beta1 = 0.9,
                                .beta2 = 0.999,
                                .epsilon = 1e-8,
                                .weight_decay = kind == TS_OPTIMIZER_ADAMW ? 0.01 : 0};
}

static guint
count_moments(const TsOptimizerOptions *options)
{
    if (options->kind == TS_OPTIMIZER_SGD)
        return options->momentum != 0 ? 1 : 0;
    return 2;
}

TsOptimizer *
ts_optimizer_new(const TsOptimizerOptions *options, TsParams *params, GError **error)
{
    g_autoptr(TsOptimizer) self = g_new0(TsOptimizer, 1);
    self->options = *options;
    self->params = params;
    self->n_moments = count_moments(options);
    if (options->nesterov && (options->momentum <= 0 || options->dampening != 0)) {
        ts_error_set(error, TS_ERROR_ARGUMENT, "Nesterov needs momentum and no dampening");
        return NULL;
    }
    for (guint k = 0; k < self->n_moments; k++) {
        self->moment[k] = g_new0(float *, params->n + 1);
        for (guint i = 0; i < params->n; i++)
            if (ts_param_is_learned(&params->param[i]) &&
                (self->moment[k][i] = ts_aligned_floats(params->param[i].n_stored, error)) == NULL)
                return NULL;
    }
    return g_steal_pointer(&self);
}

void
ts_optimizer_free(TsOptimizer *self)
{
    if (self == NULL)
        return;
    for (guint k = 0; k < MAX_MOMENTS; k++) {
        for (guint i = 0; self->moment[k] != NULL && i < self->params->n; i++)
            g_clear_pointer(&self->moment[k][i], free);
        g_free(self->moment[k]);
    }
    g_free(self);
}

static void
sgd_step(const TsOptimizerOptions *o, gboolean first, float lr, float decay, TsParam *param,
         float *restrict v)
{
    float *restrict p = param->data;
    const float *restrict grad = param->grad;
    const float momentum = (float) o->momentum;
    const float take = first ? 1.0f : (float) (1 - o->dampening);
    const gboolean nesterov = o->nesterov;
#pragma omp parallel for simd if (param->n_stored >= PARALLEL_FROM)
    for (gsize i = 0; i < param->n_stored; i++) {
        float g = grad[i] + decay * p[i];
        float d = g;
        if (v != NULL) {
            v[i] = momentum * v[i] + take * g; /* v is zero before the first step */
            d = nesterov ? g + momentum * v[i] : v[i];
        }
        p[i] -= lr * d;
    }
}

static void
adam_step(const TsOptimizerOptions *o, gint64 t, double learning_rate, float decay, TsParam *param,
          float *restrict m, float *restrict v)
{
    float *restrict p = param->data;
    const float *restrict grad = param->grad;
    const float b1 = (float) o->beta1, b2 = (float) o->beta2, epsilon = (float) o->epsilon;
    const float take1 = (float) (1 - o->beta1), take2 = (float) (1 - o->beta2);
    const float step = (float) (learning_rate / (1 - pow(o->beta1, (double) t)));
    const float root = (float) sqrt(1 - pow(o->beta2, (double) t));
    const gboolean decoupled = o->kind == TS_OPTIMIZER_ADAMW;
    const float shrink = decoupled ? (float) (1 - learning_rate * decay) : 1.0f;
    const float in_gradient = decoupled ? 0.0f : decay;
#pragma omp parallel for simd if (param->n_stored >= PARALLEL_FROM)
    for (gsize i = 0; i < param->n_stored; i++) {
        float q = p[i] * shrink;
        float g = grad[i] + in_gradient * q;
        m[i] = b1 * m[i] + take1 * g;
        v[i] = b2 * v[i] + take2 * g * g;
        p[i] = q - step * m[i] / (sqrtf(v[i]) / root + epsilon);
    }
}

void
ts_optimizer_step(TsOptimizer *self, double learning_rate)
{
    self->t++;
    for (guint i = 0; i < self->params->n; i++) {
        TsParam *param = &self->params->param[i];
        if (!ts_param_is_learned(param))
            continue;
        float decay = param->spec->rank > 1 ? (float) self->options.weight_decay : 0.0f;
        if (self->options.kind == TS_OPTIMIZER_SGD)
            sgd_step(&self->options, self->t == 1, (float) learning_rate, decay, param,
                     self->n_moments > 0 ? self->moment[0][i] : NULL);
        else
            adam_step(&self->options, self->t, learning_rate, decay, param, self->moment[0][i],
                      self->moment[1][i]);
    }
}

gboolean
ts_optimizer_save(const TsOptimizer *self, TsState *state, GError **error)
{
    ts_state_set(state, "optimizer", kind_names[self->options.kind]);
    ts_state_set_int(state, "optimizer.t", self->t);
    for (guint k = 0; k < self->n_moments; k++) {
        g_autofree char *prefix = g_strdup_printf("optimizer.%u.", k);
        for (guint i = 0; i < self->params->n; i++)
            if (self->moment[k][i] != NULL &&
                !ts_state_add_param(state, prefix, &self->params->param[i], self->moment[k][i],
                                    error))
                return FALSE;
    }
    return TRUE;
}

gboolean
ts_optimizer_load(TsOptimizer *self, const TsState *state, GError **error)
{
    const char *kind = ts_state_get(state, "optimizer");
    if (g_strcmp0(kind, kind_names[self->options.kind]) != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "the checkpoint was made with optimizer %s, not %s",
                            kind != NULL ? kind : "(none)", kind_names[self->options.kind]);
    if (!ts_state_get_int(state, "optimizer.t", &self->t, error))
        return FALSE;
    for (guint k = 0; k < self->n_moments; k++) {
        g_autofree char *prefix = g_strdup_printf("optimizer.%u.", k);
        for (guint i = 0; i < self->params->n; i++)
            if (self->moment[k][i] != NULL &&
                !ts_state_get_param(state, prefix, &self->params->param[i], self->moment[k][i],
                                    error))
                return FALSE;
    }
    return TRUE;
}
