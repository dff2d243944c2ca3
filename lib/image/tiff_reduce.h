/* Halving an image, for pyramids, inside of lib/image. */
#pragma once

#include "image/tiff.h"

G_BEGIN_DECLS

/* Make rows of half the size, halved upward, from `height` rows of `from` without gaps, `width`
 * pixels of `bands` samples each: (height + 1) / 2 rows of (width + 1) / 2 pixels. */
void ts_reduce_rows(TsReduce how, TsSampleType type, int bands, const guint8 *from, int width,
                    int height, guint8 *to);

G_END_DECLS
