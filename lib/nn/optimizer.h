/* Optimizers: how a gradient becomes a step.
 *
 * g gradient, p parameter, t number of the step from 1, lr learning rate, wd weight decay, which
 * acts on weights only, not on biases and batch norm (all tensors of rank 1).
 *
 *   sgd        g += wd p;  first step v = g, later v = momentum v + (1 - dampening) g;  p -= lr v
 *   nesterov   the same v;  p -= lr (g + momentum v)                       (both as PyTorch)
 *   adam       g += wd p;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
 *              p -= lr / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps)  (Kingma and Ba, 2015)
 *   adamw      p *= 1 - lr wd first, then Adam without decay in g (Loshchilov and Hutter, 2019)
 *   nadam      Adam with Nesterov's momentum, which warms up by b1 (1 - 0.96^(t psi) / 2), psi
 *              momentum_decay (Dozat, 2016, as PyTorch)
 *   rmsprop    g += wd p;  s = alpha s + (1 - alpha) g^2;  b = momentum b + g / (sqrt(s) + eps);
 *              p -= lr b                                              (Hinton, 2012, as PyTorch)
 *   rmsproptf  s is 1 before the first step;  b = momentum b + lr g / sqrt(s + eps);  p -= b
 *   lamb       u = Adam's step + wd p;  p -= lr |p| / |u| u, all gradients together brought to
 *              max_norm before                                  (You et al., 2020, as timm)
 *   lars       g = (g + wd p) trust |p| / (|g| + wd |p| + eps), then sgd
 *                                                                  (You et al., 2017, as timm)
 *   lion       p *= 1 - lr wd;  p -= lr sign(b1 m + (1 - b1) g);  then m = b2 m + (1 - b2) g
 *                                                                  (Chen et al., 2023)
 * Without decay LAMB and LARS take |p| / |..| as 1. Same bits for any number of threads.
 *
 *     if (!ts_optimizer_parse("adam:beta1=0.8", &options, error))
 *         return FALSE;
 *     g_autoptr(TsOptimizer) adam = ts_optimizer_new(&options, params, error);
 *     ts_optimizer_step(adam, options.learning_rate);
 */
#pragma once

#include "nn/params.h"
#include "nn/state.h"

G_BEGIN_DECLS

typedef enum {
    TS_OPTIMIZER_SGD,
    TS_OPTIMIZER_NESTEROV,
    TS_OPTIMIZER_ADAM,
    TS_OPTIMIZER_ADAMW,
    TS_OPTIMIZER_NADAM,
    TS_OPTIMIZER_RMSPROP,
    TS_OPTIMIZER_RMSPROPTF,
    TS_OPTIMIZER_LAMB,
    TS_OPTIMIZER_LARS,
    TS_OPTIMIZER_LION,
} TsOptimizerKind;

typedef struct {
    TsOptimizerKind kind;
    double learning_rate; /* what the kind is usually begun with; steps are given theirs */
    double weight_decay;
    double momentum;       /* sgd, nesterov, rmsprop, rmsproptf, lars */
    double dampening;      /* sgd */
    double beta1, beta2;   /* adam, adamw, nadam, lamb, lion */
    double epsilon;        /* all but sgd, nesterov and lion */
    double momentum_decay; /* nadam */
    double alpha;          /* rmsprop, rmsproptf */
    double max_norm;       /* lamb; 0: gradients are not clipped */
    double trust;          /* lars */
} TsOptimizerOptions;

typedef struct _TsOptimizer TsOptimizer;

/* The defaults of the field for a kind. */
TsOptimizerOptions ts_optimizer_defaults(TsOptimizerKind kind);

/* Read NAME or NAME:KEY=VALUE,... (base/spec.h), keys as the fields above that belong to the kind.
 * TS_ERROR_ARGUMENT for another name, which lists them, or a key or value that does not fit. */
gboolean ts_optimizer_parse(const char *text, TsOptimizerOptions *options, GError **error);
const char *ts_optimizer_kind_name(TsOptimizerKind kind);

/* A line for each kind with its keys and defaults, for --help. g_free(). */
char *ts_optimizer_help(void);

/* Numbers that are kept for each number of a parameter. */
guint ts_optimizer_n_moments(const TsOptimizerOptions *options);

/* `params` (with settled layouts: a net is compiled) must outlive the optimizer. */
TsOptimizer *ts_optimizer_new(const TsOptimizerOptions *options, TsParams *params, GError **error);
void ts_optimizer_free(TsOptimizer *optimizer);

/* What it works with now: momenta as a schedule has moved them. */
const TsOptimizerOptions *ts_optimizer_options(const TsOptimizer *optimizer);

/* Momentum of the steps to come, for schedules that move it: momentum of sgd and nesterov where it
 * is above 0, beta1 of adam and adamw. Others keep theirs. */
void ts_optimizer_set_momentum(TsOptimizer *optimizer, double momentum);

/* One step on all parameters that are trained, by their gradients, with learning_rate times each
 * one's rate_scale. */
void ts_optimizer_step(TsOptimizer *optimizer, double learning_rate);

/* Into and out of a checkpoint: the step's number and all moments. */
gboolean ts_optimizer_save(const TsOptimizer *optimizer, TsState *state, GError **error);
gboolean ts_optimizer_load(TsOptimizer *optimizer, const TsState *state, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsOptimizer, ts_optimizer_free)

G_END_DECLS
