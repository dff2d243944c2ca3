/* Where an image lies on the earth: the tags of GeoTIFF, kept and moved along with parts of it.
 *
 * Coordinates of pixels are those of the rest of tessera: (0, 0) is the outer corner of the first
 * pixel, (0.5, 0.5) its centre, after orientation. GeoTIFF's own differ by half a pixel where a
 * file says PixelIsPoint; that is accounted for here. What the keys mean (the projection) is not
 * looked at: they are copied.
 *
 *     g_autoptr(TsGeo) geo = ts_geo_read("map.tif", error);     // NULL without error: has none
 *     g_autoptr(TsGeo) part = geo != NULL ? ts_geo_translate(geo, 512, 256, 1) : NULL;
 *     tags.geo = part;
 *
 * Source: OGC GeoTIFF 1.1, chapters 7 and B.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsGeo TsGeo;

/* Read tags 33550, 33922, 34264, 34735 to 34737 and 42113 of a file's first image. NULL without an
 * error if the file is no TIFF or has none of them. TS_ERROR_IO, and TS_ERROR_FORMAT for tags that
 * cannot be right: a key that points outside of its values, numbers that are no numbers. */
TsGeo *ts_geo_read(const char *path, GError **error);

/* The same of a file in memory; `name` stands in messages. */
TsGeo *ts_geo_read_bytes(gconstpointer bytes, gsize n, const char *name, GError **error);

/* Make the tags of a part whose corner lies at (x0, y0) of the image, and of whose pixels each is
 * `across` pixels wide and `down` high there (0.5: enlarged twice). */
TsGeo *ts_geo_translate(const TsGeo *geo, double x0, double y0, double across, double down);

/* Compute the place of a point of the image. FALSE if the tags do not say it: keys alone, or points
 * of control without a scale. */
gboolean ts_geo_map(const TsGeo *geo, double x, double y, double *east, double *north);

/* The value that stands for no data, as the file writes it, or NULL; borrowed. */
const char *ts_geo_nodata(const TsGeo *geo);

/* Free. NULL is allowed. */
void ts_geo_free(TsGeo *geo);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsGeo, ts_geo_free)

G_END_DECLS
