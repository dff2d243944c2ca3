/* COCO: annotations/instances_SPLIT.json and SPLIT/ with the pictures. Rows that are regions of one
 * picture are boxes of it. */
#include "layout/job.h"

#include "base/error.h"
#include "sample/render.h"
#include "store/json.h"

#include <string.h>

typedef struct {
    TsJob *job;
    gboolean whole;        /* regions are boxes, not pictures of their own */
    guint64 *picture_of;   /* (n) the row that stands for the row's picture: the first one */
    guint64 *id_of;        /* (n) id of the picture that a row stands for */
    int *widths, *heights; /* (n) of pictures that a row stands for */
} Coco;

static void
coco_clear(Coco *coco)
{
    g_clear_pointer(&coco->picture_of, g_free);
    g_clear_pointer(&coco->id_of, g_free);
    g_clear_pointer(&coco->widths, g_free);
    g_clear_pointer(&coco->heights, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Coco, coco_clear)

static const char *
folder_of(const TsJob *job, guint64 i)
{
    const char *split = ts_job_split(job, i);
    return split != NULL ? split : "default";
}

/* Whether the row is a picture or a box of one, and not something made of it. */
static gboolean
is_part(const Coco *coco, guint64 i, const TsRecipe *recipe)
{
    double lambda;
    g_autofree char *changes = ts_dataset_read_ops(coco->job->dataset, i);
    return coco->whole && !recipe->has_raw && changes == NULL &&
           ts_dataset_parent(coco->job->dataset, i, &lambda) == TS_NO_PARENT;
}

/* Rows of the same split and file share a picture, unless they are more than a region of it. */
static char *
key_of(const Coco *coco, guint64 i, const TsRecipe *recipe)
{
    TsJob *job = coco->job;
    if (!is_part(coco, i, recipe))
        return g_strdup_printf("#%" G_GUINT64_FORMAT, i);
    g_autofree char *path = ts_manifest_path(job->manifest, i);
    return g_strdup_printf("%s\n%" G_GUINT64_FORMAT "\n%s", folder_of(job, i),
                           recipe->has_range ? recipe->offset : 0, path);
}

static gboolean
find_pictures(Coco *coco, GError **error)
{
    TsJob *job = coco->job;
    g_autoptr(GHashTable) first = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(TsJobNames) names = ts_job_names_new(job, FALSE);
    for (guint64 i = 0; i < job->n; i++) {
        TsRecipe recipe;
        if (!ts_dataset_read_recipe(job->dataset, i, &recipe, error))
            return FALSE;
        char *key = key_of(coco, i, &recipe);
        const guint64 *found = g_hash_table_lookup(first, key);
        coco->picture_of[i] = found != NULL ? *found : i;
        if (found != NULL) {
            g_free(key);
            continue;
        }
        g_hash_table_insert(first, key, g_memdup2(&i, sizeof i));
        g_autofree char *below = g_strconcat(folder_of(job, i), "/", NULL);
        if (!ts_job_names_add(names, i, below, is_part(coco, i, &recipe), error))
            return FALSE;
    }
    return TRUE;
}

/* Sizes are those of the files that were placed. */
static gboolean
measure(Coco *coco, GError **error)
{
    TsJob *job = coco->job;
    for (guint64 i = 0; i < job->n; i++) {
        if (coco->picture_of[i] != i)
            continue;
        g_autofree char *name = g_strconcat(job->names[i], job->suffixes[i], NULL);
        g_autofree char *path = g_build_filename(job->folder, name, NULL);
        g_autoptr(TsImageSource) source = ts_image_source_open(path, error);
        if (source == NULL)
            return FALSE;
        coco->widths[i] = ts_image_source_info(source)->width;
        coco->heights[i] = ts_image_source_info(source)->height;
    }
    return TRUE;
}

static void
append_image(Coco *coco, guint64 i, guint64 id, GString *out)
{
    const TsJob *job = coco->job;
    g_autofree char *name = g_strconcat(strchr(job->names[i], '/') + 1, job->suffixes[i], NULL);
    coco->id_of[i] = id;
    g_string_append_printf(
        out, "%s\n{\"id\": %" G_GUINT64_FORMAT ", \"file_name\": ", id > 1 ? "," : "", id);
    ts_json_append_string(out, name);
    g_string_append_printf(out, ", \"width\": %d, \"height\": %d}", coco->widths[i],
                           coco->heights[i]);
}

static gboolean
append_annotation(const Coco *coco, guint64 i, guint64 id, GString *out, GError **error)
{
    TsRecipe recipe;
    guint64 picture = coco->picture_of[i];
    if (!ts_dataset_read_recipe(coco->job->dataset, i, &recipe, error))
        return FALSE;
    gboolean box = recipe.has_region && is_part(coco, i, &recipe);
    int width = box ? recipe.width : coco->widths[picture];
    int height = box ? recipe.height : coco->heights[picture];
    g_string_append_printf(
        out,
        "%s\n{\"id\": %" G_GUINT64_FORMAT ", \"image_id\": %" G_GUINT64_FORMAT
        ", \"category_id\": %d, \"bbox\": [%d, %d, %d, %d], \"area\": %" G_GINT64_FORMAT
        ", \"iscrowd\": 0}",
        id > 1 ? "," : "", id, coco->id_of[picture], coco->job->classes->of_row[i] + 1,
        box ? recipe.x : 0, box ? recipe.y : 0, width, height, (gint64) width * height);
    return TRUE;
}

static void
append_categories(const TsJob *job, GString *out)
{
    g_string_append(out, "\n],\n\"categories\": [");
    for (guint c = 0; c < job->classes->n; c++) {
        g_string_append_printf(out, "%s\n{\"id\": %u, \"name\": ", c > 0 ? "," : "", c + 1);
        ts_json_append_string(out, job->classes->names[c]);
        g_string_append_c(out, '}');
    }
    g_string_append(out, "\n]}\n");
}

static gboolean
write_split(Coco *coco, const char *split, GError **error)
{
    TsJob *job = coco->job;
    guint64 n, n_images = 0, n_annotations = 0;
    g_autofree guint64 *rows = ts_manifest_select(job->manifest, "split", split, &n);
    g_autoptr(GString) out = g_string_new("{\"images\": [");
    for (guint64 k = 0; k < n; k++)
        if (coco->picture_of[rows[k]] == rows[k])
            append_image(coco, rows[k], ++n_images, out);
    g_string_append(out, "\n],\n\"annotations\": [");
    for (guint64 k = 0; k < n; k++)
        if (job->classes->of_row[rows[k]] >= 0 &&
            !append_annotation(coco, rows[k], ++n_annotations, out, error))
            return FALSE;
    append_categories(job, out);
    g_autofree char *name =
        g_strdup_printf("annotations/instances_%s.json", split != NULL ? split : "default");
    return ts_job_write_text(job, name, out, error);
}

static gboolean
write_splits(Coco *coco, GError **error)
{
    const TsClasses *splits = coco->job->splits;
    if (splits == NULL)
        return write_split(coco, NULL, error);
    for (guint s = 0; s < splits->n; s++)
        if (splits->counts[s] > 0 && !write_split(coco, splits->names[s], error))
            return FALSE;
    return TRUE;
}

static gboolean
coco_alloc(Coco *coco, GError **error)
{
    guint64 n = coco->job->n;
    return (coco->picture_of = ts_try_alloc(n, sizeof *coco->picture_of, "pictures", error)) &&
           (coco->id_of = ts_try_alloc(n, sizeof *coco->id_of, "pictures", error)) &&
           (coco->widths = ts_try_alloc(n, sizeof *coco->widths, "pictures", error)) &&
           (coco->heights = ts_try_alloc(n, sizeof *coco->heights, "pictures", error));
}

gboolean
ts_write_coco(TsJob *job, GError **error)
{
    g_auto(Coco) coco = {.job = job, .whole = job->options->files != TS_FILES_RENDER};
    if (job->classes == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: has no labels, which COCO needs",
                            ts_manifest_name(job->manifest));
    if (!ts_job_check_splits(job, error))
        return FALSE;
    return coco_alloc(&coco, error) && find_pictures(&coco, error) &&
           ts_job_place_pictures(job, coco.whole, error) && measure(&coco, error) &&
           write_splits(&coco, error);
}
