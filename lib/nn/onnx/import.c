/* From an ONNX file to a graph: node by node, by the rules of import_constants.c,
 * import_windows.c and import_layers.c; then the numbers. */
#include "nn/onnx/import.h"

#include "base/error.h"

#include <string.h>

enum { MAX_SIZE = 1 << 14, MAX_CHANNELS = 1 << 20 };

static void
clear_fill(gpointer data)
{
    TsOnnxFill *fill = data;
    g_free(fill->param);
}

/* ---- for the rules ---- */

gboolean
ts_onnx_refuse(const TsOnnxImport *self, const TsOnnxNode *node, GError **error, const char *format,
               ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: node '%s' (%s): %s", self->name, node->name,
                        node->op, what);
}

const TsOnnxResult *
ts_onnx_input(const TsOnnxImport *self, const TsOnnxNode *node, guint i)
{
    return i < node->n_inputs && node->inputs[i][0] != '\0'
               ? g_hash_table_lookup(self->results, node->inputs[i])
               : NULL;
}

const TsOnnxResult *
ts_onnx_input_layer(const TsOnnxImport *self, const TsOnnxNode *node, guint i, GError **error)
{
    const TsOnnxResult *result = ts_onnx_input(self, node, i);
    if (result == NULL || result->constant != NULL) {
        ts_onnx_refuse(self, node, error, "input %u has to come from a layer", i);
        return NULL;
    }
    const gint64 *pad = result->pad;
    if (result->gate != TS_GATE_NONE || pad[0] + pad[1] + pad[2] + pad[3] > 0) {
        ts_onnx_refuse(self, node, error, "input %u comes from a %s, which is not known before it",
                       i, result->gate != TS_GATE_NONE ? "sigmoid" : "padding");
        return NULL;
    }
    TsOnnxFill *bias =
        result->bias > 0 ? &g_array_index(self->fills, TsOnnxFill, result->bias - 1) : NULL;
    if (bias != NULL && bias->tensor != NULL) {
        ts_onnx_refuse(self, node, error, "input %u is used without its bias here", i);
        return NULL;
    }
    if (bias != NULL)
        bias->settled = bias->settled || strcmp(node->op, "Add") != 0;
    return result;
}

void
ts_onnx_set_result(TsOnnxImport *self, const TsOnnxNode *node, TsOnnxResult result)
{
    if (node->n_outputs > 0)
        g_hash_table_insert(self->results, (gpointer) node->outputs[0],
                            g_memdup2(&result, sizeof result));
}

void
ts_onnx_set_constant(TsOnnxImport *self, const TsOnnxNode *node, TsDtype dtype, guint rank,
                     const gint64 *shape, gpointer data)
{
    TsTensor *tensor = g_new0(TsTensor, 1);
    *tensor = (TsTensor){.name = node->n_outputs > 0 ? node->outputs[0] : "",
                         .dtype = dtype,
                         .rank = rank,
                         .data = data};
    for (guint i = 0; i < rank; i++)
        tensor->shape[i] = shape[i];
    gboolean fits = ts_tensor_compute_bytes(dtype, rank, tensor->shape, &tensor->n_bytes);
    g_assert(fits);
    g_ptr_array_add(self->blocks, tensor);
    g_ptr_array_add(self->blocks, data);
    ts_onnx_set_result(self, node, (TsOnnxResult){.constant = tensor});
}

double
ts_onnx_number(const TsTensor *tensor, gsize i)
{
    const gsize size = ts_dtype_size(tensor->dtype);
    const guint8 *at = (const guint8 *) tensor->data + i * size;
    if (tensor->dtype == TS_DTYPE_I64) { /* an f32 does not hold them all */
        gint64 number;
        memcpy(&number, at, sizeof number);
        return (double) number;
    }
    float number = 0;
    const TsTensor one = {
        .name = tensor->name, .dtype = tensor->dtype, .data = at, .n_bytes = size};
    gboolean converted = ts_tensor_to_f32(&one, &number, NULL);
    g_assert(converted);
    return number;
}

gint64
ts_onnx_get_int(const TsOnnxNode *node, const char *name, gint64 otherwise)
{
    const TsOnnxAttribute *attribute = ts_onnx_attribute(node, name);
    return attribute != NULL && attribute->kind == TS_ONNX_INT ? attribute->i : otherwise;
}

float
ts_onnx_get_float(const TsOnnxNode *node, const char *name, float otherwise)
{
    const TsOnnxAttribute *attribute = ts_onnx_attribute(node, name);
    return attribute != NULL && attribute->kind == TS_ONNX_FLOAT ? attribute->f : otherwise;
}

