/* The layers that can be had from ONNX, each with what it may say and may not. */
#include "nn/onnx/import.h"

#include <math.h>
#include <string.h>

enum { MAX_WINDOW = 1 << 10, MAX_CHANNELS = 1 << 20 };

/* ---- helpers ---- */

/* Input `i` as a constant of `rank` dimensions. */
static const TsTensor *
get_weights(const TsOnnxImport *self, const TsOnnxNode *node, guint i, guint rank, GError **error)
{
    const TsOnnxResult *input = ts_onnx_input(self, node, i);
    if (input == NULL || input->constant == NULL || input->constant->rank != rank) {
        ts_onnx_refuse(self, node, error, "input %u has to be a constant of %u dimension%s", i,
                       rank, rank == 1 ? "" : "s");
        return NULL;
    }
    for (guint d = 0; d < rank; d++)
        if (input->constant->shape[d] < 1 || input->constant->shape[d] > MAX_CHANNELS) {
            ts_onnx_refuse(self, node, error, "input %u has a size of %" G_GINT64_FORMAT, i,
                           input->constant->shape[d]);
            return NULL;
        }
    return input->constant;
}

static gboolean
check_length(const TsOnnxImport *self, const TsOnnxNode *node, const TsTensor *tensor, gint64 n,
             GError **error)
{
    return tensor->shape[0] == n ||
           ts_onnx_refuse(self, node, error,
                          "'%s' has %" G_GINT64_FORMAT " numbers for %" G_GINT64_FORMAT " channels",
                          tensor->name, tensor->shape[0], n);
}

static void
add_fill(TsOnnxImport *self, const char *layer, const char *suffix, const TsTensor *tensor,
         gboolean transpose)
{
    const TsOnnxFill fill = {g_strconcat(layer, ".", suffix, NULL), tensor, transpose, FALSE};
    g_array_append_val(self->fills, fill);
}

static TsShape
shape_of(const TsOnnxImport *self, const TsOnnxResult *result)
{
    return ts_graph_node(self->graph, result->node)->shape;
}

static gboolean
set_node(TsOnnxImport *self, const TsOnnxNode *node, guint made, gboolean flat)
{
    ts_onnx_set_result(self, node, (TsOnnxResult){.node = made, .flat = flat});
    return TRUE;
}

/* ---- windows: convolution and pooling ---- */

typedef struct {
    int kernel, stride, pad;
    gboolean same; /* as TsConvOptions has it; pad is then 0 */
} Window;

/* Zeros of TensorFlow's SAME, before and after. */
static void
count_same(gint64 size, gint64 kernel, gint64 stride, gint64 *before, gint64 *after)
{
    const gint64 out = (size + stride - 1) / stride;
    const gint64 zeros = MAX((out - 1) * stride + kernel - size, 0);
    *before = zeros / 2;
    *after = zeros - *before;
}

/* `pads`: top, left, bottom, right, and what the padding before it adds. */
static gboolean
set_pads(const TsOnnxImport *self, const TsOnnxNode *node, TsShape in, const gint64 *pads,
         Window *window, GError **error)
{
    window->pad = (int) pads[0];
    if (pads[0] == pads[1] && pads[0] == pads[2] && pads[0] == pads[3])
        return TRUE;
    gint64 same[4];
    count_same(in.h, window->kernel, window->stride, &same[0], &same[2]);
    count_same(in.w, window->kernel, window->stride, &same[1], &same[3]);
    window->same = TRUE;
    window->pad = 0;
    return memcmp(same, pads, sizeof same) == 0 ||
           ts_onnx_refuse(self, node, error,
                          "its padding (%d, %d, %d, %d) is neither the same on all sides nor "
                          "TensorFlow's SAME",
                          (int) pads[0], (int) pads[1], (int) pads[2], (int) pads[3]);
}

/* Two numbers that have to be one, from 1. */
static gboolean
get_square(const TsOnnxImport *self, const TsOnnxNode *node, const char *name, int otherwise,
           int *value, GError **error)
{
    gint64 ints[2] = {otherwise, otherwise};
    guint n = 2;
    if (ts_onnx_attribute(node, name) != NULL &&
        !ts_onnx_get_ints(self, node, name, 0, 2, ints, &n))
        return ts_onnx_refuse(self, node, error, "'%s' has to be two numbers", name);
    if (n != 2 || ints[0] != ints[1] || ints[0] < 1 || ints[0] > MAX_WINDOW)
        return ts_onnx_refuse(self, node, error,
                              "'%s' has to be one number for height and width, from 1 to %d", name,
                              MAX_WINDOW);
    *value = (int) ints[0];
    return TRUE;
}

