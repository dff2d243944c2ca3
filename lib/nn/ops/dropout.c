/* Dropout (Srivastava et al., 2014), of numbers, and stochastic depth (Huang et al., 2016), "drop
 * path", of whole samples of a residual branch: in training some are zero, the others scaled. Which
 * ones depends on (seed, layer, step) and the place in memory or the sample, not on threads; they
 * are drawn again in the backward pass instead of being kept. */
#include "nn/ops/op.h"

#include "base/rng.h"

enum { SAVED_SRC, SAVED_GRAD_SRC };
enum { BLOCK = 4096 }; /* numbers of dropout that share a stream */

static const TsOp dropout_op, drop_path_op;

static float
get_scale(const TsLayer *layer)
{
    return (float) (1 / (1 - layer->node->rate));
}

/* to = from / (1 - rate), or 0, for each of n numbers */
static void
drop_numbers(TsNet *net, const TsLayer *layer, const float *from, gsize n, float *to)
{
    const gsize n_blocks = (n + BLOCK - 1) / BLOCK;
    const guint32 drop_below = (guint32) (layer->node->rate * 4294967296.0);
    const float scale = get_scale(layer);
    g_autofree char *purpose = g_strdup_printf("dropout %s", layer->node->name);
#pragma omp parallel for
    for (gsize block = 0; block < n_blocks; block++) {
        TsRng rng;
        ts_rng_init(&rng, ts_net_seed(net), purpose, ts_net_step_key(net) * n_blocks + block);
        for (gsize i = block * BLOCK; i < MIN(n, (block + 1) * BLOCK); i++)
            to[i] = ts_rng_next(&rng) < drop_below ? 0.0f : from[i] * scale;
    }
}

/* to = from / (1 - rate), or 0, for each sample; n numbers in all */
static void
drop_samples(TsNet *net, const TsLayer *layer, const float *from, gsize n, float *to)
{
    const guint n_samples = ts_net_batch(net);
    const gsize size = n / n_samples;
    const float scale = get_scale(layer);
    g_autofree char *purpose = g_strdup_printf("drop path %s", layer->node->name);
#pragma omp parallel for
    for (guint i = 0; i < n_samples; i++) {
        TsRng rng;
        ts_rng_init(&rng, ts_net_seed(net), purpose, ts_net_step_key(net) * n_samples + i);
        const float factor = ts_rng_uniform(&rng) < layer->node->rate ? 0.0f : scale;
        for (gsize k = i * size; k < (i + 1) * size; k++)
            to[k] = from[k] * factor;
    }
}

static void
drop(TsNet *net, const TsLayer *layer, const TsBuffer *from, TsBuffer *to)
{
    (layer->node->op == &dropout_op ? drop_numbers : drop_samples)(
        net, layer, from->storage->data, to->bytes / sizeof(float), to->storage->data);
}

static gboolean
run_forward(TsNet *net, TsLayer *layer, GError **error)
{
    drop(net, layer, layer->saved[SAVED_SRC], layer->out);
    return TRUE;
}

static gboolean
run_backward(TsNet *net, TsLayer *layer, GError **error)
{
    drop(net, layer, layer->grad, layer->saved[SAVED_GRAD_SRC]);
    return TRUE;
}

static gboolean
forward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *src = ts_net_input_layer(net, layer, 0)->out;
    layer->out = src;
    if (!ts_net_trains_layer(net, layer))
        return TRUE;
    layer->saved[SAVED_SRC] = src;
    layer->out = ts_net_buffer(net, src->layout);
    ts_net_add_func(net, layer, run_forward, layer->node->op->name);
    ts_net_use(net, src);
    ts_net_use(net, layer->out);
    return TRUE;
}

static gboolean
backward(TsNet *net, TsLayer *layer, GError **error)
{
    /* The numbers dropped are known by their place in memory, so both passes need one layout. */
    layer->grad = ts_net_convert(net, layer, layer->grad, layer->out->layout, error);
    if (layer->grad == NULL)
        return FALSE;
    layer->saved[SAVED_GRAD_SRC] = ts_net_buffer(net, layer->out->layout);
    ts_net_add_func(net, layer, run_backward, layer->node->op->name);
    ts_net_use(net, layer->grad);
    ts_net_use(net, layer->saved[SAVED_GRAD_SRC]);
    ts_net_contribute(net, layer, 0, layer->saved[SAVED_GRAD_SRC]);
    return TRUE;
}

/* In inference the output is the input's own memory, so a ReLU above must leave it alone. */
static const TsOp dropout_op = {
    .name = "dropout", .forward = forward, .backward = backward, .keeps_output = TRUE};
static const TsOp drop_path_op = {
    .name = "drop_path", .forward = forward, .backward = backward, .keeps_output = TRUE};

static guint
append(TsGraph *graph, const TsOp *op, guint input, double rate)
{
    if (!(rate >= 0 && rate < 1))
        return ts_graph_fail(graph, "%s: %g is outside of 0 to less than 1", op->name, rate);
    return ts_graph_append(graph, (TsNode){.op = op,
                                           .n_inputs = 1,
                                           .input = {input},
                                           .shape = ts_graph_node(graph, input)->shape,
                                           .rate = rate,
                                           .param = TS_NO_PARAMS});
}

guint
ts_graph_dropout(TsGraph *graph, guint input, double rate)
{
    return append(graph, &dropout_op, input, rate);
}

guint
ts_graph_drop_path(TsGraph *graph, guint input, double rate)
{
    return append(graph, &drop_path_op, input, rate);
}
