/* ROC and precision-recall curves of one class against the rest.
 *
 * A point of a curve is a threshold: rows whose probability is at least that are taken for the
 * class. Rows of equal probability pass it together. Areas are scikit-learn's roc_auc_score and
 * average_precision_score.
 *
 *     double auroc, ap;
 *     ts_curve_areas(predictions, class, NULL, &auroc, &ap);
 *
 * Predictions have to be prepared: see predictions.h.
 */
#pragma once

#include "stats/predictions.h"

G_BEGIN_DECLS

/* Compute both areas with row weights `weight` (NULL: 1). NaN: AUROC without rows of the class or
 * without others, average precision without rows of the class. */
void ts_curve_areas(const TsPredictions *predictions, guint c, const double *weight, double *auroc,
                    double *ap);

typedef struct {
    double threshold;
    double tp, fp; /* weight of the rows above it that are of the class, and of the others */
} TsCurvePoint;

/* Make the points of a curve, highest threshold first; `positive` and `negative` become the weights
 * of all rows of the class and of the others. An array of TsCurvePoint; g_array_unref(). */
GArray *ts_curve_points(const TsPredictions *predictions, guint c, const double *weight,
                        double *positive, double *negative);

G_END_DECLS
