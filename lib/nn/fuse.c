/* Which layers are computed together: a ReLU with what stands below it, in a frozen net also the
 * sum at the end of a residual block with the convolution before it. */
#include "nn/ops/op.h"
#include "nn/private.h"

#include <string.h>

static TsLimit
limit_of(const TsNode *node)
{
    return strcmp(node->op->name, "relu") == 0    ? TS_LIMIT_RELU
           : strcmp(node->op->name, "relu6") == 0 ? TS_LIMIT_RELU6
                                                  : TS_LIMIT_NONE;
}

/* A ReLU whose input nothing else reads. */
static void
fuse_limit(TsNet *net, TsLayer *layer)
{
    const TsLimit limit = limit_of(layer->node);
    if (limit == TS_LIMIT_NONE)
        return;
    TsLayer *below = ts_net_input_layer(net, layer, 0);
    TsLayer *host = below->host != NULL ? below->host : below;
    if (host <= net->layers + net->first || below->n_users != 1 || host->limit != TS_LIMIT_NONE ||
        host->node->op->takes_limit == NULL || !host->node->op->takes_limit(net, limit))
        return;
    host->limit = limit;
    layer->host = host;
}

/* A sum is computed by the later of its inputs, when the other one is there. */
static void
fuse_sum(TsNet *net, TsLayer *layer)
{
    if (strcmp(layer->node->op->name, "add") != 0)
        return;
    TsLayer *a = ts_net_input_layer(net, layer, 0), *b = ts_net_input_layer(net, layer, 1);
    TsLayer *later = MAX(a, b);
    if (a == b || later->n_users != 1 || later->host != NULL || !later->node->op->takes_addend)
        return;
    later->addend = MIN(a, b);
    layer->host = later;
}

void
ts_net_fuse(TsNet *net)
{
    for (guint i = net->first + 1; i < net->n_layers; i++) {
        if (ts_net_is_frozen(net))
            fuse_sum(net, &net->layers[i]);
        fuse_limit(net, &net->layers[i]);
    }
}

/* TRUE if `layer` or one after it reads the output of `from`, the sum that `layer` computes aside.
 */
static gboolean
is_read_later(const TsNet *net, const TsLayer *from, const TsLayer *layer)
{
    const guint number = (guint) (from - net->layers);
    for (const TsLayer *reader = layer; reader < net->layers + net->n_layers; reader++)
        for (guint k = 0; reader->host != layer && k < reader->node->n_inputs; k++)
            if (reader->node->input[k] == number)
                return TRUE;
    return FALSE;
}

/* TRUE if the memory of `buffer` may be changed once `layer` is computed. */
static gboolean
is_free_after(const TsNet *net, const TsBuffer *buffer, const TsLayer *layer)
{
    const gboolean is_kept = net->kept != NULL && net->kept->storage == buffer->storage;
    if (is_kept || buffer->storage == net->layers[net->first].out->storage) /* the caller's */
        return FALSE;
    for (const TsLayer *other = net->layers; other < layer; other++)
        if (other->out->storage == buffer->storage && is_read_later(net, other, layer))
            return FALSE;
    return TRUE;
}

TsBuffer *
ts_net_addend(TsNet *net, TsLayer *layer, const TsLayout *layout, GError **error)
{
    TsBuffer *addend = layer->addend->out;
    if (!ts_layout_equal(addend->layout, layout) || is_free_after(net, addend, layer))
        return ts_net_convert(net, layer, addend, layout, error);
    TsBuffer *copy = ts_net_buffer(net, layout);
    return ts_net_copy(net, layer, addend, copy, error) ? copy : NULL;
}
