/* LeNet-5 (LeCun et al., 1998) as it is built today: ReLU, max pooling, full connections, 61,706
 * parameters at 28x28 and ten classes. Starts as PyTorch's layers do. */
#include "nn/models/models.h"

gboolean
ts_model_lenet(TsGraph *graph, const TsModelSpec *spec, GError **error)
{
    int pad;
    if (!ts_spec_int(spec->options, "pad", 0, 2, 2, &pad, error))
        return FALSE;
    ts_graph_set_init(graph,
                      &(TsInitRules){TS_INIT_UNIFORM_IN, TS_INIT_UNIFORM_IN, TS_INIT_UNIFORM_IN});
    guint x = ts_graph_input(graph, spec->channels, spec->height, spec->width);
    x = ts_graph_conv(graph, "conv1", x,
                      &(TsConvOptions){.channels = 6, .kernel = 5, .pad = pad, .bias = TRUE});
    x = ts_graph_pool(graph, TS_POOL_MAX, ts_graph_relu(graph, x), 2, 2, 0);
    x = ts_graph_conv(graph, "conv2", x,
                      &(TsConvOptions){.channels = 16, .kernel = 5, .bias = TRUE});
    x = ts_graph_pool(graph, TS_POOL_MAX, ts_graph_relu(graph, x), 2, 2, 0);
    x = ts_graph_linear(graph, "fc1", ts_graph_flatten(graph, x), 120);
    x = ts_graph_linear(graph, "fc2", ts_graph_relu(graph, x), 84);
    ts_graph_linear(graph, "fc3", ts_graph_relu(graph, x), spec->classes);
    return TRUE;
}
