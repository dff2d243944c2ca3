/* One line that is no block: a layer, or which node goes on. */
#include "nn/arch/private.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/number.h"

#include <string.h>

enum { MAX_CHANNELS = 1 << 16, MAX_KERNEL = 63, MAX_SIDE = 4096 };

/* Weights of a network, activations of a layer for one sample. */
static const gint64 MOST_WEIGHTS = 1000000000, MOST_ACTIVATIONS = 1 << 28;

typedef struct {
    TsArchBuilder *b;
    const TsArchLine *line;
    const char *prefix;
    char *name; /* full, for layers with parameters */
    TsSpec *options;
    guint x;
} Layer;

typedef struct {
    const char *name, *form;
    guint min_words, max_words; /* behind the name */
    gboolean has_params;
    gboolean (*build)(Layer *layer, GError **error);
} Kind;

const char *const ts_arch_inits[] = {
    [TS_INIT_ZERO] = "zero",
    [TS_INIT_ONE] = "one",
    [TS_INIT_HE_IN] = "he_in",
    [TS_INIT_HE_OUT] = "he_out",
    [TS_INIT_UNIFORM_IN] = "uniform_in",
    [TS_INIT_UNIFORM_OUT] = "uniform_out",
    [TS_INIT_NORMAL] = "normal",
    NULL,
};

static gboolean
read_number(const Layer *layer, const char *text, const char *what, int max, int *value,
            GError **error)
{
    gint64 number = 0;
    GError *failure = NULL;
    if (!ts_parse_int(text, 1, max, what, &number, &failure)) {
        ts_arch_fail(layer->b, layer->line, error, "%s: %s", layer->line->words[0],
                     failure->message);
        g_error_free(failure);
        return FALSE;
    }
    *value = (int) number;
    return TRUE;
}

/* "3x3": width and height, which have to be equal where `square`. */
static gboolean
read_window(const Layer *layer, const char *text, gboolean square, int *width, int *height,
            GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "x", -1);
    const int max = square ? MAX_KERNEL : MAX_SIDE;
    if (g_strv_length(parts) != 2)
        return ts_arch_fail(layer->b, layer->line, error, "%s: '%s' is no size such as 3x3",
                            layer->line->words[0], text);
    if (!read_number(layer, parts[0], "size", max, width, error) ||
        !read_number(layer, parts[1], "size", max, height, error))
        return FALSE;
    return !square || *width == *height ||
           ts_arch_fail(layer->b, layer->line, error, "%s: %s: windows are square",
                        layer->line->words[0], text);
}

/* Before the layer is made: so many weights more. */
static gboolean
count_weights(const Layer *layer, gint64 n, GError **error)
{
    layer->b->n_weights += n;
    return layer->b->n_weights <= MOST_WEIGHTS ||
           ts_arch_fail(layer->b, layer->line, error,
                        "more than %" G_GINT64_FORMAT " parameters are too many", MOST_WEIGHTS);
}

static TsShape
shape_of(const Layer *layer)
{
    return ts_graph_node(layer->b->graph, layer->x)->shape;
}

static gboolean
build_conv(Layer *layer, GError **error)
{
    TsConvOptions conv = {0};
    int height, bias;
    char **words = layer->line->words;
    if (!read_number(layer, words[1], "channels", MAX_CHANNELS, &conv.channels, error) ||
        !read_window(layer, words[2], TRUE, &conv.kernel, &height, error))
        return FALSE;
    const char *pad = ts_spec_text(layer->options, "pad");
    conv.same = g_strcmp0(pad, "same") == 0;
    conv.pad = (conv.kernel - 1) / 2;
    if ((!conv.same &&
         !ts_spec_int(layer->options, "pad", 0, conv.kernel - 1, conv.pad, &conv.pad, error)) ||
        !ts_spec_int(layer->options, "stride", 1, MAX_KERNEL, 1, &conv.stride, error) ||
        !ts_spec_int(layer->options, "groups", 1, MAX_CHANNELS, 1, &conv.groups, error) ||
        !ts_spec_int(layer->options, "bias", 0, 1, 0, &bias, error))
        return FALSE;
    conv.bias = bias;
    const gint64 window = (gint64) conv.kernel * conv.kernel;
    if (!count_weights(layer, shape_of(layer).c / conv.groups * window * conv.channels, error))
        return FALSE;
    layer->x = ts_graph_conv(layer->b->graph, layer->name, layer->x, &conv);
    return TRUE;
}

