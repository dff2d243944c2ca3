/* Into ONNX: a node for each of ours, the weights under their names. */
#include "nn/onnx/onnx.h"

#include "base/error.h"

#include <string.h>

enum { OPSET = 17 };

/* The file as it grows; everything lives in `blocks`. */
typedef struct {
    const TsGraph *graph;
    const TsParams *params;
    GPtrArray *blocks;   /* g_free() */
    GArray *nodes;       /* of TsOnnxNode */
    GArray *tensors;     /* of TsTensor */
    const char **values; /* the name of each node's output */
    gboolean *flat;      /* whether it has two dimensions */
} Export;

/* ---- pieces ---- */

static gpointer
keep(Export *self, gpointer block)
{
    g_ptr_array_add(self->blocks, block);
    return block;
}

/* Add a node "NAME" of operation `op` that gives `output`. `inputs` end with NULL. */
static void
add_node(Export *self, const char *op, const char *name, const char *const *inputs,
         const char *output, const TsOnnxAttribute *attributes, guint n_attributes)
{
    const guint n = g_strv_length((char **) inputs);
    const char **outputs = keep(self, g_new0(const char *, 2));
    outputs[0] = output;
    TsOnnxNode node = {.name = name, .op = op, .domain = ""};
    node.n_inputs = n;
    node.inputs = keep(self, g_memdup2(inputs, (n + 1) * sizeof *inputs));
    node.n_outputs = 1;
    node.outputs = outputs;
    node.n_attributes = n_attributes;
    node.attributes = n_attributes > 0
                          ? keep(self, g_memdup2(attributes, n_attributes * sizeof *attributes))
                          : NULL;
    g_array_append_val(self->nodes, node);
}

static TsOnnxAttribute
int_attribute(const char *name, gint64 i)
{
    return (TsOnnxAttribute){.name = name, .kind = TS_ONNX_INT, .i = i};
}

static TsOnnxAttribute
float_attribute(const char *name, double f)
{
    return (TsOnnxAttribute){.name = name, .kind = TS_ONNX_FLOAT, .f = (float) f};
}

static TsOnnxAttribute
ints_attribute(Export *self, const char *name, guint n, gint64 value)
{
    gint64 *ints = keep(self, g_new(gint64, n));
    for (guint i = 0; i < n; i++)
        ints[i] = value;
    return (TsOnnxAttribute){.name = name, .kind = TS_ONNX_INTS, .n = n, .ints = ints};
}

/* The parameter in slot `slot` of a node, as a tensor of the file; its name. */
static const char *
add_param(Export *self, const TsNode *node, guint slot, GError **error)
{
    const TsParam *param = &self->params->param[node->param[slot]];
    TsTensor tensor = {.name = param->spec->name, .dtype = TS_DTYPE_F32, .rank = param->spec->rank};
    memcpy(tensor.shape, param->spec->shape, sizeof param->spec->shape);
    tensor.n_bytes = param->n * sizeof(float);
    float *numbers = ts_try_alloc(param->n, sizeof *numbers, tensor.name, error);
    if (numbers == NULL)
        return NULL;
    tensor.data = keep(self, numbers);
    g_array_append_val(self->tensors, tensor);
    return ts_param_get_plain(param, param->data, numbers, error) ? tensor.name : NULL;
}

/* A constant of one number. */
static const char *
add_number(Export *self, const char *name, double number)
{
    float *data = keep(self, g_new(float, 1));
    *data = (float) number;
    const TsTensor tensor = {
        .name = name, .dtype = TS_DTYPE_F32, .data = data, .n_bytes = sizeof *data};
    for (guint i = 0; i < self->tensors->len; i++)
        if (strcmp(g_array_index(self->tensors, TsTensor, i).name, name) == 0)
            return name;
    g_array_append_val(self->tensors, tensor);
    return name;
}

/* ---- the operations ---- */

typedef struct {
    const TsNode *node;
    guint number;
    const char *output;
} Place;

static const char *
input_of(const Export *self, const Place *place, guint i)
{
    return self->values[place->node->input[i]];
}

static gboolean
export_simple(Export *self, const Place *place, const char *op)
{
    const char *inputs[] = {input_of(self, place, 0),
                            place->node->n_inputs > 1 ? input_of(self, place, 1) : NULL, NULL};
    add_node(self, op, place->node->name, inputs, place->output, NULL, 0);
    return TRUE;
}

