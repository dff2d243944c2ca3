/* What compression does to a picture. */
#pragma once

#include "image/transform/pixels.h"

G_BEGIN_DECLS

/* Encode as JPEG of `quality`, 1 to 100 (below 90 with colour at half the resolution, as everywhere
 * in tessera), and decode. 8-bit grey or RGB, which the caller has made sure of. Errors are those
 * of the encoder. */
gboolean ts_change_jpeg(TsPixels *pixels, int quality, GError **error);

G_END_DECLS
