/* Dropout (Srivastava et al., 2014). The mask depends on (seed, layer, step) and the place in
 * memory, not on threads; it is drawn again in the backward pass instead of being kept. */
#include "nn/ops/op.h"

#include "base/rng.h"

enum { SAVED_SRC, SAVED_GRAD_SRC };
enum { BLOCK = 4096 }; /* numbers that share a stream */

/* to = from * mask / (1 - rate) */
static void
apply_mask(TsNet *net, const TsLayer *layer, const TsBuffer *from, TsBuffer *to)
{
    const float *x = from->storage->data;
    float *y = to->storage->data;
    const gsize n = to->bytes / sizeof(float);
    const gsize n_blocks = (n + BLOCK - 1) / BLOCK;
    const guint32 drop_below = (guint32) (layer->node->rate * 4294967296.0);
    const float scale = (float) (1 / (1 - layer->node->rate));
    g_autofree char *purpose = g_strdup_printf("dropout %s", layer->node->name);
#pragma omp parallel for
    for (gsize block = 0; block < n_blocks; block++) {
        TsRng rng;
        ts_rng_init(&rng, ts_net_seed(net), purpose, ts_net_step_key(net) * n_blocks + block);
        for (gsize i = block * BLOCK; i < MIN(n, (block + 1) * BLOCK); i++)
            y[i] = ts_rng_next(&rng) < drop_below ? 0.0f : x[i] * scale;
    }
}

static gboolean
run_forward(TsNet *net, TsLayer *layer, GError **error)
{
    apply_mask(net, layer, layer->saved[SAVED_SRC], layer->out);
    return TRUE;
}

static gboolean
run_backward(TsNet *net, TsLayer *layer, GError **error)
{
    apply_mask(net, layer, layer->grad, layer->saved[SAVED_GRAD_SRC]);
    return TRUE;
}

static gboolean
dropout_forward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *src = ts_net_input_layer(net, layer, 0)->out;
    layer->out = src;
    if (!ts_net_trains_layer(net, layer))
        return TRUE;
    layer->saved[SAVED_SRC] = src;
    layer->out = ts_net_buffer(net, src->layout);
    ts_net_add_func(net, layer, run_forward, "dropout");
    ts_net_use(net, src);
    ts_net_use(net, layer->out);
    return TRUE;
}

static gboolean
dropout_backward(TsNet *net, TsLayer *layer, GError **error)
{
    /* The mask is laid over memory, so both passes need one layout. */
    layer->grad = ts_net_convert(net, layer, layer->grad, layer->out->layout, error);
    if (layer->grad == NULL)
        return FALSE;
    layer->saved[SAVED_GRAD_SRC] = ts_net_buffer(net, layer->out->layout);
    ts_net_add_func(net, layer, run_backward, "dropout, backward");
    ts_net_use(net, layer->grad);
    ts_net_use(net, layer->saved[SAVED_GRAD_SRC]);
    ts_net_contribute(net, layer, 0, layer->saved[SAVED_GRAD_SRC]);
    return TRUE;
}

/* In inference the output is the input's own memory, so a ReLU above must leave it alone. */
static const TsOp dropout_op = {.name = "dropout",
                                .forward = dropout_forward,
                                .backward = dropout_backward,
                                .keeps_output = TRUE};

guint
ts_graph_dropout(TsGraph *graph, guint input, double rate)
{
    if (!(rate >= 0 && rate < 1))
        return ts_graph_fail(graph, "dropout: %g is outside of 0 to less than 1", rate);
    return ts_graph_append(graph, (TsNode){.op = &dropout_op,
                                           .n_inputs = 1,
                                           .input = {input},
                                           .shape = ts_graph_node(graph, input)->shape,
                                           .rate = rate,
                                           .param = TS_NO_PARAMS});
}
