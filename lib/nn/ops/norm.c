/* Batch normalisation, with the ReLU above it where there is one. oneDNN computes it; the running
 * statistics are kept here, as PyTorch keeps them: running = (1 - momentum) * running + momentum *
 * batch, the variance unbiased. */
#include "nn/ops/op.h"

enum { SCALE, SHIFT, RUNNING_MEAN, RUNNING_VARIANCE }; /* parameter slots */
enum { SAVED_SRC, SAVED_MEAN, SAVED_VARIANCE, SAVED_WORKSPACE };

static gboolean
run_update_statistics(TsNet *net, TsLayer *layer, GError **error)
{
    const TsShape shape = layer->node->shape;
    const double m = (double) ts_net_batch(net) * shape.h * shape.w;
    const float momentum = (float) layer->node->rate;
    const float unbiased = m > 1 ? (float) (m / (m - 1)) : 1.0f;
    const float *mean = layer->saved[SAVED_MEAN]->storage->data;
    const float *variance = layer->saved[SAVED_VARIANCE]->storage->data;
    float *running_mean = ts_net_param(net, layer, RUNNING_MEAN)->data;
    float *running_variance = ts_net_param(net, layer, RUNNING_VARIANCE)->data;
    for (gint64 c = 0; c < shape.c; c++) {
        running_mean[c] += momentum * (mean[c] - running_mean[c]);
        running_variance[c] += momentum * (variance[c] * unbiased - running_variance[c]);
    }
    return TRUE;
}

/* In a frozen part the running statistics are used, in training too. */
static TsNormStatistics
choose_statistics(TsNet *net, const TsLayer *layer)
{
    if (!ts_net_trains_layer(net, layer))
        return TS_NORM_INFERENCE;
    if (!ts_net_param(net, layer, RUNNING_MEAN)->frozen)
        return TS_NORM_MEASURED;
    return layer->needs_grad ? TS_NORM_GIVEN : TS_NORM_INFERENCE;
}

static gboolean
norm_forward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *src = ts_net_input_layer(net, layer, 0)->out;
    const TsNormStatistics statistics = choose_statistics(net, layer);
    TsKernel *kernel = ts_kernel_norm_forward(src->layout, layer->node->epsilon,
                                              layer->limit == TS_LIMIT_RELU, statistics, error);
    if (kernel == NULL)
        return FALSE;
    layer->forward = kernel;
    layer->out = ts_net_buffer(net, src->layout);
    TsBuffer *mean = ts_net_param_data(net, layer, RUNNING_MEAN);
    TsBuffer *variance = ts_net_param_data(net, layer, RUNNING_VARIANCE);
    if (statistics == TS_NORM_MEASURED) {
        mean = ts_net_buffer(net, ts_kernel_layout(kernel, TS_ARG_MEAN));
        variance = ts_net_buffer(net, ts_kernel_layout(kernel, TS_ARG_VARIANCE));
    }
    layer->saved[SAVED_SRC] = src;
    layer->saved[SAVED_MEAN] = mean;
    layer->saved[SAVED_VARIANCE] = variance;
    TsStep *step = ts_net_add_kernel(
        net, layer, kernel, layer->limit == TS_LIMIT_RELU ? "batch norm, ReLU" : "batch norm");
    ts_net_bind(net, step, TS_ARG_SRC, src);
    ts_net_bind(net, step, TS_ARG_SCALE, ts_net_param_data(net, layer, SCALE));
    ts_net_bind(net, step, TS_ARG_SHIFT, ts_net_param_data(net, layer, SHIFT));
    ts_net_bind(net, step, TS_ARG_MEAN, mean);
    ts_net_bind(net, step, TS_ARG_VARIANCE, variance);
    ts_net_bind(net, step, TS_ARG_DST, layer->out);
    if (statistics == TS_NORM_INFERENCE)
        return TRUE;
    const TsLayout *workspace = ts_kernel_layout(kernel, TS_ARG_WORKSPACE);
    if (workspace != NULL) {
        layer->saved[SAVED_WORKSPACE] = ts_net_buffer(net, workspace);
        ts_net_bind(net, step, TS_ARG_WORKSPACE, layer->saved[SAVED_WORKSPACE]);
    }
    if (statistics == TS_NORM_GIVEN)
        return TRUE;
    ts_net_add_func(net, layer, run_update_statistics, "running statistics");
    ts_net_use(net, mean);
    ts_net_use(net, variance);
    return TRUE;
}

