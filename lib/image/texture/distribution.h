/* The values of an image, each with how often it occurs; inside of lib/image/texture.
 *
 * Everything that does not depend on where a value stands (moments, percentiles, entropy) is
 * computed from it. 8-bit images have 256 values at most, whatever their size.
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct {
    guint64 n;       /* values in all */
    gsize n_values;  /* different ones */
    double *values;  /* ascending */
    guint64 *counts; /* each at least 1 */
} TsDistribution;

typedef struct {
    double mean, variance; /* population variance */
    double third, fourth;  /* central moments */
} TsMoments;

/* Count samples[0], samples[stride], ... (n of them) of the kind of `type`, where counts[0],
 * counts[1], ... is not 0 (NULL: all); not-a-number is passed over. TS_ERROR_NO_MEMORY. */
gboolean
ts_distribution_init(TsDistribution *distribution, TsSampleType type, const double *samples,
                     gsize n, gsize stride, const guint8 *counts, GError **error);

void ts_distribution_clear(TsDistribution *distribution);

/* Moments; not-a-number without any value. */
TsMoments ts_distribution_moments(const TsDistribution *distribution);

/* The value below which `percent` of all values lie, linear between two (NumPy's "linear"). */
double ts_distribution_percentile(const TsDistribution *distribution, double percent);

/* - sum p log2(p). */
double ts_distribution_entropy(const TsDistribution *distribution);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsDistribution, ts_distribution_clear)

G_END_DECLS
