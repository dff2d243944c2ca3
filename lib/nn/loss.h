/* What a batch of logits costs, with the gradient.
 *
 * For sample i with label y, weight r (its row's) and class weight w_y:
 *
 *   z'_c = scale (z_c + offset_c - margin_y [c = y]),   p = softmax(z'),   n_c = -ln p_c
 *   cross-entropy   l_i = (1 - s) w_y n_y + s / C sum_c w_c n_c     s: label smoothing (Szegedy et
 *                   al., 2016); as PyTorch's cross_entropy
 *   focal           l_i = w_y (1 - p_y)^gamma n_y                              (Lin et al., 2017)
 *   BCE             l_i = 1 / C sum_c w_c (n+_c q t_c + n-_c (1 - t_c)), where
 *                   n+_c = -ln f(z_c), n-_c = -ln (1 - f(z_c)), f the logistic function, q the
 *                   weight of positives, t_y = 1 - s + s / C, and t_c = s / C otherwise; as
 *                   PyTorch's BCEWithLogitsLoss, for one label a sample (Wightman et al., "ResNet
 *                   strikes back", 2021)
 *
 * with offset_c = tau ln(share of c) for logit adjustment (Menon et al., 2021; tau 1 is balanced
 * softmax, Ren et al., 2020) and margins for LDAM (Cao et al., 2019), which scales by 30 because
 * its logits are cosines. The loss of a batch is PyTorch's weighted mean, sum(r_i l_i) / sum(r_i
 * w_y), with w_y = 1 there for BCE. A mixture of two
 * samples has two labels (mixup, Zhang et al., 2018): its loss is share times that of the one and 1
 * - share times that of the other, each with its row's weight; for cross-entropy and BCE that is
 * the loss of soft targets. What is predicted is the class of the largest logit, without offset and
 * margin. All sums are in double, in the order of the samples.
 *
 *     TsLoss focal;
 *     if (!ts_loss_parse("focal:gamma=2", counts, n_classes, &focal, error))
 *         return FALSE;
 *     ts_loss_compute(&focal, logits, labels, NULL, n, n_classes, n, grad, &sums);
 *     ts_loss_clear(&focal);
 */
#pragma once

#include <glib.h>

/* Losses of samples with several labels are in nn/loss_sets.h. */

G_BEGIN_DECLS

typedef struct {
    double smoothing; /* 0: none */
    gboolean focal, bce;
    double gamma;                /* focal */
    double pos_weight;           /* BCE, of every class */
    const double *pos_weights;   /* BCE of label sets, one a class, times that; or NULL; borrowed */
    double scale;                /* 1 but for LDAM */
    double *offset;              /* one a class, or NULL; owned */
    double *margin;              /* likewise */
    const double *class_weights; /* one a class, or NULL; borrowed */
} TsLoss;

/* What the logits of n samples ought to say. */
typedef struct {
    const gint32 *labels;       /* (n) within 0 .. classes - 1 */
    const float *weights;       /* (n), or NULL for ones */
    const float *shares;        /* (n) of the label, within 0 .. 1; NULL: nothing is mixed */
    const gint32 *other_labels; /* (n), of what is mixed in; with shares alone, as the weights */
    const float *other_weights; /* (n), or NULL for ones */
} TsLossTargets;

/* Sums over samples, so that those of batches can be added up to those of an epoch. */
typedef struct {
    double loss;     /* sum of r_i l_i */
    double weight;   /* sum of r_i w_y */
    guint64 n;       /* samples */
    guint64 n_right; /* samples whose largest logit (the first of equals) is the label's, of two
                        labels that of the larger share */
} TsLossSums;

/* Read NAME or NAME:KEY=VALUE,... (base/spec.h):
 *     cross-entropy[:smoothing=0]    focal[:gamma=2]    balanced-softmax
 *     logit-adjusted[:tau=1]         ldam[:margin=0.5,scale=30]
 *     bce[:smoothing=0,pos-weight=1]
 * counts (n): training rows of each class. TS_ERROR_ARGUMENT; for offsets and margins also if a
 * class has no row. */
gboolean
ts_loss_parse(const char *text, const guint64 *counts, guint n, TsLoss *loss, GError **error);
void ts_loss_clear(TsLoss *loss);

/* The names with their keys and defaults, for --help. Borrowed. */
const char *ts_loss_help(void);

/* logits (n, classes), labels (n) within 0 .. classes - 1, weights (n) or NULL for ones; `loss`
 * NULL: plain cross-entropy. Adds to `sums`. `grad`, if not NULL, is (n_rows, classes): rows beyond
 * n are set to zero. Where all weights are zero so is the gradient. */
void
ts_loss_compute(const TsLoss *loss, const float *logits, const gint32 *labels, const float *weights,
                guint n, guint classes, guint n_rows, float *grad, TsLossSums *sums);

/* The same for targets that may be mixtures. */
void ts_loss_compute_targets(const TsLoss *loss, const float *logits, const TsLossTargets *targets,
                             guint n, guint classes, guint n_rows, float *grad, TsLossSums *sums);

/* ln (1 + e^x), without overflow. */
double ts_softplus(double x);

/* probabilities (classes) = softmax of logits (classes). */
void ts_softmax(const float *logits, guint classes, double *probabilities);

/* -ln p of the label, p as above, however small it is: plain cross-entropy of one sample. */
double ts_loss_of_sample(const float *logits, guint label, guint classes);

/* The class of the largest logit, the first of equals. */
guint ts_loss_predicted_class(const float *logits, guint classes);

/* The mean loss and the share of right samples; NaN where there are none. */
double ts_loss_mean(const TsLossSums *sums);
double ts_loss_accuracy(const TsLossSums *sums);

G_END_DECLS
