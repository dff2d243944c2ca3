/* GeoJSON areas, on jansson; every value is checked before it is believed. */
#include "store/geojson.h"

#include "base/error.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

enum { MAX_BYTES = 256 << 20 };

/* Beyond are no pixels of an image; below, differences are exact enough in double. */
static const double MAX_COORDINATE = 1e9;

struct _TsGeojson {
    GArray *areas;  /* TsArea; `rings` is an offset until the end */
    GArray *rings;  /* TsRing; so is `points` */
    GArray *points; /* TsPoint */
    GStringChunk *classes;
    guint64 n_passed;
};

/* Where a message says it is. */
typedef struct {
    const char *name;
    guint64 feature; /* from 1; 0: the root is no feature */
    guint64 polygon, ring;
} Place;

typedef enum { OTHER, POLYGON, MULTIPOLYGON, NO_AREA } Kind;

static gboolean
wrong(const Place *place, GError **error, const char *what)
{
    g_autoptr(GString) where = g_string_new(place->name);
    if (place->feature > 0)
        g_string_append_printf(where, ": feature %" G_GUINT64_FORMAT, place->feature);
    if (place->polygon > 0)
        g_string_append_printf(where, ", polygon %" G_GUINT64_FORMAT, place->polygon);
    if (place->ring > 0)
        g_string_append_printf(where, ", ring %" G_GUINT64_FORMAT, place->ring);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: %s", where->str, what);
}

void
ts_geojson_free(TsGeojson *drawn)
{
    if (drawn == NULL)
        return;
    g_array_unref(drawn->areas);
    g_array_unref(drawn->rings);
    g_array_unref(drawn->points);
    g_string_chunk_free(drawn->classes);
    g_free(drawn);
}

static TsGeojson *
geojson_alloc(void)
{
    TsGeojson *drawn = g_new0(TsGeojson, 1);
    drawn->areas = g_array_new(FALSE, FALSE, sizeof(TsArea));
    drawn->rings = g_array_new(FALSE, FALSE, sizeof(TsRing));
    drawn->points = g_array_new(FALSE, FALSE, sizeof(TsPoint));
    drawn->classes = g_string_chunk_new(256);
    return drawn;
}

/* QuPath 0.6 writes the parts of "Tumour: Positive" as an array. */
static char *
joined_names(const json_t *names)
{
    GString *all = g_string_new(NULL);
    for (gsize i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name != NULL)
            g_string_append_printf(all, "%s%s", all->len > 0 ? ": " : "", name);
    }
    return g_string_free(all, all->len == 0);
}

static char *
class_of(const json_t *feature)
{
    const json_t *properties = json_object_get(feature, "properties");
    const json_t *classification = json_object_get(properties, "classification");
    const json_t *found = json_object_get(classification, "name");
    if (json_is_array(json_object_get(classification, "names")))
        return joined_names(json_object_get(classification, "names"));
    if (found == NULL && json_is_string(classification))
        found = classification;
    if (found == NULL)
        found = json_object_get(properties, "class");
    if (found == NULL)
        found = json_object_get(properties, "label");
    const char *text = json_string_value(found);
    return text != NULL && text[0] != '\0' ? g_strdup(text) : NULL;
}

/* [x, y], or more numbers, of which the others do not matter. */
static gboolean
read_point(const json_t *position, const Place *place, TsPoint *point, GError **error)
{
    const json_t *x = json_array_get(position, 0), *y = json_array_get(position, 1);
    if (!json_is_number(x) || !json_is_number(y))
        return wrong(place, error, "expected points of two numbers");
    *point = (TsPoint){json_number_value(x), json_number_value(y)};
    if (!(fabs(point->x) <= MAX_COORDINATE) || !(fabs(point->y) <= MAX_COORDINATE))
        return wrong(place, error, "a coordinate is beyond 1e9 pixels");
    return TRUE;
}