/* `kernel`: the size if the node does not say one, 0 if it has to. `zeros`: of a Pad before it. */
static gboolean
get_window(const TsOnnxImport *self, const TsOnnxNode *node, TsShape in, int kernel,
           const gint64 *zeros, Window *window, GError **error)
{
    int dilation;
    gint64 pads[4] = {0};
    guint n = 4;
    *window = (Window){0};
    if (!get_square(self, node, "kernel_shape", kernel, &window->kernel, error) ||
        !get_square(self, node, "strides", 1, &window->stride, error) ||
        !get_square(self, node, "dilations", 1, &dilation, error))
        return FALSE;
    if (dilation != 1)
        return ts_onnx_refuse(self, node, error, "dilation %d is not known", dilation);
    const char *automatic = ts_onnx_get_text(node, "auto_pad", "NOTSET");
    if (strcmp(automatic, "SAME_UPPER") == 0) {
        count_same(in.h, window->kernel, window->stride, &pads[0], &pads[2]);
        count_same(in.w, window->kernel, window->stride, &pads[1], &pads[3]);
    } else if (strcmp(automatic, "NOTSET") != 0 && strcmp(automatic, "VALID") != 0) {
        return ts_onnx_refuse(self, node, error, "auto_pad '%s' is not known", automatic);
    } else if (ts_onnx_attribute(node, "pads") != NULL &&
               (!ts_onnx_get_ints(self, node, "pads", 0, 4, pads, &n) || n != 4)) {
        return ts_onnx_refuse(self, node, error, "'pads' has to be four numbers");
    }
    for (guint i = 0; i < 4; i++) {
        if (pads[i] < 0 || pads[i] > MAX_WINDOW)
            return ts_onnx_refuse(self, node, error, "'pads' has to be from 0 to %d", MAX_WINDOW);
        pads[i] += zeros[i];
    }
    return set_pads(self, node, in, pads, window, error);
}

/* The newer exporter of PyTorch, unoptimized, makes a bias of zeros for convolutions without one.
 */
static gboolean
is_made_up(const TsTensor *bias)
{
    if (g_str_has_suffix(bias->name, "bias"))
        return FALSE;
    for (gsize i = 0; i < ts_tensor_n(bias); i++)
        if (ts_onnx_number(bias, i) != 0)
            return FALSE;
    return TRUE;
}

static gboolean
import_conv(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input(self, node, 0);
    const TsTensor *weights = get_weights(self, node, 1, 4, error);
    const TsTensor *bias = NULL;
    if (weights == NULL)
        return FALSE;
    if (x == NULL || x->constant != NULL || x->gate != TS_GATE_NONE)
        return ts_onnx_refuse(self, node, error, "input 0 has to come from a layer");
    if (ts_onnx_input(self, node, 2) != NULL &&
        (bias = get_weights(self, node, 2, 1, error)) == NULL)
        return FALSE;
    const TsShape in = shape_of(self, x);
    const gint64 groups = ts_onnx_get_int(node, "group", 1);
    Window window;
    if (!get_window(self, node, in, (int) weights->shape[2], x->pad, &window, error) ||
        (bias != NULL && !check_length(self, node, bias, weights->shape[0], error)))
        return FALSE;
    if (weights->shape[2] != window.kernel || weights->shape[3] != window.kernel || groups < 1 ||
        groups > in.c || in.c % groups != 0 || weights->shape[0] % groups != 0 ||
        weights->shape[1] != in.c / groups)
        return ts_onnx_refuse(self, node, error,
                              "the shape of '%s' does not fit a %dx%d kernel, %" G_GINT64_FORMAT
                              " channels and %" G_GINT64_FORMAT " groups",
                              weights->name, window.kernel, window.kernel, in.c, groups);
    const char *name = ts_onnx_name_layer(self, node, weights);
    if (bias != NULL && is_made_up(bias))
        bias = NULL;
    add_fill(self, name, "weight", weights, FALSE);
    if (bias != NULL)
        add_fill(self, name, "bias", bias, FALSE);
    const TsConvOptions options = {.channels = (int) weights->shape[0],
                                   .kernel = window.kernel,
                                   .stride = window.stride,
                                   .pad = window.pad,
                                   .groups = (int) groups,
                                   .bias = bias != NULL,
                                   .same = window.same};
    return set_node(self, node, ts_graph_conv(self->graph, name, x->node, &options), FALSE);
}

