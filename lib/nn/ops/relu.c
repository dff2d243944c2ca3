/* ReLU, in place where nothing else needs its input: neither another node nor the backward pass of
 * the node below. */
#include "nn/ops/op.h"

static gboolean
may_run_in_place(const TsLayer *below)
{
    return below->n_users == 1 && !below->node->op->keeps_output;
}

static gboolean
relu_forward(TsNet *net, TsLayer *layer, GError **error)
{
    TsLayer *below = ts_net_input_layer(net, layer, 0);
    TsKernel *kernel = ts_kernel_relu_forward(below->out->layout, ts_net_is_training(net), error);
    if (kernel == NULL)
        return FALSE;
    layer->forward = kernel;
    layer->out = may_run_in_place(below) ? below->out : ts_net_buffer(net, below->out->layout);
    TsStep *step = ts_net_add_kernel(net, layer, kernel, "ReLU");
    ts_net_bind(net, step, TS_ARG_SRC, below->out);
    ts_net_bind(net, step, TS_ARG_DST, layer->out);
    return TRUE;
}

static gboolean
relu_backward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *dst = layer->out;
    TsBuffer *grad = ts_net_convert(net, layer, layer->grad, dst->layout, error);
    TsKernel *kernel =
        grad != NULL ? ts_kernel_relu_backward(dst->layout, layer->forward, error) : NULL;
    if (kernel == NULL)
        return FALSE;
    TsBuffer *result = ts_net_buffer(net, dst->layout);
    TsStep *step = ts_net_add_kernel(net, layer, kernel, "ReLU, backward");
    ts_net_bind(net, step, TS_ARG_DST, dst);
    ts_net_bind(net, step, TS_ARG_DIFF_DST, grad);
    ts_net_bind(net, step, TS_ARG_DIFF_SRC, result);
    ts_net_contribute(net, layer, 0, result);
    return TRUE;
}

static const TsOp relu_op = {
    .name = "relu", .forward = relu_forward, .backward = relu_backward, .keeps_output = TRUE};

guint
ts_graph_relu(TsGraph *graph, guint input)
{
    return ts_graph_append(graph, (TsNode){.op = &relu_op,
                                           .n_inputs = 1,
                                           .input = {input},
                                           .shape = ts_graph_node(graph, input)->shape,
                                           .param = TS_NO_PARAMS});
}
