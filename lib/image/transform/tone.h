/* Brightness, contrast, gamma; of any number of bands. The zero of each (gamma: 1) changes no bit.
 */
#pragma once

#include "image/transform/pixels.h"

G_BEGIN_DECLS

/* v (1 + change): torchvision's adjust_brightness() with the factor 1 + change. */
void ts_change_brightness(TsPixels *pixels, double change);

/* m + (1 + change) (v - m), m the mean of the grey picture (BT.601 of RGB, else of all bands):
 * torchvision's adjust_contrast() with the factor 1 + change. */
void ts_change_contrast(TsPixels *pixels, double change);

/* white (v / white) ^ exponent, as torchvision's adjust_gamma(); samples below 0 are mirrored:
 * -white (-v / white) ^ exponent. */
void ts_change_gamma(TsPixels *pixels, double exponent);

/* Weights of red, green and blue in grey (ITU-R BT.601). */
#define TS_GREY_RED 0.299f
#define TS_GREY_GREEN 0.587f
#define TS_GREY_BLUE 0.114f

G_END_DECLS