static gboolean
read_ring(TsGeojson *drawn, const json_t *positions, const Place *place, GError **error)
{
    gsize n = json_array_size(positions), first = drawn->points->len;
    if (!json_is_array(positions) || n < 3)
        return wrong(place, error, "expected a ring of three points or more");
    if (n > G_MAXUINT / 2 - drawn->points->len)
        return wrong(place, error, "too many points");
    for (gsize i = 0; i < n; i++) {
        TsPoint point;
        if (!read_point(json_array_get(positions, i), place, &point, error))
            return FALSE;
        g_array_append_val(drawn->points, point);
    }
    const TsPoint *points = &g_array_index(drawn->points, TsPoint, first);
    if (n > 3 && points[0].x == points[n - 1].x && points[0].y == points[n - 1].y)
        g_array_set_size(drawn->points, (guint) (first + --n));
    TsRing ring = {.points = GSIZE_TO_POINTER(first), .n = n};
    g_array_append_val(drawn->rings, ring);
    return TRUE;
}

static gboolean
read_polygon(TsGeojson *drawn, const json_t *rings, const char *class, Place place, GError **error)
{
    gsize n = json_array_size(rings);
    TsArea area = {.name = class,
                   .feature = place.feature,
                   .rings = GSIZE_TO_POINTER(drawn->rings->len),
                   .n_rings = n};
    if (!json_is_array(rings) || n == 0)
        return wrong(&place, error, "expected coordinates of one ring or more");
    for (gsize i = 0; i < n; i++) {
        place.ring = i + 1;
        if (!read_ring(drawn, json_array_get(rings, i), &place, error))
            return FALSE;
    }
    g_array_append_val(drawn->areas, area);
    return TRUE;
}

static gboolean
read_polygons(TsGeojson *drawn, const json_t *polygons, const char *class, Place place,
              GError **error)
{
    if (!json_is_array(polygons))
        return wrong(&place, error, "expected coordinates of polygons");
    for (gsize i = 0; i < json_array_size(polygons); i++) {
        place.polygon = i + 1;
        if (!read_polygon(drawn, json_array_get(polygons, i), class, place, error))
            return FALSE;
    }
    return TRUE;
}

static Kind
kind_of(const char *type)
{
    static const char *const no_area[] = {"Point", "MultiPoint", "LineString", "MultiLineString",
                                          NULL};
    if (g_strv_contains(no_area, type))
        return NO_AREA;
    return strcmp(type, "Polygon") == 0        ? POLYGON
           : strcmp(type, "MultiPolygon") == 0 ? MULTIPOLYGON
                                               : OTHER;
}

static gboolean
read_geometry(TsGeojson *drawn, const json_t *geometry, const char *class, Place place,
              GError **error)
{
    const char *type = json_string_value(json_object_get(geometry, "type"));
    const json_t *coordinates = json_object_get(geometry, "coordinates");
    Kind kind = type != NULL ? kind_of(type) : OTHER;
    if (kind == POLYGON)
        return read_polygon(drawn, coordinates, class, place, error);
    if (kind == MULTIPOLYGON)
        return read_polygons(drawn, coordinates, class, place, error);
    if (kind == OTHER)
        return wrong(&place, error, "expected a geometry of type Polygon or MultiPolygon");
    drawn->n_passed++;
    return TRUE;
}

static gboolean
read_feature(TsGeojson *drawn, const json_t *feature, Place place, GError **error)
{
    const json_t *geometry = json_object_get(feature, "geometry");
    if (g_strcmp0(json_string_value(json_object_get(feature, "type")), "Feature") != 0)
        return wrong(&place, error, "expected an object of type Feature");
    if (json_is_null(geometry)) {
        drawn->n_passed++;
        return TRUE;
    }
    g_autofree char *name = class_of(feature);
    const char *class = name != NULL ? g_string_chunk_insert_const(drawn->classes, name) : NULL;
    return read_geometry(drawn, geometry, class, place, error);
}