static gboolean
build_norm(Layer *layer, GError **error)
{
    double epsilon, momentum;
    int silent;
    if (!ts_spec_double(layer->options, "epsilon", 1e-12, 1, 1e-5, &epsilon, error) ||
        !ts_spec_double(layer->options, "momentum", 0, 1, 0.1, &momentum, error) ||
        !ts_spec_int(layer->options, "zero_init", 0, 1, 0, &silent, error))
        return FALSE;
    layer->x = ts_graph_norm_with(layer->b->graph, layer->name, layer->x, epsilon, momentum);
    if (silent)
        ts_graph_norm_starts_silent(layer->b->graph, layer->x);
    return TRUE;
}

static gboolean
build_activation(Layer *layer, GError **error)
{
    static const char *const names[] = {
        [TS_RELU] = "relu", [TS_RELU6] = "relu6", [TS_SILU] = "silu", [TS_HARDSWISH] = "hardswish"};
    TsActivation kind = TS_RELU;
    while (strcmp(names[kind], layer->line->words[0]) != 0)
        kind++;
    layer->x = ts_graph_activation(layer->b->graph, kind, layer->x);
    return TRUE;
}

static gboolean
build_pool(Layer *layer, GError **error)
{
    const TsPoolKind kind = layer->line->words[0][0] == 'm' ? TS_POOL_MAX : TS_POOL_AVG;
    int kernel = 0, height, stride, pad;
    if (!read_window(layer, layer->line->words[1], TRUE, &kernel, &height, error) ||
        !ts_spec_int(layer->options, "stride", 1, MAX_KERNEL, kernel, &stride, error) ||
        !ts_spec_int(layer->options, "pad", 0, kernel / 2, 0, &pad, error))
        return FALSE;
    layer->x = ts_graph_pool(layer->b->graph, kind, layer->x, kernel, stride, pad);
    return TRUE;
}

static gboolean
build_global_pool(Layer *layer, GError **error)
{
    layer->x = ts_graph_global_pool(layer->b->graph, layer->x);
    return TRUE;
}

static gboolean
build_adaptive_pool(Layer *layer, GError **error)
{
    int width = 0, height = 0;
    if (!read_window(layer, layer->line->words[1], FALSE, &width, &height, error))
        return FALSE;
    layer->x = ts_graph_adaptive_pool(layer->b->graph, layer->x, height, width);
    return TRUE;
}

static gboolean
build_flatten(Layer *layer, GError **error)
{
    layer->x = ts_graph_flatten(layer->b->graph, layer->x);
    return TRUE;
}

static gboolean
build_linear(Layer *layer, GError **error)
{
    int features = layer->b->classes;
    const char *text = layer->line->words[1];
    if (strcmp(text, "classes") != 0 &&
        !read_number(layer, text, "features", MAX_CHANNELS, &features, error))
        return FALSE;
    if (!count_weights(layer, shape_of(layer).c * features, error))
        return FALSE;
    layer->x = ts_graph_linear(layer->b->graph, layer->name, layer->x, features);
    return TRUE;
}

