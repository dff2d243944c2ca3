/* Losses of logits and their gradients, in double. */
#include "nn/loss.h"

#include "balance/weights.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/spec.h"

#include <math.h>
#include <string.h>

/* ---- names and keys ---- */

static gboolean
read_cross_entropy(TsSpec *spec, TsLoss *loss, GError **error)
{
    return ts_spec_double(spec, "smoothing", 0, 1 - 1e-9, 0, &loss->smoothing, error);
}

static gboolean
read_focal(TsSpec *spec, TsLoss *loss, GError **error)
{
    loss->focal = TRUE;
    return ts_spec_double(spec, "gamma", 0, 100, 2, &loss->gamma, error);
}

static gboolean
read_bce(TsSpec *spec, TsLoss *loss, GError **error)
{
    loss->bce = TRUE;
    return ts_spec_double(spec, "smoothing", 0, 1 - 1e-9, 0, &loss->smoothing, error) &&
           ts_spec_double(spec, "pos-weight", 1e-6, 1e6, 1, &loss->pos_weight, error);
}

const char *
ts_loss_help(void)
{
    return "  cross-entropy[:smoothing=0]   focal[:gamma=2]\n"
           "  balanced-softmax              logit-adjusted[:tau=1]\n"
           "  ldam[:margin=0.5,scale=30]    bce[:smoothing=0,pos-weight=1]";
}

/* A term of balance/weights.h for each class. */
static double *
terms_of_classes(const char *name, double value, const guint64 *counts, guint n, GError **error)
{
    char number[TS_NUMBER_MAX];
    guint64 total = 0;
    for (guint c = 0; c < n; c++) {
        total += counts[c];
        if (counts[c] > 0)
            continue;
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "this loss needs rows of every class, class %u has none", c + 1);
        return NULL;
    }
    g_autofree char *term = g_strconcat(name, ":", ts_format_double(number, value), NULL);
    g_autofree double *values = g_new0(double, n);
    return ts_class_terms(term, counts, n, total, values, error) ? g_steal_pointer(&values) : NULL;
}

static gboolean
read_adjusted(TsSpec *spec, const guint64 *counts, guint n, TsLoss *loss, GError **error)
{
    double tau = 1;
    if (g_str_equal(ts_spec_name(spec), "logit-adjusted") &&
        !ts_spec_double(spec, "tau", 0, 100, 1, &tau, error))
        return FALSE;
    loss->offset = terms_of_classes("logit", tau, counts, n, error);
    return loss->offset != NULL;
}

static gboolean
read_ldam(TsSpec *spec, const guint64 *counts, guint n, TsLoss *loss, GError **error)
{
    double margin;
    if (!ts_spec_double(spec, "margin", 0, 1e6, 0.5, &margin, error) ||
        !ts_spec_double(spec, "scale", 1e-6, 1e6, 30, &loss->scale, error))
        return FALSE;
    loss->margin = terms_of_classes("margin", margin, counts, n, error);
    return loss->margin != NULL;
}

static gboolean
read_loss(TsSpec *spec, const guint64 *counts, guint n, TsLoss *loss, GError **error)
{
    const char *name = ts_spec_name(spec);
    if (g_str_equal(name, "cross-entropy"))
        return read_cross_entropy(spec, loss, error);
    if (g_str_equal(name, "focal"))
        return read_focal(spec, loss, error);
    if (g_str_equal(name, "bce"))
        return read_bce(spec, loss, error);
    if (g_str_equal(name, "balanced-softmax") || g_str_equal(name, "logit-adjusted"))
        return read_adjusted(spec, counts, n, loss, error);
    if (g_str_equal(name, "ldam"))
        return read_ldam(spec, counts, n, loss, error);
    static const char *const known[] = {"cross-entropy",  "focal", "bce", "balanced-softmax",
                                        "logit-adjusted", "ldam",  NULL};
    g_autofree char *hint = ts_nearest_hint(name, known);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "there is no loss '%s'%s; there are:\n%s", name,
                        hint, ts_loss_help());
}

gboolean
ts_loss_parse(const char *text, const guint64 *counts, guint n, TsLoss *loss, GError **error)
{
    g_autoptr(TsSpec) spec = ts_spec_parse(text, "loss", error);
    *loss = (TsLoss){.scale = 1};
    if (spec != NULL && read_loss(spec, counts, n, loss, error) && ts_spec_finish(spec, error))
        return TRUE;
    ts_loss_clear(loss);
    return FALSE;
}

