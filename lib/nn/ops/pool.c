/* Max, average and global average pooling. */
#include "nn/ops/op.h"

enum { SAVED_WORKSPACE };

static TsWindowSpec
window_of(TsNet *net, TsLayer *layer)
{
    const TsNode *node = layer->node;
    const TsShape in = ts_net_input_layer(net, layer, 0)->node->shape;
    gboolean global = node->conv.kernel == 0;
    return (TsWindowSpec){
        .batch = ts_net_batch(net),
        .in_channels = in.c,
        .in_height = in.h,
        .in_width = in.w,
        .out_channels = in.c,
        .out_height = node->shape.h,
        .out_width = node->shape.w,
        .kernel_height = global ? in.h : node->conv.kernel,
        .kernel_width = global ? in.w : node->conv.kernel,
        .stride = global ? 1 : node->conv.stride,
        .pad_top = node->conv.pad,
        .pad_left = node->conv.pad,
        .pad_bottom = node->conv.pad,
        .pad_right = node->conv.pad,
    };
}

static gboolean
pool_forward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = window_of(net, layer);
    TsBuffer *src = ts_net_input_layer(net, layer, 0)->out;
    TsKernel *kernel = ts_kernel_pool_forward(&spec, layer->node->pool, ts_net_is_training(net),
                                              src->layout, error);
    if (kernel == NULL)
        return FALSE;
    layer->forward = kernel;
    layer->out = ts_net_buffer(net, ts_kernel_layout(kernel, TS_ARG_DST));
    TsStep *step = ts_net_add_kernel(net, layer, kernel, "pooling");
    ts_net_bind(net, step, TS_ARG_SRC, src);
    ts_net_bind(net, step, TS_ARG_DST, layer->out);
    const TsLayout *workspace = ts_kernel_layout(kernel, TS_ARG_WORKSPACE);
    if (workspace != NULL) {
        layer->saved[SAVED_WORKSPACE] = ts_net_buffer(net, workspace);
        ts_net_bind(net, step, TS_ARG_WORKSPACE, layer->saved[SAVED_WORKSPACE]);
    }
    return TRUE;
}

static gboolean
pool_backward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = window_of(net, layer);
    g_autoptr(TsKernel) kernel =
        ts_kernel_pool_backward(&spec, layer->node->pool, layer->forward, error);
    TsBuffer *grad = kernel != NULL
                         ? ts_net_convert(net, layer, layer->grad,
                                          ts_kernel_layout(kernel, TS_ARG_DIFF_DST), error)
                         : NULL;
    if (grad == NULL)
        return FALSE;
    TsBuffer *result = ts_net_buffer(net, ts_kernel_layout(kernel, TS_ARG_DIFF_SRC));
    TsStep *step = ts_net_add_kernel(net, layer, g_steal_pointer(&kernel), "pooling, backward");
    ts_net_bind(net, step, TS_ARG_DIFF_DST, grad);
    ts_net_bind(net, step, TS_ARG_DIFF_SRC, result);
    if (layer->saved[SAVED_WORKSPACE] != NULL)
        ts_net_bind(net, step, TS_ARG_WORKSPACE, layer->saved[SAVED_WORKSPACE]);
    ts_net_contribute(net, layer, 0, result);
    return TRUE;
}

static const TsOp pool_op = {.name = "pool", .forward = pool_forward, .backward = pool_backward};

guint
ts_graph_pool(TsGraph *graph, TsPoolKind kind, guint input, int kernel, int stride, int pad)
{
    const TsShape in = ts_graph_node(graph, input)->shape;
    if (kernel > in.h + 2 * pad || kernel > in.w + 2 * pad)
        return ts_graph_fail(graph, "pooling: a %dx%d window does not fit into %dx%d pixels",
                             kernel, kernel, (int) in.w, (int) in.h);
    return ts_graph_append(graph, (TsNode){.op = &pool_op,
                                           .n_inputs = 1,
                                           .input = {input},
                                           .shape = {in.c, (in.h + 2 * pad - kernel) / stride + 1,
                                                     (in.w + 2 * pad - kernel) / stride + 1},
                                           .conv = {.kernel = kernel, .stride = stride, .pad = pad},
                                           .pool = kind,
                                           .param = TS_NO_PARAMS});
}

guint
ts_graph_global_pool(TsGraph *graph, guint input)
{
    return ts_graph_append(graph, (TsNode){.op = &pool_op,
                                           .n_inputs = 1,
                                           .input = {input},
                                           .shape = {ts_graph_node(graph, input)->shape.c, 1, 1},
                                           .pool = TS_POOL_AVG,
                                           .param = TS_NO_PARAMS});
}
