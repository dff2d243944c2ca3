/* The table of architectures, and how a description is read. */
#include "nn/models/models.h"

#include "base/error.h"

#include <string.h>

static const struct {
    const char *name;
    gboolean (*build)(TsGraph *graph, const TsModelSpec *spec, GError **error);
} families[] = {
    {"cnn", ts_model_cnn},
    {"mlp", ts_model_mlp},
};

const char *
ts_model_graph_help(void)
{
    return "  cnn   three stages of two 3x3 convolutions with batch norm, for small tiles\n"
           "        options: width=16 (channels of the first stage), dropout=0.2\n"
           "  mlp   one hidden layer; options: hidden=128, dropout=0";
}

TsGraph *
ts_model_graph_new(const char *description, int channels, int height, int width, int classes,
                   GError **error)
{
    g_autoptr(TsSpec) options = ts_spec_parse(description, "model", error);
    if (options == NULL)
        return NULL;
    const TsModelSpec spec = {channels, height, width, classes, options};
    for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
        if (strcmp(families[i].name, ts_spec_name(options)) != 0)
            continue;
        g_autoptr(TsGraph) graph = ts_graph_new();
        if (!families[i].build(graph, &spec, error) || !ts_spec_finish(options, error) ||
            !ts_graph_finish(graph, error))
            return NULL;
        return g_steal_pointer(&graph);
    }
    ts_error_set(error, TS_ERROR_ARGUMENT, "there is no model '%s'; there are:\n%s",
                 ts_spec_name(options), ts_model_graph_help());
    return NULL;
}
