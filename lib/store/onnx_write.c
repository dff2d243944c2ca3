/* The writer of ONNX files: messages built in one arena, packed into one block, written whole. */
#include "store/onnx_private.h"

#include "base/error.h"
#include "base/outfile.h"

#include <string.h>

enum { IR_VERSION = 8 };

/* What a protobuf message can hold. */
static const gsize max_bytes = G_MAXINT32;

typedef GPtrArray Arena; /* of blocks, g_free() */

static gpointer
take(Arena *arena, gsize n, gsize size)
{
    gpointer block = g_malloc0_n(n + 1, size);
    g_ptr_array_add(arena, block);
    return block;
}

static Onnx__StringStringEntry **
make_entries(Arena *arena, const char **metadata, gsize n)
{
    Onnx__StringStringEntry *made = take(arena, n, sizeof *made);
    Onnx__StringStringEntry **list = take(arena, n, sizeof *list);
    for (gsize i = 0; i < n; i++) {
        onnx__string_string_entry__init(&made[i]);
        made[i].key = (char *) metadata[2 * i];
        made[i].value = (char *) metadata[2 * i + 1];
        list[i] = &made[i];
    }
    return list;
}

static void
set_tensor(Onnx__Tensor *message, const TsTensor *tensor)
{
    onnx__tensor__init(message);
    message->n_dims = tensor->rank;
    message->dims = (gint64 *) tensor->shape;
    message->has_data_type = TRUE;
    message->data_type = ts_onnx_dtype_write(tensor->dtype);
    message->name = (char *) tensor->name;
    message->has_raw_data = TRUE;
    message->raw_data = (ProtobufCBinaryData){tensor->n_bytes, (guint8 *) tensor->data};
}

static void
set_attribute(Arena *arena, Onnx__Attribute *message, const TsOnnxAttribute *attribute)
{
    onnx__attribute__init(message);
    message->name = (char *) attribute->name;
    message->has_type = TRUE;
    message->type = attribute->kind;
    switch (attribute->kind) {
    case TS_ONNX_INT:
        message->has_i = TRUE;
        message->i = attribute->i;
        break;
    case TS_ONNX_FLOAT:
        message->has_f = TRUE;
        message->f = attribute->f;
        break;
    case TS_ONNX_TEXT:
        message->has_s = TRUE;
        message->s = (ProtobufCBinaryData){strlen(attribute->text), (guint8 *) attribute->text};
        break;
    case TS_ONNX_INTS:
        message->n_ints = attribute->n;
        message->ints = (gint64 *) attribute->ints;
        break;
    case TS_ONNX_FLOATS:
        message->n_floats = attribute->n;
        message->floats = (float *) attribute->floats;
        break;
    case TS_ONNX_TENSOR:
        message->t = take(arena, 1, sizeof *message->t);
        set_tensor(message->t, attribute->tensor);
        break;
    default:
        g_assert_not_reached();
    }
}

static void
set_node(Arena *arena, Onnx__Node *message, const TsOnnxNode *node)
{
    onnx__node__init(message);
    message->name = (char *) node->name;
    message->op_type = (char *) node->op;
    message->n_input = node->n_inputs;
    message->input = (char **) node->inputs;
    message->n_output = node->n_outputs;
    message->output = (char **) node->outputs;
    Onnx__Attribute *made = take(arena, node->n_attributes, sizeof *made);
    message->n_attribute = node->n_attributes;
    message->attribute = take(arena, node->n_attributes, sizeof *message->attribute);
    for (guint i = 0; i < node->n_attributes; i++) {
        set_attribute(arena, &made[i], &node->attributes[i]);
        message->attribute[i] = &made[i];
    }
}

static Onnx__Dimension **
make_shape(Arena *arena, const TsOnnxValue *value)
{
    Onnx__Dimension *made = take(arena, value->rank, sizeof *made);
    Onnx__Dimension **list = take(arena, value->rank, sizeof *list);
    for (guint i = 0; i < value->rank; i++) {
        onnx__dimension__init(&made[i]);
        if (value->shape[i] < 0) {
            made[i].dim_param = (char *) "batch";
        } else {
            made[i].has_dim_value = TRUE;
            made[i].dim_value = value->shape[i];
        }
        list[i] = &made[i];
    }
    return list;
}

