/* Weight gradients of convolutions on grey pictures, by our own kernels. */
#include "nn/grey_conv.h"
#include "nn/ops/conv.h"

enum { SAVED_SRC, SAVED_GRAD, SAVED_WEIGHT_GRAD, SAVED_WORK };

static int
block_of_result(const TsLayer *layer, const TsWindowSpec *spec)
{
    const gint64 dims[] = {spec->batch, spec->out_channels, spec->out_height, spec->out_width};
    return ts_layout_find_block(layer->out->layout, dims);
}

gboolean
ts_conv_is_grey(const TsLayer *layer, const TsWindowSpec *spec, const TsBuffer *src)
{
    const gint64 dims[] = {spec->batch, spec->in_channels, spec->in_height, spec->in_width};
    g_autoptr(TsLayout) plain = ts_layout_plain(4, dims, NULL);
    return ts_grey_conv_can(spec) && plain != NULL && ts_layout_equal(plain, src->layout) &&
           block_of_result(layer, spec) != 0;
}

static gboolean
run_backward_weights(TsNet *net, TsLayer *layer, GError **error)
{
    const TsWindowSpec spec = ts_conv_window(net, layer);
    ts_grey_conv_backward_weights(
        &spec, block_of_result(layer, &spec), layer->saved[SAVED_SRC]->storage->data,
        layer->saved[SAVED_GRAD]->storage->data, layer->saved[SAVED_WEIGHT_GRAD]->storage->data,
        layer->saved[SAVED_WORK]->storage->data);
    return TRUE;
}

gboolean
ts_conv_grey_backward_weights(TsNet *net, TsLayer *layer, const TsWindowSpec *spec, TsBuffer *src,
                              GError **error)
{
    const gint64 n = (gint64) ts_grey_conv_floats(spec, block_of_result(layer, spec));
    g_autoptr(TsLayout) plain = ts_layout_conv_weights(spec, error);
    g_autoptr(TsLayout) work = plain != NULL ? ts_layout_plain(1, &n, error) : NULL;
    TsBuffer *grad =
        work != NULL ? ts_net_convert(net, layer, layer->grad, layer->out->layout, error) : NULL;
    if (grad == NULL)
        return FALSE;
    TsBuffer *stored = ts_net_param_grad(net, layer, TS_CONV_WEIGHT);
    const gboolean direct = ts_layout_equal(stored->layout, plain);
    layer->saved[SAVED_SRC] = src;
    layer->saved[SAVED_GRAD] = grad;
    layer->saved[SAVED_WEIGHT_GRAD] = direct ? stored : ts_net_buffer(net, plain);
    layer->saved[SAVED_WORK] = ts_net_buffer(net, work);
    ts_net_add_func(net, layer, run_backward_weights, "convolution, by weights");
    for (int i = SAVED_SRC; i <= SAVED_WORK; i++)
        ts_net_use(net, layer->saved[i]);
    return direct || ts_net_copy(net, layer, layer->saved[SAVED_WEIGHT_GRAD], stored, error);
}
