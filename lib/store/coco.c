/* COCO's annotations as rows of a table, on jansson: https://cocodataset.org/#format-data */
#include "store/table.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { FILE_NAME, X, Y, WIDTH, HEIGHT, LABEL, GROUP, N_COLUMNS };

static const char *const column_names[N_COLUMNS] = {"file_name", "x",     "y",    "width",
                                                    "height",    "label", "group"};

typedef struct {
    const char *name;
    TsTable *table;
    json_t *images, *annotations, *categories;
    GHashTable *image_of;    /* id -> index + 1 in `images` */
    GHashTable *category_of; /* id -> its name */
    guint *first, *next;     /* lists of annotations: of each image, then; 0 ends, else index + 1 */
} Coco;

static void
coco_clear(Coco *coco)
{
    g_clear_pointer(&coco->image_of, g_hash_table_unref);
    g_clear_pointer(&coco->category_of, g_hash_table_unref);
    g_clear_pointer(&coco->first, g_free);
    g_clear_pointer(&coco->next, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Coco, coco_clear)

/* "NAME: LIST[I]: WHAT". */
static gboolean
fail(const Coco *coco, GError **error, const char *list, gsize i, const char *what)
{
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: %s[%" G_GSIZE_FORMAT "]: %s", coco->name, list,
                        i, what);
}

/* Ids are whole numbers in COCO and texts in some of its kin. Free with g_free(). */
static char *
id_of(const json_t *object, const char *key)
{
    const json_t *id = json_object_get(object, key);
    if (json_is_integer(id))
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(id));
    return json_is_string(id) ? g_strdup(json_string_value(id)) : NULL;
}

static gboolean
index_images(Coco *coco, GError **error)
{
    for (gsize i = 0; i < json_array_size(coco->images); i++) {
        const json_t *image = json_array_get(coco->images, i);
        const char *file_name = json_string_value(json_object_get(image, "file_name"));
        char *id = id_of(image, "id");
        if (id == NULL || file_name == NULL || file_name[0] == '\0') {
            g_free(id);
            return fail(coco, error, "images", i, "has no id and file_name");
        }
        if (!g_hash_table_insert(coco->image_of, id, GUINT_TO_POINTER((guint) i + 1)))
            return fail(coco, error, "images", i, "has the id of another image");
    }
    return TRUE;
}

static gboolean
index_categories(Coco *coco, GError **error)
{
    for (gsize i = 0; i < json_array_size(coco->categories); i++) {
        const json_t *category = json_array_get(coco->categories, i);
        const char *label = json_string_value(json_object_get(category, "name"));
        char *id = id_of(category, "id");
        if (id == NULL || label == NULL || label[0] == '\0') {
            g_free(id);
            return fail(coco, error, "categories", i, "has no id and name");
        }
        if (!g_hash_table_insert(coco->category_of, id, (gpointer) label))
            return fail(coco, error, "categories", i, "has the id of another category");
    }
    return TRUE;
}

/* Link the annotations of each image, the last one first, so that the lists keep their order. */
static gboolean
link_annotations(Coco *coco, GError **error)
{
    coco->first =
        ts_try_alloc(json_array_size(coco->images) + 1, sizeof *coco->first, "images", error);
    coco->next = coco->first == NULL ? NULL
                                     : ts_try_alloc(json_array_size(coco->annotations) + 1,
                                                    sizeof *coco->next, "annotations", error);
    if (coco->next == NULL)
        return FALSE;
    for (gsize i = json_array_size(coco->annotations); i-- > 0;) {
        g_autofree char *id = id_of(json_array_get(coco->annotations, i), "image_id");
        guint image = id != NULL ? GPOINTER_TO_UINT(g_hash_table_lookup(coco->image_of, id)) : 0;
        if (image == 0)
            return fail(coco, error, "annotations", i, "its image_id is that of no image");
        coco->next[i] = coco->first[image - 1];
        coco->first[image - 1] = (guint) i + 1;
    }
    return TRUE;
}

/* From `low` on `length`, widened to whole pixels, at least one, within 0 and `limit`. */
static gboolean
widen(double low, double length, double limit, gint64 *begin, gint64 *size)
{
    double first = floor(low), last = MAX(ceil(low + length), first + 1);
    first = MAX(first, 0);
    last = MIN(last, floor(limit));
    if (!(length >= 0) || !(first < last) || last > G_MAXINT)
        return FALSE;
    *begin = (gint64) first;
    *size = (gint64) (last - first);
    return TRUE;
}

