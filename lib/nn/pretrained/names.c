/* Tables of names: mobile networks in three dialects, VGG and DenseNet in two. */
#include "nn/pretrained/names.h"

#include "base/error.h"

#include <string.h>

/* ---- mobile networks ---- */

/* Ours, torchvision's, and that of the package efficientnet_pytorch and its descendants. */
typedef struct {
    const char *ours, *torchvision, *efficientnet;
} Layer;

static const Layer expanding[] = {
    {"conv_pw", "conv.0.0", "_expand_conv"},    {"bn1", "conv.0.1", "_bn0"},
    {"conv_dw", "conv.1.0", "_depthwise_conv"}, {"bn2", "conv.1.1", "_bn1"},
    {"conv_pwl", "conv.2", "_project_conv"},    {"bn3", "conv.3", "_bn2"},
};
static const Layer first_block[] = {
    {"conv_dw", "conv.0.0", "_depthwise_conv"},
    {"bn1", "conv.0.1", "_bn1"},
    {"conv_pw", "conv.1", "_project_conv"},
    {"bn2", "conv.2", "_bn2"},
};
static const Layer ends[] = {
    {"conv_stem", "features.0.0", "_conv_stem"},  {"bn1", "features.0.1", "_bn0"},
    {"conv_head", "features.%u.0", "_conv_head"}, {"bn2", "features.%u.1", "_bn1"},
    {"classifier", "classifier.1", "_fc"},
};

static const char *
look_up(const Layer *layers, gsize n, const char *name, gboolean torchvision)
{
    for (gsize i = 0; i < n; i++)
        if (strcmp(layers[i].ours, name) == 0)
            return torchvision ? layers[i].torchvision : layers[i].efficientnet;
    return NULL;
}

/* Layers come in their order, so blocks are counted as they go by. */
typedef struct {
    char *block; /* "blocks.1.0" */
    guint n;     /* blocks so far */
    const Layer *layers;
    gsize n_layers;
} Walk;

static void
enter_block(Walk *walk, const char *block, const char *layer)
{
    if (g_strcmp0(walk->block, block) == 0)
        return;
    g_free(walk->block);
    walk->block = g_strdup(block);
    walk->n++;
    /* The block that does not expand begins with the depthwise convolution. */
    const gboolean expands = strcmp(layer, "conv_pw") == 0;
    walk->layers = expands ? expanding : first_block;
    walk->n_layers = expands ? G_N_ELEMENTS(expanding) : G_N_ELEMENTS(first_block);
}

static char *
rename_mobile(const char *layer, Walk *walk, gboolean torchvision)
{
    const char *last = strrchr(layer, '.');
    if (!g_str_has_prefix(layer, "blocks.")) {
        const char *theirs = look_up(ends, G_N_ELEMENTS(ends), layer, torchvision);
        const char *number = theirs != NULL ? strstr(theirs, "%u") : NULL;
        return number == NULL ? g_strdup(theirs)
                              : g_strdup_printf("%.*s%u%s", (int) (number - theirs), theirs,
                                                walk->n + 1, number + 2);
    }
    g_autofree char *block = g_strndup(layer, (gsize) (last - layer));
    enter_block(walk, block, last + 1);
    const char *theirs = look_up(walk->layers, walk->n_layers, last + 1, torchvision);
    return theirs == NULL ? NULL
           : torchvision  ? g_strdup_printf("features.%u.%s", walk->n, theirs)
                          : g_strdup_printf("_blocks.%u.%s", walk->n - 1, theirs);
}

static char *
mobile_torchvision(const char *layer, Walk *walk)
{
    return rename_mobile(layer, walk, TRUE);
}

static char *
mobile_efficientnet(const char *layer, Walk *walk)
{
    return rename_mobile(layer, walk, FALSE);
}

/* ---- others ---- */

static char *
vgg_timm(const char *layer, Walk *walk G_GNUC_UNUSED)
{
    static const char *const pairs[] = {"classifier.0",   "pre_logits.fc1", "classifier.3",
                                        "pre_logits.fc2", "classifier.6",   "head.fc"};
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i += 2)
        if (strcmp(layer, pairs[i]) == 0)
            return g_strdup(pairs[i + 1]);
    return NULL;
}

/* "norm1" was "norm.1" in the files of torchvision's first versions. */
static char *
densenet_old(const char *layer, Walk *walk G_GNUC_UNUSED)
{
    const char *last = strrchr(layer, '.');
    const gsize n = strlen(layer);
    if (last == NULL || strstr(layer, ".denselayer") == NULL || !g_ascii_isdigit(layer[n - 1]))
        return NULL;
    return g_strdup_printf("%.*s.%c", (int) n - 1, layer, layer[n - 1]);
}

