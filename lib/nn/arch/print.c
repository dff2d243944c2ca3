/* A graph as text, a line a layer. A layer that goes on from another than the one above it says so
 * with "from"; a name stands before each layer with parameters and each that others refer to. */
#include "nn/arch/private.h"

#include "base/number.h"

#include <string.h>

static void
append_option(GString *text, const char *key, int value, int fallback)
{
    if (value != fallback)
        g_string_append_printf(text, " %s=%d", key, value);
}

static void
append_conv(GString *text, const TsNode *node)
{
    const TsConvOptions *conv = &node->conv;
    g_string_append_printf(text, "conv %d %dx%d", conv->channels, conv->kernel, conv->kernel);
    append_option(text, "stride", conv->stride, 1);
    if (conv->same)
        g_string_append(text, " pad=same");
    else
        append_option(text, "pad", conv->pad, (conv->kernel - 1) / 2);
    append_option(text, "groups", conv->groups, 1);
    append_option(text, "bias", conv->bias, 0);
}

static void
append_norm(GString *text, const TsGraph *graph, const TsNode *node)
{
    char buffer[TS_NUMBER_MAX];
    g_string_append(text, "bn");
    if (node->epsilon != 1e-5F)
        g_string_append_printf(text, " epsilon=%s", ts_format_float(buffer, node->epsilon));
    if (node->rate != 0.1)
        g_string_append_printf(text, " momentum=%s", ts_format_double(buffer, node->rate));
    if (ts_graph_param(graph, (guint) node->param[0])->init == TS_INIT_ZERO)
        g_string_append(text, " zero_init=1");
}

static void
append_pool(GString *text, const TsNode *node)
{
    const TsConvOptions *conv = &node->conv;
    if (conv->kernel == 0) {
        g_string_append(text, "globalpool");
        return;
    }
    g_string_append_printf(text, "%s %dx%d", node->pool == TS_POOL_MAX ? "maxpool" : "avgpool",
                           conv->kernel, conv->kernel);
    append_option(text, "stride", conv->stride, conv->kernel);
    append_option(text, "pad", conv->pad, 0);
}

static const char *
name_of(const TsGraph *graph, guint node)
{
    return node == 0 ? "input" : ts_graph_node(graph, node)->name;
}

static void
append_join(GString *text, const TsGraph *graph, const char *operation, guint i)
{
    const TsNode *node = ts_graph_node(graph, i);
    g_string_append(text, operation);
    if (node->input[0] != i - 1)
        g_string_append_printf(text, " %s", name_of(graph, node->input[0]));
    g_string_append_printf(text, " %s", name_of(graph, node->input[1]));
}

static void
append_layer(GString *text, const TsGraph *graph, guint i, gboolean is_last)
{
    const TsNode *node = ts_graph_node(graph, i);
    const char *operation = ts_node_operation(node);
    char buffer[TS_NUMBER_MAX];
    if (strcmp(operation, "conv") == 0)
        append_conv(text, node);
    else if (strcmp(operation, "norm") == 0)
        append_norm(text, graph, node);
    else if (strcmp(operation, "pool") == 0)
        append_pool(text, node);
    else if (strcmp(operation, "adaptive_pool") == 0)
        g_string_append_printf(text, "adaptivepool %dx%d", (int) node->shape.w,
                               (int) node->shape.h);
    else if (strcmp(operation, "linear") == 0 && is_last)
        g_string_append(text, "linear classes");
    else if (strcmp(operation, "linear") == 0)
        g_string_append_printf(text, "linear %d", (int) node->shape.c);
    else if (strcmp(operation, "dropout") == 0)
        g_string_append_printf(text, "dropout %s", ts_format_double(buffer, node->rate));
    else if (strcmp(operation, "drop_path") == 0)
        g_string_append_printf(text, "droppath %s", ts_format_double(buffer, node->rate));
    else if (node->n_inputs == 2)
        append_join(text, graph, operation, i);
    else
        g_string_append(text, operation); /* activations and flatten are called so */
}

/* TRUE for the nodes whose names the text needs. */
static gboolean *
find_named(const TsGraph *graph)
{
    gboolean *named = g_new0(gboolean, graph->nodes->len);
    for (guint i = 1; i < graph->nodes->len; i++) {
        const TsNode *node = ts_graph_node(graph, i);
        named[i] = named[i] || node->param[0] >= 0;
        for (guint k = 0; k < node->n_inputs; k++)
            if (k > 0 || node->input[k] != i - 1)
                named[node->input[k]] = TRUE;
    }
    return named;
}

char *
ts_arch_print(const TsGraph *graph)
{
    g_autofree gboolean *named = find_named(graph);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "init conv=%s linear=%s bias=%s\n",
                           ts_arch_inits[graph->init.conv], ts_arch_inits[graph->init.linear],
                           ts_arch_inits[graph->init.bias]);
    for (guint i = 1; i < graph->nodes->len; i++) {
        const TsNode *node = ts_graph_node(graph, i);
        if (node->n_inputs == 1 && node->input[0] != i - 1)
            g_string_append_printf(text, "from %s\n", name_of(graph, node->input[0]));
        if (named[i])
            g_string_append_printf(text, "%s: ", node->name);
        append_layer(text, graph, i, i == graph->nodes->len - 1);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}
