/* The graph of a run as TensorBoard's GraphDef. */
#include "store/tfevents_graph.h"

#include "store/tensorboard.pb-c.h"

#include <string.h>

/* One node, and all that its message points to. */
typedef struct {
    Tensorboard__NodeDef def;
    Tensorboard__TensorShape__Dim dim[4], *dims[4];
    Tensorboard__TensorShape shape, *shapes[1];
    Tensorboard__AttrValue__List list;
    Tensorboard__AttrValue value[2];
    Tensorboard__NodeDef__Attr attr[2], *attrs[2];
} Node;

/* `_output_shapes` is what the graph's edges are labelled with. */
static void
set_shape(Node *node, const TsEventNode *from)
{
    tensorboard__tensor_shape__init(&node->shape);
    for (guint i = 0; i < MIN(from->rank, G_N_ELEMENTS(node->dim)); i++) {
        tensorboard__tensor_shape__dim__init(&node->dim[i]);
        node->dim[i].size = from->shape[i];
        node->dims[i] = &node->dim[i];
        node->shape.n_dim = i + 1;
    }
    node->shape.dim = node->dims;
    node->shapes[0] = &node->shape;
    tensorboard__attr_value__list__init(&node->list);
    node->list.n_shape = 1;
    node->list.shape = node->shapes;
    node->value[0].value_case = TENSORBOARD__ATTR_VALUE__VALUE_LIST;
    node->value[0].list = &node->list;
    node->attr[0].key = (char *) "_output_shapes";
}

static void
set_settings(Node *node, const TsEventNode *from)
{
    node->value[1].value_case = TENSORBOARD__ATTR_VALUE__VALUE_S;
    node->value[1].s.data = (guint8 *) from->settings;
    node->value[1].s.len = strlen(from->settings);
    node->attr[1].key = (char *) "settings";
}

static void
set_node(Node *node, const TsEventNode *from)
{
    tensorboard__node_def__init(&node->def);
    for (gsize i = 0; i < G_N_ELEMENTS(node->attr); i++) {
        tensorboard__attr_value__init(&node->value[i]);
        tensorboard__node_def__attr__init(&node->attr[i]);
        node->attr[i].value = &node->value[i];
        node->attrs[i] = &node->attr[i];
    }
    set_shape(node, from);
    if (from->settings != NULL)
        set_settings(node, from);
    node->def.name = (char *) from->name;
    node->def.op = (char *) from->op;
    node->def.n_input = from->n_inputs;
    node->def.input = (char **) from->inputs;
    node->def.n_attr = from->settings != NULL ? 2 : 1;
    node->def.attr = node->attrs;
}

GByteArray *
ts_event_graph_pack(const TsEventNode *nodes, guint n)
{
    g_autofree Node *made = g_new0(Node, n + 1);
    g_autofree Tensorboard__NodeDef **defs = g_new0(Tensorboard__NodeDef *, n + 1);
    Tensorboard__GraphDef graph = TENSORBOARD__GRAPH_DEF__INIT;
    for (guint i = 0; i < n; i++) {
        set_node(&made[i], &nodes[i]);
        defs[i] = &made[i].def;
    }
    graph.n_node = n;
    graph.node = defs;
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_set_size(bytes, (guint) tensorboard__graph_def__get_packed_size(&graph));
    tensorboard__graph_def__pack(&graph, bytes->data);
    return bytes;
}