void
ts_loss_clear(TsLoss *loss)
{
    g_clear_pointer(&loss->offset, g_free);
    g_clear_pointer(&loss->margin, g_free);
}

/* ---- softmax ---- */

static double
log_sum_exp(const double *z, guint classes)
{
    double largest = z[0], sum = 0;
    for (guint c = 1; c < classes; c++)
        largest = MAX(largest, z[c]);
    for (guint c = 0; c < classes; c++)
        sum += exp(z[c] - largest);
    return log(sum) + largest;
}

void
ts_softmax(const float *logits, guint classes, double *probabilities)
{
    const double largest = logits[ts_loss_predicted_class(logits, classes)];
    double sum = 0;
    for (guint c = 0; c < classes; c++)
        sum += probabilities[c] = exp(logits[c] - largest);
    for (guint c = 0; c < classes; c++)
        probabilities[c] /= sum;
}

double
ts_loss_of_sample(const float *logits, guint label, guint classes)
{
    const double largest = logits[ts_loss_predicted_class(logits, classes)];
    double sum = 0;
    for (guint c = 0; c < classes; c++)
        sum += exp(logits[c] - largest);
    return log(sum) - (logits[label] - largest);
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

/* ---- one sample ---- */

static double
class_weight(const TsLoss *loss, guint c)
{
    return loss->class_weights != NULL ? loss->class_weights[c] : 1;
}

/* What the sample counts in the mean. */
static double
weight_in_mean(const TsLoss *loss, guint label)
{
    return loss->bce ? 1 : class_weight(loss, label);
}

/* cost (classes): the n_c = -ln p_c of what the loss makes of the logits. */
static void
costs_of_classes(const TsLoss *loss, const float *logits, guint label, guint classes, double *cost)
{
    for (guint c = 0; c < classes; c++)
        cost[c] = logits[c] + (loss->offset != NULL ? loss->offset[c] : 0);
    if (loss->margin != NULL)
        cost[label] -= loss->margin[label];
    for (guint c = 0; c < classes; c++)
        cost[c] *= loss->scale;
    const double total = log_sum_exp(cost, classes);
    for (guint c = 0; c < classes; c++)
        cost[c] = total - cost[c];
}

static double
smoothed(const TsLoss *loss, const double *cost, guint label, guint classes)
{
    double all = 0;
    if (loss->smoothing == 0)
        return class_weight(loss, label) * cost[label];
    for (guint c = 0; c < classes; c++)
        all += class_weight(loss, c) * cost[c];
    return (1 - loss->smoothing) * class_weight(loss, label) * cost[label] +
           loss->smoothing / classes * all;
}

/* d l / d z_c = scale (sum of the targets' weights p_c - target weight of c). */
static void
smoothed_gradient(const TsLoss *loss, const double *cost, guint label, guint classes, double share,
                  float *grad)
{
    const double rest = loss->smoothing / classes;
    const double of_label = (1 - loss->smoothing) * class_weight(loss, label);
    double all = of_label;
    for (guint c = 0; c < classes && rest > 0; c++)
        all += rest * class_weight(loss, c);
    for (guint c = 0; c < classes; c++) {
        double target = (rest > 0 ? rest * class_weight(loss, c) : 0) + (c == label ? of_label : 0);
        grad[c] += (float) (share * loss->scale * (all * exp(-cost[c]) - target));
    }
}

static double
focal(const TsLoss *loss, const double *cost, guint label)
{
    return class_weight(loss, label) * pow(-expm1(-cost[label]), loss->gamma) * cost[label];
}

/* With p and n of the label: d l / d z_c = w (gamma p (1 - p)^(gamma - 1) ln p - (1 - p)^gamma)
 * ([c = y] - p_c), which is 0 where p is 1. */
static void
focal_gradient(const TsLoss *loss, const double *cost, guint label, guint classes, double share,
               float *grad)
{
    const double p = exp(-cost[label]), rest = -expm1(-cost[label]);
    double slope = 0;
    if (rest > 0)
        slope =
            -class_weight(loss, label) *
            (loss->gamma * p * pow(rest, loss->gamma - 1) * cost[label] + pow(rest, loss->gamma));
    for (guint c = 0; c < classes; c++)
        grad[c] += (float) (share * loss->scale * slope * (c == label ? rest : -exp(-cost[c])));
}

double
ts_softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double
bce_target(const TsLoss *loss, guint c, guint label, guint classes)
{
    return loss->smoothing / classes + (c == label ? 1 - loss->smoothing : 0);
}

static double
bce(const TsLoss *loss, const float *logits, guint label, guint classes)
{
    double sum = 0;
    for (guint c = 0; c < classes; c++) {
        const double z = logits[c], t = bce_target(loss, c, label, classes);
        sum += class_weight(loss, c) *
               (loss->pos_weight * t * ts_softplus(-z) + (1 - t) * ts_softplus(z));
    }
    return sum / classes;
}

/* d l / d z_c = w_c / C ((1 - t) s(z) - q t s(-z)). */
static void
bce_gradient(const TsLoss *loss, const float *logits, guint label, guint classes, double share,
             float *grad)
{
    for (guint c = 0; c < classes; c++) {
        const double z = logits[c], t = bce_target(loss, c, label, classes);
        const double slope = (1 - t) / (1 + exp(-z)) - loss->pos_weight * t / (1 + exp(z));
        grad[c] += (float) (share / classes * class_weight(loss, c) * slope);
    }
}

/* The loss of one label and, with `grad` (classes), its gradient times `share` added; `cost`
 * (classes) is scratch. */
static double
compute_label(const TsLoss *loss, const float *logits, guint label, guint classes, double share,
              double *cost, float *grad)
{
    if (loss->bce) {
        if (grad != NULL)
            bce_gradient(loss, logits, label, classes, share, grad);
        return bce(loss, logits, label, classes);
    }
    costs_of_classes(loss, logits, label, classes, cost);
    if (grad != NULL)
        (loss->focal ? focal_gradient : smoothed_gradient)(loss, cost, label, classes, share, grad);
    return loss->focal ? focal(loss, cost, label) : smoothed(loss, cost, label, classes);
}

/* ---- a batch ---- */

/* One of the labels of a sample and what it counts. */
typedef struct {
    guint label;
    double weight;
} Part;

/* The parts of sample `i`, those that count; returns how many. */
static guint
parts_of(const TsLossTargets *targets, guint i, Part parts[2])
{
    const double share = targets->shares != NULL ? (double) targets->shares[i] : 1;
    const double row = targets->weights != NULL ? (double) targets->weights[i] : 1;
    guint n = 0;
    if (share > 0)
        parts[n++] = (Part){(guint) targets->labels[i], share * row};
    if (share < 1)
        parts[n++] =
            (Part){(guint) targets->other_labels[i],
                   (1 - share) * (targets->other_weights != NULL ? targets->other_weights[i] : 1)};
    return n;
}

static guint
main_label(const TsLossTargets *targets, guint i)
{
    const gboolean is_other = targets->shares != NULL && targets->shares[i] < 0.5f;
    return (guint) (is_other ? targets->other_labels : targets->labels)[i];
}

void
ts_loss_compute_targets(const TsLoss *loss, const float *logits, const TsLossTargets *targets,
                        guint n, guint classes, guint n_rows, float *grad, TsLossSums *sums)
{
    static const TsLoss plain = {.scale = 1};
    g_autofree double *cost = g_new(double, classes);
    double total = 0;
    Part parts[2];
    loss = loss != NULL ? loss : &plain;
    for (guint i = 0; i < n; i++)
        for (guint n_parts = parts_of(targets, i, parts), k = 0; k < n_parts; k++)
            total += parts[k].weight * weight_in_mean(loss, parts[k].label);
    if (grad != NULL)
        memset(grad, 0, (gsize) n_rows * classes * sizeof *grad);
    for (guint i = 0; i < n; i++) {
        const float *z = logits + (gsize) i * classes;
        float *slopes = grad != NULL && total > 0 ? grad + (gsize) i * classes : NULL;
        for (guint n_parts = parts_of(targets, i, parts), k = 0; k < n_parts; k++)
            sums->loss += parts[k].weight * compute_label(loss, z, parts[k].label, classes,
                                                          parts[k].weight / total, cost, slopes);
        sums->n_right += ts_loss_predicted_class(z, classes) == main_label(targets, i);
    }
    sums->weight += total;
    sums->n += n;
}

void
ts_loss_compute(const TsLoss *loss, const float *logits, const gint32 *labels, const float *weights,
                guint n, guint classes, guint n_rows, float *grad, TsLossSums *sums)
{
    const TsLossTargets targets = {.labels = labels, .weights = weights};
    ts_loss_compute_targets(loss, logits, &targets, n, classes, n_rows, grad, sums);
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
