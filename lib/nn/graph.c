/* The graph: a list of nodes in order of computation and a list of parameters. */
#include "nn/graph.h"

#include "base/error.h"
#include "nn/ops/op.h"

static void
clear_node(gpointer data)
{
    TsNode *node = data;
    g_free(node->name);
}

static void
clear_param(gpointer data)
{
    TsParamSpec *spec = data;
    g_free(spec->name);
}

TsGraph *
ts_graph_new(void)
{
    TsGraph *graph = g_new0(TsGraph, 1);
    graph->nodes = g_array_new(FALSE, TRUE, sizeof(TsNode));
    g_array_set_clear_func(graph->nodes, clear_node);
    graph->params = g_array_new(FALSE, TRUE, sizeof(TsParamSpec));
    g_array_set_clear_func(graph->params, clear_param);
    graph->init = (TsInitRules){TS_INIT_HE_IN, TS_INIT_UNIFORM_IN, TS_INIT_UNIFORM_IN};
    return graph;
}

void
ts_graph_free(TsGraph *graph)
{
    if (graph == NULL)
        return;
    g_array_unref(graph->nodes);
    g_array_unref(graph->params);
    g_clear_error(&graph->error);
    g_free(graph);
}

void
ts_graph_set_init(TsGraph *graph, const TsInitRules *rules)
{
    graph->init = *rules;
}

const char *
ts_node_operation(const TsNode *node)
{
    return node->op->name;
}

const TsNode *
ts_graph_node(const TsGraph *graph, guint node)
{
    return &g_array_index(graph->nodes, TsNode, node);
}

const TsParamSpec *
ts_graph_param(const TsGraph *graph, guint param)
{
    return &g_array_index(graph->params, TsParamSpec, param);
}

guint
ts_graph_append(TsGraph *graph, TsNode node)
{
    if (node.name == NULL)
        node.name = g_strdup_printf("%s%u", node.op->name, graph->nodes->len);
    g_array_append_val(graph->nodes, node);
    return graph->nodes->len - 1;
}

/* The failed node is left out; whatever is built on its input instead is never compiled. */
guint
ts_graph_fail(TsGraph *graph, const char *format, ...)
{
    if (graph->error == NULL) {
        va_list args;
        va_start(args, format);
        graph->error = g_error_new_valist(TS_ERROR, TS_ERROR_ARGUMENT, format, args);
        va_end(args);
    }
    return graph->nodes->len - 1;
}

static TsInit
choose_init(const TsInitRules *rules, TsParamRole role, guint rank)
{
    switch (role) {
    case TS_PARAM_WEIGHT:
        return rank == 4 ? rules->conv : rules->linear;
    case TS_PARAM_BIAS:
        return rules->bias;
    case TS_PARAM_SCALE:
    case TS_PARAM_RUNNING_VARIANCE:
        return TS_INIT_ONE;
    default:
        return TS_INIT_ZERO;
    }
}

int
ts_graph_add_param(TsGraph *graph, const char *layer, const char *suffix, TsParamRole role,
                   guint rank, const gint64 *shape, gint64 fan_in)
{
    TsParamSpec spec = {.name = g_strdup_printf("%s.%s", layer, suffix),
                        .role = role,
                        .init = choose_init(&graph->init, role, rank),
                        .rank = rank,
                        .fan_in = fan_in};
    if (role == TS_PARAM_WEIGHT)
        spec.fan_out = fan_in / shape[1] * shape[0];
    for (guint i = 0; i < rank; i++)
        spec.shape[i] = shape[i];
    g_array_append_val(graph->params, spec);
    return (int) graph->params->len - 1;
}

static gboolean
check_names(const TsGraph *graph, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < graph->params->len; i++)
        if (!g_hash_table_add(seen, ts_graph_param(graph, i)->name))
            return ts_error_set(error, TS_ERROR_ARGUMENT, "model: two parameters are named '%s'",
                                ts_graph_param(graph, i)->name);
    return TRUE;
}

gboolean
ts_graph_finish(TsGraph *graph, GError **error)
{
    if (graph->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&graph->error));
        return FALSE;
    }
    const TsNode *last = ts_graph_node(graph, graph->nodes->len - 1);
    if (last->shape.h != 1 || last->shape.w != 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "model: the output '%s' has to be one number a class", last->name);
    return check_names(graph, error);
}

gint64
ts_graph_n_parameters(const TsGraph *graph)
{
    gint64 total = 0;
    for (guint i = 0; i < graph->params->len; i++) {
        const TsParamSpec *spec = ts_graph_param(graph, i);
        if (spec->role == TS_PARAM_RUNNING_MEAN || spec->role == TS_PARAM_RUNNING_VARIANCE)
            continue;
        gint64 n = 1;
        for (guint d = 0; d < spec->rank; d++)
            n *= spec->shape[d];
        total += n;
    }
    return total;
}

gint64
ts_graph_multiply_adds(const TsGraph *graph)
{
    gint64 total = 0;
    for (guint i = 0; i < graph->nodes->len; i++)
        total += ts_graph_node(graph, i)->multiply_adds;
    return total;
}
