/* Softmax cross-entropy and its gradient, in double. */
#include "nn/loss.h"

#include <math.h>
#include <string.h>

void
ts_softmax(const float *logits, guint classes, double *probabilities)
{
    double largest = logits[0], sum = 0;
    for (guint c = 1; c < classes; c++)
        largest = MAX(largest, logits[c]);
    for (guint c = 0; c < classes; c++)
        sum += probabilities[c] = exp(logits[c] - largest);
    for (guint c = 0; c < classes; c++)
        probabilities[c] /= sum;
}

/* log sum exp(z) - z[label], without overflow. */
static double
negative_log_likelihood(const float *logits, guint classes, gint32 label)
{
    double largest = logits[0], sum = 0;
    for (guint c = 1; c < classes; c++)
        largest = MAX(largest, logits[c]);
    for (guint c = 0; c < classes; c++)
        sum += exp(logits[c] - largest);
    return log(sum) + largest - logits[label];
}

guint
ts_loss_predicted_class(const float *logits, guint classes)
{
    guint best = 0;
    for (guint c = 1; c < classes; c++)
        if (logits[c] > logits[best])
            best = c;
    return best;
}

static double
weight_of(const gint32 *labels, const float *weights, const double *class_weights, guint i)
{
    return (weights != NULL ? weights[i] : 1.0) *
           (class_weights != NULL ? class_weights[labels[i]] : 1.0);
}

void
ts_loss_softmax_cross_entropy(const float *logits, const gint32 *labels, const float *weights,
                              const double *class_weights, guint n, guint classes, guint n_rows,
                              float *grad, TsLossSums *sums)
{
    double total = 0;
    for (guint i = 0; i < n; i++) {
        const float *z = logits + (gsize) i * classes;
        double weight = weight_of(labels, weights, class_weights, i);
        total += weight;
        sums->loss += weight * negative_log_likelihood(z, classes, labels[i]);
        sums->n_right += ts_loss_predicted_class(z, classes) == (guint) labels[i];
    }
    sums->weight += total;
    sums->n += n;
    if (grad == NULL)
        return;
    memset(grad, 0, (gsize) n_rows * classes * sizeof *grad);
    g_autofree double *p = g_new(double, classes);
    for (guint i = 0; i < n && total > 0; i++) {
        double share = weight_of(labels, weights, class_weights, i) / total;
        ts_softmax(logits + (gsize) i * classes, classes, p);
        p[labels[i]] -= 1;
        for (guint c = 0; c < classes; c++)
            grad[(gsize) i * classes + c] = (float) (share * p[c]);
    }
}

double
ts_loss_mean(const TsLossSums *sums)
{
    return sums->weight > 0 ? sums->loss / sums->weight : NAN;
}

double
ts_loss_accuracy(const TsLossSums *sums)
{
    return sums->n > 0 ? (double) sums->n_right / sums->n : NAN;
}