/* Rounding up gives the same size where the windows fit. */
static gboolean
check_rounding(const TsOnnxImport *self, const TsOnnxNode *node, TsShape in, const Window *window,
               GError **error)
{
    const gint64 h = in.h + 2 * window->pad - window->kernel;
    const gint64 w = in.w + 2 * window->pad - window->kernel;
    return ts_onnx_get_int(node, "ceil_mode", 0) == 0 ||
           (h % window->stride == 0 && w % window->stride == 0) ||
           ts_onnx_refuse(self, node, error, "ceil_mode is not known");
}

static gboolean
import_pool(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    static const gint64 no_zeros[4] = {0};
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    const gboolean average = strcmp(node->op, "AveragePool") == 0;
    Window window;
    if (x == NULL || !get_window(self, node, shape_of(self, x), 0, no_zeros, &window, error) ||
        !check_rounding(self, node, shape_of(self, x), &window, error))
        return FALSE;
    if (window.same || 2 * window.pad > window.kernel)
        return ts_onnx_refuse(self, node, error, "its padding is not known");
    if (average && window.pad > 0 && ts_onnx_get_int(node, "count_include_pad", 0) != 0)
        return ts_onnx_refuse(self, node, error, "count_include_pad is not known");
    if (node->n_outputs > 1 && node->outputs[1][0] != '\0')
        return ts_onnx_refuse(self, node, error, "its second output is not known");
    return set_node(self, node,
                    ts_graph_pool(self->graph, average ? TS_POOL_AVG : TS_POOL_MAX, x->node,
                                  window.kernel, window.stride, window.pad),
                    FALSE);
}

static gboolean
import_global_pool(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    return x != NULL && set_node(self, node, ts_graph_global_pool(self->graph, x->node), FALSE);
}

static gboolean
import_mean(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    gint64 axes[4];
    guint n;
    if (x == NULL)
        return FALSE;
    if (!ts_onnx_get_ints(self, node, "axes", 1, 4, axes, &n) || n != 2 || x->flat)
        return ts_onnx_refuse(self, node, error, "a mean is known over height and width only");
    for (guint i = 0; i < n; i++)
        axes[i] += axes[i] < 0 ? 4 : 0;
    if (MIN(axes[0], axes[1]) != 2 || MAX(axes[0], axes[1]) != 3)
        return ts_onnx_refuse(self, node, error, "a mean is known over height and width only");
    return set_node(self, node, ts_graph_global_pool(self->graph, x->node),
                    ts_onnx_get_int(node, "keepdims", 1) == 0);
}

/* Kept for the convolution that comes next. */
static gboolean
import_pad(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    const TsOnnxResult *value = ts_onnx_input(self, node, 2);
    gint64 pads[8];
    guint n;
    if (x == NULL)
        return FALSE;
    if (strcmp(ts_onnx_get_text(node, "mode", "constant"), "constant") != 0 ||
        (value != NULL && (value->constant == NULL || ts_tensor_n(value->constant) != 1 ||
                           ts_onnx_number(value->constant, 0) != 0)) ||
        ts_onnx_get_float(node, "value", 0) != 0)
        return ts_onnx_refuse(self, node, error, "padding is known with zeros only");
    if (!ts_onnx_get_ints(self, node, "pads", 1, 8, pads, &n) || n != 8 || pads[0] != 0 ||
        pads[1] != 0 || pads[4] != 0 || pads[5] != 0)
        return ts_onnx_refuse(self, node, error, "padding is known in height and width only");
    TsOnnxResult result = {.node = x->node, .pad = {pads[2], pads[3], pads[6], pads[7]}};
    for (guint i = 0; i < 4; i++)
        if (result.pad[i] < 0 || result.pad[i] > MAX_WINDOW)
            return ts_onnx_refuse(self, node, error, "'pads' has to be from 0 to %d", MAX_WINDOW);
    ts_onnx_set_result(self, node, result);
    return TRUE;
}

/* ---- normalisation ---- */

