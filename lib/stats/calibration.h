/* Are 80 % of the answers right that are given with a probability of 80 %?
 *
 * The probability of the predicted class is put in bins of equal width, (lo, hi], the lowest with
 * 0; with several labels each label's probability is, and what is right is that it is true. ECE is
 * the mean over the bins, weighted, of |share of right ones - mean probability|, MCE the largest
 * (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017). A temperature T divides
 * logits: p^(1/T), normalised; with several labels logit(p) / T. The one that fits minimises the
 * log loss, which is convex in 1/T.
 */
#pragma once

#include "stats/predictions.h"

G_BEGIN_DECLS

enum { TS_CALIBRATION_BINS = 15 };

typedef struct {
    double weight;     /* of the answers in the bin */
    double confidence; /* their mean probability, NaN without any */
    double accuracy;   /* share of right ones, likewise */
} TsCalibrationBin;

/* Fill `n_bins` bins with row weights `weight` (NULL: 1). FALSE, and the bins undefined, where the
 * predictions have neither probabilities nor scores. */
gboolean ts_calibration_bins(const TsPredictions *predictions, const double *weight, guint n_bins,
                             TsCalibrationBin *bins);

/* ECE and MCE of bins; NaN if all are empty. */
void ts_calibration_errors(const TsCalibrationBin *bins, guint n_bins, double *ece, double *mce);

typedef struct {
    double temperature; /* within 0.01 to 100, where it ends if no answer or every one is wrong */
    double log_loss[2]; /* before, after */
    double ece[2], mce[2];
} TsTemperatureFit;

/* Fit a temperature to the predictions, which need p, and apply it to them: p changes, pred does
 * not. They have to be prepared again. FALSE with an error on a signal. */
gboolean
ts_temperature_fit(TsPredictions *predictions, guint n_bins, TsTemperatureFit *fit, GError **error);

/* Apply a temperature above 0. */
void ts_temperature_apply(TsPredictions *predictions, double temperature);

G_END_DECLS
