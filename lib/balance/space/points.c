/* Feature vectors: checked, and how far apart two are. */
#include "balance/space/points.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>

enum { LANES = 8 }; /* sums side by side, so that the processor's vectors serve */

enum { STEP_BYTES = 4 << 20 };

static gconstpointer
row_at(const TsPoints *points, gsize i)
{
    return points->f32 != NULL ? (gconstpointer) (points->f32 + i * points->d)
                               : points->f64 + i * points->d;
}

gsize
ts_points_release_step(const TsPoints *points)
{
    gsize bytes = MIN(STEP_BYTES, ts_memory_get() / 8);
    return MAX(1, bytes / MAX(ts_points_row_bytes(points), 1));
}

void
ts_points_release(const TsPoints *points, gsize begin, gsize end)
{
    gsize row_bytes = ts_points_row_bytes(points);
    if (points->mapped && end > begin && ts_memory_is_large(points->n * row_bytes))
        ts_memory_release(row_at(points, begin), (end - begin) * row_bytes);
}

static gboolean
check_row(const TsPoints *points, gsize i, const char *name, GError **error)
{
    for (gsize j = 0; j < points->d; j++)
        if (!isfinite(ts_points_get(points, i, j)))
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: row %" G_GSIZE_FORMAT ", column %" G_GSIZE_FORMAT
                                ": not a finite number; neighbours of it are not defined",
                                name, i + 1, j + 1);
    return TRUE;
}

gboolean
ts_points_check(const TsPoints *points, const char *name, GError **error)
{
    gsize step = ts_points_release_step(points);
    for (gsize begin = 0; begin < points->n; begin += step) {
        gsize end = MIN(begin + step, points->n);
        for (gsize i = begin; i < end; i++)
            if (!check_row(points, i, name, error))
                return FALSE;
        ts_points_release(points, begin, end);
    }
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
ts_points_distance2_between(const TsPoints *one, gsize a, const TsPoints *other, gsize b)
{
    if (one->f32 != NULL)
        return distance2_f32(row_at(one, a), row_at(other, b), one->d);
    return distance2_f64(row_at(one, a), row_at(other, b), one->d);
}

double
ts_points_distance2(const TsPoints *points, gsize a, gsize b)
{
    return ts_points_distance2_between(points, a, points, b);
}
