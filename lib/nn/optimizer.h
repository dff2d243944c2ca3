/* Optimizers: how a gradient becomes a step.
 *
 * g gradient, p parameter, t number of the step from 1, lr learning rate; weight decay acts on
 * weights only, not on biases and batch norm (all tensors of rank 1).
 *
 * SGD (PyTorch):  g += wd p;  first step v = g, later v = momentum v + (1 - dampening) g;
 *                 d = nesterov ? g + momentum v : v;  p -= lr d
 * Adam (Kingma and Ba, 2015, as PyTorch):  g += wd p;  m = b1 m + (1 - b1) g;
 *                 v = b2 v + (1 - b2) g^2;  p -= lr / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps)
 * AdamW (Loshchilov and Hutter, 2019):  p *= 1 - lr wd first, then Adam without decay in g.
 *
 *     g_autoptr(TsOptimizer) sgd = ts_optimizer_new(&options, params, error);
 *     ts_optimizer_step(sgd, learning_rate);
 */
#pragma once

#include "nn/params.h"
#include "nn/state.h"

G_BEGIN_DECLS

typedef enum { TS_OPTIMIZER_SGD, TS_OPTIMIZER_ADAM, TS_OPTIMIZER_ADAMW } TsOptimizerKind;

typedef struct {
    TsOptimizerKind kind;
    double momentum;              /* SGD */
    double dampening;             /* SGD */
    gboolean nesterov;            /* SGD; needs momentum and no dampening */
    double beta1, beta2, epsilon; /* Adam */
    double weight_decay;
} TsOptimizerOptions;

typedef struct _TsOptimizer TsOptimizer;

/* The defaults of the field for a kind: momentum 0.9; betas 0.9 and 0.999, epsilon 1e-8; AdamW
 * decay 0.01. */
TsOptimizerOptions ts_optimizer_defaults(TsOptimizerKind kind);

/* "sgd", "adam", "adamw". TS_ERROR_ARGUMENT for another name, which lists them. */
gboolean ts_optimizer_kind_parse(const char *name, TsOptimizerKind *kind, GError **error);
const char *ts_optimizer_kind_name(TsOptimizerKind kind);

/* `params` (with settled layouts: a net is compiled) must outlive the optimizer. */
TsOptimizer *ts_optimizer_new(const TsOptimizerOptions *options, TsParams *params, GError **error);
void ts_optimizer_free(TsOptimizer *optimizer);

/* One step on all learned parameters, by their gradients. */
void ts_optimizer_step(TsOptimizer *optimizer, double learning_rate);

/* Into and out of a checkpoint: the step's number and all moments. */
gboolean ts_optimizer_save(const TsOptimizer *optimizer, TsState *state, GError **error);
gboolean ts_optimizer_load(TsOptimizer *optimizer, const TsState *state, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsOptimizer, ts_optimizer_free)

G_END_DECLS