/* ---- tables ---- */
/* efficientnet-pytorch pads as TensorFlow does: its weights are those of tf_ alone. */

typedef char *(*RenameFunc)(const char *layer, Walk *walk);

/* Families by how their names begin. */
static const struct {
    const char *library, *family;
    RenameFunc rename; /* NULL: as ours */
} tables[] = {
    {"timm", "resnet", NULL},
    {"torchvision", "resnet", NULL},
    {"timm", "wide_resnet", NULL},
    {"torchvision", "wide_resnet", NULL},
    {"timm", "vgg", vgg_timm},
    {"torchvision", "vgg", NULL},
    {"timm", "densenet", NULL},
    {"torchvision", "densenet", NULL},
    {"torchvision-0.2", "densenet", densenet_old},
    {"timm", "mobilenetv2", NULL},
    {"torchvision", "mobilenetv2", mobile_torchvision},
    {"timm", "efficientnet_lite0", NULL},
    {"timm", "tf_efficientnet_lite0", NULL},
    {"efficientnet-pytorch", "tf_efficientnet_lite0", mobile_efficientnet},
};

guint
ts_names_of(const char *architecture, const char *names[TS_NAMES_MAX])
{
    guint n = 0;
    names[n++] = "tessera";
    for (gsize i = 0; i < G_N_ELEMENTS(tables) && n < TS_NAMES_MAX - 1; i++)
        if (g_str_has_prefix(architecture, tables[i].family))
            names[n++] = tables[i].library;
    names[n] = NULL;
    return n;
}

static char *
layer_of(const char *parameter)
{
    return g_strndup(parameter, (gsize) (strrchr(parameter, '.') - parameter));
}

static GHashTable *
make_map(const TsGraph *graph, RenameFunc rename)
{
    GHashTable *map = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Walk walk = {0};
    for (guint i = 0; rename != NULL && i < graph->params->len; i++) {
        g_autofree char *layer = layer_of(ts_graph_param(graph, i)->name);
        char *theirs = g_hash_table_contains(map, layer) ? NULL : rename(layer, &walk);
        if (theirs != NULL)
            g_hash_table_insert(map, g_steal_pointer(&layer), theirs);
    }
    g_free(walk.block);
    return map;
}

GHashTable *
ts_names_map(const char *library, const char *architecture, const TsGraph *graph, GError **error)
{
    if (strcmp(library, "tessera") == 0)
        return make_map(graph, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        if (strcmp(library, tables[i].library) == 0 &&
            g_str_has_prefix(architecture, tables[i].family))
            return make_map(graph, tables[i].rename);
    const char *names[TS_NAMES_MAX];
    ts_names_of(architecture, names);
    g_autofree char *list = g_strjoinv(", ", (char **) names);
    ts_error_set(error, TS_ERROR_ARGUMENT, "there are no names of '%s' for %s; there are: %s",
                 library, architecture, list);
    return NULL;
}

char *
ts_names_translate(GHashTable *map, const char *parameter)
{
    g_autofree char *layer = layer_of(parameter);
    const char *theirs = g_hash_table_lookup(map, layer);
    return g_strconcat(theirs != NULL ? theirs : layer, strrchr(parameter, '.'), NULL);
}

const TsTensor *
ts_names_find(const TsWeightFile *file, GHashTable *map, const char *prefix, const char *parameter)
{
    g_autofree char *theirs = ts_names_translate(map, parameter);
    g_autofree char *name = g_strconcat(prefix, theirs, NULL);
    return ts_weight_file_find(file, name);
}

char *
ts_names_find_prefix(const TsWeightFile *file, GHashTable *map, const char *parameter)
{
    g_autofree char *name = ts_names_translate(map, parameter);
    const char *best = "";
    gsize shortest = G_MAXSIZE;
    for (guint i = 0; i < ts_weight_file_n(file); i++) {
        const char *tensor = ts_weight_file_get(file, i)->name;
        const gsize n = strlen(tensor) - MIN(strlen(name), strlen(tensor));
        if (n < shortest && g_str_has_suffix(tensor, name) && (n == 0 || tensor[n - 1] == '.')) {
            best = tensor;
            shortest = n;
        }
    }
    return g_strndup(best, shortest == G_MAXSIZE ? 0 : shortest);
}
