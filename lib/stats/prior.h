/* Probabilities under other class shares than those of the training.
 *
 * Logit adjustment (Menon et al., "Long-tail learning via logit adjustment", ICLR 2021): tau times
 * the logarithm of the class's training share is taken from each logit, so that with tau 1 a model
 * that learned from uneven classes answers as if they had been even.
 */
#pragma once

#include "stats/predictions.h"

G_BEGIN_DECLS

/* Make p[c] proportional to p[c] * share[c]^-tau, and the class of the highest pred. Predictions
 * have one label and probabilities; shares are above 0 and need no sum. */
void ts_predictions_adjust(TsPredictions *predictions, const double *share, double tau);

G_END_DECLS
