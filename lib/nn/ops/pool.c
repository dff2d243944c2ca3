/* Max, average and global average pooling. oneDNN computes it, but for maxima of blocked pictures,
 * where our own kernels are five times as fast. */
#include "nn/max_pool.h"
#include "nn/ops/op.h"

enum { SAVED_WORKSPACE, SAVED_SRC, SAVED_GRAD, SAVED_RESULT };

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

/* ---- maxima of blocked pictures ---- */

/* Channels in a block of `layout`, 0 if it is not blocked. */
static int
block_of(const TsLayout *layout, const TsWindowSpec *spec)
{
    const gint64 dims[] = {spec->batch, spec->in_channels, spec->in_height, spec->in_width};
    return ts_layout_find_block(layout, dims);
}

/* Channels in a block of the input if our own kernels are to be used, else 0. */
static int
own_block(TsNet *net, TsLayer *layer, const TsWindowSpec *spec)
{
    return layer->node->pool == TS_POOL_MAX && ts_max_pool_can(spec)
               ? block_of(ts_net_input_layer(net, layer, 0)->out->layout, spec)
               : 0;
}

static guint8 *
places(const TsLayer *layer)
{
    const TsBuffer *workspace = layer->saved[SAVED_WORKSPACE];
    return workspace != NULL ? (guint8 *) workspace->storage->data : NULL;
}

static gboolean
run_max_forward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = window_of(net, layer);
    const TsBuffer *src = layer->saved[SAVED_SRC];
    ts_max_pool_forward(&spec, block_of(src->layout, &spec), src->storage->data,
                        layer->out->storage->data, places(layer));
    return TRUE;
}

static gboolean
run_max_backward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = window_of(net, layer);
    const TsBuffer *result = layer->saved[SAVED_RESULT];
    ts_max_pool_backward(&spec, block_of(result->layout, &spec),
                         layer->saved[SAVED_GRAD]->storage->data, places(layer),
                         result->storage->data);
    return TRUE;
}

static gboolean
max_forward(TsNet *net, TsLayer *layer, const TsWindowSpec *spec, int block, GError **error)
{
    const gint64 dims[] = {spec->batch, spec->out_channels, spec->out_height, spec->out_width};
    const gint64 n = (gint64) (ts_max_pool_outputs(spec, block) / sizeof(float));
    g_autoptr(TsLayout) layout = ts_layout_channel_blocks(dims, block, error);
    g_autoptr(TsLayout) bytes = layout != NULL ? ts_layout_plain(1, &n, error) : NULL;
    if (bytes == NULL)
        return FALSE;
    layer->saved[SAVED_SRC] = ts_net_input_layer(net, layer, 0)->out;
    layer->out = ts_net_buffer(net, layout);
    ts_net_add_func(net, layer, run_max_forward, "pooling");
    ts_net_use(net, layer->saved[SAVED_SRC]);
    ts_net_use(net, layer->out);
    if (ts_net_is_training(net)) {
        layer->saved[SAVED_WORKSPACE] = ts_net_buffer(net, bytes);
        ts_net_use(net, layer->saved[SAVED_WORKSPACE]);
    }
    return TRUE;
}

static gboolean
max_backward(TsNet *net, TsLayer *layer, GError **error)
{
    layer->saved[SAVED_GRAD] = ts_net_convert(net, layer, layer->grad, layer->out->layout, error);
    if (layer->saved[SAVED_GRAD] == NULL)
        return FALSE;
    layer->saved[SAVED_RESULT] = ts_net_buffer(net, layer->saved[SAVED_SRC]->layout);
    ts_net_add_func(net, layer, run_max_backward, "pooling, backward");
    ts_net_use(net, layer->saved[SAVED_GRAD]);
    ts_net_use(net, layer->saved[SAVED_WORKSPACE]);
    ts_net_use(net, layer->saved[SAVED_RESULT]);
    ts_net_contribute(net, layer, 0, layer->saved[SAVED_RESULT]);
    return TRUE;
}

/* ---- the operation ---- */

static gboolean
pool_forward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = window_of(net, layer);
    TsBuffer *src = ts_net_input_layer(net, layer, 0)->out;
    const int block = own_block(net, layer, &spec);
    if (block != 0)
        return max_forward(net, layer, &spec, block, error);
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
    if (own_block(net, layer, &spec) != 0)
        return max_backward(net, layer, error);
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
