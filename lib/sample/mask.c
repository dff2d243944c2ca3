/* From a row to its label picture. */
#include "sample/mask.h"

#include "base/error.h"
#include "sample/edits.h"
#include "sample/recipe.h"

gboolean
ts_sample_has_mask(TsDataset *dataset, guint64 i)
{
    g_autofree char *path = ts_dataset_read_mask(dataset, ts_dataset_row(dataset, i));
    return path != NULL;
}

static TsImage *
render_mask(TsDataset *dataset, guint64 row, GError **error)
{
    const TsManifest *manifest = ts_dataset_manifest(dataset);
    guint column;
    TsRecipe recipe;
    if (!ts_manifest_require_column(manifest, "mask", &column, error) ||
        !ts_dataset_read_recipe(dataset, row, &recipe, error))
        return NULL;
    g_autofree char *path = ts_dataset_read_mask(dataset, row);
    if (path == NULL) {
        ts_error_set(error, TS_ERROR_FORMAT, "has no mask");
        return NULL;
    }
    g_autofree char *edits = ts_dataset_read_ops(dataset, row);
    g_autoptr(TsImage) mask =
        recipe.has_region ? ts_recipe_read_region(dataset, path, &recipe, TS_FILTER_NEAREST, error)
                          : ts_image_read(path, error);
    return mask == NULL || edits == NULL ? g_steal_pointer(&mask)
                                         : ts_edits_apply_mask_text(mask, edits, error);
}

TsImage *
ts_sample_render_changed_mask(TsDataset *dataset, guint64 i, const char *step, GError **error)
{
    const guint64 row = ts_dataset_row(dataset, i);
    g_autoptr(TsImage) mask = render_mask(dataset, row, error);
    TsImage *changed = mask == NULL || *step == '\0' ? g_steal_pointer(&mask)
                                                     : ts_edits_apply_mask_text(mask, step, error);
    if (changed == NULL && ts_manifest_find_column(ts_dataset_manifest(dataset), "mask") >= 0)
        ts_dataset_prefix_error(dataset, row, error);
    return changed;
}

TsImage *
ts_sample_render_mask(TsDataset *dataset, guint64 i, GError **error)
{
    return ts_sample_render_changed_mask(dataset, i, "", error);
}
