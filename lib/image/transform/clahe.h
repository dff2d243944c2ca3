/* Contrast-limited adaptive histogram equalisation. */
#pragma once

#include "image/transform/pixels.h"

G_BEGIN_DECLS

/* Equalise over tiles x tiles parts with histograms clipped at `limit` times their mean (0: not
 * clipped), bilinear between the parts. 8- or 16-bit samples, grey or RGB, which the caller has
 * made sure of. Grey is what OpenCV's createCLAHE() gives: what is clipped is dealt out once; edges
 * are mirrored to whole parts; 256 or 65536 bins. (scikit-image's equalize_adapthist() deals and
 * pads in other ways, and is not meant.) Of RGB the luma (BT.601) is equalised and its change added
 * to the three bands. TS_ERROR_NO_MEMORY. */
gboolean ts_change_clahe(TsPixels *pixels, double limit, int tiles, GError **error);

G_END_DECLS
