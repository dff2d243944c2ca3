/* Polygons to pixels: even-odd fill by the rule of pixel centres.
 *
 * A pixel belongs to an area if its centre lies inside, that is if a ray from it to the left
 * crosses the rings an odd number of times. An edge from (xa, ya) to (xb, yb), ya <= yb, is crossed
 * by rows with ya <= y < yb, and by pixels with x at or right of it; so areas that touch share no
 * pixel and leave none out.
 */
#pragma once

#include "store/geojson.h"

G_BEGIN_DECLS

/* The pixels of a tile: (column, row) is centred at (x + (column + 0.5) * step_x,
 * y + (row + 0.5) * step_y) of the image. */
typedef struct {
    double x, y, step_x, step_y;
    int width, height;
} TsRaster;

/* Set `out`, (height, width), to `value` where a pixel belongs to the area. Memory is that of the
 * edges in the tile's rows. TS_ERROR_NO_MEMORY. */
gboolean ts_area_fill(const TsArea *area, const TsRaster *raster, guint16 value, guint16 *out,
                      GError **error);

G_END_DECLS