static gboolean
import_norm(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    static const char *const suffixes[] = {"weight", "bias", "running_mean", "running_var"};
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    const TsTensor *numbers[4];
    if (x == NULL)
        return FALSE;
    for (guint i = 0; i < 4; i++) {
        numbers[i] = get_weights(self, node, i + 1, 1, error);
        if (numbers[i] == NULL || !check_length(self, node, numbers[i], shape_of(self, x).c, error))
            return FALSE;
    }
    /* ONNX's momentum is the weight of the old statistics, ours that of the batch. */
    const double epsilon = ts_onnx_get_float(node, "epsilon", 1e-5F);
    const double momentum = 1 - (double) ts_onnx_get_float(node, "momentum", 0.9F);
    if (!(epsilon > 0 && epsilon < 1 && momentum >= 0 && momentum <= 1))
        return ts_onnx_refuse(self, node, error, "epsilon %g or momentum %g is out of range",
                              epsilon, 1 - momentum);
    const char *name = ts_onnx_name_layer(self, node, numbers[0]);
    for (guint i = 0; i < 4; i++)
        add_fill(self, name, suffixes[i], numbers[i], FALSE);
    /* As decimal: 0.1F and 0.1 are one momentum. */
    const double rounded = round(momentum * 1e6) / 1e6;
    return set_node(self, node, ts_graph_norm_with(self->graph, name, x->node, epsilon, rounded),
                    x->flat);
}

/* ---- activations ---- */

static gboolean
import_activation(TsOnnxImport *self, const TsOnnxNode *node, TsActivation kind, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    return x != NULL &&
           set_node(self, node, ts_graph_activation(self->graph, kind, x->node), x->flat);
}

static gboolean
import_relu(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    return import_activation(self, node, TS_RELU, error);
}

static gboolean
import_hard_swish(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    return import_activation(self, node, TS_HARDSWISH, error);
}

/* An end of a Clip: an attribute before version 11, an input since. */
static double
clip_end(const TsOnnxImport *self, const TsOnnxNode *node, const char *name, guint i,
         float otherwise)
{
    const TsOnnxResult *input = ts_onnx_input(self, node, i);
    if (input == NULL)
        return ts_onnx_get_float(node, name, otherwise);
    return input->constant != NULL && ts_tensor_n(input->constant) == 1
               ? ts_onnx_number(input->constant, 0)
               : NAN;
}

static gboolean
import_clip(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const double low = clip_end(self, node, "min", 1, -INFINITY);
    const double high = clip_end(self, node, "max", 2, INFINITY);
    if (low == 0 && high == 6)
        return import_activation(self, node, TS_RELU6, error);
    if (low == 0 && high > 1e30)
        return import_activation(self, node, TS_RELU, error);
    return ts_onnx_refuse(self, node, error, "limits of %g and %g are not known, only 0 and 6", low,
                          high);
}

static gboolean
import_gate(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    const gboolean hard = strcmp(node->op, "HardSigmoid") == 0;
    if (x == NULL)
        return FALSE;
    if (hard && (fabs(ts_onnx_get_float(node, "alpha", 0.2F) - 1.0 / 6) > 1e-6 ||
                 ts_onnx_get_float(node, "beta", 0.5F) != 0.5F))
        return ts_onnx_refuse(self, node, error, "is known with alpha 1/6 and beta 1/2 only");
    TsOnnxResult gate = *x;
    gate.gate = hard ? TS_GATE_HARD_SIGMOID : TS_GATE_SIGMOID;
    ts_onnx_set_result(self, node, gate);
    return TRUE;
}

/* x * sigmoid(x), from either side. */
static gboolean
import_product(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *a = ts_onnx_input(self, node, 0), *b = ts_onnx_input(self, node, 1);
    if (a != NULL && a->gate != TS_GATE_NONE) {
        const TsOnnxResult *swap = a;
        a = b;
        b = swap;
    }
    if (a == NULL || b == NULL || a->constant != NULL || b->constant != NULL ||
        a->gate != TS_GATE_NONE || b->gate == TS_GATE_NONE || a->node != b->node)
        return ts_onnx_refuse(self, node, error,
                              "a product is known of a value and its own sigmoid only");
    const TsActivation kind = b->gate == TS_GATE_SIGMOID ? TS_SILU : TS_HARDSWISH;
    return set_node(self, node, ts_graph_activation(self->graph, kind, a->node), a->flat);
}

/* ---- linear layers ---- */

