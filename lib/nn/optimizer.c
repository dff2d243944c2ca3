/* The table of optimizers, their moments, steps and checkpoints; the rules are in optimizers/. */
#include "nn/optimizer.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/spec.h"
#include "nn/clip.h"
#include "nn/optimizers/rules.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct _TsOptimizer {
    TsOptimizerOptions options;
    TsParams *params;
    gint64 t;      /* steps done, */
    gint64 *since; /* and when the first came for each parameter: those that were frozen begin
                      later; -1: not yet */
    guint n_moments;
    float **moment[TS_OPTIMIZER_MAX_MOMENTS]; /* moment[k][param], stored layout */
    double *mu_product;                       /* NAdam's, of a parameter's steps: follows from t */
};

#define BELOW_ONE (1 - 1e-9)

/* What can be set, and within which bounds. */
static const struct {
    const char *key;
    gsize field;
    double min, max;
} keys[] = {
    {"momentum", offsetof(TsOptimizerOptions, momentum), 0, BELOW_ONE},
    {"dampening", offsetof(TsOptimizerOptions, dampening), 0, 1},
    {"beta1", offsetof(TsOptimizerOptions, beta1), 0, BELOW_ONE},
    {"beta2", offsetof(TsOptimizerOptions, beta2), 0, BELOW_ONE},
    {"momentum_decay", offsetof(TsOptimizerOptions, momentum_decay), 0, 1e3},
    {"alpha", offsetof(TsOptimizerOptions, alpha), 0, BELOW_ONE},
    {"trust", offsetof(TsOptimizerOptions, trust), 1e-9, 1e9},
    {"max_norm", offsetof(TsOptimizerOptions, max_norm), 0, 1e9},
    {"epsilon", offsetof(TsOptimizerOptions, epsilon), 0, 1e9},
};

static const struct {
    const char *name, *keys;
    TsOptimizerOptions defaults; /* but for the kind */
    void (*update)(const TsUpdate *update);
} rules[] = {
    [TS_OPTIMIZER_SGD] = {"sgd",
                          "momentum,dampening",
                          {.learning_rate = 0.05, .momentum = 0.9},
                          ts_update_sgd},
    [TS_OPTIMIZER_NESTEROV] = {"nesterov",
                               "momentum",
                               {.learning_rate = 0.05, .momentum = 0.9},
                               ts_update_sgd},
    [TS_OPTIMIZER_ADAM] = {"adam",
                           "beta1,beta2,epsilon",
                           {.learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
                           ts_update_adam},
    [TS_OPTIMIZER_ADAMW] = {"adamw",
                            "beta1,beta2,epsilon",
                            {.learning_rate = 1e-3,
                             .weight_decay = 0.01,
                             .beta1 = 0.9,
                             .beta2 = 0.999,
                             .epsilon = 1e-8},
                            ts_update_adam},
    [TS_OPTIMIZER_NADAM] = {"nadam",
                            "beta1,beta2,momentum_decay,epsilon",
                            {.learning_rate = 2e-3,
                             .beta1 = 0.9,
                             .beta2 = 0.999,
                             .momentum_decay = 4e-3,
                             .epsilon = 1e-8},
                            ts_update_nadam},
    [TS_OPTIMIZER_RMSPROP] = {"rmsprop",
                              "alpha,momentum,epsilon",
                              {.learning_rate = 1e-3, .alpha = 0.99, .epsilon = 1e-8},
                              ts_update_rmsprop},
    [TS_OPTIMIZER_RMSPROPTF] =
        {"rmsproptf",
         "alpha,momentum,epsilon",
         {.learning_rate = 1e-3, .alpha = 0.9, .momentum = 0.9, .epsilon = 1e-10},
         ts_update_rmsprop},
    [TS_OPTIMIZER_LAMB] = {"lamb",
                           "beta1,beta2,max_norm,epsilon",
                           {.learning_rate = 1e-3,
                            .weight_decay = 0.01,
                            .beta1 = 0.9,
                            .beta2 = 0.999,
                            .max_norm = 1,
                            .epsilon = 1e-6},
                           ts_update_lamb},
    [TS_OPTIMIZER_LARS] = {"lars",
                           "momentum,trust,epsilon",
                           {.learning_rate = 1,
                            .weight_decay = 1e-4,
                            .momentum = 0.9,
                            .trust = 1e-3,
                            .epsilon = 1e-8},
                           ts_update_lars},
    [TS_OPTIMIZER_LION] = {"lion",
                           "beta1,beta2",
                           {.learning_rate = 1e-4, .beta1 = 0.9, .beta2 = 0.99},
                           ts_update_lion},
};

static gboolean
has_key(TsOptimizerKind kind, const char *key)
{
    g_auto(GStrv) known = g_strsplit(rules[kind].keys, ",", -1);
    return g_strv_contains((const char *const *) known, key);
}

static gboolean
find_kind(const char *name, TsOptimizerKind *kind, GError **error)
{
    const char *known[G_N_ELEMENTS(rules) + 1] = {NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++) {
        known[i] = rules[i].name;
        if (strcmp(name, known[i]) == 0) {
            *kind = (TsOptimizerKind) i;
            return TRUE;
        }
    }
    g_autofree char *hint = ts_nearest_hint(name, known);
    g_autofree char *list = g_strjoinv(", ", (char **) known);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "there is no optimizer '%s'%s; there are: %s",
                        name, hint, list);
}

