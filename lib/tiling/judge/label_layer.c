/* --mask [NAME=]WHERE: which files are cut along. */
#include "tiling/judge/label_layer.h"

#include "base/error.h"
#include "tiling/judge/label_mask.h"

#include <string.h>

static const char *const suffixes[] = {".png", ".tif", ".tiff", ".webp", ".gif", NULL};

static void
layer_clear(gpointer data)
{
    TsLabelLayer *layer = data;
    g_free(layer->column);
    g_ptr_array_unref(layer->paths);
}

/* The part before the first "=", if it is a plain word; `where` is set to what is behind. */
static char *
split_name(const char *text, const char **where)
{
    gsize n = 0;
    while (g_ascii_isalnum(text[n]) || text[n] == '_')
        n++;
    *where = n > 0 && text[n] == '=' ? text + n + 1 : text;
    return *where != text ? g_strndup(text, n) : NULL;
}

static gboolean
add_layer(GArray *layers, char *column, GError **error)
{
    TsLabelLayer layer = {.column = column, .paths = g_ptr_array_new_with_free_func(g_free)};
    g_array_append_val(layers, layer);
    for (guint i = 0; i + 1 < layers->len; i++)
        if (strcmp(g_array_index(layers, TsLabelLayer, i).column, column) == 0)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--mask: two masks would be the column %s; name one, as in "
                                "--mask depth=FILE",
                                column);
    return TRUE;
}

static gboolean
check_mask(const char *path, const TsJudgeInput *input, GError **error)
{
    g_autoptr(TsImageSource) source = ts_image_source_open(path, error);
    if (source == NULL)
        return FALSE;
    const TsImageInfo *mask = ts_image_source_info(source), *image = input->info;
    int width = input->width > 0 ? input->width : image->width;
    int height = input->height > 0 ? input->height : image->height;
    if ((mask->width == image->width && mask->height == image->height) ||
        (mask->width == width && mask->height == height))
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: is %d x %d pixels, but its image %s is %d x %d", path, mask->width,
                        mask->height, input->path, width, height);
}

static gboolean
add_path(GArray *layers, char *path, const TsJudgeInput *input, GError **error)
{
    g_ptr_array_add(g_array_index(layers, TsLabelLayer, layers->len - 1).paths, path);
    return check_mask(path, input, error);
}

static gboolean
read_option(GArray *layers, const char *text, const TsJudgeInput *inputs, guint n_inputs,
            GError **error)
{
    const char *where;
    g_autofree char *name = split_name(text, &where);
    char *column = name != NULL ? g_strconcat("mask_", name, NULL) : g_strdup("mask");
    if (!add_layer(layers, column, error))
        return FALSE;
    for (guint i = 0; i < n_inputs; i++) {
        char *path = ts_label_find_file(where, inputs[i].path, n_inputs, suffixes, "--mask", error);
        if (path == NULL || !add_path(layers, path, &inputs[i], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
take_manifest(GArray *layers, const TsJudgeInput *inputs, guint n_inputs, GError **error)
{
    guint n = 0;
    for (guint i = 0; i < n_inputs; i++)
        n += inputs[i].mask != NULL;
    if (n == 0)
        return TRUE;
    if (!add_layer(layers, g_strdup("mask"), error))
        return FALSE;
    for (guint i = 0; i < n_inputs; i++) {
        if (inputs[i].mask == NULL)
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: has no mask in the manifest, as others have", inputs[i].path);
        if (!add_path(layers, g_strdup(inputs[i].mask), &inputs[i], error))
            return FALSE;
    }
    return TRUE;
}

GArray *
ts_label_layers_new(const char *const *masks, const TsJudgeInput *inputs, guint n_inputs,
                    GError **error)
{
    g_autoptr(GArray) layers = g_array_new(FALSE, TRUE, sizeof(TsLabelLayer));
    g_array_set_clear_func(layers, layer_clear);
    gboolean given = masks != NULL && masks[0] != NULL;
    for (guint i = 0; given && masks[i] != NULL; i++)
        if (!read_option(layers, masks[i], inputs, n_inputs, error))
            return NULL;
    if (!given && !take_manifest(layers, inputs, n_inputs, error))
        return NULL;
    return g_steal_pointer(&layers);
}