static double
size_or_none(const json_t *image, const char *key)
{
    const json_t *size = json_object_get(image, key);
    return json_is_number(size) && json_number_value(size) > 0 ? json_number_value(size) : INFINITY;
}

static gboolean
set_box(Coco *coco, const json_t *image, const json_t *box, gsize i, GError **error)
{
    gint64 x, y, width, height;
    double number[4];
    if (json_array_size(box) != 4)
        return fail(coco, error, "annotations", i, "bbox is not [x, y, width, height]");
    for (gsize k = 0; k < 4; k++) {
        if (!json_is_number(json_array_get(box, k)))
            return fail(coco, error, "annotations", i, "bbox is not [x, y, width, height]");
        number[k] = json_number_value(json_array_get(box, k));
    }
    if (!widen(number[0], number[2], size_or_none(image, "width"), &x, &width) ||
        !widen(number[1], number[3], size_or_none(image, "height"), &y, &height))
        return fail(coco, error, "annotations", i, "bbox lies outside of its image");
    ts_table_set_int(coco->table, X, x);
    ts_table_set_int(coco->table, Y, y);
    ts_table_set_int(coco->table, WIDTH, width);
    ts_table_set_int(coco->table, HEIGHT, height);
    return TRUE;
}

static void
set_text(TsTable *table, guint column, const char *text)
{
    ts_table_set(table, column, text, strlen(text));
}

static gboolean
add_annotation(Coco *coco, const json_t *image, gsize i, GError **error)
{
    const json_t *annotation = json_array_get(coco->annotations, i);
    const json_t *box = json_object_get(annotation, "bbox");
    g_autofree char *id = id_of(annotation, "category_id");
    const char *label = id != NULL ? g_hash_table_lookup(coco->category_of, id) : NULL;
    if (label == NULL)
        return fail(coco, error, "annotations", i, "its category_id is that of no category");
    /* Some writers give [] to annotations that are no boxes. */
    if (json_array_size(box) > 0 && !set_box(coco, image, box, i, error))
        return FALSE;
    set_text(coco->table, LABEL, label);
    return TRUE;
}

static gboolean
add_image(Coco *coco, gsize i, GError **error)
{
    const json_t *image = json_array_get(coco->images, i);
    const char *file_name = json_string_value(json_object_get(image, "file_name"));
    guint at = coco->first[i];
    do {
        ts_table_begin_row(coco->table, 0);
        set_text(coco->table, FILE_NAME, file_name);
        if (at > 0 && !add_annotation(coco, image, at - 1, error))
            return FALSE;
        set_text(coco->table, GROUP, file_name);
        at = at > 0 ? coco->next[at - 1] : 0;
    } while (at > 0);
    return TRUE;
}

static gboolean
read_all(Coco *coco, GError **error)
{
    if (!json_is_array(coco->images) || !json_is_array(coco->annotations) ||
        !json_is_array(coco->categories))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: is no COCO file, an object of the lists images, annotations and "
                            "categories was expected",
                            coco->name);
    coco->image_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    coco->category_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!index_images(coco, error) || !index_categories(coco, error) ||
        !link_annotations(coco, error))
        return FALSE;
    for (gsize i = 0; i < json_array_size(coco->images); i++)
        if (!add_image(coco, i, error) || ts_interrupt_check(error))
            return FALSE;
    return TRUE;
}

TsTable *
ts_table_parse_coco(const char *text, gsize n, const char *name, GError **error)
{
    json_error_t reason;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &reason);
    if (root == NULL) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s:%d: is no JSON: %s", name, reason.line,
                     reason.text);
        return NULL;
    }
    g_autoptr(TsTable) table = ts_table_new();
    for (guint i = 0; i < N_COLUMNS; i++)
        ts_table_add_column(table, column_names[i]);
    g_auto(Coco) coco = {.name = name,
                         .table = table,
                         .images = json_object_get(root, "images"),
                         .annotations = json_object_get(root, "annotations"),
                         .categories = json_object_get(root, "categories")};
    gboolean done = read_all(&coco, error);
    json_decref(root);
    return done ? g_steal_pointer(&table) : NULL;
}
