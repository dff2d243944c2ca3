/* Bytes of a net by layer. */
#include "nn/footprint.h"

#include "nn/private.h"

/* The node that a step's layer comes from, in the graph from before folding. */
static guint
node_of_step(const TsNet *net, guint step)
{
    const TsStep *s = g_ptr_array_index(net->steps, step);
    const guint layer = (guint) (s->layer - net->layers);
    return net->folded != NULL ? g_array_index(net->folded->origin, guint, layer) : layer;
}

static gboolean
is_planned(const TsBuffer *buffer)
{
    return buffer->storage == buffer && !buffer->fixed && buffer->first >= 0;
}

TsFootprint *
ts_net_measure_layers(const TsNet *net, guint n_nodes)
{
    const guint n = net->steps->len;
    TsFootprint *layers = g_new0(TsFootprint, (gsize) n_nodes + 1);
    /* Bytes that begin to be in use with a step, and that end before it. */
    g_autofree gsize *begins = g_new0(gsize, (gsize) n + 1), *ends = g_new0(gsize, (gsize) n + 1);
    for (guint i = 0; i < net->buffers->len; i++) {
        const TsBuffer *buffer = g_ptr_array_index(net->buffers, i);
        if (!is_planned(buffer))
            continue;
        const guint first = (guint) buffer->first, last = MIN((guint) buffer->last, n - 1);
        TsFootprint *layer = &layers[node_of_step(net, first)];
        *(first < net->n_forward ? &layer->made : &layer->gradients) += buffer->bytes;
        begins[first] += buffer->bytes;
        ends[last + 1] += buffer->bytes;
    }
    gsize in_use = 0;
    for (guint step = 0; step < n; step++) {
        TsFootprint *layer = &layers[node_of_step(net, step)];
        in_use = in_use + begins[step] - ends[step];
        layer->in_use = MAX(layer->in_use, in_use);
    }
    return layers;
}
