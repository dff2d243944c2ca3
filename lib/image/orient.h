/* EXIF orientation as arithmetic: where a region lies in the stored pixels, and its turning.
 *
 * Numbers are EXIF 2.3's (tag 274): 1 as stored, 2 mirrored, 3 turned by 180 degrees, 4 flipped, 5
 * transposed, 6 to be turned clockwise by 90 degrees, 7 transverse, 8 to be turned by 270 degrees.
 * So only the wanted region is decoded and turned, never the whole image for its sake.
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct {
    int x, y, width, height;
} TsRect;

/* Whether width and height are exchanged. */
gboolean ts_orientation_swaps(int orientation);

/* The stored rectangle whose pixels, turned, are `rect` of the oriented image. `width` and `height`
 * are those of the stored image. */
TsRect ts_orientation_to_stored(int orientation, TsRect rect, int width, int height);

/* Return the turned copy of stored pixels. TS_ERROR_NO_MEMORY. */
TsImage *ts_image_orient(const TsImage *stored, int orientation, GError **error);

G_END_DECLS
