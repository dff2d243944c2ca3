/* The input: memory that the caller fills. */
#include "nn/ops/op.h"

static gboolean
input_forward(TsNet *net, TsLayer *layer, GError **error)
{
    layer->out = ts_net_plain_buffer(net, layer->node->shape, error);
    return layer->out != NULL;
}

static const TsOp input_op = {.name = "input", .forward = input_forward, .keeps_output = TRUE};

/* A limit for what a model file may ask for: 4 channels of 4096 x 4096. */
static const gint64 MOST_NUMBERS = 1 << 26;

guint
ts_graph_input(TsGraph *graph, int channels, int height, int width)
{
    TsShape shape = {channels, height, width};
    if (shape.c * shape.h > MOST_NUMBERS || shape.c * shape.h * shape.w > MOST_NUMBERS) {
        ts_graph_fail(graph, "an input of %dx%dx%d is too large, choose a smaller size", channels,
                      height, width);
        shape = (TsShape){1, 1, 1}; /* for the nodes above, whose errors come second */
    }
    return ts_graph_append(graph, (TsNode){.op = &input_op, .shape = shape, .param = TS_NO_PARAMS});
}