static gboolean
build_dropout(Layer *layer, GError **error)
{
    double rate;
    GError *failure = NULL;
    if (!ts_parse_double(layer->line->words[1], 0, 0.99, "rate", &rate, &failure)) {
        ts_arch_fail(layer->b, layer->line, error, "%s: %s", layer->line->words[0],
                     failure->message);
        g_error_free(failure);
        return FALSE;
    }
    const gboolean path = strcmp(layer->line->words[0], "droppath") == 0;
    layer->x = path ? ts_graph_drop_path(layer->b->graph, layer->x, rate)
                    : ts_graph_dropout(layer->b->graph, layer->x, rate);
    return TRUE;
}

static gboolean
find(const Layer *layer, const char *name, guint *node, GError **error)
{
    return ts_arch_find(layer->b, layer->line, layer->prefix, name, node, error);
}

/* add B: the current node and B; add A B: these. */
static gboolean
build_join(Layer *layer, GError **error)
{
    char **words = layer->line->words;
    guint a = layer->x, b = 0;
    if ((words[2] != NULL && !find(layer, words[1], &a, error)) ||
        !find(layer, words[words[2] != NULL ? 2 : 1], &b, error))
        return FALSE;
    layer->x = words[0][0] == 'a' ? ts_graph_add(layer->b->graph, a, b)
                                  : ts_graph_concat(layer->b->graph, a, b);
    return TRUE;
}

static gboolean
build_from(Layer *layer, GError **error)
{
    return find(layer, layer->line->words[1], &layer->x, error);
}

/* How layers start that come behind it. */
static gboolean
build_init(Layer *layer, GError **error)
{
    TsInitRules rules = layer->b->graph->init;
    int conv, linear, bias;
    if (!ts_spec_choice(layer->options, "conv", ts_arch_inits, (int) rules.conv, &conv, error) ||
        !ts_spec_choice(layer->options, "linear", ts_arch_inits, (int) rules.linear, &linear,
                        error) ||
        !ts_spec_choice(layer->options, "bias", ts_arch_inits, (int) rules.bias, &bias, error))
        return FALSE;
    ts_graph_set_init(layer->b->graph,
                      &(TsInitRules){(TsInit) conv, (TsInit) linear, (TsInit) bias});
    return TRUE;
}

static const Kind kinds[] = {
    {"conv", "conv CHANNELS KxK [stride=1] [pad=N|same] [groups=1] [bias=0]", 2, 2, TRUE,
     build_conv},
    {"bn", "bn [epsilon=1e-5] [momentum=0.1] [zero_init=0]", 0, 0, TRUE, build_norm},
    {"relu", "relu", 0, 0, FALSE, build_activation},
    {"relu6", "relu6", 0, 0, FALSE, build_activation},
    {"silu", "silu", 0, 0, FALSE, build_activation},
    {"hardswish", "hardswish", 0, 0, FALSE, build_activation},
    {"maxpool", "maxpool KxK [stride=K] [pad=0]", 1, 1, FALSE, build_pool},
    {"avgpool", "avgpool KxK [stride=K] [pad=0]", 1, 1, FALSE, build_pool},
    {"adaptivepool", "adaptivepool WxH", 1, 1, FALSE, build_adaptive_pool},
    {"globalpool", "globalpool", 0, 0, FALSE, build_global_pool},
    {"flatten", "flatten", 0, 0, FALSE, build_flatten},
    {"linear", "linear FEATURES|classes", 1, 1, TRUE, build_linear},
    {"dropout", "dropout RATE", 1, 1, FALSE, build_dropout},
    {"droppath", "droppath RATE", 1, 1, FALSE, build_dropout},
    {"add", "add [NAME] NAME, or add { branch { ... } ... }", 1, 2, FALSE, build_join},
    {"concat", "concat [NAME] NAME, or concat { branch { ... } ... }", 1, 2, FALSE, build_join},
    {"from", "from NAME", 1, 1, FALSE, build_from},
    {"init", "init [conv=RULE] [linear=RULE] [bias=RULE]", 0, 0, FALSE, build_init},
};

