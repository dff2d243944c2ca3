/* The layers that can be had from ONNX, but for those with windows, each with what it may say and
 * may not. */
#include "nn/onnx/import.h"

#include <math.h>
#include <string.h>

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
        numbers[i] = ts_onnx_get_weights(self, node, i + 1, 1, error);
        if (numbers[i] == NULL ||
            !ts_onnx_check_length(self, node, numbers[i], ts_onnx_shape_of(self, x).c, error))
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
        ts_onnx_add_fill(self, name, suffixes[i], numbers[i], FALSE);
    /* As decimal: 0.1F and 0.1 are one momentum. */
    const double rounded = round(momentum * 1e6) / 1e6;
    return ts_onnx_set_node(
        self, node, ts_graph_norm_with(self->graph, name, x->node, epsilon, rounded), x->flat);
}

/* ---- activations ---- */

static gboolean
import_activation(TsOnnxImport *self, const TsOnnxNode *node, TsActivation kind, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    return x != NULL &&
           ts_onnx_set_node(self, node, ts_graph_activation(self->graph, kind, x->node), x->flat);
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
    return ts_onnx_set_node(self, node, ts_graph_activation(self->graph, kind, a->node), a->flat);
}

/* ---- linear layers ---- */

/* y = x W^T + b with W (O, I), or transposed (I, O). The bias may come later: NULL is zeros. */
static gboolean
add_linear(TsOnnxImport *self, const TsOnnxNode *node, const TsOnnxResult *x,
           const TsTensor *weights, gboolean transposed, const TsTensor *bias, GError **error)
{
    const gint64 in = weights->shape[transposed ? 0 : 1], out = weights->shape[transposed ? 1 : 0];
    const TsShape shape = ts_onnx_shape_of(self, x);
    if (!x->flat || shape.h != 1 || shape.w != 1 || shape.c != in)
        return ts_onnx_refuse(self, node, error,
                              "'%s' takes %" G_GINT64_FORMAT
                              " flat features, but gets (%d, %d, %d)",
                              weights->name, in, (int) shape.c, (int) shape.h, (int) shape.w);
    if (bias != NULL && !ts_onnx_check_length(self, node, bias, out, error))
        return FALSE;
    const char *name = ts_onnx_name_layer(self, node, weights);
    ts_onnx_add_fill(self, name, "weight", weights, transposed);
    ts_onnx_add_fill(self, name, "bias", bias, FALSE);
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
    const TsTensor *weights = x != NULL ? ts_onnx_get_weights(self, node, 1, 2, error) : NULL;
    const TsTensor *bias = NULL;
    if (weights == NULL || (ts_onnx_input(self, node, 2) != NULL &&
                            (bias = ts_onnx_get_weights(self, node, 2, 1, error)) == NULL))
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
    const TsTensor *weights = x != NULL ? ts_onnx_get_weights(self, node, 1, 2, error) : NULL;
    return weights != NULL && add_linear(self, node, x, weights, TRUE, NULL, error);
}

/* The layer's output is used as it is: no bias can come any more. */
static void
settle_bias(TsOnnxImport *self, const TsOnnxResult *result)
{
    if (result->bias > 0)
        g_array_index(self->fills, TsOnnxFill, result->bias - 1).settled = TRUE;
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
        settle_bias(self, x);
        if (y != NULL)
            settle_bias(self, y);
        return y != NULL &&
               ts_onnx_set_node(self, node, ts_graph_add(self->graph, x->node, y->node), x->flat);
    }
    if (x->bias == 0 || g_array_index(self->fills, TsOnnxFill, x->bias - 1).settled)
        return ts_onnx_refuse(self, node, error,
                              "a constant can be added to a product of matrices only");
    const TsTensor *bias = ts_onnx_get_weights(self, node, first ? 0 : 1, 1, error);
    if (bias == NULL || !ts_onnx_check_length(self, node, bias, ts_onnx_shape_of(self, x).c, error))
        return FALSE;
    g_array_index(self->fills, TsOnnxFill, x->bias - 1).tensor = bias;
    return ts_onnx_set_node(self, node, x->node, TRUE);
}

/* ---- shapes ---- */

static gboolean
flatten(TsOnnxImport *self, const TsOnnxNode *node, const TsOnnxResult *x)
{
    const TsShape shape = ts_onnx_shape_of(self, x);
    const gboolean flat = shape.h == 1 && shape.w == 1;
    return ts_onnx_set_node(self, node, flat ? x->node : ts_graph_flatten(self->graph, x->node),
                            TRUE);
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
    const TsShape in = ts_onnx_shape_of(self, x);
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
    const TsShape in = ts_onnx_shape_of(self, x);
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
    return ts_onnx_set_node(self, node, made, flat);
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
    return ts_onnx_set_node(self, node, ts_graph_dropout(self->graph, x->node, rate), x->flat);
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
    static const TsOnnxEntry rules[] = {
        {"Add", import_sum},
        {"BatchNormalization", import_norm},
        {"Clip", import_clip},
        {"Concat", import_concat},
        {"Dropout", import_dropout},
        {"Flatten", import_flatten},
        {"Gemm", import_gemm},
        {"HardSigmoid", import_gate},
        {"HardSwish", import_hard_swish},
        {"Identity", import_nothing},
        {"LogSoftmax", import_softmax},
        {"MatMul", import_product_of_matrices},
        {"Mul", import_product},
        {"Relu", import_relu},
        {"Reshape", import_reshape},
        {"Sigmoid", import_gate},
        {"Softmax", import_softmax},
        {"Squeeze", import_squeeze},
    };
    return ts_onnx_find_rule(rules, G_N_ELEMENTS(rules), op);
}
