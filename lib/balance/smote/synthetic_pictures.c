/* Synthetic rows written as pictures. */
#include "balance/smote/synthetic.h"

#include "balance/smote/synthetic_private.h"
#include "base/error.h"
#include "base/outfile.h"
#include "base/outfolder.h"
#include "base/progress.h"
#include "base/threads.h"
#include "sample/render.h"

#include <string.h>

typedef struct {
    const TsSynthetic *made;
    TsDataset *dataset; /* sample i is point i */
    TsProgress *progress;
    const char *folder, *suffix;
} Pictures;

static char *
picture_name(const Pictures *self, guint64 i)
{
    return g_strdup_printf("smote-%06" G_GUINT64_FORMAT "%s", i + 1, self->suffix);
}

static TsImage *
mix(const Pictures *self, guint64 i, GError **error)
{
    const TsBlend *blend = ts_synthetic_blend(self->made, i);
    g_autoptr(TsImage) a = ts_sample_render(self->dataset, blend->a, error);
    g_autoptr(TsImage) b = a != NULL ? ts_sample_render(self->dataset, blend->b, error) : NULL;
    TsImage *image = b != NULL ? ts_image_mix(a, b, blend->lambda * blend->scale, error) : NULL;
    if (b != NULL && image == NULL) {
        const TsManifest *manifest = self->made->manifest;
        g_autofree char *where =
            ts_manifest_where(manifest, ts_synthetic_row(self->made, blend->a));
        g_prefix_error(error, "%s: ", where);
    }
    return image;
}

static gboolean
write_picture(guint64 i, gpointer data, GError **error)
{
    Pictures *self = data;
    const TsEncodeOptions how = {.unsynced = TRUE};
    if (!ts_synthetic_is_kept(self->made, self->made->n + i))
        return TRUE;
    g_autoptr(TsImage) image = mix(self, i, error);
    g_autofree char *name = picture_name(self, i);
    g_autofree char *path = g_build_filename(self->folder, name, NULL);
    if (image == NULL || !ts_image_write(image, path, &how, FALSE, error))
        return FALSE;
    ts_progress_add(self->progress, 1);
    return TRUE;
}

/* The format that holds the first new picture as it is. */
static gboolean
choose_suffix(Pictures *self, GError **error)
{
    static const char *const suffixes[] = {".png", ".tif", ".npy"};
    self->suffix = suffixes[0];
    if (self->made->blends->len == 0)
        return TRUE;
    g_autoptr(TsImage) first = mix(self, 0, error);
    if (first == NULL)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        self->suffix = suffixes[i];
        if (ts_image_check_format(suffixes[i], first->bands, first->type, NULL))
            return TRUE;
    }
    return ts_image_check_format(self->suffix, first->bands, first->type, error);
}

/* What says how a parent's pixels are made, and does not hold for a picture that is made. */
static GPtrArray *
picture_columns(const TsSynthetic *made, guint *n_first)
{
    static const char *const of_recipe[] = {
        "x", "y", "width", "height", "offset", "length", "raw", "parent_b", "lambda", "op", "mask"};
    const char *first[G_N_ELEMENTS(of_recipe) + 2] = {"file_name"};
    *n_first = 1;
    for (gsize i = 0; i < G_N_ELEMENTS(of_recipe); i++)
        if (ts_manifest_find_column(made->manifest, of_recipe[i]) >= 0)
            first[(*n_first)++] = of_recipe[i];
    return ts_synthetic_columns(made, first);
}

static gboolean
write_manifest(const Pictures *self, GError **error)
{
    guint n_first;
    g_autofree char *path = g_build_filename(self->folder, "manifest.tsv", NULL);
    g_autoptr(GPtrArray) columns = picture_columns(self->made, &n_first);
    g_autoptr(GPtrArray) values = g_ptr_array_sized_new(columns->len);
    g_ptr_array_set_size(values, (gint) columns->len);
    g_autoptr(TsManifestWriter) writer = ts_manifest_writer_new_like(
        path, self->made->manifest, (const char *const *) columns->pdata, FALSE, error);
    if (writer == NULL || !ts_synthetic_copy_originals(self->made, writer, error))
        return FALSE;
    for (gsize i = 0; i < self->made->blends->len; i++) {
        g_autofree char *name = picture_name(self, i);
        values->pdata[0] = name;
        if (ts_synthetic_is_kept(self->made, self->made->n + i) &&
            !ts_synthetic_put_row(self->made, writer, i, values, n_first, error))
            return FALSE;
    }
    return ts_manifest_writer_commit(writer, error);
}

static TsDataset *
dataset_of_points(const TsSynthetic *made, GError **error)
{
    g_autofree guint64 *rows = ts_try_alloc(made->n, sizeof *rows, "rows", error);
    for (gsize i = 0; rows != NULL && i < made->n; i++)
        rows[i] = ts_synthetic_row(made, (guint32) i);
    return rows != NULL ? ts_dataset_new(made->manifest, rows, made->n, NULL, error) : NULL;
}

gboolean
ts_synthetic_write_pictures(const TsSynthetic *made, const char *path, gboolean replace,
                            char **kept, GError **error)
{
    *kept = NULL;
    g_autoptr(TsOutFolder) out = ts_out_folder_new(path, replace, error);
    g_autoptr(TsDataset) dataset = out != NULL ? dataset_of_points(made, error) : NULL;
    if (dataset == NULL)
        return FALSE;
    Pictures self = {.made = made, .dataset = dataset, .folder = ts_out_folder_path(out)};
    if (!choose_suffix(&self, error))
        return FALSE;
    g_autoptr(TsProgress) progress = ts_progress_new("smote", made->blends->len, "pictures");
    self.progress = progress;
    if (!ts_parallel_for(made->blends->len, write_picture, &self, error) ||
        !write_manifest(&self, error) || !ts_out_folder_commit(out, error))
        return FALSE;
    *kept = g_strdup(ts_out_folder_kept(out));
    return TRUE;
}
