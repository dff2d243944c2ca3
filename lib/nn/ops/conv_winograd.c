/* Convolutions by Winograd's algorithm: steps in blocked layouts, with memory of the plan. */
#include "base/threads.h"
#include "nn/ops/conv.h"
#include "nn/timed_kernels.h"
#include "nn/winograd/winograd.h"

enum {
    SAVED_SRC,
    SAVED_WEIGHT,
    SAVED_FORWARD_WORK,
    SAVED_GRAD,
    SAVED_WEIGHTS_WORK,
    SAVED_DATA_WORK,
    SAVED_RESULT,
    SAVED_WEIGHT_GRAD,
};

gboolean
ts_conv_is_winograd(TsNet *net, const TsWindowSpec *spec)
{
    switch (ts_net_conv_kernels(net)) {
    case TS_KERNELS_DIRECT:
        return FALSE;
    case TS_KERNELS_WINOGRAD:
        return ts_winograd_can(spec);
    case TS_KERNELS_TIMED:
        if (ts_net_timed_kernels(net) != NULL)
            return ts_winograd_can(spec) &&
                   ts_timed_kernels_is_winograd(ts_net_timed_kernels(net), spec);
        break;
    case TS_KERNELS_AUTO:
        break;
    }
    return ts_winograd_can(spec) && ts_winograd_pays(spec);
}

static TsLayout *
blocked(TsNet *net, TsShape shape, GError **error)
{
    const gint64 dims[] = {ts_net_batch(net), shape.c, shape.h, shape.w};
    return ts_layout_channel_blocks(dims, ts_winograd_lanes(), error);
}

static TsBuffer *
blocked_buffer(TsNet *net, TsShape shape, GError **error)
{
    g_autoptr(TsLayout) layout = blocked(net, shape, error);
    return layout != NULL ? ts_net_buffer(net, layout) : NULL;
}

/* Memory for the result of the layer's forward pass. */
static TsBuffer *
destination(TsNet *net, TsLayer *layer, GError **error)
{
    g_autoptr(TsLayout) layout = blocked(net, layer->node->shape, error);
    return layout != NULL ? ts_conv_destination(net, layer, layout, error) : NULL;
}

static TsBuffer *
convert_to_blocks(TsNet *net, TsLayer *layer, TsBuffer *buffer, TsShape shape, GError **error)
{
    g_autoptr(TsLayout) layout = blocked(net, shape, error);
    return layout != NULL ? ts_net_convert(net, layer, buffer, layout, error) : NULL;
}

static TsBuffer *
plain_weight(TsNet *net, TsLayer *layer, const TsWindowSpec *spec, GError **error)
{
    g_autoptr(TsLayout) plain = ts_layout_conv_weights(spec, error);
    return plain != NULL && ts_conv_settle_weights(net, layer, spec, plain, error)
               ? ts_net_convert(net, layer, ts_net_param_data(net, layer, TS_CONV_WEIGHT), plain,
                                error)
               : NULL;
}

static TsBuffer *
work_buffer(TsNet *net, const TsWindowSpec *spec, TsWinogradPass pass, GError **error)
{
    const gint64 floats = (gint64) ts_winograd_floats(spec, pass, (int) ts_threads_get());
    g_autoptr(TsLayout) layout = ts_layout_plain(1, &floats, error);
    return layout != NULL ? ts_net_buffer(net, layout) : NULL;
}

/* A step that uses the saved buffers named by `used`, which ends with -1. */
static void
add_step(TsNet *net, TsLayer *layer, TsStepFunc func, const char *what, const int *used)
{
    ts_net_add_func(net, layer, func, what);
    for (; *used >= 0; used++)
        ts_net_use(net, layer->saved[*used]);
}

static float *
saved(const TsLayer *layer, int which)
{
    return layer->saved[which]->storage->data;
}

/* ---- forward ---- */

static gboolean
run_forward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = ts_conv_window(net, layer);
    ts_winograd_forward(&spec, (int) ts_threads_get(), saved(layer, SAVED_SRC),
                        saved(layer, SAVED_WEIGHT),
                        spec.bias ? ts_net_param(net, layer, TS_CONV_BIAS)->data : NULL,
                        layer->out->storage->data, saved(layer, SAVED_FORWARD_WORK));
    return TRUE;
}

static gboolean
run_forward_filtered(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = ts_conv_window(net, layer);
    ts_winograd_forward_filtered(&spec, (int) ts_threads_get(), saved(layer, SAVED_SRC),
                                 layer->constant,
                                 spec.bias ? ts_net_param(net, layer, TS_CONV_BIAS)->data : NULL,
                                 layer->out->storage->data, saved(layer, SAVED_FORWARD_WORK));
    return TRUE;
}

