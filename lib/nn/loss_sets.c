/* Binary cross-entropy of label sets, in double. */
#include "nn/loss_sets.h"

#include <math.h>
#include <string.h>

static double
smooth(const TsLoss *loss, double target)
{
    return loss == NULL ? target : (1 - loss->smoothing) * target + loss->smoothing / 2;
}

static double
class_weight(const TsLoss *loss, guint c)
{
    return loss != NULL && loss->class_weights != NULL ? loss->class_weights[c] : 1;
}

static double
weight_of_positives(const TsLoss *loss, guint c)
{
    if (loss == NULL)
        return 1;
    return loss->pos_weight * (loss->pos_weights != NULL ? loss->pos_weights[c] : 1);
}

double
ts_loss_of_set(const TsLoss *loss, const float *logits, const float *targets, guint classes)
{
    double sum = 0;
    for (guint c = 0; c < classes; c++) {
        const double z = (double) logits[c], t = smooth(loss, (double) targets[c]);
        sum += class_weight(loss, c) *
               (weight_of_positives(loss, c) * t * ts_softplus(-z) + (1 - t) * ts_softplus(z));
    }
    return sum / classes;
}

/* share times d l / d z_c = w_c / C ((1 - t) s(z) - q t s(-z)). */
static void
compute_gradient(const TsLoss *loss, const float *logits, const float *targets, guint classes,
                 double share, float *grad)
{
    for (guint c = 0; c < classes; c++) {
        const double z = (double) logits[c], t = smooth(loss, (double) targets[c]);
        const double slope =
            (1 - t) / (1 + exp(-z)) - weight_of_positives(loss, c) * t / (1 + exp(z));
        grad[c] = (float) (share / classes * class_weight(loss, c) * slope);
    }
}

static gboolean
is_right(const float *logits, const float *targets, guint classes)
{
    for (guint c = 0; c < classes; c++)
        if ((logits[c] >= 0) != (targets[c] >= 0.5f))
            return FALSE;
    return TRUE;
}

void
ts_loss_compute_sets(const TsLoss *loss, const float *logits, const float *targets,
                     const float *weights, guint n, guint classes, guint n_rows, float *grad,
                     TsLossSums *sums)
{
    double total = 0;
    for (guint i = 0; i < n; i++)
        total += weights != NULL ? (double) weights[i] : 1;
    if (grad != NULL)
        memset(grad, 0, (gsize) n_rows * classes * sizeof *grad);
    for (guint i = 0; i < n; i++) {
        const gsize at = (gsize) i * classes;
        const double weight = weights != NULL ? (double) weights[i] : 1;
        if (weight > 0) {
            sums->loss += weight * ts_loss_of_set(loss, logits + at, targets + at, classes);
            if (grad != NULL)
                compute_gradient(loss, logits + at, targets + at, classes, weight / total,
                                 grad + at);
        }
        sums->n_right += is_right(logits + at, targets + at, classes);
    }
    sums->weight += total;
    sums->n += n;
}

void
ts_sigmoid(const float *logits, guint classes, double *probabilities)
{
    for (guint c = 0; c < classes; c++)
        probabilities[c] = 1 / (1 + exp(-(double) logits[c]));
}
