/* The graph of a model for TensorBoard. */
#include "nn/callbacks/tensorboard.h"

#include "nn/ops/op.h"

#include <string.h>

/* "stage1.conv1" to "stage1/conv1": slashes make groups. */
static char *
name_of(const TsNode *node)
{
    return g_strdelimit(g_strdup(node->name), ".", '/');
}

static gint64
count_numbers(const TsGraph *graph, const TsNode *node)
{
    gint64 total = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(node->param); i++) {
        if (node->param[i] < 0)
            continue;
        const TsParamSpec *spec = ts_graph_param(graph, (guint) node->param[i]);
        gint64 n = 1;
        for (guint d = 0; d < spec->rank; d++)
            n *= spec->shape[d];
        total += n;
    }
    return total;
}

/* What else is known of a node, or NULL. */
static char *
settings_of(const TsGraph *graph, const TsNode *node)
{
    g_autoptr(GString) text = g_string_new(NULL);
    gint64 n = count_numbers(graph, node);
    if (n > 0)
        g_string_append_printf(text, "parameters=%" G_GINT64_FORMAT, n);
    if (node->conv.kernel > 0)
        g_string_append_printf(text, "%skernel=%d stride=%d pad=%d", text->len > 0 ? " " : "",
                               node->conv.kernel, MAX(node->conv.stride, 1), node->conv.pad);
    if (node->multiply_adds > 0)
        g_string_append_printf(text, " multiply_adds=%" G_GINT64_FORMAT, node->multiply_adds);
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

/* The texts and arrays that a node points to. */
typedef struct {
    char *name, *settings;
    const char *inputs[2];
    gint64 shape[4];
} Parts;

gboolean
ts_tensorboard_add_graph(TsEventWriter *writer, const TsGraph *graph, GError **error)
{
    const guint n = graph->nodes->len;
    g_autofree Parts *parts = g_new0(Parts, n + 1);
    g_autofree TsEventNode *nodes = g_new0(TsEventNode, n + 1);
    for (guint i = 0; i < n; i++) {
        const TsNode *node = ts_graph_node(graph, i);
        Parts *p = &parts[i];
        p->name = name_of(node);
        p->settings = settings_of(graph, node);
        for (guint k = 0; k < node->n_inputs; k++)
            p->inputs[k] = parts[node->input[k]].name;
        memcpy(p->shape, (gint64[]){-1, node->shape.c, node->shape.h, node->shape.w},
               sizeof p->shape);
        nodes[i] = (TsEventNode){.name = p->name,
                                 .op = node->op->name,
                                 .n_inputs = node->n_inputs,
                                 .inputs = p->inputs,
                                 .rank = 4,
                                 .shape = p->shape,
                                 .settings = p->settings};
    }
    gboolean ok = ts_event_writer_add_graph(writer, nodes, n, error);
    for (guint i = 0; i < n; i++) {
        g_free(parts[i].name);
        g_free(parts[i].settings);
    }
    return ok;
}
