/* What operations call to compile themselves: buffers, steps, the layers beside theirs. */
#include "nn/compile.h"

#include "nn/private.h"

/* ---- buffers ---- */

static TsBuffer *
buffer_new(TsNet *net, const TsLayout *layout, TsBuffer *storage)
{
    TsBuffer *buffer = g_new0(TsBuffer, 1);
    buffer->layout = ts_layout_copy(layout);
    buffer->bytes = ts_layout_bytes(layout);
    buffer->storage = storage != NULL ? storage : buffer;
    buffer->first = buffer->last = -1;
    g_ptr_array_add(net->buffers, buffer);
    return buffer;
}

void
ts_buffer_free(gpointer data)
{
    TsBuffer *buffer = data;
    ts_layout_free(buffer->layout);
    g_free(buffer);
}

TsBuffer *
ts_net_buffer(TsNet *net, const TsLayout *layout)
{
    return buffer_new(net, layout, NULL);
}

TsLayout *
ts_net_plain_layout(const TsNet *net, TsShape shape, GError **error)
{
    const gint64 dims[] = {net->batch, shape.c, shape.h, shape.w};
    return ts_layout_plain(4, dims, error);
}

TsBuffer *
ts_net_plain_buffer(TsNet *net, TsShape shape, GError **error)
{
    g_autoptr(TsLayout) layout = ts_net_plain_layout(net, shape, error);
    return layout != NULL ? buffer_new(net, layout, NULL) : NULL;
}

TsBuffer *
ts_net_view(TsNet *net, TsBuffer *buffer, const TsLayout *layout)
{
    return buffer_new(net, layout, buffer->storage);
}

void
ts_buffer_use_at(TsBuffer *buffer, int step)
{
    TsBuffer *storage = buffer->storage;
    storage->first = storage->first < 0 ? step : MIN(storage->first, step);
    storage->last = MAX(storage->last, step);
}

void
ts_net_use(TsNet *net, TsBuffer *buffer)
{
    ts_buffer_use_at(buffer, (int) net->steps->len - 1);
}

/* ---- parameters ---- */

TsParam *
ts_net_param(TsNet *net, const TsLayer *layer, guint slot)
{
    return &net->params->param[layer->node->param[slot]];
}

static TsBuffer *
fixed_buffer(TsNet *net, const TsParam *param, float *data)
{
    g_autoptr(TsLayout) flat = NULL;
    const gint64 n = (gint64) param->n_stored;
    if (param->layout == NULL)
        flat = ts_layout_plain(1, &n, NULL);
    TsBuffer *buffer = buffer_new(net, param->layout != NULL ? param->layout : flat, NULL);
    buffer->fixed = TRUE;
    buffer->data = data;
    return buffer;
}

TsBuffer *
ts_net_param_data(TsNet *net, const TsLayer *layer, guint slot)
{
    TsBuffer **buffer = &net->data[layer->node->param[slot]];
    const TsParam *param = ts_net_param(net, layer, slot);
    if (*buffer == NULL)
        *buffer = fixed_buffer(net, param, param->data);
    return *buffer;
}

TsBuffer *
ts_net_param_grad(TsNet *net, const TsLayer *layer, guint slot)
{
    TsBuffer **buffer = &net->gradients[layer->node->param[slot]];
    const TsParam *param = ts_net_param(net, layer, slot);
    if (*buffer == NULL)
        *buffer = fixed_buffer(net, param, param->grad);
    return *buffer;
}

/* ---- steps ---- */

void
ts_step_free(gpointer data)
{
    TsStep *step = data;
    ts_kernel_free(step->kernel);
    g_free(step);
}

static TsStep *
add_step(TsNet *net, TsLayer *layer, const char *what)
{
    TsStep *step = g_new0(TsStep, 1);
    step->layer = layer;
    step->what = what;
    g_ptr_array_add(net->steps, step);
    return step;
}

TsStep *
ts_net_add_kernel(TsNet *net, TsLayer *layer, TsKernel *kernel, const char *what)
{
    TsStep *step = add_step(net, layer, what);
    step->kernel = kernel;
    return step;
}

TsStep *
ts_net_add_func(TsNet *net, TsLayer *layer, TsStepFunc func, const char *what)
{
    TsStep *step = add_step(net, layer, what);
    step->func = func;
    return step;
}

void
ts_net_bind(TsNet *net, TsStep *step, TsArg arg, TsBuffer *buffer)
{
    step->bound[arg] = buffer;
    ts_net_use(net, buffer);
}

gboolean
ts_net_copy(TsNet *net, TsLayer *layer, TsBuffer *from, TsBuffer *to, GError **error)
{
    TsKernel *kernel = ts_kernel_reorder(from->layout, to->layout, error);
    if (kernel == NULL)
        return FALSE;
    TsStep *step = ts_net_add_kernel(net, layer, kernel, "reorder");
    ts_net_bind(net, step, TS_ARG_SRC, from);
    ts_net_bind(net, step, TS_ARG_DST, to);
    return TRUE;
}

TsBuffer *
ts_net_convert(TsNet *net, TsLayer *layer, TsBuffer *buffer, const TsLayout *layout, GError **error)
{
    if (ts_layout_equal(buffer->layout, layout))
        return buffer;
    TsBuffer *converted = ts_net_buffer(net, layout);
    return ts_net_copy(net, layer, buffer, converted, error) ? converted : NULL;
}

float *
ts_net_own_floats(TsNet *net, gsize n, GError **error)
{
    float *floats = ts_aligned_floats(n, error);
    if (floats != NULL)
        g_ptr_array_add(net->owned, floats);
    return floats;
}

/* ---- the layers ---- */

gboolean
ts_net_is_training(const TsNet *net)
{
    return net->mode == TS_NET_TRAIN;
}

gboolean
ts_net_is_frozen(const TsNet *net)
{
    return net->mode == TS_NET_FROZEN;
}

gboolean
ts_net_trains_layer(const TsNet *net, const TsLayer *layer)
{
    return ts_net_is_training(net) && layer > net->layers + net->cut;
}

gboolean
ts_net_layer_learns(const TsNet *net, const TsLayer *layer)
{
    const TsNode *node = layer->node;
    for (guint slot = 0; slot < G_N_ELEMENTS(node->param); slot++)
        if (node->param[slot] >= 0 && ts_param_is_trained(&net->params->param[node->param[slot]]))
            return TRUE;
    return FALSE;
}

TsConvKernels
ts_net_conv_kernels(const TsNet *net)
{
    return net->params->kernels;
}

TsTimedKernels *
ts_net_timed_kernels(const TsNet *net)
{
    const gboolean of_another_precision =
        net->params->precision == TS_PRECISION_BF16 && !ts_net_is_training(net);
    return of_another_precision ? NULL : net->params->timed;
}

gboolean
ts_net_is_bf16(const TsNet *net)
{
    return ts_net_is_training(net) && net->params->precision == TS_PRECISION_BF16;
}

guint64
ts_net_seed(const TsNet *net)
{
    return net->seed;
}

guint64
ts_net_step_key(const TsNet *net)
{
    return net->step_key;
}

const TsBuffer *
ts_net_bound(const TsNet *net, TsArg arg)
{
    return net->running->bound[arg];
}

TsLayer *
ts_net_input_layer(TsNet *net, const TsLayer *layer, guint input)
{
    return &net->layers[layer->node->input[input]];
}

void
ts_net_contribute(TsNet *net, const TsLayer *layer, guint input, TsBuffer *gradient)
{
    g_ptr_array_add(ts_net_input_layer(net, layer, input)->contributions, gradient);
    gradient->storage->n_pending++;
}