static Onnx__ValueInfo **
make_values(Arena *arena, const TsOnnxValue *values, guint n)
{
    Onnx__ValueInfo **list = take(arena, n, sizeof *list);
    for (guint i = 0; i < n; i++) {
        Onnx__TensorShape *shape = take(arena, 1, sizeof *shape);
        onnx__tensor_shape__init(shape);
        shape->n_dim = values[i].rank;
        shape->dim = make_shape(arena, &values[i]);
        Onnx__TensorType *tensor = take(arena, 1, sizeof *tensor);
        onnx__tensor_type__init(tensor);
        tensor->has_elem_type = TRUE;
        tensor->elem_type = ts_onnx_dtype_write(TS_DTYPE_F32);
        tensor->shape = shape;
        Onnx__Type *type = take(arena, 1, sizeof *type);
        onnx__type__init(type);
        type->tensor_type = tensor;
        list[i] = take(arena, 1, sizeof **list);
        onnx__value_info__init(list[i]);
        list[i]->name = (char *) values[i].name;
        list[i]->type = type;
    }
    return list;
}

static void
set_graph(Arena *arena, Onnx__Graph *graph, const TsOnnx *onnx)
{
    onnx__graph__init(graph);
    graph->name = (char *) "model";
    Onnx__Node *nodes = take(arena, onnx->n_nodes, sizeof *nodes);
    graph->n_node = onnx->n_nodes;
    graph->node = take(arena, onnx->n_nodes, sizeof *graph->node);
    for (guint i = 0; i < onnx->n_nodes; i++) {
        set_node(arena, &nodes[i], &onnx->nodes[i]);
        graph->node[i] = &nodes[i];
    }
    Onnx__Tensor *tensors = take(arena, onnx->n_tensors, sizeof *tensors);
    graph->n_initializer = onnx->n_tensors;
    graph->initializer = take(arena, onnx->n_tensors, sizeof *graph->initializer);
    for (guint i = 0; i < onnx->n_tensors; i++) {
        set_tensor(&tensors[i], &onnx->tensors[i]);
        graph->initializer[i] = &tensors[i];
    }
    graph->n_input = onnx->n_inputs;
    graph->input = make_values(arena, onnx->inputs, onnx->n_inputs);
    graph->n_output = onnx->n_outputs;
    graph->output = make_values(arena, onnx->outputs, onnx->n_outputs);
}

gboolean
ts_onnx_write(const TsOnnx *onnx, const char *path, gboolean replace, GError **error)
{
    g_autoptr(GPtrArray) arena = g_ptr_array_new_with_free_func(g_free);
    Onnx__Graph graph;
    set_graph(arena, &graph, onnx);
    Onnx__OperatorSetId opset = ONNX__OPERATOR_SET_ID__INIT, *opsets[] = {&opset};
    opset.domain = (char *) "";
    opset.has_version = TRUE;
    opset.version = onnx->opset;
    Onnx__Model model = ONNX__MODEL__INIT;
    model.has_ir_version = TRUE;
    model.ir_version = IR_VERSION;
    model.producer_name = (char *) "tessera";
    model.producer_version = (char *) TS_VERSION;
    model.graph = &graph;
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.n_metadata_props =
        onnx->metadata != NULL ? g_strv_length((char **) onnx->metadata) / 2 : 0;
    model.metadata_props = make_entries(arena, onnx->metadata, model.n_metadata_props);
    const gsize n = onnx__model__get_packed_size(&model);
    if (n > max_bytes)
        return ts_error_set(error, TS_ERROR_RANGE,
                            "%s: the model takes %" G_GSIZE_FORMAT
                            " bytes, more than an ONNX file can hold (2 GB)",
                            path, n);
    g_autofree guint8 *bytes = ts_try_alloc(n, 1, path, error);
    if (bytes == NULL)
        return FALSE;
    onnx__model__pack(&model, bytes);
    return ts_write_file(path, bytes, n, replace, error);
}
