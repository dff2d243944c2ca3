/* The one resample of a TsMap.
 *
 * Bilinear between the four nearest pixels; what lies outside of the input repeats its edge. Where
 * the map is exact (flips, quarter turns, crops) pixels are copied, so nothing is rounded, whatever
 * the type of samples; other maps take 8- and 16-bit samples, signed 16-bit ones and floats.
 */
#pragma once

#include "image/image.h"
#include "image/transform/map.h"

G_BEGIN_DECLS

/* Can samples of this type be interpolated? */
gboolean ts_warp_has_type(TsSampleType type);

/* Sample `in`, (in_height, in_width, bands), to `out`, (height, width, bands), sizes as the map has
 * them. The type is one of ts_warp_has_type(), or the map is exact (asserted). */
void ts_warp_pixels(const void *in, int bands, TsSampleType type, const TsMap *map, void *out);

/* The same for an image; a new one is returned. TS_ERROR_FORMAT if the type cannot be interpolated,
 * TS_ERROR_RANGE or TS_ERROR_NO_MEMORY. */
TsImage *ts_warp(const TsImage *in, const TsMap *map, GError **error);

/* Sample a mask: the nearest pixel (the one whose square holds the position), and `ignore`
 * in all bands where the position is outside. Any integer type; TS_ERROR_FORMAT for floats. */
TsImage *ts_warp_mask(const TsImage *in, const TsMap *map, int ignore, GError **error);

G_END_DECLS
