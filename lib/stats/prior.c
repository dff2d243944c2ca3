/* Logit adjustment. */
#include "stats/prior.h"

#include <math.h>

void
ts_predictions_adjust(TsPredictions *predictions, const double *share, double tau)
{
    const guint n = predictions->n_classes;
    double most = 0;
    for (guint c = 0; c < n; c++)
        most = MAX(most, share[c]);
    g_autofree double *factor = g_new(double, (gsize) n + 1);
    for (guint c = 0; c < n; c++)
        factor[c] = pow(share[c] / most, -tau);
    for (guint64 i = 0; i < predictions->n; i++) {
        double *p = predictions->p + i * n, sum = 0;
        for (guint c = 0; c < n; c++)
            sum += p[c] *= factor[c];
        for (guint c = 0; sum > 0 && c < n; c++)
            p[c] /= sum;
    }
    ts_predictions_choose(predictions);
}
