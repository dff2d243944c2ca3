/* Average pooling to a given size, as PyTorch's AdaptiveAvgPool2d: output i of n averages the
 * inputs from floor(i size / n) to ceil((i + 1) size / n), which overlap where n does not divide
 * size. On the plain layout. */
#include "nn/ops/op.h"

#include <string.h>

enum { SAVED_SRC, SAVED_GRAD, SAVED_GRAD_SRC };

typedef struct {
    gint64 y0, y1, x0, x1;
} Bin;

static Bin
bin_of(TsShape in, TsShape out, gint64 y, gint64 x)
{
    return (Bin){y * in.h / out.h, ((y + 1) * in.h + out.h - 1) / out.h, x * in.w / out.w,
                 ((x + 1) * in.w + out.w - 1) / out.w};
}

static gboolean
run_forward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsShape in = ts_net_input_layer(net, layer, 0)->node->shape, out = layer->node->shape;
    const gint64 planes = ts_net_batch(net) * in.c;
#pragma omp parallel for
    for (gint64 p = 0; p < planes; p++) {
        const float *src = layer->saved[SAVED_SRC]->storage->data + p * in.h * in.w;
        float *dst = layer->out->storage->data + p * out.h * out.w;
        for (gint64 i = 0; i < out.h * out.w; i++) {
            const Bin bin = bin_of(in, out, i / out.w, i % out.w);
            double sum = 0;
            for (gint64 y = bin.y0; y < bin.y1; y++)
                for (gint64 x = bin.x0; x < bin.x1; x++)
                    sum += src[y * in.w + x];
            dst[i] = (float) (sum / (double) ((bin.y1 - bin.y0) * (bin.x1 - bin.x0)));
        }
    }
    return TRUE;
}

static gboolean
run_backward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsShape in = ts_net_input_layer(net, layer, 0)->node->shape, out = layer->node->shape;
    const gint64 planes = ts_net_batch(net) * in.c;
#pragma omp parallel for
    for (gint64 p = 0; p < planes; p++) {
        const float *diff = layer->saved[SAVED_GRAD]->storage->data + p * out.h * out.w;
        float *result = layer->saved[SAVED_GRAD_SRC]->storage->data + p * in.h * in.w;
        memset(result, 0, in.h * in.w * sizeof *result);
        for (gint64 i = 0; i < out.h * out.w; i++) {
            const Bin bin = bin_of(in, out, i / out.w, i % out.w);
            const float share = diff[i] / (float) ((bin.y1 - bin.y0) * (bin.x1 - bin.x0));
            for (gint64 y = bin.y0; y < bin.y1; y++)
                for (gint64 x = bin.x0; x < bin.x1; x++)
                    result[y * in.w + x] += share;
        }
    }
    return TRUE;
}

static gboolean
adaptive_pool_forward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsLayer *below = ts_net_input_layer(net, layer, 0);
    g_autoptr(TsLayout) plain = ts_net_plain_layout(net, below->node->shape, error);
    layer->saved[SAVED_SRC] =
        plain != NULL ? ts_net_convert(net, layer, below->out, plain, error) : NULL;
    layer->out = ts_net_plain_buffer(net, layer->node->shape, error);
    if (layer->saved[SAVED_SRC] == NULL || layer->out == NULL)
        return FALSE;
    ts_net_add_func(net, layer, run_forward, "adaptive pooling");
    ts_net_use(net, layer->saved[SAVED_SRC]);
    ts_net_use(net, layer->out);
    return TRUE;
}

static gboolean
adaptive_pool_backward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *grad = ts_net_convert(net, layer, layer->grad, layer->out->layout, error);
    if (grad == NULL)
        return FALSE;
    layer->saved[SAVED_GRAD] = grad;
    layer->saved[SAVED_GRAD_SRC] = ts_net_buffer(net, layer->saved[SAVED_SRC]->layout);
    ts_net_add_func(net, layer, run_backward, "adaptive pooling, backward");
    ts_net_use(net, grad);
    ts_net_use(net, layer->saved[SAVED_GRAD_SRC]);
    ts_net_contribute(net, layer, 0, layer->saved[SAVED_GRAD_SRC]);
    return TRUE;
}

static const TsOp adaptive_pool_op = {
    .name = "adaptive_pool", .forward = adaptive_pool_forward, .backward = adaptive_pool_backward};

guint
ts_graph_adaptive_pool(TsGraph *graph, guint input, int height, int width)
{
    const TsShape in = ts_graph_node(graph, input)->shape;
    if (in.h == height && in.w == width)
        return input;
    return ts_graph_append(graph, (TsNode){.op = &adaptive_pool_op,
                                           .n_inputs = 1,
                                           .input = {input},
                                           .shape = {in.c, height, width},
                                           .param = TS_NO_PARAMS});
}
