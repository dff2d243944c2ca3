/* Flatten: the plain layout of (C, H, W) seen as (C * H * W). Costs a reorder where the input is
 * blocked, nothing elsewhere. */
#include "nn/ops/op.h"

static gboolean
flatten_forward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsLayer *in = ts_net_input_layer(net, layer, 0);
    g_autoptr(TsLayout) whole = ts_net_plain_layout(net, in->node->shape, error);
    g_autoptr(TsLayout) flat = ts_net_plain_layout(net, layer->node->shape, error);
    if (whole == NULL || flat == NULL)
        return FALSE;
    TsBuffer *plain = ts_net_convert(net, layer, in->out, whole, error);
    layer->out = plain != NULL ? ts_net_view(net, plain, flat) : NULL;
    return layer->out != NULL;
}

static gboolean
flatten_backward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsLayer *in = ts_net_input_layer(net, layer, 0);
    g_autoptr(TsLayout) whole = ts_net_plain_layout(net, in->node->shape, error);
    g_autoptr(TsLayout) flat = ts_net_plain_layout(net, layer->node->shape, error);
    if (whole == NULL || flat == NULL)
        return FALSE;
    TsBuffer *grad = ts_net_convert(net, layer, layer->grad, flat, error);
    if (grad == NULL)
        return FALSE;
    ts_net_contribute(net, layer, 0, ts_net_view(net, grad, whole));
    return TRUE;
}

/* A view shares memory with the node below, whose backward pass may read it. */
static const TsOp flatten_op = {.name = "flatten",
                                .forward = flatten_forward,
                                .backward = flatten_backward,
                                .keeps_output = TRUE};

guint
ts_graph_flatten(TsGraph *graph, guint input)
{
    const TsShape in = ts_graph_node(graph, input)->shape;
    return ts_graph_append(graph, (TsNode){.op = &flatten_op,
                                           .n_inputs = 1,
                                           .input = {input},
                                           .shape = {in.c * in.h * in.w, 1, 1},
                                           .param = TS_NO_PARAMS});
}
