/* The layers of ONNX whose outputs see a window of their input: convolution, pooling, padding. */
#include "nn/onnx/import.h"

#include <string.h>

enum { MAX_WINDOW = 1 << 10 };

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
    const TsTensor *weights = ts_onnx_get_weights(self, node, 1, 4, error);
    const TsTensor *bias = NULL;
    if (weights == NULL)
        return FALSE;
    if (x == NULL || x->constant != NULL || x->gate != TS_GATE_NONE)
        return ts_onnx_refuse(self, node, error, "input 0 has to come from a layer");
    if (ts_onnx_input(self, node, 2) != NULL &&
        (bias = ts_onnx_get_weights(self, node, 2, 1, error)) == NULL)
        return FALSE;
    const TsShape in = ts_onnx_shape_of(self, x);
    const gint64 groups = ts_onnx_get_int(node, "group", 1);
    Window window;
    if (!get_window(self, node, in, (int) weights->shape[2], x->pad, &window, error) ||
        (bias != NULL && !ts_onnx_check_length(self, node, bias, weights->shape[0], error)))
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
    ts_onnx_add_fill(self, name, "weight", weights, FALSE);
    if (bias != NULL)
        ts_onnx_add_fill(self, name, "bias", bias, FALSE);
    const TsConvOptions options = {.channels = (int) weights->shape[0],
                                   .kernel = window.kernel,
                                   .stride = window.stride,
                                   .pad = window.pad,
                                   .groups = (int) groups,
                                   .bias = bias != NULL,
                                   .same = window.same};
    return ts_onnx_set_node(self, node, ts_graph_conv(self->graph, name, x->node, &options), FALSE);
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
    if (x == NULL ||
        !get_window(self, node, ts_onnx_shape_of(self, x), 0, no_zeros, &window, error) ||
        !check_rounding(self, node, ts_onnx_shape_of(self, x), &window, error))
        return FALSE;
    if (window.same || 2 * window.pad > window.kernel)
        return ts_onnx_refuse(self, node, error, "its padding is not known");
    if (average && window.pad > 0 && ts_onnx_get_int(node, "count_include_pad", 0) != 0)
        return ts_onnx_refuse(self, node, error, "count_include_pad is not known");
    if (node->n_outputs > 1 && node->outputs[1][0] != '\0')
        return ts_onnx_refuse(self, node, error, "its second output is not known");
    return ts_onnx_set_node(self, node,
                            ts_graph_pool(self->graph, average ? TS_POOL_AVG : TS_POOL_MAX, x->node,
                                          window.kernel, window.stride, window.pad),
                            FALSE);
}

static gboolean
import_global_pool(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *x = ts_onnx_input_layer(self, node, 0, error);
    return x != NULL &&
           ts_onnx_set_node(self, node, ts_graph_global_pool(self->graph, x->node), FALSE);
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
    return ts_onnx_set_node(self, node, ts_graph_global_pool(self->graph, x->node),
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

TsOnnxRule
ts_onnx_window_rule(const char *op)
{
    static const TsOnnxEntry rules[] = {
        {"AveragePool", import_pool},
        {"Conv", import_conv},
        {"GlobalAveragePool", import_global_pool},
        {"MaxPool", import_pool},
        {"Pad", import_pad},
        {"ReduceMean", import_mean},
    };
    return ts_onnx_find_rule(rules, G_N_ELEMENTS(rules), op);
}
