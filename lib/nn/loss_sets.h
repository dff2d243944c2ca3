/* What logits cost where a sample has a set of labels: a sigmoid a class.
 *
 * For sample i with row weight r and targets t_c (1 for its labels, 0 for the others, something
 * between for a mixture), class weights w_c and weights of positives q_c:
 *
 *   l_i = 1 / C sum_c w_c (q_c t'_c n+_c + (1 - t'_c) n-_c)
 *
 * with n+_c = -ln s(z_c), n-_c = -ln (1 - s(z_c)), s the logistic function, and t' = (1 - s) t + s
 * / 2 for label smoothing s, as Keras's BinaryCrossentropy has it. The loss of a batch is sum(r_i
 * l_i) / sum(r_i): PyTorch's BCEWithLogitsLoss with weight w and pos_weight q.
 *
 *     ts_loss_compute_sets(&loss, logits, targets, NULL, n, classes, n, grad, &sums);
 */
#pragma once

#include "nn/loss.h"

G_BEGIN_DECLS

/* logits and targets (n, classes), weights (n) or NULL for ones; `loss` is BCE, NULL: without any
 * weights. Adds to `sums`; right is a sample whose whole set is predicted, a label being predicted
 * where its probability is 1/2 or more; a target counts as a label from 1/2. `grad`, if not NULL,
 * is (n_rows, classes): rows beyond n are set to zero. */
void ts_loss_compute_sets(const TsLoss *loss, const float *logits, const float *targets,
                          const float *weights, guint n, guint classes, guint n_rows, float *grad,
                          TsLossSums *sums);

/* The loss of one sample. */
double ts_loss_of_set(const TsLoss *loss, const float *logits, const float *targets, guint classes);

/* probabilities (classes): the logistic function of logits (classes). */
void ts_sigmoid(const float *logits, guint classes, double *probabilities);

G_END_DECLS
