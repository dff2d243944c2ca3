/* Two nodes one behind the other, along the channels. Each sample is two blocks of memory, in the
 * plain layout and in layouts of channel blocks that divide both. */
#include "nn/ops/op.h"

#include <string.h>

enum { SAVED_A, SAVED_B, SAVED_GRAD, SAVED_GRAD_A, SAVED_GRAD_B };

/* Copies each sample's part of `whole` from or to `part`, `offset` numbers from its beginning. */
static void
copy_part(TsNet *net, const TsBuffer *whole, const TsBuffer *part, gsize offset, gboolean gather)
{
    const guint n = ts_net_batch(net);
    const gsize size = part->bytes / sizeof(float) / n, stride = whole->bytes / sizeof(float) / n;
#pragma omp parallel for
    for (guint i = 0; i < n; i++) {
        float *in_whole = whole->storage->data + i * stride + offset;
        float *in_part = part->storage->data + i * size;
        memcpy(gather ? in_whole : in_part, gather ? in_part : in_whole, size * sizeof(float));
    }
}

static gsize
floats_of_first(TsNet *net, const TsLayer *layer)
{
    return layer->saved[SAVED_A]->bytes / sizeof(float) / ts_net_batch(net);
}

static gboolean
run_forward(TsNet *net, TsLayer *layer, GError **error)
{
    copy_part(net, layer->out, layer->saved[SAVED_A], 0, TRUE);
    copy_part(net, layer->out, layer->saved[SAVED_B], floats_of_first(net, layer), TRUE);
    return TRUE;
}

static gboolean
run_backward(TsNet *net, TsLayer *layer, GError **error)
{
    copy_part(net, layer->saved[SAVED_GRAD], layer->saved[SAVED_GRAD_A], 0, FALSE);
    copy_part(net, layer->saved[SAVED_GRAD], layer->saved[SAVED_GRAD_B],
              floats_of_first(net, layer), FALSE);
    return TRUE;
}

/* Blocks of `block` channels, or plain with 1. */
static TsLayout *
layout_of(TsNet *net, TsShape shape, int block, GError **error)
{
    const gint64 dims[] = {ts_net_batch(net), shape.c, shape.h, shape.w};
    return block > 1 ? ts_layout_channel_blocks(dims, block, error)
                     : ts_net_plain_layout(net, shape, error);
}

/* The block of an input that divides the channels of both, else 1. */
static int
choose_block(TsNet *net, const TsLayer *layer)
{
    for (int block = 16; block >= 8; block /= 2)
        for (guint k = 0; k < 2; k++) {
            const TsLayer *in = ts_net_input_layer(net, layer, k);
            const TsLayer *other = ts_net_input_layer(net, layer, 1 - k);
            g_autoptr(TsLayout) blocked = layout_of(net, in->node->shape, block, NULL);
            if (blocked != NULL && in->node->shape.c % block == 0 &&
                other->node->shape.c % block == 0 && ts_layout_equal(in->out->layout, blocked))
                return block;
        }
    return 1;
}

static gboolean
concat_forward(TsNet *net, TsLayer *layer, GError **error)
{
    const int block = choose_block(net, layer);
    for (guint k = 0; k < 2; k++) {
        const TsLayer *in = ts_net_input_layer(net, layer, k);
        g_autoptr(TsLayout) layout = layout_of(net, in->node->shape, block, error);
        layer->saved[SAVED_A + k] =
            layout != NULL ? ts_net_convert(net, layer, in->out, layout, error) : NULL;
        if (layer->saved[SAVED_A + k] == NULL)
            return FALSE;
    }
    g_autoptr(TsLayout) layout = layout_of(net, layer->node->shape, block, error);
    if (layout == NULL)
        return FALSE;
    layer->out = ts_net_buffer(net, layout);
    ts_net_add_func(net, layer, run_forward, "concatenation");
    ts_net_use(net, layer->saved[SAVED_A]);
    ts_net_use(net, layer->saved[SAVED_B]);
    ts_net_use(net, layer->out);
    return TRUE;
}

static gboolean
concat_backward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *grad = ts_net_convert(net, layer, layer->grad, layer->out->layout, error);
    if (grad == NULL)
        return FALSE;
    layer->saved[SAVED_GRAD] = grad;
    for (guint k = 0; k < 2; k++)
        layer->saved[SAVED_GRAD_A + k] = ts_net_buffer(net, layer->saved[SAVED_A + k]->layout);
    ts_net_add_func(net, layer, run_backward, "concatenation, backward");
    ts_net_use(net, grad);
    for (guint k = 0; k < 2; k++) {
        ts_net_use(net, layer->saved[SAVED_GRAD_A + k]);
        ts_net_contribute(net, layer, k, layer->saved[SAVED_GRAD_A + k]);
    }
    return TRUE;
}

static const TsOp concat_op = {
    .name = "concat", .forward = concat_forward, .backward = concat_backward};

guint
ts_graph_concat(TsGraph *graph, guint a, guint b)
{
    const TsShape x = ts_graph_node(graph, a)->shape, y = ts_graph_node(graph, b)->shape;
    if (x.h != y.h || x.w != y.w)
        return ts_graph_fail(graph, "concat: %dx%d and %dx%d pixels differ", (int) x.w, (int) x.h,
                             (int) y.w, (int) y.h);
    return ts_graph_append(graph, (TsNode){.op = &concat_op,
                                           .n_inputs = 2,
                                           .input = {a, b},
                                           .shape = {x.c + y.c, x.h, x.w},
                                           .param = TS_NO_PARAMS});
}
