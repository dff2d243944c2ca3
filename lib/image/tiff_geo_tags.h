/* The tags of GeoTIFF as numbers, inside of lib/image: tiff_geo.c computes with them,
 * tiff_geo_tags.c reads and writes them. */
#pragma once

#include "image/tiff_geo.h"
#include "image/tiff_handle.h"

G_BEGIN_DECLS

struct _TsGeo {
    gboolean is_point;              /* raster coordinates count from centres of pixels */
    gboolean has_scale, has_matrix; /* never both */
    double scale[3];
    double matrix[16]; /* row by row */
    GArray *ties;      /* double: i, j, k, x, y, z of each; may be empty */
    GArray *keys;      /* guint16: the key directory; may be empty */
    GArray *doubles;   /* double: values of keys */
    char *text;        /* values of keys, or NULL */
    char *nodata;      /* or NULL */
};

TsGeo *ts_geo_new(void);

/* Check what was read and settle what it means: keys, and which of two forms counts. `name` stands
 * in messages. TS_ERROR_FORMAT. */
gboolean ts_geo_settle(TsGeo *geo, const char *name, GError **error);

/* Turn it from stored pixels of width x height to oriented ones. */
void ts_geo_orient(TsGeo *geo, int orientation, int width, int height);

/* Set the tags of the current directory. */
gboolean ts_geo_set_tags(const TsGeo *geo, TsTiffHandle *handle, GError **error);

G_END_DECLS
