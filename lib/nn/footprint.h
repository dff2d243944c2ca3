/* What the memory of a net goes to, layer by layer.
 *
 * A buffer counts as made by the layer whose step uses it first: outputs, what the backward pass
 * needs again, conversions between layouts; and gradients, where that is a step of the backward
 * pass. Made buffers of all layers together are ts_net_unplanned_bytes(). What is in use during a
 * step are all buffers that are alive then; the most of it is the least that any plan needs, and
 * ts_net_planned_bytes() is at least that.
 *
 *     g_autofree TsFootprint *layers = ts_net_measure_layers(net, graph->nodes->len);
 *     for (guint i = 0; i < graph->nodes->len; i++)
 *         printf("%s %zu\n", ts_graph_node(graph, i)->name, layers[i].made);
 */
#pragma once

#include "nn/net.h"

G_BEGIN_DECLS

typedef struct {
    gsize made;      /* bytes of the forward pass */
    gsize gradients; /* bytes of the backward pass */
    gsize in_use;    /* most bytes during one of its steps; 0: it has none */
} TsFootprint;

/* One for each of the `n_nodes` nodes of the graph that the net was made of. A layer that is
 * computed with another one has 0 everywhere. Free with g_free(). */
TsFootprint *ts_net_measure_layers(const TsNet *net, guint n_nodes);

G_END_DECLS
