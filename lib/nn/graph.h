/* What to compute: nodes, their shapes, the parameters they own. No memory, no kernels.
 *
 * A graph is built by a model file (models/), node by node; each call returns the node's number.
 * The first error is kept and reported by ts_graph_finish(), so building reads without checks
 * between:
 *
 *     g_autoptr(TsGraph) graph = ts_graph_new();
 *     guint x = ts_graph_input(graph, 1, 20, 20);
 *     x = ts_graph_conv(graph, "conv1", x, &(TsConvOptions){.channels = 32, .kernel = 3, .pad =
 * 1}); x = ts_graph_relu(graph, x); x = ts_graph_linear(graph, "fc", ts_graph_flatten(graph, x),
 * 10); if (!ts_graph_finish(graph, error)) ...
 *
 * The last node is the output: (N, classes) logits. Shapes are those of one sample, (C, H, W); flat
 * features are (C, 1, 1).
 */
#pragma once

#include "nn/dnnl.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsOp TsOp;

typedef struct {
    gint64 c, h, w;
} TsShape;

typedef enum {
    TS_PARAM_WEIGHT,           /* convolution or linear weight: decays */
    TS_PARAM_BIAS,             /* does not decay, as all of rank 1 */
    TS_PARAM_SCALE,            /* batch norm's gamma */
    TS_PARAM_SHIFT,            /* batch norm's beta */
    TS_PARAM_RUNNING_MEAN,     /* a statistic: kept in the model, not learned */
    TS_PARAM_RUNNING_VARIANCE, /* likewise */
} TsParamRole;

/* How a parameter starts. */
typedef enum {
    TS_INIT_ZERO,
    TS_INIT_ONE,
    TS_INIT_HE_IN,       /* normal, variance 2 / fan_in (He et al., 2015) */
    TS_INIT_HE_OUT,      /* normal, variance 2 / fan_out */
    TS_INIT_UNIFORM_IN,  /* uniform within +-1 / sqrt(fan_in): PyTorch's layers by themselves */
    TS_INIT_UNIFORM_OUT, /* uniform within +-1 / sqrt(fan_out) */
    TS_INIT_NORMAL,      /* normal, standard deviation 0.01 */
} TsInit;

/* The start of a family's layers; batch norms start as scale 1, shift 0. */
typedef struct {
    TsInit conv, linear, bias;
} TsInitRules;

typedef struct {
    char *name; /* "layer1.0.conv1.weight" */
    TsParamRole role;
    TsInit init;
    guint rank;
    gint64 shape[4];
    gint64 fan_in;  /* inputs that one output sums over; weights and biases */
    gint64 fan_out; /* outputs that one input goes to; weights */
} TsParamSpec;

typedef struct {
    int channels;
    int kernel;
    int stride; /* 0 means 1 */
    int pad;
    int groups; /* 0 means 1 */
    gboolean bias;
    gboolean same; /* pad as TensorFlow's SAME: size / stride outputs, rounded up; not `pad` */
} TsConvOptions;

typedef enum { TS_RELU, TS_RELU6, TS_SILU, TS_HARDSWISH } TsActivation;

typedef struct {
    const TsOp *op;
    char *name; /* of layers with parameters; others "relu3" and the like */
    guint n_inputs;
    guint input[2];
    TsShape shape;      /* of the output */
    TsConvOptions conv; /* convolution; kernel, stride and pad of pooling too */
    TsPoolKind pool;    /* pooling */
    TsActivation activation;
    double rate;          /* dropout: share of zeros; batch norm: momentum of running statistics */
    float epsilon;        /* batch norm */
    int param[4];         /* numbers of its parameters in the graph, -1 for none */
    gint64 multiply_adds; /* for one sample, forward */
} TsNode;

typedef struct {
    GArray *nodes;  /* of TsNode */
    GArray *params; /* of TsParamSpec */
    TsInitRules init;
    GError *error;
} TsGraph;

TsGraph *ts_graph_new(void);
void ts_graph_free(TsGraph *graph);

/* How the layers that are added from now on start. By default convolutions HE_IN, linear weights
 * and all biases UNIFORM_IN. */
