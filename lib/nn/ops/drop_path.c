/* Stochastic depth (Huang et al., 2016): in training a residual branch is left out for some samples
 * and scaled for the others. Which ones depends on (seed, layer, step, sample) alone. */
#include "nn/ops/op.h"

#include "base/rng.h"

#include <string.h>

enum { SAVED_SRC, SAVED_GRAD_SRC };

/* to = from / (1 - rate), or 0, for each sample. */
static void
apply_mask(TsNet *net, const TsLayer *layer, const TsBuffer *from, TsBuffer *to)
{
    const guint n = ts_net_batch(net);
    const gsize size = to->bytes / sizeof(float) / n;
    const float scale = (float) (1 / (1 - layer->node->rate));
    g_autofree char *purpose = g_strdup_printf("drop path %s", layer->node->name);
#pragma omp parallel for
    for (guint i = 0; i < n; i++) {
        const float *x = from->storage->data + i * size;
        float *y = to->storage->data + i * size;
        TsRng rng;
        ts_rng_init(&rng, ts_net_seed(net), purpose, ts_net_step_key(net) * n + i);
        const float factor = ts_rng_uniform(&rng) < layer->node->rate ? 0.0f : scale;
        for (gsize k = 0; k < size; k++)
            y[k] = x[k] * factor;
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
drop_path_forward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *src = ts_net_input_layer(net, layer, 0)->out;
    layer->out = src;
    if (!ts_net_trains_layer(net, layer))
        return TRUE;
    layer->saved[SAVED_SRC] = src;
    layer->out = ts_net_buffer(net, src->layout);
    ts_net_add_func(net, layer, run_forward, "drop path");
    ts_net_use(net, src);
    ts_net_use(net, layer->out);
    return TRUE;
}

static gboolean
drop_path_backward(TsNet *net, TsLayer *layer, GError **error)
{
    layer->saved[SAVED_GRAD_SRC] = ts_net_buffer(net, layer->grad->layout);
    ts_net_add_func(net, layer, run_backward, "drop path, backward");
    ts_net_use(net, layer->grad);
    ts_net_use(net, layer->saved[SAVED_GRAD_SRC]);
    ts_net_contribute(net, layer, 0, layer->saved[SAVED_GRAD_SRC]);
    return TRUE;
}

/* In inference the output is the input's own memory, so a ReLU above must leave it alone. */
static const TsOp drop_path_op = {.name = "drop_path",
                                  .forward = drop_path_forward,
                                  .backward = drop_path_backward,
                                  .keeps_output = TRUE};

guint
ts_graph_drop_path(TsGraph *graph, guint input, double rate)
{
    if (!(rate >= 0 && rate < 1))
        return ts_graph_fail(graph, "drop path: %g is outside of 0 to less than 1", rate);
    return ts_graph_append(graph, (TsNode){.op = &drop_path_op,
                                           .n_inputs = 1,
                                           .input = {input},
                                           .shape = ts_graph_node(graph, input)->shape,
                                           .rate = rate,
                                           .param = TS_NO_PARAMS});
}
