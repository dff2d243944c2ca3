/* A small convolutional network for tiles: stages of two 3x3 convolutions, each with batch norm and
 * ReLU, then max pooling; the width doubles from stage to stage. After the last stage the average
 * over the picture, dropout and a linear layer. */
#include "nn/models/models.h"

enum { STAGES = 3 };

static guint
conv_block(TsGraph *graph, int stage, int i, guint x, int channels)
{
    g_autofree char *conv = g_strdup_printf("stage%d.conv%d", stage, i);
    g_autofree char *norm = g_strdup_printf("stage%d.bn%d", stage, i);
    x = ts_graph_conv(graph, conv, x,
                      &(TsConvOptions){.channels = channels, .kernel = 3, .pad = 1});
    return ts_graph_relu(graph, ts_graph_norm(graph, norm, x));
}

gboolean
ts_model_cnn(TsGraph *graph, const TsModelSpec *spec, GError **error)
{
    int width;
    double dropout;
    if (!ts_spec_int(spec->options, "width", 1, 4096, 16, &width, error) ||
        !ts_spec_double(spec->options, "dropout", 0, 0.99, 0.2, &dropout, error))
        return FALSE;
    guint x = ts_graph_input(graph, spec->channels, spec->height, spec->width);
    for (int stage = 1; stage <= STAGES; stage++, width *= 2) {
        x = conv_block(graph, stage, 1, x, width);
        x = conv_block(graph, stage, 2, x, width);
        if (stage < STAGES)
            x = ts_graph_pool(graph, TS_POOL_MAX, x, 2, 2, 0);
    }
    ts_model_head(graph, "fc", x, dropout, spec->classes);
    return TRUE;
}
