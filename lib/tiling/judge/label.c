/* Labels and class counts: the options and all masks at the start, then tile after tile. */
#include "tiling/judge/label.h"

#include "base/error.h"
#include "base/threads.h"
#include "tiling/judge/label_drawn.h"
#include "tiling/judge/label_layer.h"
#include "tiling/judge/label_mask.h"
#include "tiling/judge/label_rule.h"

#include <glib/gstdio.h>
#include <string.h>

struct _TsLabels {
    GArray *rules;    /* TsLabelRule */
    GArray *layers;   /* TsLabelLayer */
    GPtrArray *drawn; /* paths of annotations, one an input; NULL: classes are those of layer 0 */
    TsLabelClasses *classes;
    gboolean has_ignored;
    gboolean paints; /* annotations are a mask to be written */
};

struct _TsLabelImage {
    TsLabelDrawn *drawn;
};

static void
rule_clear(gpointer data)
{
    ts_label_rule_clear(data);
}

void
ts_labels_free(TsLabels *labels)
{
    if (labels == NULL)
        return;
    g_array_unref(labels->rules);
    if (labels->layers != NULL)
        g_array_unref(labels->layers);
    if (labels->drawn != NULL)
        g_ptr_array_unref(labels->drawn);
    ts_label_classes_free(labels->classes);
    g_free(labels);
}

static gboolean
parse_rules(TsLabels *labels, const char *const *texts, GError **error)
{
    for (; texts != NULL && *texts != NULL; texts++) {
        TsLabelRule rule;
        if (!ts_label_rule_init(&rule, *texts, error))
            return FALSE;
        g_array_append_val(labels->rules, rule);
    }
    return TRUE;
}

/* The values of all masks; the set does not depend on the order in which threads find them. */
typedef struct {
    const TsLabelLayer *layer;
    TsLabelClasses *classes;
    GMutex lock;
} Scan;

static gboolean
scan_one(guint64 i, gpointer data, GError **error)
{
    Scan *scan = data;
    GHashTableIter iter;
    gpointer value;
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    const char *path = g_ptr_array_index(scan->layer->paths, i);
    if (!ts_label_mask_scan(path, seen, error))
        return FALSE;
    g_mutex_lock(&scan->lock);
    g_hash_table_iter_init(&iter, seen);
    while (g_hash_table_iter_next(&iter, &value, NULL))
        ts_label_classes_add(scan->classes, GPOINTER_TO_UINT(value));
    gboolean fits = ts_label_classes_n(scan->classes) <= TS_MAX_LABEL_CLASSES;
    g_mutex_unlock(&scan->lock);
    return fits || ts_error_set(error, TS_ERROR_FORMAT, "%s: more than %d classes in all masks",
                                path, (int) TS_MAX_LABEL_CLASSES);
}

/* All masks are numbers, or all are colours, as the file of classes has it. */
static gboolean
check_kinds(TsLabelClasses *classes, const TsLabelLayer *layer, GError **error)
{
    for (guint i = 0; i < layer->paths->len; i++) {
        const char *path = g_ptr_array_index(layer->paths, i);
        gboolean colours;
        g_autoptr(TsImageSource) source = ts_image_source_open(path, error);
        if (source == NULL ||
            !ts_label_mask_check(path, ts_image_source_info(source), &colours, error))
            return FALSE;
        if (i == 0 && !classes->is_closed)
            classes->colours = colours;
        if (colours != classes->colours)
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: has %s, but %s", path,
                                colours ? "colours" : "numbers",
                                classes->file != NULL ? "the file of classes has not"
                                                      : "the masks before it have not");
    }
    return TRUE;
}

static gboolean
collect_classes(TsLabels *labels, GError **error)
{
    if (labels->drawn != NULL)
        return ts_label_drawn_collect(labels->drawn, labels->classes, error);
    const TsLabelLayer *layer = &g_array_index(labels->layers, TsLabelLayer, 0);
    Scan scan = {.layer = layer, .classes = labels->classes};
    if (!check_kinds(labels->classes, layer, error))
        return FALSE;
    if (labels->classes->is_closed)
        return TRUE;
    g_mutex_init(&scan.lock);
    gboolean done = ts_parallel_for(layer->paths->len, scan_one, &scan, error);
    g_mutex_clear(&scan.lock);
    return done;
}

/* A value that the user names is a class, also where no mask happens to have it. */
static void
add_named_value(TsLabelClasses *classes, const char *text)
{
    guint32 value;
    gboolean is_colour;
    if (!classes->is_closed && ts_label_value_parse(text, &value, &is_colour) &&
        is_colour == classes->colours)
        ts_label_classes_add(classes, value);
}

static gboolean
ignore_classes(TsLabels *labels, char **names, GError **error)
{
    for (; names != NULL && *names != NULL; names++) {
        int class = ts_label_classes_find(labels->classes, *names);
        if (class < 0) {
            g_autofree char *known = ts_label_classes_names(labels->classes);
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--ignore: '%s' is none of the classes %s", *names, known);
        }
        g_array_index(labels->classes->list, TsLabelClass, class).ignored = TRUE;
        labels->has_ignored = TRUE;
    }
    return TRUE;
}

