/* 2-D convolution. Forward, and backward by data and by weights, in the layouts oneDNN prefers;
 * conv_winograd.c and conv_grey.c have other ways. */
#include "nn/ops/conv.h"

enum { WEIGHT = TS_CONV_WEIGHT, BIAS = TS_CONV_BIAS };
enum { SAVED_SRC };

typedef struct {
    gint64 before, after, out;
} Extent;

/* Zeros on both sides and the outputs along one dimension. With `same` there are size / stride
 * outputs, rounded up, and an odd zero comes last, as TensorFlow pads. */
static Extent
extent_of(const TsConvOptions *conv, gint64 size)
{
    Extent extent = {conv->pad, conv->pad,
                     (size + 2 * conv->pad - conv->kernel) / conv->stride + 1};
    if (conv->same) {
        extent.out = (size + conv->stride - 1) / conv->stride;
        const gint64 zeros = MAX((extent.out - 1) * conv->stride + conv->kernel - size, 0);
        extent.before = zeros / 2;
        extent.after = zeros - extent.before;
    }
    return extent;
}

TsWindowSpec
ts_conv_window(TsNet *net, const TsLayer *layer)
{
    const TsNode *node = layer->node;
    const TsShape in = ts_net_input_layer(net, layer, 0)->node->shape;
    const Extent rows = extent_of(&node->conv, in.h), columns = extent_of(&node->conv, in.w);
    return (TsWindowSpec){
        .batch = ts_net_batch(net),
        .in_channels = in.c,
        .in_height = in.h,
        .in_width = in.w,
        .out_channels = node->shape.c,
        .out_height = node->shape.h,
        .out_width = node->shape.w,
        .kernel_height = node->conv.kernel,
        .kernel_width = node->conv.kernel,
        .stride = node->conv.stride,
        .pad_top = rows.before,
        .pad_left = columns.before,
        .pad_bottom = rows.after,
        .pad_right = columns.after,
        .groups = node->conv.groups,
        .bias = node->conv.bias,
        .adds = layer->addend != NULL,
        .limit = layer->limit,
        .bf16 = ts_net_is_bf16(net),
    };
}

gboolean
ts_conv_settle_weights(TsNet *net, TsLayer *layer, const TsWindowSpec *spec, const TsLayout *layout,
                       GError **error)
{
    TsParam *weight = ts_net_param(net, layer, WEIGHT);
    if (weight->layout != NULL)
        return TRUE;
    g_autoptr(TsLayout) plain = ts_layout_conv_weights(spec, error);
    return plain != NULL && ts_param_adopt_layout(weight, plain, layout, error);
}

TsBuffer *
ts_conv_destination(TsNet *net, TsLayer *layer, const TsLayout *layout, GError **error)
{
    return layer->addend != NULL ? ts_net_addend(net, layer, layout, error)
                                 : ts_net_buffer(net, layout);
}

/* The layout that the weights have, NULL if oneDNN may choose. Plain ones are those of Winograd's
 * kernels, which oneDNN's would be slow with. */
static const TsLayout *
settled_layout(TsNet *net, const TsLayer *layer)
{
    const TsParam *weight = ts_net_param(net, layer, WEIGHT);
    return weight->layout != NULL && !ts_layout_equal(weight->layout, weight->plain)
               ? weight->layout
               : NULL;
}

/* The parameters stay f32: where the kernel reads bf16 they are plain. */
static gboolean
settle_weights(TsNet *net, TsLayer *layer, const TsWindowSpec *spec, const TsLayout *wanted,
               GError **error)
{
    g_autoptr(TsLayout) plain = ts_layout_conv_weights(spec, error);
    return plain != NULL &&
           ts_conv_settle_weights(net, layer, spec, ts_layout_is_bf16(wanted) ? plain : wanted,
                                  error);
}

/* A kernel for bf16 if that is wanted and the processor has it, else one for f32. */
static TsKernel *
choose_forward(TsNet *net, const TsLayer *layer, TsWindowSpec *spec, GError **error)
{
    TsKernel *kernel = spec->bf16 ? ts_kernel_conv_forward(spec, TRUE, NULL, NULL) : NULL;
    spec->bf16 = kernel != NULL;
    return kernel != NULL ? kernel
                          : ts_kernel_conv_forward(spec, ts_net_is_training(net),
                                                   settled_layout(net, layer), error);
}

