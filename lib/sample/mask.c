/* From a row to its label picture. */
#include "sample/mask.h"

#include "base/error.h"
#include "sample/recipe.h"

static TsImage *
read_mask(TsDataset *dataset, const char *path, const TsRecipe *recipe, GError **error)
{
    if (!recipe->has_region)
        return ts_image_read(path, error);
    TsSourcePool *pool = ts_dataset_pool(dataset);
    TsImageSource *source = ts_source_pool_get(pool, path, error);
    if (source == NULL)
        return NULL;
    TsImage *mask = ts_image_source_read_region(source, recipe->x, recipe->y, recipe->width,
                                                recipe->height, error);
    ts_source_pool_put(pool, source);
    return mask;
}

TsImage *
ts_sample_render_mask(TsDataset *dataset, guint64 i, GError **error)
{
    const TsManifest *manifest = ts_dataset_manifest(dataset);
    const guint64 row = ts_dataset_row(dataset, i);
    guint column;
    TsRecipe recipe;
    if (!ts_manifest_require_column(manifest, "mask", &column, error) ||
        !ts_dataset_read_recipe(dataset, row, &recipe, error))
        return NULL;
    g_autofree char *path = ts_manifest_resolve(manifest, ts_manifest_cell(manifest, row, column));
    TsImage *mask = NULL;
    if (path != NULL)
        mask = read_mask(dataset, path, &recipe, error);
    else
        ts_error_set(error, TS_ERROR_FORMAT, "has no mask");
    if (mask == NULL)
        ts_dataset_prefix_error(dataset, row, error);
    return mask;
}