static gboolean
finish_classes(TsLabels *labels, char **ignored, GError **error)
{
    for (char **name = ignored; name != NULL && *name != NULL; name++)
        add_named_value(labels->classes, g_strstrip(*name));
    for (guint i = 0; i < labels->rules->len; i++) {
        const TsLabelRule *rule = &g_array_index(labels->rules, TsLabelRule, i);
        for (char **name = rule->names; name != NULL && *name != NULL; name++)
            if (rule->kind != TS_LABEL_ALWAYS)
                add_named_value(labels->classes, *name);
    }
    ts_label_classes_finish(labels->classes);
    if (!ignore_classes(labels, ignored, error))
        return FALSE;
    for (guint i = 0; i < labels->rules->len; i++)
        if (!ts_label_rule_bind(&g_array_index(labels->rules, TsLabelRule, i), labels->classes,
                                error))
            return FALSE;
    return TRUE;
}

static gboolean
find_annotations(TsLabels *labels, const char *where, const TsJudgeInput *inputs, guint n_inputs,
                 GError **error)
{
    static const char *const suffixes[] = {".geojson", ".json", NULL};
    labels->drawn = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < n_inputs; i++) {
        char *path =
            ts_label_find_file(where, inputs[i].path, n_inputs, suffixes, "--annotations", error);
        if (path == NULL)
            return FALSE;
        g_ptr_array_add(labels->drawn, path);
    }
    return TRUE;
}

/* Options about classes are for masks and annotations. */
static gboolean
check_use(const TsLabels *labels, const TsJudgeOptions *options, GError **error)
{
    const char *idle = options->classes != NULL  ? "--classes"
                       : options->ignore != NULL ? "--ignore"
                       : labels->rules->len > 0  ? "--label"
                                                 : NULL;
    if (labels->layers->len > 0 || labels->drawn != NULL || idle == NULL)
        return TRUE;
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "%s: there are no classes without --mask or --annotations", idle);
}

/* What is painted is the column mask, as what is cut. */
static gboolean
check_paint(const TsLabels *labels, GError **error)
{
    if (labels->paints && labels->drawn == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--paint: paints what --annotations draws");
    for (guint i = 0; labels->paints && i < labels->layers->len; i++)
        if (strcmp(ts_labels_layer_column(labels, i), "mask") == 0)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--paint makes the column mask; name the other one, as in --mask "
                                "depth=FILE");
    return TRUE;
}

static gboolean
labels_fill(TsLabels *labels, const TsJudgeOptions *options, const TsJudgeInput *inputs,
            guint n_inputs, GError **error)
{
    if (!parse_rules(labels, options->labels, error))
        return FALSE;
    labels->layers = ts_label_layers_new(options->masks, inputs, n_inputs, error);
    if (labels->layers == NULL ||
        (options->annotations != NULL &&
         !find_annotations(labels, options->annotations, inputs, n_inputs, error)) ||
        !check_use(labels, options, error))
        return FALSE;
    labels->paints = options->paint;
    if (!check_paint(labels, error))
        return FALSE;
    if (labels->layers->len == 0 && labels->drawn == NULL)
        return TRUE;
    labels->classes = options->classes != NULL ? ts_label_classes_read(options->classes, error)
                                               : ts_label_classes_new();
    g_auto(GStrv) ignored = options->ignore != NULL ? g_strsplit(options->ignore, ",", -1) : NULL;
    return labels->classes != NULL && collect_classes(labels, error) &&
           finish_classes(labels, ignored, error);
}

TsLabels *
ts_labels_new(const TsJudgeOptions *options, const TsJudgeInput *inputs, guint n_inputs,
              GError **error)
{
    g_autoptr(TsLabels) labels = g_new0(TsLabels, 1);
    labels->rules = g_array_new(FALSE, TRUE, sizeof(TsLabelRule));
    g_array_set_clear_func(labels->rules, rule_clear);
    return labels_fill(labels, options, inputs, n_inputs, error) ? g_steal_pointer(&labels) : NULL;
}

gboolean
ts_labels_has_rules(const TsLabels *labels)
{
    return labels->rules->len > 0;
}

const TsLabelClasses *
ts_labels_classes(const TsLabels *labels)
{
    return labels->classes;
}

gboolean
ts_labels_has_ignored(const TsLabels *labels)
{
    return labels->has_ignored;
}

gboolean
ts_labels_paints(const TsLabels *labels)
{
    return labels->paints;
}

guint
ts_labels_n_layers(const TsLabels *labels)
{
    return labels->layers->len;
}

const char *
ts_labels_layer_column(const TsLabels *labels, guint layer)
{
    return g_array_index(labels->layers, TsLabelLayer, layer).column;
}