static const Kind *
find_kind(const TsArchBuilder *b, const TsArchLine *line, GError **error)
{
    const char *known[G_N_ELEMENTS(kinds) + 8] = {NULL};
    gsize n = 0;
    for (; n < G_N_ELEMENTS(kinds); n++) {
        known[n] = kinds[n].name;
        if (strcmp(known[n], line->words[0]) == 0)
            return &kinds[n];
    }
    for (const char *const *block = ts_arch_blocks; *block != NULL; block++)
        if (!g_strv_contains(known, *block))
            known[n++] = *block;
    if (g_strv_contains(known, line->words[0])) {
        ts_arch_fail(b, line, error, "%s is a block: { is expected behind it", line->words[0]);
        return NULL;
    }
    g_autofree char *hint = ts_nearest_hint(line->words[0], known);
    g_autofree char *list = g_strjoinv(", ", (char **) known);
    ts_arch_fail(b, line, error, "there is no layer '%s'%s; there are: %s", line->words[0], hint,
                 list);
    return NULL;
}

/* Words with = are options, the others come before them. */
static TsSpec *
read_options(const TsArchBuilder *b, const TsArchLine *line, const Kind *kind, GError **error)
{
    guint n = 1;
    while (line->words[n] != NULL && strchr(line->words[n], '=') == NULL)
        n++;
    if (n - 1 < kind->min_words || n - 1 > kind->max_words) {
        ts_arch_fail(b, line, error, "expected: %s", kind->form);
        return NULL;
    }
    g_autofree char *pairs = g_strjoinv(",", line->words + n);
    g_autofree char *text = g_strconcat(kind->name, *pairs != '\0' ? ":" : "", pairs, NULL);
    g_autofree char *where = g_strdup_printf("%s:%u:", b->name, line->number);
    return ts_spec_parse(text, where, error);
}

/* What the graph said of the new node, and whether it is small enough. */
static gboolean
check_node(const Layer *layer, GError **error)
{
    TsGraph *graph = layer->b->graph;
    if (graph->error != NULL) {
        g_autoptr(GError) failure = g_steal_pointer(&graph->error);
        return ts_arch_fail(layer->b, layer->line, error, "%s", failure->message);
    }
    const TsShape shape = shape_of(layer);
    return shape.c * shape.h * shape.w <= MOST_ACTIVATIONS ||
           ts_arch_fail(layer->b, layer->line, error,
                        "(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT
                        ") numbers are too many for a layer",
                        shape.c, shape.h, shape.w);
}

/* A label is the name of the node too, where the line made one. */
static gboolean
settle_name(Layer *layer, const Kind *kind, guint n_before, GError **error)
{
    TsGraph *graph = layer->b->graph;
    if (layer->name == NULL && layer->line->label == NULL)
        return TRUE;
    if (layer->name == NULL)
        layer->name = ts_arch_name(layer->b, layer->line, layer->prefix, kind->name);
    if (!kind->has_params && graph->nodes->len > n_before) {
        TsNode *node = &g_array_index(graph->nodes, TsNode, layer->x);
        g_free(node->name);
        node->name = g_strdup(layer->name);
    }
    return ts_arch_remember(layer->b, layer->line, layer->name, layer->x, error);
}

gboolean
ts_arch_layer(TsArchBuilder *b, const TsArchLine *line, const char *prefix, guint *x,
              GError **error)
{
    const Kind *kind = find_kind(b, line, error);
    g_autoptr(TsSpec) options = kind != NULL ? read_options(b, line, kind, error) : NULL;
    if (options == NULL)
        return FALSE;
    const guint n_before = b->graph->nodes->len;
    Layer layer = {.b = b, .line = line, .prefix = prefix, .options = options, .x = *x};
    if (kind->has_params)
        layer.name = ts_arch_name(b, line, prefix, kind->name);
    const gboolean built = kind->build(&layer, error) && ts_spec_finish(options, error) &&
                           check_node(&layer, error) && settle_name(&layer, kind, n_before, error);
    g_free(layer.name);
    *x = layer.x;
    return built;
}
