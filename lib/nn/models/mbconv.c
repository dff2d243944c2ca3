/* Stem, inverted residual blocks, head. */
#include "nn/models/mbconv.h"

enum { STEM = 32, HEAD = 1280 };

typedef struct {
    TsGraph *graph;
    const TsMbOptions *options;
    char *block; /* "blocks.1.0." or "" */
    int n_norms; /* of the block so far */
} Builder;

/* Channels times the width, to the nearest 8, not below nine tenths. */
static int
scale_channels(int channels, double width)
{
    const double wanted = channels * width;
    const int rounded = MAX(8, (int) (wanted + 4) / 8 * 8);
    return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

/* BLOCK.NAME and the block's next batch norm. */
static guint
conv_norm(Builder *b, const char *name, guint x, TsConvOptions conv)
{
    g_autofree char *conv_name = g_strdup_printf("%s%s", b->block, name);
    g_autofree char *norm_name = g_strdup_printf("%sbn%d", b->block, ++b->n_norms);
    conv.same = b->options->same;
    conv.pad = conv.kernel / 2;
    x = ts_graph_conv(b->graph, conv_name, x, &conv);
    return ts_graph_norm_with(b->graph, norm_name, x, b->options->epsilon, 0.1);
}

static guint
conv_norm_relu(Builder *b, const char *name, guint x, TsConvOptions conv)
{
    return ts_graph_activation(b->graph, TS_RELU6, conv_norm(b, name, x, conv));
}

static guint
add_block(Builder *b, guint x, const TsMbStage *stage, int stride, double drop_path)
{
    const int in = (int) ts_graph_node(b->graph, x)->shape.c;
    const int channels = scale_channels(stage->channels, b->options->width);
    const int inner = in * stage->expansion;
    guint y = x;
    b->n_norms = 0;
    if (stage->expansion > 1)
        y = conv_norm_relu(b, "conv_pw", y, (TsConvOptions){.channels = inner, .kernel = 1});
    y = conv_norm_relu(
        b, "conv_dw", y,
        (TsConvOptions){
            .channels = inner, .kernel = stage->kernel, .stride = stride, .groups = inner});
    y = conv_norm(b, stage->expansion > 1 ? "conv_pwl" : "conv_pw", y,
                  (TsConvOptions){.channels = channels, .kernel = 1});
    if (stride > 1 || in != channels)
        return y;
    if (drop_path > 0)
        y = ts_graph_drop_path(b->graph, y, drop_path);
    return ts_graph_add(b->graph, y, x);
}

static int
count_blocks(const TsMbOptions *options)
{
    int n = 0;
    for (guint i = 0; i < options->n_stages; i++)
        n += options->stages[i].blocks;
    return n;
}

static guint
add_stages(Builder *b, guint x)
{
    const TsMbOptions *o = b->options;
    const int n_blocks = count_blocks(o);
    gboolean keep = o->small;
    for (guint s = 0, number = 0; s < o->n_stages; s++) {
        int stride = o->stages[s].stride;
        if (keep && stride > 1) {
            stride = 1;
            keep = FALSE;
        }
        for (int i = 0; i < o->stages[s].blocks; i++, number++) {
            g_autofree char *block = g_strdup_printf("blocks.%u.%d.", s, i);
            b->block = block;
            x = add_block(b, x, &o->stages[s], i == 0 ? stride : 1,
                          o->drop_path * number / n_blocks);
        }
    }
    return x;
}

void
ts_mb_build(TsGraph *graph, const TsModelSpec *spec, const TsMbOptions *options)
{
    static char none[] = "";
    Builder b = {graph, options, none, 0};
    const TsConvOptions stem = {.channels = scale_channels(STEM, options->width),
                                .kernel = 3,
                                .stride = options->small ? 1 : 2};
    const TsConvOptions head = {.channels = scale_channels(HEAD, MAX(options->width, 1)),
                                .kernel = 1};
    ts_graph_set_init(graph, &(TsInitRules){TS_INIT_HE_OUT, TS_INIT_UNIFORM_OUT, TS_INIT_ZERO});
    guint x = ts_graph_input(graph, spec->channels, spec->height, spec->width);
    x = add_stages(&b, conv_norm_relu(&b, "conv_stem", x, stem));
    b.block = none;
    b.n_norms = 1; /* the stem's */
    x = conv_norm_relu(&b, "conv_head", x, head);
    ts_model_head(graph, "classifier", x, options->dropout, spec->classes);
}

gboolean
ts_mb_read_options(TsSpec *spec, TsMbOptions *options, GError **error)
{
    static const char *const stems[] = {"imagenet", "small", NULL};
    return ts_spec_choice(spec, "stem", stems, options->small, &options->small, error) &&
           ts_spec_double(spec, "width", 0.1, 8, options->width, &options->width, error) &&
           ts_spec_double(spec, "dropout", 0, 0.99, options->dropout, &options->dropout, error) &&
           ts_spec_double(spec, "drop_path", 0, 0.99, options->drop_path, &options->drop_path,
                          error);
}
