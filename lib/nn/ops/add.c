/* Elementwise sum of two nodes, as at the end of a residual block, with the ReLU above it where
 * there is one. */
#include "nn/ops/op.h"

enum { SAVED_A, SAVED_B, SAVED_GRAD, SAVED_RESULT };

static gboolean
run_add(TsNet *net, TsLayer *layer, GError **error)
{
    const float *a = layer->saved[SAVED_A]->storage->data;
    const float *b = layer->saved[SAVED_B]->storage->data;
    float *sum = layer->out->storage->data;
    const gsize n = layer->out->bytes / sizeof(float);
#pragma omp parallel for simd
    for (gsize i = 0; i < n; i++)
        sum[i] = a[i] + b[i];
    return TRUE;
}

static gboolean
run_add_relu(TsNet *net, TsLayer *layer, GError **error)
{
    const float *a = layer->saved[SAVED_A]->storage->data;
    const float *b = layer->saved[SAVED_B]->storage->data;
    float *sum = layer->out->storage->data;
    const gsize n = layer->out->bytes / sizeof(float);
#pragma omp parallel for simd
    for (gsize i = 0; i < n; i++) {
        const float s = a[i] + b[i];
        sum[i] = s < 0 ? 0 : s; /* a NaN stays one */
    }
    return TRUE;
}

/* The gradient where the sum was positive. */
static gboolean
run_relu_backward(TsNet *net, TsLayer *layer, GError **error)
{
    const float *sum = layer->out->storage->data;
    const float *grad = layer->saved[SAVED_GRAD]->storage->data;
    float *result = layer->saved[SAVED_RESULT]->storage->data;
    const gsize n = layer->out->bytes / sizeof(float);
#pragma omp parallel for simd
    for (gsize i = 0; i < n; i++) {
        const float g = grad[i]; /* read in any case, so that there is no jump */
        result[i] = sum[i] > 0 ? g : 0;
    }
    return TRUE;
}

static gboolean
add_forward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *a = ts_net_input_layer(net, layer, 0)->out;
    TsBuffer *b =
        ts_net_convert(net, layer, ts_net_input_layer(net, layer, 1)->out, a->layout, error);
    if (b == NULL)
        return FALSE;
    layer->saved[SAVED_A] = a;
    layer->saved[SAVED_B] = b;
    layer->out = ts_net_buffer(net, a->layout);
    if (layer->limit == TS_LIMIT_RELU)
        ts_net_add_func(net, layer, run_add_relu, "add, ReLU");
    else
        ts_net_add_func(net, layer, run_add, "add");
    ts_net_use(net, a);
    ts_net_use(net, b);
    ts_net_use(net, layer->out);
    return TRUE;
}

static TsBuffer *
relu_backward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *grad = ts_net_convert(net, layer, layer->grad, layer->out->layout, error);
    if (grad == NULL)
        return NULL;
    layer->saved[SAVED_GRAD] = grad;
    layer->saved[SAVED_RESULT] = ts_net_buffer(net, layer->out->layout);
    ts_net_add_func(net, layer, run_relu_backward, "ReLU, backward");
    ts_net_use(net, layer->out);
    ts_net_use(net, grad);
    ts_net_use(net, layer->saved[SAVED_RESULT]);
    return layer->saved[SAVED_RESULT];
}

/* The gradient of a sum goes to both summands as it is. */
static gboolean
add_backward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *grad = layer->limit == TS_LIMIT_RELU ? relu_backward(net, layer, error) : layer->grad;
    if (grad == NULL)
        return FALSE;
    ts_net_contribute(net, layer, 0, grad);
    ts_net_contribute(net, layer, 1, grad);
    return TRUE;
}

static gboolean
takes_limit(const TsNet *net, TsLimit limit)
{
    return limit == TS_LIMIT_RELU;
}

static const TsOp add_op = {
    .name = "add", .forward = add_forward, .backward = add_backward, .takes_limit = takes_limit};

guint
ts_graph_add(TsGraph *graph, guint a, guint b)
{
    const TsShape x = ts_graph_node(graph, a)->shape, y = ts_graph_node(graph, b)->shape;
    if (x.c != y.c || x.h != y.h || x.w != y.w)
        return ts_graph_fail(graph, "add: (%d, %d, %d) and (%d, %d, %d) have different shapes",
                             (int) x.c, (int) x.h, (int) x.w, (int) y.c, (int) y.h, (int) y.w);
    return ts_graph_append(
        graph,
        (TsNode){.op = &add_op, .n_inputs = 2, .input = {a, b}, .shape = x, .param = TS_NO_PARAMS});
}