static gboolean
export_conv(Export *self, const Place *place, GError **error)
{
    const TsConvOptions *conv = &place->node->conv;
    const char *weight = add_param(self, place->node, 0, error);
    const char *bias = weight != NULL && conv->bias ? add_param(self, place->node, 1, error) : NULL;
    if (weight == NULL || (conv->bias && bias == NULL))
        return FALSE;
    const char *inputs[] = {input_of(self, place, 0), weight, bias, NULL};
    const TsOnnxAttribute attributes[] = {
        ints_attribute(self, "kernel_shape", 2, conv->kernel),
        ints_attribute(self, "strides", 2, conv->stride),
        ints_attribute(self, "dilations", 2, 1),
        int_attribute("group", conv->groups),
        conv->same
            ? (TsOnnxAttribute){.name = "auto_pad", .kind = TS_ONNX_TEXT, .text = "SAME_UPPER"}
            : ints_attribute(self, "pads", 4, conv->pad),
    };
    add_node(self, "Conv", place->node->name, inputs, place->output, attributes,
             G_N_ELEMENTS(attributes));
    return TRUE;
}

static gboolean
export_norm(Export *self, const Place *place, GError **error)
{
    const char *inputs[6] = {input_of(self, place, 0)};
    for (guint i = 0; i < 4; i++)
        if ((inputs[i + 1] = add_param(self, place->node, i, error)) == NULL)
            return FALSE;
    const TsOnnxAttribute attributes[] = {float_attribute("epsilon", place->node->epsilon),
                                          float_attribute("momentum", 1 - place->node->rate)};
    add_node(self, "BatchNormalization", place->node->name, inputs, place->output, attributes,
             G_N_ELEMENTS(attributes));
    return TRUE;
}

static gboolean
export_activation(Export *self, const Place *place)
{
    const char *x = input_of(self, place, 0);
    switch (place->node->activation) {
    case TS_RELU6: {
        const char *inputs[] = {x, add_number(self, "zero", 0), add_number(self, "six", 6), NULL};
        add_node(self, "Clip", place->node->name, inputs, place->output, NULL, 0);
        return TRUE;
    }
    case TS_SILU: {
        const char *gate = keep(self, g_strconcat(place->output, "/gate", NULL));
        const char *inputs[] = {x, NULL}, *factors[] = {x, gate, NULL};
        add_node(self, "Sigmoid", gate, inputs, gate, NULL, 0);
        add_node(self, "Mul", place->node->name, factors, place->output, NULL, 0);
        return TRUE;
    }
    case TS_HARDSWISH:
        return export_simple(self, place, "HardSwish");
    default:
        return export_simple(self, place, "Relu");
    }
}

static void
add_pool(Export *self, const Place *place, int kernel, int stride, int pad)
{
    const gboolean average = place->node->pool == TS_POOL_AVG;
    const char *inputs[] = {input_of(self, place, 0), NULL};
    const TsOnnxAttribute attributes[] = {
        ints_attribute(self, "kernel_shape", 2, kernel), ints_attribute(self, "strides", 2, stride),
        ints_attribute(self, "pads", 4, pad),
        int_attribute("count_include_pad", 0), /* of averages only */
    };
    add_node(self, average ? "AveragePool" : "MaxPool", place->node->name, inputs, place->output,
             attributes, average ? 4 : 3);
}

static gboolean
export_pool(Export *self, const Place *place)
{
    const TsConvOptions *window = &place->node->conv;
    if (window->kernel == 0)
        return export_simple(self, place, "GlobalAveragePool");
    add_pool(self, place, window->kernel, window->stride, window->pad);
    return TRUE;
}

/* ONNX has no such pooling; where the sizes divide it is one with a fixed window. */
static gboolean
export_adaptive_pool(Export *self, const Place *place, GError **error)
{
    const TsShape in = ts_graph_node(self->graph, place->node->input[0])->shape;
    const TsShape out = place->node->shape;
    if (in.h % out.h != 0 || in.w % out.w != 0 || in.h / out.h != in.w / out.w)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "layer '%s': ONNX has no average pooling from %dx%d to %dx%d; another "
                            "input size may have",
                            place->node->name, (int) in.w, (int) in.h, (int) out.w, (int) out.h);
    TsNode window = *place->node;
    window.pool = TS_POOL_AVG;
    const Place other = {&window, place->number, place->output};
    add_pool(self, &other, (int) (in.h / out.h), (int) (in.h / out.h), 0);
    return TRUE;
}

static const char *
flattened(Export *self, const Place *place, const char *output)
{
    const char *inputs[] = {input_of(self, place, 0), NULL};
    const TsOnnxAttribute axis = int_attribute("axis", 1);
    add_node(self, "Flatten", output, inputs, output, &axis, 1);
    return output;
}

static gboolean
export_linear(Export *self, const Place *place, GError **error)
{
    const char *x = input_of(self, place, 0);
    if (!self->flat[place->node->input[0]])
        x = flattened(self, place, keep(self, g_strconcat(x, "/flat", NULL)));
    const char *weight = add_param(self, place->node, 0, error);
    const char *bias = weight != NULL ? add_param(self, place->node, 1, error) : NULL;
    if (bias == NULL)
        return FALSE;
    const char *inputs[] = {x, weight, bias, NULL};
    const TsOnnxAttribute attributes[] = {float_attribute("alpha", 1), float_attribute("beta", 1),
                                          int_attribute("transB", 1)};
    add_node(self, "Gemm", place->node->name, inputs, place->output, attributes,
             G_N_ELEMENTS(attributes));
    return TRUE;
}

