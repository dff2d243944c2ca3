/* Names of layers, for files that kept those of the weights and for files that did not. */
#include "nn/onnx/import.h"

#include <string.h>

/* From the path of a node, as PyTorch's older exporter writes it: "/layer1/layer1.0/conv1/Conv" is
 * the layer "layer1.0.conv1". A part that goes on from the one before it takes its place. */
static char *
name_of_path(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    const guint n = g_strv_length(parts);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    for (guint i = 0; i + 1 < n; i++) {
        if (parts[i][0] == '\0')
            continue;
        const char *last = kept->len > 0 ? kept->pdata[kept->len - 1] : NULL;
        const gsize length = last != NULL ? strlen(last) : 0;
        if (last != NULL && strncmp(parts[i], last, length) == 0 && parts[i][length] == '.')
            kept->pdata[kept->len - 1] = parts[i];
        else
            g_ptr_array_add(kept, parts[i]);
    }
    g_ptr_array_add(kept, NULL);
    return g_strjoinv(".", (char **) kept->pdata);
}

static gboolean
is_name(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && strchr("._-", *c) == NULL)
            return FALSE;
    return text[0] != '\0' && text[0] != '.';
}

static char *
propose(const TsOnnxNode *node, const TsTensor *weights)
{
    const char *name = weights != NULL ? weights->name : "";
    if (g_str_has_suffix(name, ".weight")) {
        char *layer = g_strndup(name, strlen(name) - strlen(".weight"));
        if (is_name(layer))
            return layer;
        g_free(layer);
    }
    char *layer = strchr(node->name, '/') != NULL ? name_of_path(node->name) : g_strdup(node->name);
    if (is_name(layer))
        return layer;
    g_free(layer);
    return g_ascii_strdown(node->op, -1);
}

const char *
ts_onnx_name_layer(TsOnnxImport *self, const TsOnnxNode *node, const TsTensor *weights)
{
    g_autofree char *proposed = propose(node, weights);
    char *name = g_strdup(proposed);
    for (guint i = 2; g_hash_table_contains(self->layers, name); i++) {
        g_free(name);
        name = g_strdup_printf("%s_%u", proposed, i);
    }
    g_hash_table_add(self->layers, name);
    return name;
}
