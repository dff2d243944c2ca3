/* Reliability bins and the fit of a temperature. */
#include "stats/calibration.h"

#include "base/error.h"
#include "base/threads.h"

#include <float.h>
#include <math.h>

enum { BLOCK = 4096 };

static const double MIN_TEMPERATURE = 0.01, MAX_TEMPERATURE = 100;

static double
weight_of(const double *weight, guint64 i)
{
    return weight != NULL ? weight[i] : 1;
}

static void
add_answer(TsCalibrationBin *bins, guint n_bins, double p, gboolean is_right, double weight)
{
    double at = ceil(p * n_bins) - 1;
    TsCalibrationBin *bin = &bins[(guint) CLAMP(at, 0, n_bins - 1)];
    bin->weight += weight;
    bin->confidence += weight * p;
    bin->accuracy += is_right ? weight : 0;
}

static void
add_row(const TsPredictions *predictions, guint64 i, double weight, guint n_bins,
        TsCalibrationBin *bins)
{
    const guint n = predictions->n_classes;
    const double *p = predictions->p != NULL ? predictions->p + i * n : NULL;
    if (predictions->truth_sets != NULL) {
        for (guint c = 0; c < n; c++)
            add_answer(bins, n_bins, p[c], predictions->truth_sets[i * n + c], weight);
        return;
    }
    gint32 pred = predictions->pred[i];
    add_answer(bins, n_bins, p != NULL ? p[pred] : predictions->score[i],
               pred == predictions->truth[i], weight);
}

gboolean
ts_calibration_bins(const TsPredictions *predictions, const double *weight, guint n_bins,
                    TsCalibrationBin *bins)
{
    if (predictions->p == NULL && predictions->score == NULL)
        return FALSE;
    for (guint b = 0; b < n_bins; b++)
        bins[b] = (TsCalibrationBin){0};
    for (guint64 i = 0; i < predictions->n; i++)
        if (weight_of(weight, i) > 0)
            add_row(predictions, i, weight_of(weight, i), n_bins, bins);
    for (guint b = 0; b < n_bins; b++) {
        bins[b].confidence = bins[b].weight > 0 ? bins[b].confidence / bins[b].weight : NAN;
        bins[b].accuracy = bins[b].weight > 0 ? bins[b].accuracy / bins[b].weight : NAN;
    }
    return TRUE;
}

void
ts_calibration_errors(const TsCalibrationBin *bins, guint n_bins, double *ece, double *mce)
{
    double total = 0, sum = 0, max = 0;
    for (guint b = 0; b < n_bins; b++) {
        if (!(bins[b].weight > 0))
            continue;
        double gap = fabs(bins[b].accuracy - bins[b].confidence);
        total += bins[b].weight;
        sum += bins[b].weight * gap;
        max = MAX(max, gap);
    }
    *ece = total > 0 ? sum / total : NAN;
    *mce = total > 0 ? max : NAN;
}

/* log p that is finite: the smallest a softmax in float can give is taken for 0. */
static double
log_of(double p)
{
    return log(MAX(p, FLT_MIN));
}

/* Loss and its derivatives by the inverse temperature. */
typedef struct {
    double loss, slope, curvature;
} Derivatives;

typedef struct {
    const TsPredictions *predictions;
    double inverse; /* 1 / T */
    Derivatives *of_block;
} FitPass;

/* Softmax of inverse * log p: the derivatives are those of an exponential family, the mean and the
 * variance of log p under it. */
static void
add_class_row(const FitPass *pass, guint64 i, double weight, Derivatives *sum)
{
    const TsPredictions *predictions = pass->predictions;
    const guint n = predictions->n_classes, t = (guint) predictions->truth[i];
    const double *p = predictions->p + i * n;
    double top = -INFINITY, norm = 0, mean = 0, square = 0;
    for (guint c = 0; c < n; c++)
        top = MAX(top, log_of(p[c]));
    for (guint c = 0; c < n; c++) {
        double z = log_of(p[c]) - top, e = exp(pass->inverse * z);
        norm += e;
        mean += e * z;
        square += e * z * z;
    }
    mean /= norm;
    square /= norm;
    double z = log_of(p[t]) - top;
    sum->loss += weight * (log(norm) - pass->inverse * z);
    sum->slope += weight * (mean - z);
    sum->curvature += weight * (square - mean * mean);
}

static void
add_set_row(const FitPass *pass, guint64 i, double weight, Derivatives *sum)
{
    const TsPredictions *predictions = pass->predictions;
    const guint n = predictions->n_classes;
    for (guint c = 0; c < n; c++) {
        double p = predictions->p[i * n + c], z = log_of(p) - log_of(1 - p);
        double q = 1 / (1 + exp(-pass->inverse * z));
        gboolean is_true = predictions->truth_sets[i * n + c];
        double signed_z = pass->inverse * (is_true ? z : -z);
        sum->loss +=
            weight * (signed_z > 0 ? log1p(exp(-signed_z)) : log1p(exp(signed_z)) - signed_z);
        sum->slope += weight * (q - is_true) * z;
        sum->curvature += weight * q * (1 - q) * z * z;
    }
}