static gboolean
norm_backward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *src = layer->saved[SAVED_SRC];
    TsBuffer *grad = ts_net_convert(net, layer, layer->grad, src->layout, error);
    TsKernel *kernel =
        grad != NULL ? ts_kernel_norm_backward(src->layout, layer->node->epsilon,
                                               layer->limit == TS_LIMIT_RELU,
                                               choose_statistics(net, layer), layer->forward, error)
                     : NULL;
    if (kernel == NULL)
        return FALSE;
    TsBuffer *result = ts_net_buffer(net, src->layout);
    TsStep *step = ts_net_add_kernel(net, layer, kernel,
                                     layer->limit == TS_LIMIT_RELU ? "batch norm, ReLU, backward"
                                                                   : "batch norm, backward");
    if (layer->saved[SAVED_WORKSPACE] != NULL)
        ts_net_bind(net, step, TS_ARG_WORKSPACE, layer->saved[SAVED_WORKSPACE]);
    ts_net_bind(net, step, TS_ARG_SRC, src);
    ts_net_bind(net, step, TS_ARG_MEAN, layer->saved[SAVED_MEAN]);
    ts_net_bind(net, step, TS_ARG_VARIANCE, layer->saved[SAVED_VARIANCE]);
    ts_net_bind(net, step, TS_ARG_SCALE, ts_net_param_data(net, layer, SCALE));
    ts_net_bind(net, step, TS_ARG_DIFF_DST, grad);
    ts_net_bind(net, step, TS_ARG_DIFF_SRC, result);
    ts_net_bind(net, step, TS_ARG_DIFF_SCALE, ts_net_param_grad(net, layer, SCALE));
    ts_net_bind(net, step, TS_ARG_DIFF_SHIFT, ts_net_param_grad(net, layer, SHIFT));
    ts_net_contribute(net, layer, 0, result);
    return TRUE;
}

static gboolean
takes_limit(const TsNet *net, TsLimit limit)
{
    return limit == TS_LIMIT_RELU;
}

static const TsOp norm_op = {
    .name = "norm", .forward = norm_forward, .backward = norm_backward, .takes_limit = takes_limit};

guint
ts_graph_norm(TsGraph *graph, const char *name, guint input)
{
    return ts_graph_norm_with(graph, name, input, 1e-5, 0.1);
}

void
ts_graph_norm_starts_silent(TsGraph *graph, guint norm)
{
    const int scale = ts_graph_node(graph, norm)->param[SCALE];
    if (graph->error == NULL)
        g_array_index(graph->params, TsParamSpec, scale).init = TS_INIT_ZERO;
}

guint
ts_graph_norm_with(TsGraph *graph, const char *name, guint input, double epsilon, double momentum)
{
    static const struct {
        const char *suffix;
        TsParamRole role;
    } params[] = {
        [SCALE] = {"weight", TS_PARAM_SCALE},
        [SHIFT] = {"bias", TS_PARAM_SHIFT},
        [RUNNING_MEAN] = {"running_mean", TS_PARAM_RUNNING_MEAN},
        [RUNNING_VARIANCE] = {"running_var", TS_PARAM_RUNNING_VARIANCE},
    };
    const TsShape shape = ts_graph_node(graph, input)->shape;
    TsNode node = {.op = &norm_op,
                   .name = g_strdup(name),
                   .n_inputs = 1,
                   .input = {input},
                   .shape = shape,
                   .rate = momentum,
                   .epsilon = (float) epsilon};
    for (guint i = 0; i < G_N_ELEMENTS(params); i++)
        node.param[i] =
            ts_graph_add_param(graph, name, params[i].suffix, params[i].role, 1, &shape.c, shape.c);
    return ts_graph_append(graph, node);
}