/* What the kernel reads: the input in that layout, which may have been made for another convolution
 * of the same input already, as where a residual block and its shortcut begin. */
static TsBuffer *
input_in(TsNet *net, TsLayer *layer, const TsLayout *layout, GError **error)
{
    const TsLayer *input = ts_net_input_layer(net, layer, 0);
    for (const TsLayer *other = input + 1; other < layer; other++)
        if (other->node->op == layer->node->op && other->node->input[0] == layer->node->input[0] &&
            other->forward != NULL && ts_layout_equal(other->saved[SAVED_SRC]->layout, layout))
            return other->saved[SAVED_SRC];
    return ts_conv_operand(net, layer, input->out, layout, error);
}

static gboolean
conv_forward(TsNet *net, TsLayer *layer, GError **error)
{
    TsWindowSpec spec = ts_conv_window(net, layer);
    if (ts_conv_is_winograd(net, &spec))
        return ts_conv_winograd_forward(net, layer, error);
    g_autoptr(TsKernel) kernel = choose_forward(net, layer, &spec, error);
    const TsLayout *wanted = kernel != NULL ? ts_kernel_layout(kernel, TS_ARG_WEIGHTS) : NULL;
    if (wanted == NULL || !settle_weights(net, layer, &spec, wanted, error))
        return FALSE;
    TsBuffer *weight =
        ts_conv_operand(net, layer, ts_net_param_data(net, layer, WEIGHT), wanted, error);
    if (weight == NULL)
        return FALSE;
    TsBuffer *src = input_in(net, layer, ts_kernel_layout(kernel, TS_ARG_SRC), error);
    if (src == NULL)
        return FALSE;
    layer->out = ts_conv_destination(net, layer, ts_kernel_layout(kernel, TS_ARG_DST), error);
    if (layer->out == NULL)
        return FALSE;
    layer->saved[SAVED_SRC] = src;
    layer->forward = kernel;
    TsStep *step = ts_net_add_kernel(net, layer, g_steal_pointer(&kernel), "convolution");
    ts_net_bind(net, step, TS_ARG_SRC, src);
    ts_net_bind(net, step, TS_ARG_WEIGHTS, weight);
    if (spec.bias)
        ts_net_bind(net, step, TS_ARG_BIAS, ts_net_param_data(net, layer, BIAS));
    ts_net_bind(net, step, TS_ARG_DST, layer->out);
    return TRUE;
}

static gboolean
backward_weights(TsNet *net, TsLayer *layer, const TsWindowSpec *spec, GError **error)
{
    if (!ts_net_is_bf16(net) && ts_conv_is_grey(layer, spec, layer->saved[SAVED_SRC]))
        return ts_conv_grey_backward_weights(net, layer, spec, layer->saved[SAVED_SRC], error);
    g_autoptr(TsKernel) kernel = ts_kernel_conv_backward_weights(spec, layer->forward, error);
    if (kernel == NULL)
        return FALSE;
    TsBuffer *src = ts_net_convert(net, layer, layer->saved[SAVED_SRC],
                                   ts_kernel_layout(kernel, TS_ARG_SRC), error);
    TsBuffer *grad = src != NULL ? ts_conv_operand(net, layer, layer->grad,
                                                   ts_kernel_layout(kernel, TS_ARG_DIFF_DST), error)
                                 : NULL;
    if (grad == NULL)
        return FALSE;
    const TsLayout *layout = ts_kernel_layout(kernel, TS_ARG_DIFF_WEIGHTS);
    TsBuffer *weight_grad = ts_net_param_grad(net, layer, WEIGHT);
    gboolean direct = ts_layout_equal(layout, weight_grad->layout);
    TsBuffer *result = direct ? weight_grad : ts_net_buffer(net, layout);
    TsStep *step =
        ts_net_add_kernel(net, layer, g_steal_pointer(&kernel), "convolution, by weights");
    ts_net_bind(net, step, TS_ARG_SRC, src);
    ts_net_bind(net, step, TS_ARG_DIFF_DST, grad);
    ts_net_bind(net, step, TS_ARG_DIFF_WEIGHTS, result);
    if (spec->bias)
        ts_net_bind(net, step, TS_ARG_DIFF_BIAS, ts_net_param_grad(net, layer, BIAS));
    return direct || ts_net_copy(net, layer, result, weight_grad, error);
}