/* y = x W^T + b with W (O, I), or transposed (I, O). The bias may come later: NULL is zeros. */
static gboolean
add_linear(TsOnnxImport *self, const TsOnnxNode *node, const TsOnnxResult *x,
           const TsTensor *weights, gboolean transposed, const TsTensor *bias, GError **error)
{
    const gint64 in = weights->shape[transposed ? 0 : 1], out = weights->shape[transposed ? 1 : 0];
    const TsShape shape = shape_of(self, x);
    if (!x->flat || shape.h != 1 || shape.w != 1 || shape.c != in)
        return ts_onnx_refuse(self, node, error,
                              "'%s' takes %" G_GINT64_FORMAT
                              " flat features, but gets (%d, %d, %d)",
                              weights->name, in, (int) shape.c, (int) shape.h, (int) shape.w);
    if (bias != NULL && !check_length(self, node, bias, out, error))
        return FALSE;
    const char *name = ts_onnx_name_layer(self, node, weights);
    add_fill(self, name, "weight", weights, transposed);
    add_fill(self, name, "bias", bias, FALSE);
    ts_onnx_set_result(
        self, node,
        (TsOnnxResult){.node = ts_graph_linear(self->graph, name, x->node, (int) out),
                       .flat = TRUE,
                       .bias = bias == NULL ? (gint64) self->fills->len : 0});
    return TRUE;
}

static gboolean
import_gemm(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    const TsTensor *weights = x != NULL ? get_weights(self, node, 1, 2, error) : NULL;
    const TsTensor *bias = NULL;
    if (weights == NULL || (ts_onnx_input(self, node, 2) != NULL &&
                            (bias = get_weights(self, node, 2, 1, error)) == NULL))
        return FALSE;
    if (ts_onnx_get_float(node, "alpha", 1) != 1 || ts_onnx_get_float(node, "beta", 1) != 1 ||
        ts_onnx_get_int(node, "transA", 0) != 0)
        return ts_onnx_refuse(self, node, error, "is known with alpha 1, beta 1 and transA 0 only");
    return add_linear(self, node, x, weights, ts_onnx_get_int(node, "transB", 0) == 0, bias, error);
}

static gboolean
import_product_of_matrices(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    const TsTensor *weights = x != NULL ? get_weights(self, node, 1, 2, error) : NULL;
    return weights != NULL && add_linear(self, node, x, weights, TRUE, NULL, error);
}

/* The sum of two layers, or the bias of a MatMul. */
static gboolean
import_sum(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *a = ts_onnx_input(self, node, 0), *b = ts_onnx_input(self, node, 1);
    const gboolean first = a != NULL && a->constant != NULL;
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, first ? 1 : 0, error);
    if (x == NULL)
        return FALSE;
    if (a->constant == NULL && b != NULL && b->constant == NULL) {
        const TsOnnxResult *y = ts_onnx_input_layer(self, node, 1, error);
        return y != NULL &&
               set_node(self, node, ts_graph_add(self->graph, x->node, y->node), x->flat);
    }
    if (x->bias == 0 || g_array_index(self->fills, TsOnnxFill, x->bias - 1).settled)
        return ts_onnx_refuse(self, node, error,
                              "a constant can be added to a product of matrices only");
    const TsTensor *bias = get_weights(self, node, first ? 0 : 1, 1, error);
    if (bias == NULL || !check_length(self, node, bias, shape_of(self, x).c, error))
        return FALSE;
    g_array_index(self->fills, TsOnnxFill, x->bias - 1).tensor = bias;
    return set_node(self, node, x->node, TRUE);
}

/* ---- shapes ---- */

static gboolean
flatten(TsOnnxImport *self, const TsOnnxNode *node, const TsOnnxResult *x)
{
    const TsShape shape = shape_of(self, x);
    const gboolean flat = shape.h == 1 && shape.w == 1;
    return set_node(self, node, flat ? x->node : ts_graph_flatten(self->graph, x->node), TRUE);
}

static gboolean
import_flatten(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    if (x == NULL)
        return FALSE;
    const gint64 axis = ts_onnx_get_int(node, "axis", 1);
    return axis == 1 || axis == (x->flat ? -1 : -3)
               ? flatten(self, node, x)
               : ts_onnx_refuse(self, node, error, "is known from the first axis on only");
}