static gboolean
read_features(TsGeojson *drawn, const json_t *features, const char *name, GError **error)
{
    for (gsize i = 0; i < json_array_size(features); i++) {
        Place place = {.name = name, .feature = i + 1};
        if (!read_feature(drawn, json_array_get(features, i), place, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_root(TsGeojson *drawn, const json_t *root, const char *name, GError **error)
{
    Place place = {.name = name};
    const char *type = json_string_value(json_object_get(root, "type"));
    const json_t *features = json_object_get(root, "features");
    if (json_is_array(root))
        return read_features(drawn, root, name, error);
    if (g_strcmp0(type, "FeatureCollection") == 0 && json_is_array(features))
        return read_features(drawn, features, name, error);
    place.feature = 1;
    if (g_strcmp0(type, "Feature") == 0)
        return read_feature(drawn, root, place, error);
    if (type != NULL && kind_of(type) != OTHER)
        return read_geometry(drawn, root, NULL, place, error);
    place.feature = 0;
    return wrong(&place, error, "is no GeoJSON, expected a FeatureCollection, Feature or Polygon");
}

static void
set_bounds(TsArea *area)
{
    const TsRing *outer = &area->rings[0];
    area->left = area->right = outer->points[0].x;
    area->top = area->bottom = outer->points[0].y;
    for (gsize r = 0; r < area->n_rings; r++)
        for (gsize i = 0; i < area->rings[r].n; i++) {
            TsPoint point = area->rings[r].points[i];
            area->left = MIN(area->left, point.x);
            area->right = MAX(area->right, point.x);
            area->top = MIN(area->top, point.y);
            area->bottom = MAX(area->bottom, point.y);
        }
}

/* Arrays do not move any more: offsets become pointers. */
static void
link_areas(TsGeojson *drawn)
{
    TsRing *rings = (TsRing *) (gpointer) drawn->rings->data;
    for (guint i = 0; i < drawn->rings->len; i++)
        rings[i].points =
            (const TsPoint *) (gpointer) drawn->points->data + GPOINTER_TO_SIZE(rings[i].points);
    for (guint i = 0; i < drawn->areas->len; i++) {
        TsArea *area = &g_array_index(drawn->areas, TsArea, i);
        area->rings = rings + GPOINTER_TO_SIZE(area->rings);
        set_bounds(area);
    }
}

TsGeojson *
ts_geojson_parse(const char *text, gsize n, const char *name, GError **error)
{
    json_error_t reason;
    g_autoptr(TsGeojson) drawn = geojson_alloc();
    if (n > MAX_BYTES) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: is larger than %d MiB", name, MAX_BYTES >> 20);
        return NULL;
    }
    json_t *root = json_loadb(text, n, 0, &reason);
    if (root == NULL) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s:%d: is no JSON: %s", name, reason.line,
                     reason.text);
        return NULL;
    }
    gboolean done = read_root(drawn, root, name, error);
    json_decref(root);
    if (!done)
        return NULL;
    link_areas(drawn);
    return g_steal_pointer(&drawn);
}

TsGeojson *
ts_geojson_read(const char *path, GError **error)
{
    GStatBuf status;
    g_autofree char *text = NULL;
    gsize n;
    g_autoptr(GError) reason = NULL;
    if (g_stat(path, &status) == 0 && status.st_size > MAX_BYTES) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: is larger than %d MiB", path, MAX_BYTES >> 20);
        return NULL;
    }
    if (!g_file_get_contents(path, &text, &n, &reason)) {
        ts_error_set(error, TS_ERROR_IO, "%s", reason->message);
        return NULL;
    }
    return ts_geojson_parse(text, n, path, error);
}

guint64
ts_geojson_n(const TsGeojson *drawn)
{
    return drawn->areas->len;
}

const TsArea *
ts_geojson_get(const TsGeojson *drawn, guint64 i)
{
    return &g_array_index(drawn->areas, TsArea, i);
}

guint64
ts_geojson_n_passed(const TsGeojson *drawn)
{
    return drawn->n_passed;
}
