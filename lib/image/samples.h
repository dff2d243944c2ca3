/* Rows of samples of any type to doubles and back, inside of lib/image. */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

/* sums[i] += weight * samples[i] for n samples of `type`. */
void ts_samples_add(TsSampleType type, const void *samples, gsize n, double weight, double *sums);

typedef enum { TS_ROUND_HALF_UP, TS_ROUND_HALF_EVEN } TsRounding;

/* samples[i] = values[i]; integers are rounded and clamped, not-a-number becomes 0 there. */
void ts_samples_store(TsSampleType type, const double *values, gsize n, TsRounding rounding,
                      void *samples);

/* What stands for white and full opacity: the largest integer, 1 for floats. */
double ts_sample_type_white(TsSampleType type);

G_END_DECLS