/* In a frozen net the weights are transformed now. */
static gboolean
forward_frozen(TsNet *net, TsLayer *layer, const TsWindowSpec *spec, GError **error)
{
    const TsLayer *below = ts_net_input_layer(net, layer, 0);
    layer->constant = ts_net_own_floats(net, ts_winograd_filter_floats(spec), error);
    if (layer->constant == NULL)
        return FALSE;
    ts_winograd_filters(spec, (int) ts_threads_get(),
                        ts_net_param(net, layer, TS_CONV_WEIGHT)->data, layer->constant);
    ts_param_drop(ts_net_param(net, layer, TS_CONV_WEIGHT));
    if ((layer->saved[SAVED_SRC] =
             convert_to_blocks(net, layer, below->out, below->node->shape, error)) == NULL ||
        (layer->saved[SAVED_FORWARD_WORK] =
             work_buffer(net, spec, TS_WINOGRAD_FORWARD_FILTERED, error)) == NULL ||
        (layer->out = destination(net, layer, error)) == NULL)
        return FALSE;
    add_step(net, layer, run_forward_filtered, "convolution, Winograd",
             (int[]){SAVED_SRC, SAVED_FORWARD_WORK, -1});
    ts_net_use(net, layer->out);
    return TRUE;
}

gboolean
ts_conv_winograd_forward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = ts_conv_window(net, layer);
    if (ts_net_is_frozen(net))
        return forward_frozen(net, layer, &spec, error);
    const TsLayer *below = ts_net_input_layer(net, layer, 0);
    if ((layer->saved[SAVED_WEIGHT] = plain_weight(net, layer, &spec, error)) == NULL ||
        (layer->saved[SAVED_SRC] =
             convert_to_blocks(net, layer, below->out, below->node->shape, error)) == NULL ||
        (layer->saved[SAVED_FORWARD_WORK] = work_buffer(net, &spec, TS_WINOGRAD_FORWARD, error)) ==
            NULL ||
        (layer->out = blocked_buffer(net, layer->node->shape, error)) == NULL)
        return FALSE;
    add_step(net, layer, run_forward, "convolution, Winograd",
             (int[]){SAVED_SRC, SAVED_WEIGHT, SAVED_FORWARD_WORK, -1});
    ts_net_use(net, layer->out);
    return TRUE;
}

/* ---- backward ---- */

static gboolean
run_backward_weights(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = ts_conv_window(net, layer);
    ts_winograd_backward_weights(&spec, (int) ts_threads_get(), saved(layer, SAVED_SRC),
                                 saved(layer, SAVED_GRAD), saved(layer, SAVED_WEIGHT_GRAD),
                                 spec.bias ? ts_net_param(net, layer, TS_CONV_BIAS)->grad : NULL,
                                 saved(layer, SAVED_WEIGHTS_WORK));
    return TRUE;
}

static gboolean
run_backward_data(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = ts_conv_window(net, layer);
    ts_winograd_backward_data(&spec, (int) ts_threads_get(), saved(layer, SAVED_GRAD),
                              saved(layer, SAVED_WEIGHT), saved(layer, SAVED_RESULT),
                              saved(layer, SAVED_DATA_WORK));
    return TRUE;
}

static gboolean
backward_weights(TsNet *net, TsLayer *layer, const TsWindowSpec *spec, GError **error)
{
    g_autoptr(TsLayout) plain = ts_layout_conv_weights(spec, error);
    if (plain == NULL || (layer->saved[SAVED_WEIGHTS_WORK] =
                              work_buffer(net, spec, TS_WINOGRAD_BACKWARD_WEIGHTS, error)) == NULL)
        return FALSE;
    TsBuffer *stored = ts_net_param_grad(net, layer, TS_CONV_WEIGHT);
    const gboolean direct = ts_layout_equal(stored->layout, plain);
    layer->saved[SAVED_WEIGHT_GRAD] = direct ? stored : ts_net_buffer(net, plain);
    add_step(net, layer, run_backward_weights, "convolution by weights, Winograd",
             (int[]){SAVED_SRC, SAVED_GRAD, SAVED_WEIGHT_GRAD, SAVED_WEIGHTS_WORK, -1});
    return direct || ts_net_copy(net, layer, layer->saved[SAVED_WEIGHT_GRAD], stored, error);
}

static gboolean
backward_data(TsNet *net, TsLayer *layer, const TsWindowSpec *spec, GError **error)
{
    const TsShape shape = ts_net_input_layer(net, layer, 0)->node->shape;
    if ((layer->saved[SAVED_DATA_WORK] =
             work_buffer(net, spec, TS_WINOGRAD_BACKWARD_DATA, error)) == NULL ||
        (layer->saved[SAVED_RESULT] = blocked_buffer(net, shape, error)) == NULL)
        return FALSE;
    add_step(net, layer, run_backward_data, "convolution by data, Winograd",
             (int[]){SAVED_GRAD, SAVED_WEIGHT, SAVED_RESULT, SAVED_DATA_WORK, -1});
    ts_net_contribute(net, layer, 0, layer->saved[SAVED_RESULT]);
    return TRUE;
}

gboolean
ts_conv_winograd_backward(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = ts_conv_window(net, layer);
    layer->saved[SAVED_GRAD] =
        convert_to_blocks(net, layer, layer->grad, layer->node->shape, error);
    return layer->saved[SAVED_GRAD] != NULL && backward_weights(net, layer, &spec, error) &&
           (!ts_net_input_layer(net, layer, 0)->needs_grad ||
            backward_data(net, layer, &spec, error));
}
