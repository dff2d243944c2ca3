/* Gaussian blur. */
#pragma once

#include "image/transform/pixels.h"

G_BEGIN_DECLS

/* Smooth (height, width, bands) in place with a Gaussian of `sigma` pixels, cut off at 4 sigma
 * (radius floor(4 sigma + 0.5)) and normalised; the edge repeats. That is
 * scipy.ndimage.gaussian_filter(mode="nearest"). 0 changes nothing. TS_ERROR_NO_MEMORY. */
gboolean
ts_smooth_gaussian(float *data, int width, int height, int bands, double sigma, GError **error);

G_END_DECLS
