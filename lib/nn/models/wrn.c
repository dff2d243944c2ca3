/* Wide residual networks for small pictures (Zagoruyko and Komodakis, 2016): wrn-N-k has N layers,
 * k times as wide as ResNet's. Batch norm and ReLU come before each convolution. Parameters are
 * named as in the usual PyTorch code, "block1.layer.0.conv1.weight".
 *
 * Start as the paper's: convolutions HE_OUT, the classifier UNIFORM_IN, its bias 0. */
#include "nn/models/models.h"

#include "base/error.h"
#include "base/number.h"

enum { STAGES = 3, MAX_DEPTH = 1000, MAX_WIDTH = 64 };

static guint
norm_relu(TsGraph *graph, const char *block, int i, guint x)
{
    g_autofree char *name = g_strdup_printf("%s.bn%d", block, i);
    return ts_graph_relu(graph, ts_graph_norm(graph, name, x));
}

static guint
conv(TsGraph *graph, const char *block, const char *layer, guint x, TsConvOptions options)
{
    g_autofree char *name = g_strdup_printf("%s.%s", block, layer);
    return ts_graph_conv(graph, name, x, &options);
}

/* The first batch norm and ReLU are the shortcut's too where that is a convolution. */
static guint
add_block(TsGraph *graph, const char *block, guint x, int width, int stride, double dropout)
{
    const guint active = norm_relu(graph, block, 1, x);
    guint y = conv(graph, block, "conv1", active,
                   (TsConvOptions){.channels = width, .kernel = 3, .stride = stride, .pad = 1});
    y = norm_relu(graph, block, 2, y);
    if (dropout > 0)
        y = ts_graph_dropout(graph, y, dropout);
    y = conv(graph, block, "conv2", y, (TsConvOptions){.channels = width, .kernel = 3, .pad = 1});
    if (ts_graph_node(graph, x)->shape.c != width)
        x = conv(graph, block, "convShortcut", active,
                 (TsConvOptions){.channels = width, .kernel = 1, .stride = stride});
    return ts_graph_add(graph, y, x);
}

/* N and k of "wrn-N-k". */
static gboolean
read_name(const char *name, int *depth, int *width, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(name, "-", -1);
    gint64 n, k;
    if (g_strv_length(parts) == 3 && ts_parse_int(parts[1], 10, MAX_DEPTH, "N", &n, NULL) &&
        ts_parse_int(parts[2], 1, MAX_WIDTH, "k", &k, NULL) && (n - 4) % 6 == 0) {
        *depth = (int) n;
        *width = (int) k;
        return TRUE;
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "model %s: wrn-N-k is expected, N one of 10, 16, 22, 28, ... and k from 1 "
                        "to %d, such as wrn-28-10",
                        name, MAX_WIDTH);
}

gboolean
ts_model_wrn(TsGraph *graph, const TsModelSpec *spec, GError **error)
{
    int depth = 0, width = 0;
    double dropout;
    if (!read_name(ts_spec_name(spec->options), &depth, &width, error) ||
        !ts_spec_double(spec->options, "dropout", 0, 0.99, 0, &dropout, error))
        return FALSE;
    ts_graph_set_init(graph, &(TsInitRules){TS_INIT_HE_OUT, TS_INIT_UNIFORM_IN, TS_INIT_ZERO});
    guint x = ts_graph_input(graph, spec->channels, spec->height, spec->width);
    x = ts_graph_conv(graph, "conv1", x, &(TsConvOptions){.channels = 16, .kernel = 3, .pad = 1});
    for (int stage = 0; stage < STAGES; stage++)
        for (int i = 0; i < (depth - 4) / 6; i++) {
            g_autofree char *block = g_strdup_printf("block%d.layer.%d", stage + 1, i);
            x = add_block(graph, block, x, (16 << stage) * width, stage > 0 && i == 0 ? 2 : 1,
                          dropout);
        }
    x = ts_graph_relu(graph, ts_graph_norm(graph, "bn1", x));
    ts_model_head(graph, "fc", x, 0, spec->classes);
    return TRUE;
}
