/* Pillow's ImageOps and ImageEnhance.Sharpness, the changes of RandAugment that are no blends with
 * one colour. Each band is changed for itself. */
#pragma once

#include "image/transform/pixels.h"

G_BEGIN_DECLS

/* Keep the highest `bits` (1 to 8) of 8-bit samples: ImageOps.posterize(). */
void ts_change_bits(TsPixels *pixels, int bits);

/* Samples of `share` of white and more become white minus them: ImageOps.solarize() with the
 * threshold 255 share. */
void ts_change_solarize(TsPixels *pixels, double share);

/* Stretch each band so that its smallest sample becomes black and its largest white; a band of one
 * number stays. ImageOps.autocontrast(), but rounded where that cuts off. */
void ts_change_autocontrast(TsPixels *pixels);

/* Spread the numbers of 8-bit bands so that each range has about as many pixels:
 * ImageOps.equalize(). */
void ts_change_equalize(TsPixels *pixels);

/* s + (1 + change) (v - s), s the picture smoothed by (1 1 1, 1 5 1, 1 1 1) / 13, edges as they
 * are: ImageEnhance.Sharpness with the factor 1 + change. TS_ERROR_NO_MEMORY. */
gboolean ts_change_enhanced_sharpness(TsPixels *pixels, double change, GError **error);

G_END_DECLS
