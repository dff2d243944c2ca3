/* An imported network as a model: its text as the architecture, its numbers copied. */
#include "nn/onnx/onnx.h"

#include "base/error.h"
#include "nn/arch/arch.h"

#include <string.h>

/* One line, without the suffix. */
static char *
title_of(const char *path)
{
    char *name = g_path_get_basename(path);
    if (g_str_has_suffix(name, ".onnx"))
        name[strlen(name) - strlen(".onnx")] = '\0';
    return g_strdelimit(name, "\n\r", '_');
}

static gboolean
check_fits(const TsGraph *graph, const char *name, const char *const *classes,
           const TsPreprocess *how, GError **error)
{
    const TsShape in = ts_graph_node(graph, 0)->shape;
    const gint64 outputs = ts_graph_node(graph, graph->nodes->len - 1)->shape.c;
    if (how->channels != in.c || how->height != in.h || how->width != in.w)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: its input has %d channels and %dx%d pixels, not %d and %dx%d",
                            name, (int) in.c, (int) in.w, (int) in.h, how->channels, how->width,
                            how->height);
    if (classes != NULL && g_strv_length((char **) classes) != outputs)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: has %" G_GINT64_FORMAT " outputs, but there are %u names of "
                            "classes",
                            name, outputs, g_strv_length((char **) classes));
    return TRUE;
}

/* The text was made of the graph that `from` belongs to, so their parameters are the same. */
static gboolean
copy_numbers(const TsParams *from, TsParams *to, const char *name, GError **error)
{
    gboolean same = from->n == to->n;
    for (guint i = 0; same && i < from->n; i++) {
        same = from->param[i].n == to->param[i].n &&
               strcmp(from->param[i].spec->name, to->param[i].spec->name) == 0;
        if (same)
            memcpy(to->param[i].data, from->param[i].data, from->param[i].n * sizeof(float));
    }
    return same ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s: its network cannot be written as text", name);
}

TsModel *
ts_onnx_model_new(const TsOnnx *onnx, const char *name, const char *const *classes,
                  const TsPreprocess *how, GError **error)
{
    g_autoptr(TsGraph) graph = NULL;
    g_autoptr(TsParams) params = NULL;
    if (!ts_onnx_import(onnx, name, &graph, &params, error) ||
        !check_fits(graph, name, classes, how, error))
        return NULL;
    g_autofree char *text = ts_arch_print(graph), *title = title_of(name);
    g_autofree char *description = ts_arch_describe(title, text);
    g_auto(GStrv) numbers =
        ts_model_number_classes(ts_graph_node(graph, graph->nodes->len - 1)->shape.c);
    g_autoptr(TsModel) model = ts_model_new(
        description, classes != NULL ? classes : (const char *const *) numbers, how, error);
    if (model == NULL || !copy_numbers(params, model->params, name, error))
        return NULL;
    return g_steal_pointer(&model);
}
