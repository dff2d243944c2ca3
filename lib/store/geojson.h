/* Areas drawn on an image, from GeoJSON (RFC 7946) as QuPath and others write it.
 *
 * Coordinates are pixels of the full image, origin top left, y downwards. Read are a
 * FeatureCollection, a Feature, an array of Features, or a bare Polygon or MultiPolygon. A class is
 * the text at properties.classification.name (QuPath; also "names", joined by ": "), else at
 * properties.classification, class or label. Points and lines have no area and are passed over, as
 * are features without a geometry; other geometries are errors.
 *
 * Each polygon, be it a part of a MultiPolygon or alone, is an area of its own: an outer ring and
 * holes. Rings are stored without the repeated last point.
 *
 *     g_autoptr(TsGeojson) drawn = ts_geojson_read("slide.geojson", error);
 *     for (guint i = 0; drawn != NULL && i < ts_geojson_n(drawn); i++)
 *         use(ts_geojson_get(drawn, i));
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    double x, y;
} TsPoint;

typedef struct {
    const TsPoint *points; /* (n), at least 3; the last is joined with the first */
    gsize n;
} TsRing;

typedef struct {
    const char *name;    /* NULL: none */
    guint64 feature;     /* its number in the file, from 1 */
    const TsRing *rings; /* (n_rings): the outer one, then holes */
    gsize n_rings;
    double left, top, right, bottom; /* smallest and largest coordinates */
} TsArea;

typedef struct _TsGeojson TsGeojson;

/* Read a file of at most 256 MiB. TS_ERROR_IO, TS_ERROR_FORMAT with the path and the feature. */
TsGeojson *ts_geojson_read(const char *path, GError **error);

/* The same of `n` bytes; `name` stands in messages. */
TsGeojson *ts_geojson_parse(const char *text, gsize n, const char *name, GError **error);

/* NULL is allowed. */
void ts_geojson_free(TsGeojson *drawn);

/* Areas in the order of the file; borrowed. */
guint64 ts_geojson_n(const TsGeojson *drawn);
const TsArea *ts_geojson_get(const TsGeojson *drawn, guint64 i);

/* Features passed over for they have no area. */
guint64 ts_geojson_n_passed(const TsGeojson *drawn);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsGeojson, ts_geojson_free)

G_END_DECLS
