/* From a row's recipe to its pixels. */
#include "sample/render.h"

#include "base/error.h"
#include "sample/edits.h"
#include "sample/recipe.h"

#include <string.h>

TsImage *
ts_recipe_read_region(TsDataset *dataset, const char *path, const TsRecipe *recipe, TsFilter filter,
                      GError **error)
{
    TsSourcePool *pool = ts_dataset_pool(dataset);
    TsImageSource *source = recipe->is_scaled
                                ? ts_source_pool_get_scaled(pool, path, recipe->grid_width,
                                                            recipe->grid_height, filter, error)
                                : ts_source_pool_get(pool, path, error);
    if (source == NULL)
        return NULL;
    TsImage *image =
        recipe->is_scaled
            ? ts_image_source_read_region(source, recipe->grid_x, recipe->grid_y,
                                          recipe->scaled_width, recipe->scaled_height, error)
            : ts_image_source_read_region(source, recipe->x, recipe->y, recipe->width,
                                          recipe->height, error);
    ts_source_pool_put(pool, source);
    return image;
}

/* Whether the row's bytes are looked at here, not opened as an image file by lib/image. */
static gboolean
is_payload(const TsRecipe *recipe, const char *path)
{
    return recipe->has_range || recipe->has_raw || g_str_has_suffix(path, ".npy");
}

/* The part of `path` that is the sample's file. */
static GBytes *
read_file(TsDataset *dataset, const char *path, const TsRecipe *recipe, GError **error)
{
    g_autoptr(GBytes) bytes = ts_bytes_pool_get(ts_dataset_bytes(dataset), path, error);
    if (bytes == NULL || !recipe->has_range)
        return g_steal_pointer(&bytes);
    gsize n = g_bytes_get_size(bytes);
    if (recipe->offset <= n && recipe->length <= n - recipe->offset)
        return g_bytes_new_from_bytes(bytes, (gsize) recipe->offset, (gsize) recipe->length);
    ts_error_set(error, TS_ERROR_FORMAT,
                 "%s: has %" G_GSIZE_FORMAT " bytes, the sample is said to be %" G_GUINT64_FORMAT
                 " bytes at %" G_GUINT64_FORMAT,
                 path, n, recipe->length, recipe->offset);
    return NULL;
}

static TsImage *
read_payload(TsDataset *dataset, const char *path, const TsRecipe *recipe, GError **error)
{
    gsize n;
    if (recipe->is_scaled) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: scaled regions are of image files, not arrays",
                     path);
        return NULL;
    }
    g_autoptr(GBytes) bytes = read_file(dataset, path, recipe, error);
    if (bytes == NULL)
        return NULL;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    g_autoptr(TsImage) image =
        ts_payload_decode(data, n, recipe->has_raw ? &recipe->raw : NULL, path, error);
    if (image == NULL || !recipe->has_region)
        return g_steal_pointer(&image);
    return ts_image_crop(image, recipe->x, recipe->y, recipe->width, recipe->height, error);
}

static TsImage *
read_pixels(TsDataset *dataset, const char *path, const TsRecipe *recipe, GError **error)
{
    if (is_payload(recipe, path))
        return read_payload(dataset, path, recipe, error);
    return recipe->has_region
               ? ts_recipe_read_region(dataset, path, recipe, TS_FILTER_LANCZOS, error)
               : ts_image_read(path, error);
}

/* The row's own pixels, changed as its column op says, without any parent. */
static TsImage *
render_row(TsDataset *dataset, guint64 row, GError **error)
{
    TsRecipe recipe;
    if (!ts_dataset_read_recipe(dataset, row, &recipe, error))
        return NULL;
    g_autofree char *path = ts_manifest_path(ts_dataset_manifest(dataset), row);
    g_autofree char *edits = ts_dataset_read_ops(dataset, row);
    g_autoptr(TsImage) part = read_pixels(dataset, path, &recipe, error);
    TsImage *image = part == NULL || edits == NULL ? g_steal_pointer(&part)
                                                   : ts_edits_apply_text(part, edits, error);
    if (image == NULL)
        ts_dataset_prefix_error(dataset, row, error);
    return image;
}

static gboolean
read_size(TsDataset *dataset, guint64 row, int *width, int *height, GError **error)
{
    TsRecipe recipe;
    if (!ts_dataset_read_recipe(dataset, row, &recipe, error))
        return FALSE;
    *width = recipe.is_scaled ? recipe.scaled_width : recipe.width;
    *height = recipe.is_scaled ? recipe.scaled_height : recipe.height;
    if (recipe.has_region)
        return TRUE;
    g_autofree char *path = ts_manifest_path(ts_dataset_manifest(dataset), row);
    if (is_payload(&recipe, path)) {
        g_autoptr(TsImage) image = read_payload(dataset, path, &recipe, error);
        *width = image != NULL ? image->width : 0;
        *height = image != NULL ? image->height : 0;
        return image != NULL;
    }
    g_autoptr(TsImageSource) source = ts_image_source_open(path, error);
    if (source == NULL)
        return FALSE;
    *width = ts_image_source_info(source)->width;
    *height = ts_image_source_info(source)->height;
    return TRUE;
}

gboolean
ts_sample_get_size(TsDataset *dataset, guint64 i, int *width, int *height, GError **error)
{
    guint64 row = ts_dataset_row(dataset, i);
    g_autofree char *edits = ts_dataset_read_ops(dataset, row);
    if (read_size(dataset, row, width, height, error) &&
        (edits == NULL || ts_edits_get_size(edits, width, height, error)))
        return TRUE;
    ts_dataset_prefix_error(dataset, row, error);
    return FALSE;
}

TsImage *
ts_sample_render(TsDataset *dataset, guint64 i, GError **error)
{
    double lambda = 0;
    guint64 row = ts_dataset_row(dataset, i);
    guint64 parent = ts_dataset_parent(dataset, i, &lambda);
    g_autoptr(TsImage) image = render_row(dataset, row, error);
    if (image == NULL || parent == TS_NO_PARENT)
        return g_steal_pointer(&image);
    g_autoptr(TsImage) other = render_row(dataset, parent, error);
    if (other == NULL)
        return NULL;
    TsImage *mixture = ts_image_mix(image, other, lambda, error);
    if (mixture == NULL)
        ts_dataset_prefix_error(dataset, row, error);
    return mixture;
}

TsImage *
ts_sample_render_changed(TsDataset *dataset, guint64 i, const char *step, GError **error)
{
    g_autoptr(TsImage) image = ts_sample_render(dataset, i, error);
    if (image == NULL || *step == '\0')
        return g_steal_pointer(&image);
    TsImage *changed = ts_edits_apply_text(image, step, error);
    if (changed == NULL)
        ts_dataset_prefix_error(dataset, ts_dataset_row(dataset, i), error);
    return changed;
}

GBytes *
ts_sample_read_file(TsDataset *dataset, guint64 i, GError **error)
{
    TsRecipe recipe;
    guint64 row = ts_dataset_row(dataset, i);
    if (!ts_dataset_read_recipe(dataset, row, &recipe, error))
        return NULL;
    g_autofree char *path = ts_manifest_path(ts_dataset_manifest(dataset), row);
    GBytes *bytes = read_file(dataset, path, &recipe, error);
    if (bytes == NULL)
        ts_dataset_prefix_error(dataset, row, error);
    return bytes;
}
