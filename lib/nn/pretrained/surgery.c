/* The first convolution and the classifier. */
#include "nn/pretrained/surgery.h"

#include <string.h>

/* `out` = scale * `in`, or added to it. */
static void
add_plane(const float *in, gsize n, float scale, gboolean first, float *out)
{
    for (gsize k = 0; k < n; k++)
        out[k] = (first ? 0.0f : out[k]) + scale * in[k];
}

void
ts_surgery_input(const float *in, const gint64 *shape, gint64 channels, float *out)
{
    const gsize plane = (gsize) (shape[2] * shape[3]);
    const gint64 from = shape[1];
    const float scale = (float) from / (float) channels;
    for (gint64 o = 0; o < shape[0]; o++, in += (gsize) from * plane) {
        for (gint64 c = 0; channels == 1 && c < from; c++)
            add_plane(in + (gsize) c * plane, plane, 1, c == 0, out);
        for (gint64 c = 0; channels > 1 && c < channels; c++)
            add_plane(in + (gsize) (c % from) * plane, plane, scale, TRUE, out + (gsize) c * plane);
        out += (gsize) channels * plane;
    }
}

const TsNode *
ts_surgery_find_head(const TsGraph *graph)
{
    const TsNode *last = ts_graph_node(graph, graph->nodes->len - 1);
    return strcmp(ts_node_operation(last), "linear") == 0 ? last : NULL;
}

const TsNode *
ts_surgery_find_input(const TsGraph *graph)
{
    for (guint i = 1; i < graph->nodes->len; i++) {
        const TsNode *node = ts_graph_node(graph, i);
        const TsNode *before = ts_graph_node(graph, node->input[0]);
        if (strcmp(ts_node_operation(node), "conv") == 0 && node->conv.groups <= 1 &&
            strcmp(ts_node_operation(before), "input") == 0)
            return node;
    }
    return NULL;
}
