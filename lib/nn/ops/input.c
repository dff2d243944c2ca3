/* The input: memory that the caller fills. */
#include "nn/ops/op.h"

static gboolean
input_forward(TsNet *net, TsLayer *layer, GError **error)
{
    layer->out = ts_net_plain_buffer(net, layer->node->shape, error);
    return layer->out != NULL;
}

static const TsOp input_op = {.name = "input", .forward = input_forward, .keeps_output = TRUE};

guint
ts_graph_input(TsGraph *graph, int channels, int height, int width)
{
    return ts_graph_append(
        graph,
        (TsNode){.op = &input_op, .shape = {channels, height, width}, .param = TS_NO_PARAMS});
}
