/* Feature vectors: checked, and how far apart two are. */
#include "balance/space/points.h"

#include "base/error.h"

#include <math.h>

enum { LANES = 8 }; /* sums side by side, so that the processor's vectors serve */

gboolean
ts_points_check(const TsPoints *points, const char *name, GError **error)
{
    for (gsize i = 0; i < points->n; i++)
        for (gsize j = 0; j < points->d; j++)
            if (!isfinite(ts_points_get(points, i, j)))
                return ts_error_set(error, TS_ERROR_FORMAT,
                                    "%s: row %" G_GSIZE_FORMAT ", column %" G_GSIZE_FORMAT
                                    ": not a finite number; neighbours of it are not defined",
                                    name, i + 1, j + 1);
    return TRUE;
}

static double
sum_lanes(const double lane[LANES])
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static double
distance2_f32(const float *a, const float *b, gsize d)
{
    double lane[LANES] = {0};
    gsize j = 0;
    for (; j + LANES <= d; j += LANES)
        for (gsize l = 0; l < LANES; l++) {
            double difference = (double) a[j + l] - (double) b[j + l];
            lane[l] += difference * difference;
        }
    for (gsize l = 0; j < d; j++, l++) {
        double difference = (double) a[j] - (double) b[j];
        lane[l] += difference * difference;
    }
    return sum_lanes(lane);
}

static double
distance2_f64(const double *a, const double *b, gsize d)
{
    double lane[LANES] = {0};
    gsize j = 0;
    for (; j + LANES <= d; j += LANES)
        for (gsize l = 0; l < LANES; l++)
            lane[l] += (a[j + l] - b[j + l]) * (a[j + l] - b[j + l]);
    for (gsize l = 0; j < d; j++, l++)
        lane[l] += (a[j] - b[j]) * (a[j] - b[j]);
    return sum_lanes(lane);
}

double
ts_points_distance2(const TsPoints *points, gsize a, gsize b)
{
    gsize d = points->d;
    if (points->f32 != NULL)
        return distance2_f32(points->f32 + a * d, points->f32 + b * d, d);
    return distance2_f64(points->f64 + a * d, points->f64 + b * d, d);
}