gboolean
ts_optimizer_parse(const char *text, TsOptimizerOptions *options, GError **error)
{
    TsOptimizerKind kind = TS_OPTIMIZER_SGD;
    g_autoptr(TsSpec) spec = ts_spec_parse(text, "optimizer", error);
    if (spec == NULL || !find_kind(ts_spec_name(spec), &kind, error))
        return FALSE;
    *options = ts_optimizer_defaults(kind);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        double *value = &G_STRUCT_MEMBER(double, options, keys[i].field);
        if (has_key(kind, keys[i].key) &&
            !ts_spec_double(spec, keys[i].key, keys[i].min, keys[i].max, *value, value, error))
            return FALSE;
    }
    return ts_spec_finish(spec, error);
}

const char *
ts_optimizer_kind_name(TsOptimizerKind kind)
{
    return rules[kind].name;
}

TsOptimizerOptions
ts_optimizer_defaults(TsOptimizerKind kind)
{
    TsOptimizerOptions options = rules[kind].defaults;
    options.kind = kind;
    return options;
}

char *
ts_optimizer_help(void)
{
    g_autoptr(GString) help = g_string_new(NULL);
    char number[TS_NUMBER_MAX];
    for (gsize kind = 0; kind < G_N_ELEMENTS(rules); kind++) {
        g_string_append_printf(help, "%s  %s", kind > 0 ? "\n" : "", rules[kind].name);
        const char *before = "[:";
        for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
            const double *value =
                &G_STRUCT_MEMBER(const double, &rules[kind].defaults, keys[i].field);
            if (!has_key((TsOptimizerKind) kind, keys[i].key))
                continue;
            g_string_append_printf(help, "%s%s=%s", before, keys[i].key,
                                   ts_format_double(number, *value));
            before = ",";
        }
        g_string_append_printf(help, "]  lr %s",
                               ts_format_double(number, rules[kind].defaults.learning_rate));
    }
    return g_string_free(g_steal_pointer(&help), FALSE);
}

guint
ts_optimizer_n_moments(const TsOptimizerOptions *options)
{
    switch (options->kind) {
    case TS_OPTIMIZER_SGD:
    case TS_OPTIMIZER_NESTEROV:
    case TS_OPTIMIZER_LARS:
        return options->momentum != 0 ? 1 : 0;
    case TS_OPTIMIZER_RMSPROP:
    case TS_OPTIMIZER_RMSPROPTF:
        return options->momentum != 0 ? 2 : 1;
    case TS_OPTIMIZER_LION:
        return 1;
    case TS_OPTIMIZER_ADAM:
    case TS_OPTIMIZER_ADAMW:
    case TS_OPTIMIZER_NADAM:
    case TS_OPTIMIZER_LAMB:
        break;
    }
    return 2;
}

/* RMSpropTF's mean of squares begins at 1, everything else at 0. */
static gboolean
new_moments(TsOptimizer *self, guint k, GError **error)
{
    const gboolean ones = self->options.kind == TS_OPTIMIZER_RMSPROPTF && k == 0;
    self->moment[k] = g_new0(float *, self->params->n + 1);
    for (guint i = 0; i < self->params->n; i++) {
        const TsParam *param = &self->params->param[i];
        if (!ts_param_is_learned(param))
            continue;
        float *moment = self->moment[k][i] = ts_aligned_floats(param->n_stored, error);
        if (moment == NULL)
            return FALSE;
        for (gsize j = 0; ones && j < param->n_stored; j++)
            moment[j] = 1;
    }
    return TRUE;
}

TsOptimizer *
ts_optimizer_new(const TsOptimizerOptions *options, TsParams *params, GError **error)
{
    g_autoptr(TsOptimizer) self = g_new0(TsOptimizer, 1);
    self->options = *options;
    self->params = params;
    self->since = g_new(gint64, params->n + 1);
    self->mu_product = g_new(double, params->n + 1);
    for (guint i = 0; i < params->n; i++) {
        self->since[i] = -1;
        self->mu_product[i] = 1;
    }
    self->n_moments = ts_optimizer_n_moments(options);
    if (options->kind == TS_OPTIMIZER_NESTEROV && options->momentum <= 0) {
        ts_error_set(error, TS_ERROR_ARGUMENT, "optimizer nesterov needs momentum above 0");
        return NULL;
    }
    if (!ts_params_add_gradients(params, error))
        return NULL;
    for (guint k = 0; k < self->n_moments; k++)
        if (!new_moments(self, k, error))
            return NULL;
    return g_steal_pointer(&self);
}

