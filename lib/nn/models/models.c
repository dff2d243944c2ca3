/* The table of architectures, and how a description is read. */
#include "nn/models/models.h"

#include "base/error.h"
#include "base/nearest.h"
#include "nn/arch/arch.h"

#include <string.h>

typedef struct {
    const char *name; /* "wrn-N-k" stands for all that begin with "wrn-" */
    gboolean (*build)(TsGraph *graph, const TsModelSpec *spec, GError **error);
    const char *help; /* NULL: as the one above */
} Family;

static const Family families[] = {
    {"cnn", ts_model_cnn,
     "three stages of two 3x3 convolutions, for small tiles: width=16 (channels of the first\n"
     "stage), dropout=0.2"},
    {"mlp", ts_model_mlp, "one hidden layer: hidden=128, dropout=0"},
    {"lenet", ts_model_lenet, "LeNet-5: pad=2 (of the first convolution)"},
    {"resnet18", ts_model_resnet,
     "residual networks: stem=imagenet|small (small: for pictures below 64 pixels), width=64\n"
     "(channels of the first stage), zero_init=0|1 (blocks start silent), dropout=0"},
    {"resnet34", ts_model_resnet, NULL},
    {"resnet50", ts_model_resnet, NULL},
    {"resnet101", ts_model_resnet, NULL},
    {"resnet152", ts_model_resnet, NULL},
    {"wide_resnet50_2", ts_model_resnet, NULL},
    {"wide_resnet101_2", ts_model_resnet, NULL},
    {"wrn-N-k", ts_model_wrn,
     "wide residual networks for small pictures, such as wrn-28-10: N layers, k times as wide;\n"
     "dropout=0 (in the blocks)"},
    {"mobilenetv2", ts_model_mobilenetv2,
     "depthwise convolutions: width=1 (multiplies the channels), stem=imagenet|small, "
     "dropout=0.2,\n"
     "drop_path=0 (efficientnet: 0.2); tf_: TensorFlow's padding and epsilon"},
    {"efficientnet_lite0", ts_model_efficientnet_lite, NULL},
    {"tf_efficientnet_lite0", ts_model_efficientnet_lite, NULL},
    {"vgg11", ts_model_vgg,
     "plain stacks of 3x3 convolutions, _bn with batch norm: head=imagenet|small (small: one "
     "layer\n"
     "behind the average), hidden=4096, dropout=0.5"},
    {"vgg11_bn", ts_model_vgg, NULL},
    {"vgg13", ts_model_vgg, NULL},
    {"vgg13_bn", ts_model_vgg, NULL},
    {"vgg16", ts_model_vgg, NULL},
    {"vgg16_bn", ts_model_vgg, NULL},
    {"vgg19", ts_model_vgg, NULL},
    {"vgg19_bn", ts_model_vgg, NULL},
    {"densenet121", ts_model_densenet,
     "every layer sees all before it: stem=imagenet|small, dropout=0 (in the layers)"},
    {"densenet161", ts_model_densenet, NULL},
    {"densenet169", ts_model_densenet, NULL},
    {"densenet201", ts_model_densenet, NULL},
    {"densenet-bc", ts_model_densenet,
     "DenseNet-BC for small pictures: depth=100, growth=12, stem=small, dropout=0"},
};

static void
append_help(GString *text, const char *help)
{
    g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        g_string_append_printf(text, "\n      %s", *line);
}

char *
ts_model_graph_help(void)
{
    GString *text = g_string_new("");
    const char *pending = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
        if (families[i].help == NULL) {
            g_string_append_printf(text, ", %s", families[i].name);
            continue;
        }
        if (pending != NULL)
            append_help(text, pending);
        g_string_append_printf(text, "%s  %s", i > 0 ? "\n" : "", families[i].name);
        pending = families[i].help;
    }
    append_help(text, pending);
    return g_string_free(text, FALSE);
}

const char **
ts_model_graph_names(void)
{
    const char **names = g_new0(const char *, G_N_ELEMENTS(families) + 1);
    for (gsize i = 0; i < G_N_ELEMENTS(families); i++)
        names[i] = families[i].name;
    return names;
}

static const Family *
find_family(const char *name, GError **error)
{
    g_autofree const char **names = ts_model_graph_names();
    for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
        const gboolean pattern =
            families[i].build == ts_model_wrn && g_str_has_prefix(name, "wrn-");
        if (pattern || strcmp(name, names[i]) == 0)
            return &families[i];
    }
    g_autofree char *hint = ts_nearest_hint(name, names);
    g_autofree char *list = g_strjoinv(", ", (char **) names);
    ts_error_set(error, TS_ERROR_ARGUMENT, "there is no model '%s'%s; there are: %s", name, hint,
                 list);
    return NULL;
}

TsGraph *
ts_model_graph_new(const char *description, int channels, int height, int width, int classes,
                   GError **error)
{
    if (ts_arch_is_description(description))
        return ts_arch_graph_new(description, channels, height, width, classes, error);
    g_autoptr(TsSpec) options = ts_spec_parse(description, "model", error);
    const Family *family = options != NULL ? find_family(ts_spec_name(options), error) : NULL;
    if (family == NULL)
        return NULL;
    const TsModelSpec spec = {channels, height, width, classes, options};
    g_autoptr(TsGraph) graph = ts_graph_new();
    if (!family->build(graph, &spec, error) || !ts_spec_finish(options, error) ||
        !ts_graph_finish(graph, error))
        return NULL;
    return g_steal_pointer(&graph);
}

void
ts_model_head(TsGraph *graph, const char *name, guint x, double dropout, int classes)
{
    x = ts_graph_flatten(graph, ts_graph_global_pool(graph, x));
    if (dropout > 0)
        x = ts_graph_dropout(graph, x, dropout);
    ts_graph_linear(graph, name, x, classes);
}
