/* Softmax cross-entropy, with its gradient.
 *
 * For sample i with label y and weight w: l_i = -log softmax(z_i)[y]. The loss of a batch is
 * PyTorch's weighted mean, sum(w_i l_i) / sum(w_i), and its gradient by the logits w_i (p_i -
 * onehot) / sum(w). All sums are in double, in the order of the samples.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Sums over samples, so that those of batches can be added up to those of an epoch. */
typedef struct {
    double loss;     /* sum of w_i l_i */
    double weight;   /* sum of w_i */
    guint64 n;       /* samples */
    guint64 n_right; /* samples whose largest logit is the label's (the first of equals) */
} TsLossSums;

/* logits (n, classes), labels (n) within 0 .. classes - 1, weights (n) or NULL for ones.
 * `class_weights` (classes) or NULL multiply them. Adds to `sums`. `grad`, if not NULL, is
 * (n_rows, classes): rows beyond n are set to zero. Where all weights are zero so is the gradient.
 */
void ts_loss_softmax_cross_entropy(const float *logits, const gint32 *labels, const float *weights,
                                   const double *class_weights, guint n, guint classes,
                                   guint n_rows, float *grad, TsLossSums *sums);

/* probabilities (classes) = softmax of logits (classes). */
void ts_softmax(const float *logits, guint classes, double *probabilities);

/* The class of the largest logit, the first of equals. */
guint ts_loss_predicted_class(const float *logits, guint classes);

/* The mean loss and the share of right samples; NaN where there are none. */
double ts_loss_mean(const TsLossSums *sums);
double ts_loss_accuracy(const TsLossSums *sums);

G_END_DECLS