static gboolean
backward_data(TsNet *net, TsLayer *layer, const TsWindowSpec *spec, GError **error)
{
    g_autoptr(TsKernel) kernel = ts_kernel_conv_backward_data(spec, layer->forward, error);
    if (kernel == NULL)
        return FALSE;
    TsBuffer *weight = ts_conv_operand(net, layer, ts_net_param_data(net, layer, WEIGHT),
                                       ts_kernel_layout(kernel, TS_ARG_WEIGHTS), error);
    TsBuffer *grad = weight != NULL
                         ? ts_conv_operand(net, layer, layer->grad,
                                           ts_kernel_layout(kernel, TS_ARG_DIFF_DST), error)
                         : NULL;
    if (grad == NULL)
        return FALSE;
    TsBuffer *result = ts_net_buffer(net, ts_kernel_layout(kernel, TS_ARG_DIFF_SRC));
    TsStep *step = ts_net_add_kernel(net, layer, g_steal_pointer(&kernel), "convolution, by data");
    ts_net_bind(net, step, TS_ARG_DIFF_DST, grad);
    ts_net_bind(net, step, TS_ARG_WEIGHTS, weight);
    ts_net_bind(net, step, TS_ARG_DIFF_SRC, result);
    ts_net_contribute(net, layer, 0, result);
    return TRUE;
}

static gboolean
conv_backward(TsNet *net, TsLayer *layer, GError **error)
{
    TsWindowSpec spec = ts_conv_window(net, layer);
    if (ts_conv_is_winograd(net, &spec))
        return ts_conv_winograd_backward(net, layer, error);
    spec.bf16 = ts_layout_is_bf16(ts_kernel_layout(layer->forward, TS_ARG_SRC));
    return (!ts_net_layer_learns(net, layer) || backward_weights(net, layer, &spec, error)) &&
           (!ts_net_input_layer(net, layer, 0)->needs_grad ||
            backward_data(net, layer, &spec, error));
}

static gboolean
takes_limit(const TsNet *net, TsLimit limit)
{
    return ts_net_is_frozen(net);
}

static const TsOp conv_op = {.name = "conv",
                             .forward = conv_forward,
                             .backward = conv_backward,
                             .takes_limit = takes_limit,
                             .takes_addend = TRUE};

guint
ts_graph_conv(TsGraph *graph, const char *name, guint input, const TsConvOptions *options)
{
    const TsShape in = ts_graph_node(graph, input)->shape;
    TsConvOptions conv = *options;
    conv.stride = MAX(conv.stride, 1);
    conv.groups = MAX(conv.groups, 1);
    if (!conv.same && (conv.kernel > in.h + 2 * conv.pad || conv.kernel > in.w + 2 * conv.pad))
        return ts_graph_fail(graph, "%s: a %dx%d kernel does not fit into %dx%d pixels", name,
                             conv.kernel, conv.kernel, (int) in.w, (int) in.h);
    if (in.c % conv.groups != 0 || conv.channels % conv.groups != 0)
        return ts_graph_fail(graph, "%s: %d groups do not divide %d and %d channels", name,
                             conv.groups, (int) in.c, conv.channels);
    const gint64 h = extent_of(&conv, in.h).out, w = extent_of(&conv, in.w).out;
    const gint64 fan_in = in.c / conv.groups * conv.kernel * conv.kernel;
    const gint64 shape[] = {conv.channels, in.c / conv.groups, conv.kernel, conv.kernel};
    TsNode node = {.op = &conv_op,
                   .name = g_strdup(name),
                   .n_inputs = 1,
                   .input = {input},
                   .shape = {conv.channels, h, w},
                   .conv = conv,
                   .param = TS_NO_PARAMS,
                   .multiply_adds = fan_in * conv.channels * h * w};
    node.param[WEIGHT] =
        ts_graph_add_param(graph, name, "weight", TS_PARAM_WEIGHT, 4, shape, fan_in);
    g_array_index(graph->params, TsParamSpec, node.param[WEIGHT]).fan_out /= conv.groups;
    if (conv.bias)
        node.param[BIAS] = ts_graph_add_param(graph, name, "bias", TS_PARAM_BIAS, 1, shape, fan_in);
    return ts_graph_append(graph, node);
}
