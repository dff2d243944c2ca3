/* From a row's recipe to its pixels. */
#include "sample/render.h"

#include "sample/recipe.h"

static TsImage *
read_region(TsDataset *dataset, const char *path, const TsRecipe *recipe, GError **error)
{
    TsSourcePool *pool = ts_dataset_pool(dataset);
    TsImageSource *source = ts_source_pool_get(pool, path, error);
    if (source == NULL)
        return NULL;
    TsImage *image = ts_image_source_read_region(source, recipe->x, recipe->y, recipe->width,
                                                 recipe->height, error);
    ts_source_pool_put(pool, source);
    return image;
}

/* The row's own pixels, without any parent. */
static TsImage *
render_row(TsDataset *dataset, guint64 row, GError **error)
{
    TsRecipe recipe;
    if (!ts_dataset_read_recipe(dataset, row, &recipe, error))
        return NULL;
    g_autofree char *path = ts_manifest_path(ts_dataset_manifest(dataset), row);
    TsImage *image =
        recipe.has_region ? read_region(dataset, path, &recipe, error) : ts_image_read(path, error);
    if (image == NULL)
        ts_dataset_prefix_error(dataset, row, error);
    return image;
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
