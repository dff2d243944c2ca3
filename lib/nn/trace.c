/* The program of a net, stopped at each layer's end. */
#include "nn/trace.h"

#include "nn/private.h"

/* The buffer's numbers as floats in rows; `copy` is set to what has to be freed. */
static const float *
plain_numbers(TsNet *net, const TsLayer *layer, const TsBuffer *buffer, TsTensor *tensor,
              float **copy, GError **error)
{
    const TsShape shape = layer->node->shape;
    const gint64 dims[] = {net->batch, shape.c, shape.h, shape.w};
    g_autoptr(TsLayout) plain = ts_layout_plain(4, dims, error);
    if (plain == NULL)
        return NULL;
    *tensor = (TsTensor){.dtype = TS_DTYPE_F32, .rank = shape.h == 1 && shape.w == 1 ? 2 : 4};
    for (guint i = 0; i < tensor->rank; i++)
        tensor->shape[i] = dims[i];
    tensor->n_bytes = (gsize) (net->batch * shape.c * shape.h * shape.w) * sizeof(float);
    if (ts_layout_equal(buffer->layout, plain))
        return buffer->storage->data;
    g_autoptr(TsKernel) reorder = ts_kernel_reorder(buffer->layout, plain, error);
    *copy = reorder != NULL ? ts_aligned_floats(tensor->n_bytes / sizeof(float), error) : NULL;
    if (*copy == NULL)
        return NULL;
    ts_kernel_bind(reorder, TS_ARG_SRC, buffer->storage->data);
    ts_kernel_bind(reorder, TS_ARG_DST, *copy);
    return ts_kernel_run(reorder, error) ? *copy : NULL;
}

static gboolean
show(TsNet *net, guint i, gboolean is_gradient, TsTraceFunc func, gpointer data, GError **error)
{
    const TsLayer *layer = &net->layers[i];
    TsTensor values;
    float *copy = NULL;
    if (layer->limit != TS_LIMIT_NONE) /* the numbers are those of the ReLU, which shows them */
        return func(layer->node, i, is_gradient, NULL, data, error);
    values.data =
        plain_numbers(net, layer, is_gradient ? layer->grad : layer->out, &values, &copy, error);
    gboolean done = values.data != NULL && func(layer->node, i, is_gradient, &values, data, error);
    free(copy);
    return done;
}

gboolean
ts_net_forward_traced(TsNet *net, guint64 step, TsTraceFunc func, gpointer data, GError **error)
{
    guint at = 0;
    net->step_key = step;
    for (guint i = net->first; i < net->n_layers; i++) {
        const guint end = net->layers[i].out_complete;
        if (!ts_net_run_steps(net, at, end, error) || !show(net, i, FALSE, func, data, error))
            return FALSE;
        at = end;
    }
    return ts_net_run_steps(net, at, net->n_forward, error);
}

gboolean
ts_net_backward_traced(TsNet *net, TsTraceFunc func, gpointer data, GError **error)
{
    guint at = net->n_forward;
    for (guint i = net->n_layers; i-- > 0;) {
        const TsLayer *layer = &net->layers[i];
        if (layer->grad == NULL)
            continue;
        if (!ts_net_run_steps(net, at, layer->grad_complete, error) ||
            !show(net, i, TRUE, func, data, error))
            return FALSE;
        at = layer->grad_complete;
    }
    return ts_net_run_steps(net, at, net->steps->len, error);
}
