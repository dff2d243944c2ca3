/* The rules of the optimizers: what one step does to the numbers of one parameter. One file per
 * family; lib/nn/optimizer.c holds the table, the moments and the checkpoint.
 */
#pragma once

#include "nn/optimizer.h"

G_BEGIN_DECLS

enum { TS_OPTIMIZER_MAX_MOMENTS = 2 };
enum { TS_OPTIMIZER_PARALLEL_FROM = 1 << 15 }; /* below, threads cost more than they save */

/* One parameter in one step. */
typedef struct {
    const TsOptimizerOptions *options;
    gint64 t;          /* number of the step, from 1 */
    double rate;       /* learning rate */
    double decay;      /* weight decay of this parameter, 0 for biases and batch norm */
    double clip;       /* what gradients are multiplied by: max_norm over the norm of all of them */
    double mu_product; /* NAdam: product of the momenta of steps 1 .. t */
    gsize n;           /* numbers as stored */
    float *p;
    const float *g;
    float *moment[TS_OPTIMIZER_MAX_MOMENTS]; /* NULL: the rule keeps none */
} TsUpdate;

void ts_update_sgd(const TsUpdate *update);     /* sgd, nesterov */
void ts_update_adam(const TsUpdate *update);    /* adam, adamw */
void ts_update_nadam(const TsUpdate *update);   /* nadam */
void ts_update_rmsprop(const TsUpdate *update); /* rmsprop, rmsproptf */
void ts_update_lamb(const TsUpdate *update);
void ts_update_lars(const TsUpdate *update);
void ts_update_lion(const TsUpdate *update);

/* NAdam's momentum of step t: beta1 (1 - 0.96^(t momentum_decay) / 2). */
double ts_nadam_momentum(const TsOptimizerOptions *options, gint64 t);

G_END_DECLS