/* To (N, C * H * W); what stands for N is not looked at, exporters write the batch they saw. */
static gboolean
import_reshape(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    gint64 shape[TS_TENSOR_MAX_RANK];
    guint n;
    if (x == NULL)
        return FALSE;
    const TsShape in = shape_of(self, x);
    if (!ts_onnx_get_ints(self, node, "shape", 1, G_N_ELEMENTS(shape), shape, &n) || n != 2 ||
        (shape[1] != -1 && shape[1] != in.c * in.h * in.w &&
         !(shape[1] == 0 && in.h == 1 && in.w == 1)))
        return ts_onnx_refuse(self, node, error, "is known to one row of features a picture only");
    return flatten(self, node, x);
}

static gboolean
import_squeeze(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    if (x == NULL)
        return FALSE;
    const TsShape in = shape_of(self, x);
    if (in.h != 1 || in.w != 1)
        return ts_onnx_refuse(self, node, error, "is known of single pixels only");
    return flatten(self, node, x);
}

static gboolean
import_concat(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    if (x == NULL)
        return FALSE;
    const gint64 axis = ts_onnx_get_int(node, "axis", 1);
    if (axis != 1 && axis != (x->flat ? -1 : -3))
        return ts_onnx_refuse(self, node, error, "is known along channels only");
    const gboolean flat = x->flat;
    guint made = x->node;
    for (guint i = 1; i < node->n_inputs; i++) {
        const TsOnnxResult *next = ts_onnx_input_layer(self, node, i, error);
        if (next == NULL)
            return FALSE;
        made = ts_graph_concat(self->graph, made, next->node);
    }
    return set_node(self, node, made, flat);
}

/* ---- what does nothing in use ---- */

static gboolean
import_nothing(TsOnnxImport *self, const TsOnnxNode *node, G_GNUC_UNUSED GError **error)
{
    const TsOnnxResult *x = ts_onnx_input(self, node, 0);
    if (x == NULL)
        return ts_onnx_refuse(self, node, error, "has no input");
    ts_onnx_set_result(self, node, *x);
    return TRUE;
}

static gboolean
import_dropout(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    const TsOnnxResult *ratio = ts_onnx_input(self, node, 1);
    if (x == NULL)
        return FALSE;
    double rate = ts_onnx_get_float(node, "ratio", 0.5F);
    if (ratio != NULL && ratio->constant != NULL && ts_tensor_n(ratio->constant) == 1)
        rate = ts_onnx_number(ratio->constant, 0);
    rate = round(rate * 1e6) / 1e6;
    if (!(rate > 0 && rate < 1))
        return import_nothing(self, node, error);
    return set_node(self, node, ts_graph_dropout(self->graph, x->node, rate), x->flat);
}

/* Probabilities at the end: what comes before them is what can be trained. */
static gboolean
import_softmax(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    if (node->n_outputs < 1 || strcmp(node->outputs[0], self->onnx->outputs[0].name) != 0)
        return ts_onnx_refuse(self, node, error, "is known as the last node only");
    return import_nothing(self, node, error);
}

TsOnnxRule
ts_onnx_layer_rule(const char *op)
{
    static const struct {
        const char *op;
        TsOnnxRule rule;
    } rules[] = {
        {"Add", import_sum},
        {"AveragePool", import_pool},
        {"BatchNormalization", import_norm},
        {"Clip", import_clip},
        {"Concat", import_concat},
        {"Conv", import_conv},
        {"Dropout", import_dropout},
        {"Flatten", import_flatten},
        {"Gemm", import_gemm},
        {"GlobalAveragePool", import_global_pool},
        {"HardSigmoid", import_gate},
        {"HardSwish", import_hard_swish},
        {"Identity", import_nothing},
        {"LogSoftmax", import_softmax},
        {"MatMul", import_product_of_matrices},
        {"MaxPool", import_pool},
        {"Mul", import_product},
        {"Pad", import_pad},
        {"ReduceMean", import_mean},
        {"Relu", import_relu},
        {"Reshape", import_reshape},
        {"Sigmoid", import_gate},
        {"Softmax", import_softmax},
        {"Squeeze", import_squeeze},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (strcmp(rules[i].op, op) == 0)
            return rules[i].rule;
    /* Of a layer's shape, and of a constant that takes a layer's type. */
    return strcmp(op, "Shape") == 0 || strcmp(op, "CastLike") == 0 ? ts_onnx_constant_rule(op)
                                                                   : NULL;
}