const char *
ts_labels_layer_path(const TsLabels *labels, guint layer, guint input)
{
    return g_ptr_array_index(g_array_index(labels->layers, TsLabelLayer, layer).paths, input);
}

static void
apply_rules(const TsLabels *labels, const guint64 *counts, int centre, const char **label)
{
    guint n = ts_label_classes_n(labels->classes);
    g_autofree guint64 *data = g_memdup2(counts, (n + 1) * sizeof *counts);
    for (guint i = 0; i < n; i++)
        if (ts_label_classes_get(labels->classes, i)->ignored)
            data[i] = 0;
    if (centre >= 0 && ts_label_classes_get(labels->classes, (guint) centre)->ignored)
        centre = -1;
    for (guint i = 0; i < labels->rules->len && *label == NULL; i++)
        *label = ts_label_rule_apply(&g_array_index(labels->rules, TsLabelRule, i), labels->classes,
                                     data, centre);
}

static void
update_with_file(GChecksum *sum, const char *path)
{
    GStatBuf status = {0};
    if (g_stat(path, &status) != 0)
        status.st_size = -1;
    g_autofree char *line = g_strdup_printf(
        "%s\n%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %ld\n", path, (gint64) status.st_size,
        (gint64) status.st_mtim.tv_sec, (long) status.st_mtim.tv_nsec);
    g_checksum_update(sum, (const guchar *) line, -1);
}

static void
update_with_files(GChecksum *sum, const GPtrArray *paths)
{
    for (guint i = 0; paths != NULL && i < paths->len; i++)
        update_with_file(sum, g_ptr_array_index(paths, i));
}

char *
ts_labels_checksum(const TsLabels *labels)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (guint i = 0; i < labels->layers->len; i++)
        update_with_files(sum, g_array_index(labels->layers, TsLabelLayer, i).paths);
    update_with_files(sum, labels->drawn);
    if (labels->classes != NULL && labels->classes->file != NULL)
        update_with_file(sum, labels->classes->file);
    return g_strdup(g_checksum_get_string(sum));
}

gboolean
ts_labels_begin_image(const TsLabels *labels, guint input, TsLabelImage **state, GError **error)
{
    g_autoptr(TsLabelImage) made = g_new0(TsLabelImage, 1);
    if (labels->drawn != NULL) {
        const char *path = g_ptr_array_index(labels->drawn, input);
        made->drawn = ts_label_drawn_read(path, labels->classes, error);
        if (made->drawn == NULL)
            return FALSE;
    }
    *state = g_steal_pointer(&made);
    return TRUE;
}

void
ts_label_image_free(TsLabelImage *state)
{
    if (state == NULL)
        return;
    ts_label_drawn_free(state->drawn);
    g_free(state);
}

/* The annotations in the tile's pixels, also where these are scaled. */
static TsImage *
paint(const TsLabelImage *state, const TsTileView *view, GError **error)
{
    double width = view->source_width > 0 ? view->source_width : view->width;
    double height = view->source_height > 0 ? view->source_height : view->height;
    TsRaster raster = {.x = view->x,
                       .y = view->y,
                       .step_x = width / view->width,
                       .step_y = height / view->height,
                       .width = view->width,
                       .height = view->height};
    return ts_label_drawn_paint(state->drawn, &raster, error);
}

/* A mask of 16 bits, or of 8 if these hold all classes and the value of padding. */
static TsImage *
narrow(const TsLabels *labels, TsImage *painted, GError **error)
{
    guint32 highest = 0;
    for (guint i = 0; i < ts_label_classes_n(labels->classes); i++)
        highest = MAX(highest, ts_label_classes_get(labels->classes, i)->value);
    if (highest >= G_MAXUINT8)
        return painted;
    TsImage *narrowed = ts_image_new(painted->width, painted->height, 1, TS_U8, error);
    gsize n = (gsize) painted->width * (gsize) painted->height;
    for (gsize i = 0; narrowed != NULL && i < n; i++)
        narrowed->data[i] = (guint8) ((const guint16 *) (gconstpointer) painted->data)[i];
    ts_image_free(painted);
    return narrowed;
}

gboolean
ts_labels_look(const TsLabels *labels, const TsLabelImage *state, const TsTileView *view,
               guint64 *counts, const char **label, TsImage **painted_mask, GError **error)
{
    int centre = -1;
    *label = NULL;
    if (labels->classes == NULL)
        return TRUE;
    g_assert(view->n_layers == labels->layers->len);
    g_autoptr(TsImage) painted = labels->drawn != NULL ? paint(state, view, error) : NULL;
    if (labels->drawn != NULL && painted == NULL)
        return FALSE;
    const TsImage *mask = painted != NULL ? painted : view->layers[0];
    g_assert(mask->width == view->width && mask->height == view->height);
    if (!ts_label_mask_count(mask, labels->classes, counts, &centre, error))
        return FALSE;
    apply_rules(labels, counts, centre, label);
    if (labels->paints)
        *painted_mask = narrow(labels, g_steal_pointer(&painted), error);
    return !labels->paints || *painted_mask != NULL;
}
