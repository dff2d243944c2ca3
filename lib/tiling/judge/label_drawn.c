/* Annotations to classes and pixels. */
#include "tiling/judge/label_drawn.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <string.h>

static const char BACKGROUND[] = "background", UNCLASSIFIED[] = "unclassified";

struct _TsLabelDrawn {
    TsGeojson *areas;
    guint16 *values; /* of each area */
};

static const char *
class_of(const TsArea *area)
{
    return area->name != NULL ? area->name : UNCLASSIFIED;
}

/* The value that is painted; FALSE, with an error, if there is none. */
static gboolean
value_of(const TsArea *area, const char *path, const TsLabelClasses *classes, guint16 *value,
         GError **error)
{
    int class = ts_label_classes_find(classes, class_of(area));
    if (class < 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: feature %" G_GUINT64_FORMAT ": the class '%s' is not in %s", path,
                            area->feature, class_of(area),
                            classes->file != NULL ? classes->file : "the annotations any more");
    guint32 wide = ts_label_classes_get(classes, (guint) class)->value;
    if (wide > G_MAXUINT16 || classes->colours)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: annotations need classes numbered from 0 to 65535", classes->file);
    *value = (guint16) wide;
    return TRUE;
}

static gboolean
collect_one(const char *path, const TsLabelClasses *classes, GHashTable *names, GError **error)
{
    g_autoptr(TsGeojson) areas = ts_geojson_read(path, error);
    if (areas == NULL)
        return FALSE;
    for (guint64 i = 0; i < ts_geojson_n(areas); i++) {
        const TsArea *area = ts_geojson_get(areas, i);
        guint16 value;
        if (classes->is_closed && !value_of(area, path, classes, &value, error))
            return FALSE;
        if (!g_hash_table_contains(names, class_of(area)))
            g_hash_table_add(names, g_strdup(class_of(area)));
    }
    if (g_hash_table_size(names) >= TS_MAX_LABEL_CLASSES)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: more than %d classes", path,
                            (int) TS_MAX_LABEL_CLASSES);
    return TRUE;
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

gboolean
ts_label_drawn_collect(const GPtrArray *paths, TsLabelClasses *classes, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < paths->len; i++)
        if (ts_interrupt_check(error) ||
            !collect_one(g_ptr_array_index(paths, i), classes, names, error))
            return FALSE;
    ts_label_classes_add_named(classes, 0, BACKGROUND);
    if (classes->is_closed)
        return TRUE;
    guint n;
    g_autofree char **sorted = (char **) g_hash_table_get_keys_as_array(names, &n);
    qsort(sorted, n, sizeof *sorted, compare_names);
    for (guint i = 0; i < n; i++)
        ts_label_classes_add_named(classes, i + 1, sorted[i]);
    return TRUE;
}

void
ts_label_drawn_free(TsLabelDrawn *drawn)
{
    if (drawn == NULL)
        return;
    ts_geojson_free(drawn->areas);
    g_free(drawn->values);
    g_free(drawn);
}

TsLabelDrawn *
ts_label_drawn_read(const char *path, const TsLabelClasses *classes, GError **error)
{
    g_autoptr(TsLabelDrawn) drawn = g_new0(TsLabelDrawn, 1);
    drawn->areas = ts_geojson_read(path, error);
    if (drawn->areas == NULL)
        return NULL;
    drawn->values = g_new0(guint16, ts_geojson_n(drawn->areas) + 1);
    for (guint64 i = 0; i < ts_geojson_n(drawn->areas); i++)
        if (!value_of(ts_geojson_get(drawn->areas, i), path, classes, &drawn->values[i], error))
            return NULL;
    return g_steal_pointer(&drawn);
}

TsImage *
ts_label_drawn_paint(const TsLabelDrawn *drawn, const TsRaster *raster, GError **error)
{
    g_autoptr(TsImage) mask = ts_image_new(raster->width, raster->height, 1, TS_U16, error);
    for (guint64 i = 0; mask != NULL && i < ts_geojson_n(drawn->areas); i++)
        if (!ts_area_fill(ts_geojson_get(drawn->areas, i), raster, drawn->values[i],
                          (guint16 *) (gpointer) mask->data, error))
            return NULL;
    return g_steal_pointer(&mask);
}