static gboolean
differentiate_block(guint64 block, gpointer data, GError **error)
{
    const FitPass *pass = data;
    Derivatives sum = {0};
    (void) error;
    for (guint64 i = block * BLOCK; i < MIN(pass->predictions->n, (block + 1) * BLOCK); i++) {
        double weight = weight_of(pass->predictions->weight, i);
        if (pass->predictions->truth_sets != NULL)
            add_set_row(pass, i, weight, &sum);
        else
            add_class_row(pass, i, weight, &sum);
    }
    pass->of_block[block] = sum;
    return TRUE;
}

/* Sums in the order of the blocks, whatever the number of threads. */
static gboolean
differentiate(const TsPredictions *predictions, double inverse, Derivatives *sum, GError **error)
{
    guint64 n_blocks = (predictions->n + BLOCK - 1) / BLOCK;
    g_autofree Derivatives *of_block = g_new0(Derivatives, n_blocks + 1);
    FitPass pass = {predictions, inverse, of_block};
    *sum = (Derivatives){0};
    if (!ts_parallel_for(n_blocks, differentiate_block, &pass, error))
        return FALSE;
    for (guint64 b = 0; b < n_blocks; b++) {
        sum->loss += of_block[b].loss;
        sum->slope += of_block[b].slope;
        sum->curvature += of_block[b].curvature;
    }
    return TRUE;
}

/* Newton's steps on the slope, kept within the bracket that its sign has shown. */
static gboolean
find_inverse(const TsPredictions *predictions, double *inverse, GError **error)
{
    double low = 1 / MAX_TEMPERATURE, high = 1 / MIN_TEMPERATURE;
    *inverse = 1;
    for (int step = 0; step < 100 && high - low > 1e-13 * high; step++) {
        Derivatives at;
        if (!differentiate(predictions, *inverse, &at, error))
            return FALSE;
        if (at.slope > 0)
            high = *inverse;
        else
            low = *inverse;
        double next = at.curvature > 0 ? *inverse - at.slope / at.curvature : low;
        if (!(next > low && next < high))
            next = (low + high) / 2;
        gboolean is_done = fabs(next - *inverse) <= 1e-13 * *inverse;
        *inverse = next;
        if (is_done)
            break;
    }
    return TRUE;
}

static void
apply_to_row(const TsPredictions *predictions, guint64 i, double inverse)
{
    const guint n = predictions->n_classes;
    double *p = predictions->p + i * n, top = -INFINITY, sum = 0;
    for (guint c = 0; predictions->truth_sets != NULL && c < n; c++)
        p[c] = 1 / (1 + exp(-inverse * (log_of(p[c]) - log_of(1 - p[c]))));
    if (predictions->truth_sets != NULL)
        return;
    for (guint c = 0; c < n; c++)
        top = MAX(top, log_of(p[c]));
    for (guint c = 0; c < n; c++)
        sum += p[c] = exp(inverse * (log_of(p[c]) - top));
    for (guint c = 0; c < n; c++)
        p[c] /= sum;
}

void
ts_temperature_apply(TsPredictions *predictions, double temperature)
{
    for (guint64 i = 0; i < predictions->n; i++)
        apply_to_row(predictions, i, 1 / temperature);
}

static gboolean
measure(const TsPredictions *predictions, double inverse, guint n_bins, TsTemperatureFit *fit,
        guint which, GError **error)
{
    g_autofree TsCalibrationBin *bins = g_new(TsCalibrationBin, n_bins);
    Derivatives at;
    double total = 0;
    if (!differentiate(predictions, inverse, &at, error))
        return FALSE;
    for (guint64 i = 0; i < predictions->n; i++)
        total += weight_of(predictions->weight, i);
    if (predictions->truth_sets != NULL)
        total *= predictions->n_classes;
    fit->log_loss[which] = at.loss / total;
    ts_calibration_bins(predictions, predictions->weight, n_bins, bins);
    ts_calibration_errors(bins, n_bins, &fit->ece[which], &fit->mce[which]);
    return TRUE;
}

gboolean
ts_temperature_fit(TsPredictions *predictions, guint n_bins, TsTemperatureFit *fit, GError **error)
{
    double inverse;
    if (!measure(predictions, 1, n_bins, fit, 0, error) ||
        !find_inverse(predictions, &inverse, error))
        return FALSE;
    fit->temperature = 1 / inverse;
    ts_temperature_apply(predictions, fit->temperature);
    return measure(predictions, 1, n_bins, fit, 1, error);
}