const char *
ts_onnx_get_text(const TsOnnxNode *node, const char *name, const char *otherwise)
{
    const TsOnnxAttribute *attribute = ts_onnx_attribute(node, name);
    return attribute != NULL && attribute->kind == TS_ONNX_TEXT ? attribute->text : otherwise;
}

gboolean
ts_onnx_get_ints(const TsOnnxImport *self, const TsOnnxNode *node, const char *name, guint i,
                 guint max, gint64 *ints, guint *n)
{
    const TsOnnxAttribute *attribute = ts_onnx_attribute(node, name);
    if (attribute != NULL && attribute->kind == TS_ONNX_INTS && attribute->n <= max) {
        *n = attribute->n;
        for (guint k = 0; k < *n; k++)
            ints[k] = attribute->ints[k];
        return TRUE;
    }
    const TsOnnxResult *input = ts_onnx_input(self, node, i);
    if (input == NULL || input->constant == NULL || input->constant->dtype != TS_DTYPE_I64 ||
        ts_tensor_n(input->constant) > max)
        return FALSE;
    *n = (guint) ts_tensor_n(input->constant);
    if (*n > 0)
        memcpy(ints, input->constant->data, *n * sizeof *ints);
    return TRUE;
}

const TsTensor *
ts_onnx_get_weights(const TsOnnxImport *self, const TsOnnxNode *node, guint i, guint rank,
                    GError **error)
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

gboolean
ts_onnx_check_length(const TsOnnxImport *self, const TsOnnxNode *node, const TsTensor *tensor,
                     gint64 n, GError **error)
{
    return tensor->shape[0] == n ||
           ts_onnx_refuse(self, node, error,
                          "'%s' has %" G_GINT64_FORMAT " numbers for %" G_GINT64_FORMAT " channels",
                          tensor->name, tensor->shape[0], n);
}

void
ts_onnx_add_fill(TsOnnxImport *self, const char *layer, const char *suffix, const TsTensor *tensor,
                 gboolean transpose)
{
    const TsOnnxFill fill = {g_strconcat(layer, ".", suffix, NULL), tensor, transpose, FALSE};
    g_array_append_val(self->fills, fill);
}

TsShape
ts_onnx_shape_of(const TsOnnxImport *self, const TsOnnxResult *result)
{
    return ts_graph_node(self->graph, result->node)->shape;
}

gboolean
ts_onnx_set_node(TsOnnxImport *self, const TsOnnxNode *node, guint made, gboolean flat)
{
    ts_onnx_set_result(self, node, (TsOnnxResult){.node = made, .flat = flat});
    return TRUE;
}
/* ---- the nodes ---- */

TsOnnxRule
ts_onnx_find_rule(const TsOnnxEntry *rules, gsize n, const char *op)
{
    for (gsize i = 0; i < n; i++)
        if (strcmp(rules[i].op, op) == 0)
            return rules[i].rule;
    return NULL;
}

/* Constants are computed with, layers built; a layer's shape is a constant, and so is a constant
 * that takes a layer's type. */
static TsOnnxRule
find_rule(const char *op, gboolean constant)
{
    TsOnnxRule rule = NULL;
    if (constant || strcmp(op, "Shape") == 0 || strcmp(op, "CastLike") == 0)
        rule = ts_onnx_constant_rule(op);
    if (rule == NULL)
        rule = ts_onnx_window_rule(op);
    return rule != NULL ? rule : ts_onnx_layer_rule(op);
}

/* Computed from constants alone, if it can be; else as a layer. */
static gboolean
import_node(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    gboolean constant = node->n_outputs > 0;
    for (guint i = 0; i < node->n_inputs; i++) {
        const TsOnnxResult *input = ts_onnx_input(self, node, i);
        if (input == NULL && node->inputs[i][0] != '\0')
            return ts_onnx_refuse(self, node, error, "its input '%s' is computed nowhere before it",
                                  node->inputs[i]);
        constant = constant && (input == NULL || input->constant != NULL);
    }
    const TsOnnxRule rule = node->domain[0] == '\0' ? find_rule(node->op, constant) : NULL;
    if (rule == NULL)
        return ts_onnx_refuse(self, node, error, "this operation%s%s is not known",
                              node->domain[0] != '\0' ? " of " : "", node->domain);
    if (!rule(self, node, error))
        return FALSE;
    if (self->graph->error == NULL)
        return TRUE;
    return ts_onnx_refuse(self, node, error, "%s", self->graph->error->message);
}