void ts_graph_set_init(TsGraph *graph, const TsInitRules *rules);

/* TRUE if everything that was added fits together and the output is flat. */
gboolean ts_graph_finish(TsGraph *graph, GError **error);

guint ts_graph_input(TsGraph *graph, int channels, int height, int width);

/* 2-D convolution with square kernel. Parameters NAME.weight (O, C / groups, k, k) and, with bias,
 * NAME.bias (O). */
guint ts_graph_conv(TsGraph *graph, const char *name, guint input, const TsConvOptions *options);

/* Batch normalisation (Ioffe and Szegedy, 2015) as PyTorch's BatchNorm2d: epsilon 1e-5, momentum
 * 0.1, running variance unbiased. Parameters NAME.weight, .bias, .running_mean, .running_var. */
guint ts_graph_norm(TsGraph *graph, const char *name, guint input);

/* The same with another epsilon and momentum, the weight of the batch in the running statistics. */
guint
ts_graph_norm_with(TsGraph *graph, const char *name, guint input, double epsilon, double momentum);

/* The scale of this batch norm starts as zero, so that the branch that it ends is silent at first
 * (Goyal et al., 2017). */
void ts_graph_norm_starts_silent(TsGraph *graph, guint norm);

guint ts_graph_relu(TsGraph *graph, guint input);

/* ReLU, ReLU6, SiLU or hard swish; ops/activation.c has the formulas. */
guint ts_graph_activation(TsGraph *graph, TsActivation kind, guint input);

/* Max or average pooling with a square window; sizes round down, the average leaves padding out. */
guint ts_graph_pool(TsGraph *graph, TsPoolKind kind, guint input, int kernel, int stride, int pad);

/* Average over height and width: (C, H, W) to (C, 1, 1). */
guint ts_graph_global_pool(TsGraph *graph, guint input);

/* Average pooling to height x width, as PyTorch's AdaptiveAvgPool2d. `input` itself where it has
 * that size. */
guint ts_graph_adaptive_pool(TsGraph *graph, guint input, int height, int width);

/* (C, H, W) to (C * H * W, 1, 1), in that order. */
guint ts_graph_flatten(TsGraph *graph, guint input);

/* y = x W^T + b over flat features. Parameters NAME.weight (O, I), NAME.bias (O). */
guint ts_graph_linear(TsGraph *graph, const char *name, guint input, int features);

/* Elementwise sum of two nodes of one shape. */
guint ts_graph_add(TsGraph *graph, guint a, guint b);

/* (A, H, W) and (B, H, W) to (A + B, H, W). */
guint ts_graph_concat(TsGraph *graph, guint a, guint b);

/* In training set the numbers of a share `rate` of the samples to zero and scale the others by
 * 1 / (1 - rate): stochastic depth, on a residual branch before its sum. */
guint ts_graph_drop_path(TsGraph *graph, guint input, double rate);

/* In training set a share `rate` of the numbers to zero and scale the others by 1 / (1 - rate). */
guint ts_graph_dropout(TsGraph *graph, guint input, double rate);

/* What a node does: "conv", "relu"; borrowed. */
const char *ts_node_operation(const TsNode *node);

const TsNode *ts_graph_node(const TsGraph *graph, guint node);
const TsParamSpec *ts_graph_param(const TsGraph *graph, guint param);

/* Learned numbers; statistics are not counted. */
gint64 ts_graph_n_parameters(const TsGraph *graph);

/* Multiply-adds of the forward pass of one sample, as the literature counts convolutions and linear
 * layers. */
gint64 ts_graph_multiply_adds(const TsGraph *graph);

/* ---- for the files in ops/ ---- */

/* Append `node` (its name may be NULL), or record `message` as the error. Return its number. */
guint ts_graph_append(TsGraph *graph, TsNode node);
guint ts_graph_fail(TsGraph *graph, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Append a parameter LAYER.SUFFIX of `rank` dimensions; returns its number. */
int ts_graph_add_param(TsGraph *graph, const char *layer, const char *suffix, TsParamRole role,
                       guint rank, const gint64 *shape, gint64 fan_in);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsGraph, ts_graph_free)

G_END_DECLS
