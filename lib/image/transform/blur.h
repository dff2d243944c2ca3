/* Gaussian blur and sharpening. */
#pragma once

#include "image/transform/pixels.h"

G_BEGIN_DECLS

/* Smooth (height, width, bands) in place with a Gaussian of `sigma` pixels, cut off at 4 sigma
 * (radius floor(4 sigma + 0.5)) and normalised; the edge repeats. That is
 * scipy.ndimage.gaussian_filter(mode="nearest"). 0 changes nothing. TS_ERROR_NO_MEMORY. */
gboolean
ts_smooth_gaussian(float *data, int width, int height, int bands, double sigma, GError **error);

/* The same for pixels. */
gboolean ts_change_blur(TsPixels *pixels, double sigma, GError **error);

/* v + amount (v - smooth(v)), smooth the mean of the 3 x 3 pixels with the middle counted five
 * times; the outermost pixels stay: torchvision's adjust_sharpness() with the factor 1 + amount.
 * TS_ERROR_NO_MEMORY. */
gboolean ts_change_sharpness(TsPixels *pixels, double amount, GError **error);

G_END_DECLS