void
ts_optimizer_free(TsOptimizer *self)
{
    if (self == NULL)
        return;
    for (guint k = 0; k < TS_OPTIMIZER_MAX_MOMENTS; k++) {
        for (guint i = 0; self->moment[k] != NULL && i < self->params->n; i++)
            g_clear_pointer(&self->moment[k][i], free);
        g_free(self->moment[k]);
    }
    g_free(self->since);
    g_free(self->mu_product);
    g_free(self);
}

/* What all gradients are multiplied by to be no longer than max_norm. */
static double
clip_factor(const TsOptimizer *self)
{
    if (self->options.max_norm <= 0)
        return 1;
    double norm = ts_gradient_norm(self->params);
    return norm > self->options.max_norm ? self->options.max_norm / norm : 1;
}

const TsOptimizerOptions *
ts_optimizer_options(const TsOptimizer *self)
{
    return &self->options;
}

void
ts_optimizer_set_momentum(TsOptimizer *self, double momentum)
{
    switch (self->options.kind) {
    case TS_OPTIMIZER_ADAM:
    case TS_OPTIMIZER_ADAMW:
        self->options.beta1 = momentum;
        break;
    case TS_OPTIMIZER_SGD:
    case TS_OPTIMIZER_NESTEROV:
        self->options.momentum = self->options.momentum > 0 ? momentum : 0;
        break;
    default:
        break;
    }
}

static void
step_param(TsOptimizer *self, guint i, double learning_rate, double clip)
{
    TsParam *param = &self->params->param[i];
    const gboolean decays = param->spec->rank > 1 && !param->anchored;
    if (self->since[i] < 0)
        self->since[i] = self->t - 1;
    TsUpdate update = {.options = &self->options,
                       .t = self->t - self->since[i],
                       .rate = learning_rate * param->rate_scale,
                       .decay = decays ? self->options.weight_decay : 0,
                       .clip = clip,
                       .n = param->n_stored,
                       .p = param->data,
                       .g = param->grad};
    self->mu_product[i] *= ts_nadam_momentum(&self->options, update.t);
    update.mu_product = self->mu_product[i];
    for (guint k = 0; k < self->n_moments; k++)
        update.moment[k] = self->moment[k][i];
    rules[self->options.kind].update(&update);
}

void
ts_optimizer_step(TsOptimizer *self, double learning_rate)
{
    self->t++;
    const double clip = clip_factor(self);
    for (guint i = 0; i < self->params->n; i++)
        if (ts_param_is_trained(&self->params->param[i]))
            step_param(self, i, learning_rate, clip);
}

/* Only those that began later, or not yet, are said. */
static void
save_beginnings(const TsOptimizer *self, TsState *state)
{
    for (guint i = 0; i < self->params->n; i++) {
        g_autofree char *key =
            g_strconcat("optimizer.since.", self->params->param[i].spec->name, NULL);
        if (self->since[i] != 0 && self->t > 0 && ts_param_is_learned(&self->params->param[i]))
            ts_state_set_int(state, key, self->since[i]);
    }
}

static gboolean
load_beginnings(TsOptimizer *self, const TsState *state, GError **error)
{
    for (guint i = 0; i < self->params->n; i++) {
        g_autofree char *key =
            g_strconcat("optimizer.since.", self->params->param[i].spec->name, NULL);
        self->since[i] = self->t > 0 ? 0 : -1;
        self->mu_product[i] = 1;
        if (ts_state_get(state, key) != NULL &&
            !ts_state_get_int(state, key, &self->since[i], error))
            return FALSE;
        if (self->since[i] < -1 || self->since[i] > self->t)
            return ts_error_set(error, TS_ERROR_FORMAT, "the checkpoint's %s is out of range", key);
        const gint64 t = self->since[i] < 0 ? 0 : self->t - self->since[i];
        for (gint64 k = 1;
             k <= t && self->mu_product[i] > 0 && self->options.kind == TS_OPTIMIZER_NADAM; k++)
            self->mu_product[i] *= ts_nadam_momentum(&self->options, k);
    }
    return TRUE;
}

gboolean
ts_optimizer_save(const TsOptimizer *self, TsState *state, GError **error)
{
    ts_state_set(state, "optimizer", rules[self->options.kind].name);
    ts_state_set_int(state, "optimizer.t", self->t);
    save_beginnings(self, state);
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
    if (g_strcmp0(kind, rules[self->options.kind].name) != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "the checkpoint was made with optimizer %s, not %s",
                            kind != NULL ? kind : "(none)", rules[self->options.kind].name);
    if (!ts_state_get_int(state, "optimizer.t", &self->t, error))
        return FALSE;
    if (self->t < 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "the checkpoint's optimizer.t is negative");
    if (!load_beginnings(self, state, error))
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
