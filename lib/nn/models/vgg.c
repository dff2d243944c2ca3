/* VGG (Simonyan and Zisserman, 2015), with or without batch norm, as in torchvision: parameters are
 * named by their place in its list, "features.0.weight".
 *
 * Start as torchvision's: convolutions HE_OUT, linear weights NORMAL, biases 0. */
#include "nn/models/models.h"

#include <string.h>

enum { STAGES = 5, POOLED = 7 };

typedef struct {
    const char *name;
    int convs[STAGES];
    gboolean norm;
} Variant;

static const Variant variants[] = {
    {"vgg11", {1, 1, 2, 2, 2}, FALSE}, {"vgg11_bn", {1, 1, 2, 2, 2}, TRUE},
    {"vgg13", {2, 2, 2, 2, 2}, FALSE}, {"vgg13_bn", {2, 2, 2, 2, 2}, TRUE},
    {"vgg16", {2, 2, 3, 3, 3}, FALSE}, {"vgg16_bn", {2, 2, 3, 3, 3}, TRUE},
    {"vgg19", {2, 2, 4, 4, 4}, FALSE}, {"vgg19_bn", {2, 2, 4, 4, 4}, TRUE},
};

/* Adds a convolution whose place is `place`; returns the next free place. */
static int
add_conv(TsGraph *graph, guint *x, int place, int channels, gboolean norm)
{
    g_autofree char *conv = g_strdup_printf("features.%d", place++);
    *x = ts_graph_conv(graph, conv, *x,
                       &(TsConvOptions){.channels = channels, .kernel = 3, .pad = 1, .bias = TRUE});
    if (norm) {
        g_autofree char *name = g_strdup_printf("features.%d", place++);
        *x = ts_graph_norm(graph, name, *x);
    }
    *x = ts_graph_relu(graph, *x);
    return place + 1;
}

static guint
add_hidden(TsGraph *graph, const char *name, guint x, int hidden, double dropout)
{
    x = ts_graph_relu(graph, ts_graph_linear(graph, name, x, hidden));
    return dropout > 0 ? ts_graph_dropout(graph, x, dropout) : x;
}

gboolean
ts_model_vgg(TsGraph *graph, const TsModelSpec *spec, GError **error)
{
    static const char *const heads[] = {"imagenet", "small", NULL};
    int hidden, head;
    double dropout;
    if (!ts_spec_choice(spec->options, "head", heads, 0, &head, error) ||
        !ts_spec_int(spec->options, "hidden", 1, 1 << 16, 4096, &hidden, error) ||
        !ts_spec_double(spec->options, "dropout", 0, 0.99, 0.5, &dropout, error))
        return FALSE;
    const Variant *variant = variants;
    while (strcmp(variant->name, ts_spec_name(spec->options)) != 0)
        variant++;
    ts_graph_set_init(graph, &(TsInitRules){TS_INIT_HE_OUT, TS_INIT_NORMAL, TS_INIT_ZERO});
    guint x = ts_graph_input(graph, spec->channels, spec->height, spec->width);
    int place = 0;
    for (int stage = 0; stage < STAGES; stage++) {
        for (int i = 0; i < variant->convs[stage]; i++)
            place = add_conv(graph, &x, place, MIN(64 << stage, 512), variant->norm);
        x = ts_graph_pool(graph, TS_POOL_MAX, x, 2, 2, 0);
        place++;
    }
    if (head == 1) {
        ts_model_head(graph, "classifier", x, dropout, spec->classes);
        return TRUE;
    }
    x = ts_graph_flatten(graph, ts_graph_adaptive_pool(graph, x, POOLED, POOLED));
    x = add_hidden(graph, "classifier.0", x, hidden, dropout);
    x = add_hidden(graph, "classifier.3", x, hidden, dropout);
    ts_graph_linear(graph, "classifier.6", x, spec->classes);
    return TRUE;
}
