/* Residual networks (He et al., 2016), in torchvision's form: the stride of a bottleneck is on its
 * 3x3 convolution ("v1.5"), parameters are named as there and in timm.
 *
 * Start as torchvision's: convolutions HE_OUT, the classifier UNIFORM_IN. */
#include "nn/models/models.h"

#include <string.h>

enum { STAGES = 4 };

typedef struct {
    const char *name;
    gboolean bottleneck;
    int blocks[STAGES];
    int widening; /* of a bottleneck's 3x3 convolution (Zagoruyko and Komodakis, 2016) */
} Variant;

static const Variant variants[] = {
    {"resnet18", FALSE, {2, 2, 2, 2}, 1},         {"resnet34", FALSE, {3, 4, 6, 3}, 1},
    {"resnet50", TRUE, {3, 4, 6, 3}, 1},          {"resnet101", TRUE, {3, 4, 23, 3}, 1},
    {"resnet152", TRUE, {3, 8, 36, 3}, 1},        {"wide_resnet50_2", TRUE, {3, 4, 6, 3}, 2},
    {"wide_resnet101_2", TRUE, {3, 4, 23, 3}, 2},
};

typedef struct {
    TsGraph *graph;
    const Variant *variant;
    gboolean silent; /* the last batch norm of each block starts at zero */
} Builder;

/* BLOCK.convI and BLOCK.bnI. */
static guint
conv_norm(Builder *b, const char *block, int i, guint x, TsConvOptions conv)
{
    g_autofree char *conv_name = g_strdup_printf("%s.conv%d", block, i);
    g_autofree char *norm_name = g_strdup_printf("%s.bn%d", block, i);
    return ts_graph_norm(b->graph, norm_name, ts_graph_conv(b->graph, conv_name, x, &conv));
}

/* What the block's result is added to: its input, brought to the result's shape. */
static guint
shortcut(Builder *b, const char *block, guint x, int channels, int stride)
{
    if (stride == 1 && ts_graph_node(b->graph, x)->shape.c == channels)
        return x;
    g_autofree char *conv = g_strdup_printf("%s.downsample.0", block);
    g_autofree char *norm = g_strdup_printf("%s.downsample.1", block);
    x = ts_graph_conv(b->graph, conv, x,
                      &(TsConvOptions){.channels = channels, .kernel = 1, .stride = stride});
    return ts_graph_norm(b->graph, norm, x);
}

static guint
basic_block(Builder *b, const char *block, guint x, int width, int stride)
{
    TsGraph *graph = b->graph;
    guint y =
        conv_norm(b, block, 1, x,
                  (TsConvOptions){.channels = width, .kernel = 3, .stride = stride, .pad = 1});
    y = conv_norm(b, block, 2, ts_graph_relu(graph, y),
                  (TsConvOptions){.channels = width, .kernel = 3, .pad = 1});
    if (b->silent)
        ts_graph_norm_starts_silent(graph, y);
    return ts_graph_relu(graph, ts_graph_add(graph, y, shortcut(b, block, x, width, stride)));
}

static guint
bottleneck(Builder *b, const char *block, guint x, int width, int stride)
{
    TsGraph *graph = b->graph;
    const int inner = width * b->variant->widening, channels = width * 4;
    guint y = conv_norm(b, block, 1, x, (TsConvOptions){.channels = inner, .kernel = 1});
    y = conv_norm(b, block, 2, ts_graph_relu(graph, y),
                  (TsConvOptions){.channels = inner, .kernel = 3, .stride = stride, .pad = 1});
    y = conv_norm(b, block, 3, ts_graph_relu(graph, y),
                  (TsConvOptions){.channels = channels, .kernel = 1});
    if (b->silent)
        ts_graph_norm_starts_silent(graph, y);
    return ts_graph_relu(graph, ts_graph_add(graph, y, shortcut(b, block, x, channels, stride)));
}

static guint
add_stem(TsGraph *graph, guint x, int width, gboolean small)
{
    const TsConvOptions large_conv = {.channels = width, .kernel = 7, .stride = 2, .pad = 3};
    const TsConvOptions small_conv = {.channels = width, .kernel = 3, .pad = 1};
    x = ts_graph_conv(graph, "conv1", x, small ? &small_conv : &large_conv);
    x = ts_graph_relu(graph, ts_graph_norm(graph, "bn1", x));
    return small ? x : ts_graph_pool(graph, TS_POOL_MAX, x, 3, 2, 1);
}

gboolean
ts_model_resnet(TsGraph *graph, const TsModelSpec *spec, GError **error)
{
    static const char *const stems[] = {"imagenet", "small", NULL};
    int width, silent, stem;
    double dropout;
    if (!ts_spec_choice(spec->options, "stem", stems, 0, &stem, error) ||
        !ts_spec_int(spec->options, "width", 1, 4096, 64, &width, error) ||
        !ts_spec_int(spec->options, "zero_init", 0, 1, 0, &silent, error) ||
        !ts_spec_double(spec->options, "dropout", 0, 0.99, 0, &dropout, error))
        return FALSE;
    Builder b = {graph, variants, silent};
    while (strcmp(b.variant->name, ts_spec_name(spec->options)) != 0)
        b.variant++;
    ts_graph_set_init(graph,
                      &(TsInitRules){TS_INIT_HE_OUT, TS_INIT_UNIFORM_IN, TS_INIT_UNIFORM_IN});
    guint x = ts_graph_input(graph, spec->channels, spec->height, spec->width);
    x = add_stem(graph, x, width, stem == 1);
    for (int stage = 0; stage < STAGES; stage++, width *= 2)
        for (int i = 0; i < b.variant->blocks[stage]; i++) {
            g_autofree char *block = g_strdup_printf("layer%d.%d", stage + 1, i);
            const int stride = stage > 0 && i == 0 ? 2 : 1;
            x = (b.variant->bottleneck ? bottleneck : basic_block)(&b, block, x, width, stride);
        }
    ts_model_head(graph, "fc", x, dropout, spec->classes);
    return TRUE;
}
