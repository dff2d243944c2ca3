/* Walks down the rows by probability. */
#include "stats/curves.h"

#include <math.h>

/* Count one row more among those at or above its probability. */
static void
pass(const TsRanked *row, const double *weight, double *tp, double *fp)
{
    const double w = weight != NULL ? weight[row->row] : 1;
    *(row->is_positive ? tp : fp) += w;
}

void
ts_curve_areas(const TsPredictions *predictions, guint c, const double *weight, double *auroc,
               double *ap)
{
    const TsRanked *ranked = predictions->ranked + c * predictions->n;
    double tp = 0, fp = 0, last_tp = 0, last_fp = 0, roc = 0, pr = 0;
    for (guint64 i = 0; i < predictions->n; i++) {
        pass(&ranked[i], weight, &tp, &fp);
        if (!ranked[i].ends)
            continue;
        roc += (fp - last_fp) * (tp + last_tp) / 2;
        if (tp > last_tp)
            pr += (tp - last_tp) * tp / (tp + fp);
        last_tp = tp;
        last_fp = fp;
    }
    *auroc = tp > 0 && fp > 0 ? roc / tp / fp : NAN;
    *ap = tp > 0 ? pr / tp : NAN;
}

GArray *
ts_curve_points(const TsPredictions *predictions, guint c, const double *weight, double *positive,
                double *negative)
{
    const TsRanked *ranked = predictions->ranked + c * predictions->n;
    GArray *points = g_array_new(FALSE, FALSE, sizeof(TsCurvePoint));
    double tp = 0, fp = 0;
    for (guint64 i = 0; i < predictions->n; i++) {
        pass(&ranked[i], weight, &tp, &fp);
        TsCurvePoint point = {predictions->p[(gsize) ranked[i].row * predictions->n_classes + c],
                              tp, fp};
        if (ranked[i].ends)
            g_array_append_val(points, point);
    }
    *positive = tp;
    *negative = fp;
    return points;
}
