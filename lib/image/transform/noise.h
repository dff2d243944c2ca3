/* Noise of a camera, drawn from a stream keyed by a seed, sample after sample; and parts blanked.
 */
#pragma once

#include "image/transform/pixels.h"

G_BEGIN_DECLS

/* Add normal noise, the same strength everywhere: `deviation` is a share of white. */
void ts_change_noise(TsPixels *pixels, double deviation, guint64 seed);

/* Shot noise: white Poisson(peak v / white) / peak, where white is `peak` counts; samples below 0
 * become 0. As skimage.util.random_noise("poisson"), which takes a power of two for `peak`. */
void ts_change_poisson(TsPixels *pixels, double peak, guint64 seed);

/* Make this share of the pixels white or 0, half of them each, in all bands. */
void ts_change_salt_pepper(TsPixels *pixels, double share, guint64 seed);

/* Set the rectangle, as far as it lies inside, to 0 (cutout, random erasing). */
void ts_change_erase(TsPixels *pixels, int x, int y, int width, int height);

G_END_DECLS
