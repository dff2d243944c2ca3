/* DenseNet-BC (Huang et al., 2017): each layer sees all maps before it; 1x1 convolutions narrow
 * them. Names are torchvision's. densenet121 and its like are for ImageNet, densenet-bc is the
 * paper's for small pictures: three blocks of (depth - 4) / 6 layers.
 *
 * Start as torchvision's: convolutions HE_IN, the classifier UNIFORM_IN, its bias 0. */
#include "nn/models/models.h"

#include "base/error.h"

#include <string.h>

enum { MAX_BLOCKS = 4, BOTTLENECK = 4 };

typedef struct {
    const char *name;
    int growth, start; /* channels that a layer adds, channels of the stem */
    int layers[MAX_BLOCKS];
} Variant;

static const Variant variants[] = {
    {"densenet121", 32, 64, {6, 12, 24, 16}}, {"densenet169", 32, 64, {6, 12, 32, 32}},
    {"densenet201", 32, 64, {6, 12, 48, 32}}, {"densenet161", 48, 96, {6, 12, 36, 24}},
    {"densenet-bc", 12, 24, {16, 16, 16, 0}},
};

/* Batch norm PREFIX.normI, ReLU, convolution PREFIX.convI; I is "" in a transition. */
static guint
norm_relu_conv(TsGraph *graph, const char *prefix, const char *i, guint x, TsConvOptions conv)
{
    g_autofree char *norm_name = g_strdup_printf("%s.norm%s", prefix, i);
    g_autofree char *conv_name = g_strdup_printf("%s.conv%s", prefix, i);
    x = ts_graph_relu(graph, ts_graph_norm(graph, norm_name, x));
    return ts_graph_conv(graph, conv_name, x, &conv);
}

static guint
add_layer(TsGraph *graph, const char *prefix, guint x, int growth, double dropout)
{
    guint y = norm_relu_conv(graph, prefix, "1", x,
                             (TsConvOptions){.channels = BOTTLENECK * growth, .kernel = 1});
    y = norm_relu_conv(graph, prefix, "2", y,
                       (TsConvOptions){.channels = growth, .kernel = 3, .pad = 1});
    if (dropout > 0)
        y = ts_graph_dropout(graph, y, dropout);
    return ts_graph_concat(graph, x, y);
}

/* Half the channels, half the width and height. */
static guint
add_transition(TsGraph *graph, int block, guint x)
{
    g_autofree char *prefix = g_strdup_printf("features.transition%d", block);
    const int channels = (int) (ts_graph_node(graph, x)->shape.c / 2);
    x = norm_relu_conv(graph, prefix, "", x, (TsConvOptions){.channels = channels, .kernel = 1});
    return ts_graph_pool(graph, TS_POOL_AVG, x, 2, 2, 0);
}

static guint
add_stem(TsGraph *graph, guint x, int channels, gboolean small)
{
    if (small)
        return ts_graph_conv(graph, "features.conv0", x,
                             &(TsConvOptions){.channels = channels, .kernel = 3, .pad = 1});
    x = ts_graph_conv(graph, "features.conv0", x,
                      &(TsConvOptions){.channels = channels, .kernel = 7, .stride = 2, .pad = 3});
    x = ts_graph_relu(graph, ts_graph_norm(graph, "features.norm0", x));
    return ts_graph_pool(graph, TS_POOL_MAX, x, 3, 2, 1);
}

/* densenet-bc's own options. */
static gboolean
read_depth(TsSpec *options, Variant *variant, GError **error)
{
    int depth;
    if (!ts_spec_int(options, "depth", 10, 1000, 100, &depth, error) ||
        !ts_spec_int(options, "growth", 1, 1024, variant->growth, &variant->growth, error))
        return FALSE;
    if ((depth - 4) % 6 != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "model densenet-bc: depth %d is none of 10, 16, 22, ..., 100, ...",
                            depth);
    for (int block = 0; block < 3; block++)
        variant->layers[block] = (depth - 4) / 6;
    variant->start = 2 * variant->growth;
    return TRUE;
}

gboolean
ts_model_densenet(TsGraph *graph, const TsModelSpec *spec, GError **error)
{
    static const char *const stems[] = {"imagenet", "small", NULL};
    const Variant *known = variants;
    while (strcmp(known->name, ts_spec_name(spec->options)) != 0)
        known++;
    Variant variant = *known;
    int stem = variant.layers[3] == 0;
    double dropout;
    if ((stem == 1 && !read_depth(spec->options, &variant, error)) ||
        !ts_spec_choice(spec->options, "stem", stems, stem, &stem, error) ||
        !ts_spec_double(spec->options, "dropout", 0, 0.99, 0, &dropout, error))
        return FALSE;
    ts_graph_set_init(graph, &(TsInitRules){TS_INIT_HE_IN, TS_INIT_UNIFORM_IN, TS_INIT_ZERO});
    guint x = ts_graph_input(graph, spec->channels, spec->height, spec->width);
    x = add_stem(graph, x, variant.start, stem == 1);
    for (int block = 0; block < MAX_BLOCKS && variant.layers[block] > 0; block++) {
        if (block > 0)
            x = add_transition(graph, block, x);
        for (int i = 0; i < variant.layers[block]; i++) {
            g_autofree char *prefix =
                g_strdup_printf("features.denseblock%d.denselayer%d", block + 1, i + 1);
            x = add_layer(graph, prefix, x, variant.growth, dropout);
        }
    }
    x = ts_graph_relu(graph, ts_graph_norm(graph, "features.norm5", x));
    ts_model_head(graph, "classifier", x, 0, spec->classes);
    return TRUE;
}