static gboolean
begin(TsOnnxImport *self, GError **error)
{
    const TsOnnx *onnx = self->onnx;
    if (onnx->n_inputs != 1 || onnx->n_outputs != 1)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has %u inputs and %u outputs; a classifier has one of each",
                            self->name, onnx->n_inputs, onnx->n_outputs);
    const TsOnnxValue *input = &onnx->inputs[0];
    if (input->rank != 4)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: its input '%s' is no batch of pictures: it has %u dimensions, "
                            "not 4",
                            self->name, input->name, input->rank);
    for (guint i = 1; i < 4; i++)
        if (input->shape[i] < 1 || input->shape[i] > MAX_SIZE)
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: its input '%s' has no fixed size (N, C, H, W); export it with "
                                "one",
                                self->name, input->name);
    for (guint i = 0; i < onnx->n_tensors; i++) {
        TsOnnxResult constant = {.constant = &onnx->tensors[i]};
        g_hash_table_insert(self->results, (gpointer) onnx->tensors[i].name,
                            g_memdup2(&constant, sizeof constant));
    }
    TsOnnxResult result = {.node = ts_graph_input(self->graph, (int) input->shape[1],
                                                  (int) input->shape[2], (int) input->shape[3])};
    g_hash_table_insert(self->results, (gpointer) input->name, g_memdup2(&result, sizeof result));
    return TRUE;
}

static gboolean
end(TsOnnxImport *self, GError **error)
{
    const char *output = self->onnx->outputs[0].name;
    const TsOnnxResult *result = g_hash_table_lookup(self->results, output);
    if (result == NULL || result->constant != NULL || result->gate != TS_GATE_NONE ||
        result->node + 1 != self->graph->nodes->len)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: its output '%s' is not what the last layer gives", self->name,
                            output);
    g_autoptr(GError) failure = NULL;
    return ts_graph_finish(self->graph, &failure) ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s: %s", self->name, failure->message);
}

static TsGraph *
build(TsOnnxImport *self, GError **error)
{
    self->graph = ts_graph_new();
    gboolean built = begin(self, error);
    for (guint i = 0; built && i < self->onnx->n_nodes; i++)
        built = import_node(self, &self->onnx->nodes[i], error);
    if (built && end(self, error))
        return g_steal_pointer(&self->graph);
    g_clear_pointer(&self->graph, ts_graph_free);
    return NULL;
}

/* ---- the numbers ---- */

static void
transpose(const float *from, gsize rows, gsize columns, float *to)
{
    for (gsize r = 0; r < rows; r++)
        for (gsize c = 0; c < columns; c++)
            to[c * rows + r] = from[r * columns + c];
}

static gboolean
fill(TsParam *param, const TsOnnxFill *from, GError **error)
{
    if (from->tensor == NULL) {
        memset(param->data, 0, param->n_stored * sizeof(float));
        return TRUE;
    }
    g_autofree float *numbers = ts_try_alloc(param->n, sizeof *numbers, from->param, error);
    g_autofree float *turned = ts_try_alloc(param->n, sizeof *turned, from->param, error);
    if (numbers == NULL || turned == NULL || !ts_tensor_to_f32(from->tensor, numbers, error))
        return FALSE;
    if (from->transpose)
        transpose(numbers, (gsize) from->tensor->shape[0], (gsize) from->tensor->shape[1], turned);
    return ts_param_set_plain(param, from->transpose ? turned : numbers, param->data, error);
}

/* The rules have compared the shapes. */
static TsParams *
fill_all(const TsOnnxImport *self, const TsGraph *graph, GError **error)
{
    g_autoptr(TsParams) params = ts_params_new(graph, error);
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < self->fills->len; i++) {
        TsOnnxFill *from = &g_array_index(self->fills, TsOnnxFill, i);
        g_hash_table_insert(by_name, from->param, from);
    }
    for (guint i = 0; params != NULL && i < params->n; i++) {
        const TsOnnxFill *from = g_hash_table_lookup(by_name, params->param[i].spec->name);
        g_assert(from != NULL &&
                 (from->tensor == NULL || ts_tensor_n(from->tensor) == params->param[i].n));
        if (!fill(&params->param[i], from, error))
            return NULL;
    }
    return g_steal_pointer(&params);
}

gboolean
ts_onnx_import(const TsOnnx *onnx, const char *name, TsGraph **graph, TsParams **params,
               GError **error)
{
    TsOnnxImport self = {
        .onnx = onnx,
        .name = name,
        .results = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free),
        .layers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .fills = g_array_new(FALSE, TRUE, sizeof(TsOnnxFill)),
        .blocks = g_ptr_array_new_with_free_func(g_free),
    };
    g_array_set_clear_func(self.fills, clear_fill);
    *graph = build(&self, error);
    *params = *graph != NULL ? fill_all(&self, *graph, error) : NULL;
    if (*params == NULL)
        g_clear_pointer(graph, ts_graph_free);
    g_ptr_array_unref(self.blocks);
    g_array_unref(self.fills);
    g_hash_table_unref(self.layers);
    g_hash_table_unref(self.results);
    return *params != NULL;
}
