/* Checks of sizes and regions, inside of lib/image. */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

/* Check that a buffer of these declared dimensions is not empty and within the limits, and compute
 * its bytes. TS_ERROR_RANGE; the caller puts the path in front. */
gboolean ts_image_check_size(gint64 width, gint64 height, gint64 bands, TsSampleType type,
                             guint64 *bytes, GError **error);

/* Check that a region has pixels and lies inside of an image. TS_ERROR_RANGE. */
gboolean ts_image_check_region(int image_width, int image_height, int x, int y, int width,
                               int height, GError **error);

G_END_DECLS
