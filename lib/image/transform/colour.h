/* Saturation, hue and stains; of RGB, which the caller has made sure of. 0 changes no bit. */
#pragma once

#include "image/transform/pixels.h"

G_BEGIN_DECLS

/* grey + (1 + change) (v - grey), grey by BT.601: torchvision's adjust_saturation() with the factor
 * 1 + change. */
void ts_change_saturation(TsPixels *pixels, double change);

/* Turn the hue of HSV by this share of the circle: torchvision's adjust_hue(). */
void ts_change_hue(TsPixels *pixels, double change);

/* Scale and shift haematoxylin, eosin and DAB: with optical densities -ln(v / white) as stains
 * after Ruifrok and Johnston (2001), the matrix of skimage.color.rgb2hed(), stain s becomes
 * (1 + changes[2 s]) c + changes[2 s + 1] (Tellez et al., 2018). Shares below 1e-6 count as that.
 */
void ts_change_stains(TsPixels *pixels, const double changes[6]);

G_END_DECLS
