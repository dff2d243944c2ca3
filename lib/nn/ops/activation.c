/* Elementwise functions beside ReLU, over memory in any layout: all give 0 for 0, so padding of
 * blocked layouts stays 0.
 *
 *     relu6(x) = min(max(x, 0), 6)          Krizhevsky, 2010
 *     silu(x) = x / (1 + exp(-x))           Elfwing et al., 2018; "swish"
 *     hardswish(x) = x relu6(x + 3) / 6     Howard et al., 2019 */
#include "nn/ops/op.h"

#include <math.h>

enum { SAVED_SRC, SAVED_GRAD, SAVED_GRAD_SRC };

static inline float
relu6(float x)
{
    return x < 0 ? 0.0f : x > 6 ? 6.0f : x;
}

/* As PyTorch's: no gradient at the kinks themselves. */
static inline float
relu6_slope(float x)
{
    return x > 0 && x < 6 ? 1.0f : 0.0f;
}

static inline float
silu(float x)
{
    return x / (1.0f + expf(-x));
}

static inline float
silu_slope(float x)
{
    const float s = 1.0f / (1.0f + expf(-x));
    return s * (1.0f + x * (1.0f - s));
}

static inline float
hardswish(float x)
{
    return x * relu6(x + 3) / 6;
}

static inline float
hardswish_slope(float x)
{
    return x < -3 ? 0.0f : x > 3 ? 1.0f : (2 * x + 3) / 6;
}

/* The step functions CURVE_run and CURVE_run_backward. A macro, because a loop of OpenMP calls what
 * it is given by pointer, not inline. */
#define DEFINE_STEPS(curve)                                                                        \
    static gboolean curve##_run(TsNet *net, TsLayer *layer, GError **error)                        \
    {                                                                                              \
        const float *x = layer->saved[SAVED_SRC]->storage->data;                                   \
        float *y = layer->out->storage->data;                                                      \
        const gsize n = layer->out->bytes / sizeof(float);                                         \
        _Pragma("omp parallel for simd") for (gsize i = 0; i < n; i++) y[i] = curve(x[i]);         \
        return TRUE;                                                                               \
    }                                                                                              \
    static gboolean curve##_run_backward(TsNet *net, TsLayer *layer, GError **error)               \
    {                                                                                              \
        const float *x = layer->saved[SAVED_SRC]->storage->data;                                   \
        const float *dy = layer->saved[SAVED_GRAD]->storage->data;                                 \
        float *dx = layer->saved[SAVED_GRAD_SRC]->storage->data;                                   \
        const gsize n = layer->out->bytes / sizeof(float);                                         \
        _Pragma("omp parallel for simd") for (gsize i = 0; i < n; i++) dx[i] =                     \
            dy[i] * curve##_slope(x[i]);                                                           \
        return TRUE;                                                                               \
    }
DEFINE_STEPS(relu6)
DEFINE_STEPS(silu)
DEFINE_STEPS(hardswish)

static const struct {
    TsStepFunc forward, backward;
} steps[] = {
    [TS_RELU6] = {relu6_run, relu6_run_backward},
    [TS_SILU] = {silu_run, silu_run_backward},
    [TS_HARDSWISH] = {hardswish_run, hardswish_run_backward},
};

static gboolean
activation_forward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *src = ts_net_input_layer(net, layer, 0)->out;
    layer->saved[SAVED_SRC] = src;
    layer->out = ts_net_buffer(net, src->layout);
    ts_net_add_func(net, layer, steps[layer->node->activation].forward, layer->node->op->name);
    ts_net_use(net, src);
    ts_net_use(net, layer->out);
    return TRUE;
}

static gboolean
activation_backward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *grad = ts_net_convert(net, layer, layer->grad, layer->out->layout, error);
    if (grad == NULL)
        return FALSE;
    layer->saved[SAVED_GRAD] = grad;
    layer->saved[SAVED_GRAD_SRC] = ts_net_buffer(net, layer->out->layout);
    ts_net_add_func(net, layer, steps[layer->node->activation].backward, layer->node->op->name);
    ts_net_use(net, layer->saved[SAVED_SRC]);
    ts_net_use(net, grad);
    ts_net_use(net, layer->saved[SAVED_GRAD_SRC]);
    ts_net_contribute(net, layer, 0, layer->saved[SAVED_GRAD_SRC]);
    return TRUE;
}

static const TsOp ops[] = {
    [TS_RELU6] = {.name = "relu6", .forward = activation_forward, .backward = activation_backward},
    [TS_SILU] = {.name = "silu", .forward = activation_forward, .backward = activation_backward},
    [TS_HARDSWISH] = {.name = "hardswish",
                      .forward = activation_forward,
                      .backward = activation_backward},
};

guint
ts_graph_activation(TsGraph *graph, TsActivation kind, guint input)
{
    if (kind == TS_RELU)
        return ts_graph_relu(graph, input);
    return ts_graph_append(graph, (TsNode){.op = &ops[kind],
                                           .n_inputs = 1,
                                           .input = {input},
                                           .shape = ts_graph_node(graph, input)->shape,
                                           .activation = kind,
                                           .param = TS_NO_PARAMS});
}