static gboolean
export_concat(Export *self, const Place *place)
{
    const char *inputs[] = {input_of(self, place, 0), input_of(self, place, 1), NULL};
    const TsOnnxAttribute axis = int_attribute("axis", 1);
    add_node(self, "Concat", place->node->name, inputs, place->output, &axis, 1);
    return TRUE;
}

static gboolean
export_node(Export *self, const Place *place, GError **error)
{
    const char *op = ts_node_operation(place->node);
    self->flat[place->number] = place->node->n_inputs > 0 && self->flat[place->node->input[0]];
    if (strcmp(op, "conv") == 0)
        return export_conv(self, place, error);
    if (strcmp(op, "norm") == 0)
        return export_norm(self, place, error);
    if (strcmp(op, "pool") == 0)
        return export_pool(self, place);
    if (strcmp(op, "adaptive_pool") == 0)
        return export_adaptive_pool(self, place, error);
    if (strcmp(op, "add") == 0)
        return export_simple(self, place, "Add");
    if (strcmp(op, "concat") == 0)
        return export_concat(self, place);
    if (strcmp(op, "relu") == 0 || strcmp(op, "relu6") == 0 || strcmp(op, "silu") == 0 ||
        strcmp(op, "hardswish") == 0)
        return export_activation(self, place);
    self->flat[place->number] = TRUE;
    if (strcmp(op, "linear") == 0)
        return export_linear(self, place, error);
    if (strcmp(op, "flatten") == 0)
        return flattened(self, place, place->output) != NULL;
    return ts_error_set(error, TS_ERROR_ARGUMENT, "layer '%s': ONNX has no %s", place->node->name,
                        op);
}

/* Does nothing in use: its output is its input. */
static gboolean
is_passed_over(const TsNode *node)
{
    const char *op = ts_node_operation(node);
    return strcmp(op, "dropout") == 0 || strcmp(op, "drop_path") == 0;
}

/* ---- the whole ---- */

static gboolean
export_nodes(Export *self, GError **error)
{
    const guint n = self->graph->nodes->len;
    self->values[0] = "input";
    for (guint i = 1; i < n; i++) {
        const TsNode *node = ts_graph_node(self->graph, i);
        if (is_passed_over(node)) {
            self->values[i] = self->values[node->input[0]];
            self->flat[i] = self->flat[node->input[0]];
            continue;
        }
        const Place place = {node, i, keep(self, g_strconcat("/", node->name, NULL))};
        self->values[i] = place.output;
        if (!export_node(self, &place, error))
            return FALSE;
    }
    const TsNode end = {.n_inputs = 1, .input = {n - 1}};
    const char *inputs[] = {self->values[n - 1], NULL};
    if (self->flat[n - 1])
        add_node(self, "Identity", "logits", inputs, "logits", NULL, 0);
    else
        flattened(self, &(Place){&end, n, "logits"}, "logits");
    return TRUE;
}

static gboolean
write_file(Export *self, const char **metadata, const char *path, gboolean replace, GError **error)
{
    const TsShape in = ts_graph_node(self->graph, 0)->shape;
    const gint64 classes = ts_graph_node(self->graph, self->graph->nodes->len - 1)->shape.c;
    TsOnnxValue input = {.name = "input", .rank = 4, .shape = {-1, in.c, in.h, in.w}};
    TsOnnxValue output = {.name = "logits", .rank = 2, .shape = {-1, classes}};
    const TsOnnx onnx = {
        .opset = OPSET,
        .metadata = metadata,
        .n_nodes = self->nodes->len,
        .nodes = (TsOnnxNode *) (gpointer) self->nodes->data,
        .n_tensors = self->tensors->len,
        .tensors = (TsTensor *) (gpointer) self->tensors->data,
        .n_inputs = 1,
        .inputs = &input,
        .n_outputs = 1,
        .outputs = &output,
    };
    return ts_onnx_write(&onnx, path, replace, error);
}

gboolean
ts_onnx_export(const TsGraph *graph, const TsParams *params, const char **metadata,
               const char *path, gboolean replace, GError **error)
{
    Export self = {
        .graph = graph,
        .params = params,
        .blocks = g_ptr_array_new_with_free_func(g_free),
        .nodes = g_array_new(FALSE, FALSE, sizeof(TsOnnxNode)),
        .tensors = g_array_new(FALSE, FALSE, sizeof(TsTensor)),
        .values = g_new0(const char *, graph->nodes->len),
        .flat = g_new0(gboolean, graph->nodes->len),
    };
    gboolean done = export_nodes(&self, error) && write_file(&self, metadata, path, replace, error);
    g_free(self.flat);
    g_free(self.values);
    g_array_unref(self.tensors);
    g_array_unref(self.nodes);
    g_ptr_array_unref(self.blocks);
    return done;
}
