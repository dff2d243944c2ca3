/* The reader of ONNX files: protobuf-c unpacks the messages, and this turns them into nodes,
 * tensors and values that can be relied on. */
#include "store/onnx.h"

#include "base/error.h"
#include "store/mapped.h"
#include "store/onnx_private.h"

#include <stdlib.h>
#include <string.h>

/* Messages take some fifty times their bytes at worst, two times in real files. */
enum { ROOM = 4 << 20, ROOM_PER_BYTE = 32 };

/* ---- memory ---- */

static void *
take(void *data, size_t n)
{
    TsOnnxMemory *memory = data;
    if (n > memory->room)
        return NULL;
    memory->room -= n;
    return malloc(n);
}

static void
give(G_GNUC_UNUSED void *data, void *block)
{
    free(block);
}

static TsOnnxMemory *
memory_new(const char *name, const char *folder, gsize n_bytes)
{
    TsOnnxMemory *memory = g_new0(TsOnnxMemory, 1);
    memory->name = g_strdup(name);
    memory->folder = g_strdup(folder);
    memory->room = ROOM + n_bytes * ROOM_PER_BYTE;
    memory->allocator = (ProtobufCAllocator){take, give, memory};
    memory->blocks = g_ptr_array_new_with_free_func(g_free);
    memory->files = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    return memory;
}

static void
memory_free(TsOnnxMemory *memory)
{
    onnx__model__free_unpacked(memory->model, &memory->allocator);
    g_ptr_array_unref(memory->blocks);
    g_ptr_array_unref(memory->files);
    g_free(memory->name);
    g_free(memory->folder);
    g_free(memory);
}

/* n * size zeroed bytes that live as long as the file. */
static gpointer
block(TsOnnxMemory *memory, gsize n, gsize size)
{
    gpointer bytes = g_malloc0_n(n + 1, size);
    g_ptr_array_add(memory->blocks, bytes);
    return bytes;
}

void
ts_onnx_free(TsOnnx *onnx)
{
    if (onnx == NULL)
        return;
    memory_free(onnx->memory);
    g_free(onnx);
}

/* ---- pieces ---- */

static gboolean
format_error(GError **error, const TsOnnxMemory *memory, const char *what)
{
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: %s", memory->name, what);
}

static gboolean
check_text(const TsOnnxMemory *memory, const char *text, GError **error)
{
    return text == NULL || g_utf8_validate(text, -1, NULL) ||
           format_error(error, memory, "a name is not UTF-8");
}

static gboolean
check_texts(const TsOnnxMemory *memory, char **texts, gsize n, GError **error)
{
    for (gsize i = 0; i < n; i++)
        if (!check_text(memory, texts[i], error))
            return FALSE;
    return TRUE;
}

static const char *
text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* Old producers do not say the kind. */
static int
kind_of(const Onnx__Attribute *message)
{
    if (message->has_type)
        return message->type;
    if (message->t != NULL)
        return TS_ONNX_TENSOR;
    if (message->n_ints > 0)
        return TS_ONNX_INTS;
    if (message->n_floats > 0)
        return TS_ONNX_FLOATS;
    if (message->has_s)
        return TS_ONNX_TEXT;
    return message->has_f ? TS_ONNX_FLOAT : TS_ONNX_INT;
}

static const char *
copy_text(TsOnnxMemory *memory, ProtobufCBinaryData bytes)
{
    char *text = block(memory, bytes.len, 1);
    if (bytes.len > 0)
        memcpy(text, bytes.data, bytes.len);
    return text;
}

static gboolean
read_attribute(TsOnnxMemory *memory, const Onnx__Attribute *message, TsOnnxAttribute *attribute,
               GError **error)
{
    *attribute = (TsOnnxAttribute){.name = text_or_empty(message->name), .kind = kind_of(message)};
    attribute->f = message->f;
    attribute->i = message->i;
    attribute->ints = message->ints;
    attribute->floats = message->floats;
    const gsize n = attribute->kind == TS_ONNX_INTS     ? message->n_ints
                    : attribute->kind == TS_ONNX_FLOATS ? message->n_floats
                                                        : 0;
    attribute->n = (guint) MIN(n, G_MAXUINT);
    attribute->text = attribute->kind == TS_ONNX_TEXT ? copy_text(memory, message->s) : "";
    if (!check_text(memory, message->name, error) || !check_text(memory, attribute->text, error))
        return FALSE;
    if (attribute->kind != TS_ONNX_TENSOR)
        return TRUE;
    TsTensor *tensor = block(memory, 1, sizeof *tensor);
    attribute->tensor = tensor;
    return message->t != NULL ? ts_onnx_tensor_read(memory, message->t, tensor, error)
                              : format_error(error, memory, "an attribute lacks its tensor");
}

static gboolean
read_node(TsOnnxMemory *memory, const Onnx__Node *message, TsOnnxNode *node, GError **error)
{
    TsOnnxAttribute *attributes = block(memory, message->n_attribute, sizeof *attributes);
    *node = (TsOnnxNode){
        .name = text_or_empty(message->name),
        .op = text_or_empty(message->op_type),
        .domain = text_or_empty(message->domain),
        .n_inputs = (guint) message->n_input,
        .n_outputs = (guint) message->n_output,
        .n_attributes = (guint) message->n_attribute,
        .inputs = (const char *const *) message->input,
        .outputs = (const char *const *) message->output,
        .attributes = attributes,
    };
    if (strcmp(node->domain, "ai.onnx") == 0)
        node->domain = "";
    if (!check_text(memory, message->name, error) || !check_text(memory, message->op_type, error) ||
        !check_text(memory, message->domain, error) ||
        !check_texts(memory, message->input, message->n_input, error) ||
        !check_texts(memory, message->output, message->n_output, error))
        return FALSE;
    for (guint i = 0; i < node->n_attributes; i++)
        if (!read_attribute(memory, message->attribute[i], &attributes[i], error)) {
            g_prefix_error(error, "node '%s' (%s): ", node->name, node->op);
            return FALSE;
        }
    return TRUE;
}

static gboolean
read_value(const TsOnnxMemory *memory, const Onnx__ValueInfo *message, TsOnnxValue *value,
           GError **error)
{
    *value = (TsOnnxValue){.name = text_or_empty(message->name)};
    if (!check_text(memory, message->name, error))
        return FALSE;
    const Onnx__Type *type = message->type;
    const Onnx__TensorShape *shape =
        type != NULL && type->tensor_type != NULL ? type->tensor_type->shape : NULL;
    if (shape == NULL)
        return TRUE;
    if (shape->n_dim > TS_TENSOR_MAX_RANK)
        return format_error(error, memory, "an input or output has more than 8 dimensions");
    value->rank = (guint) shape->n_dim;
    for (guint i = 0; i < value->rank; i++) {
        const Onnx__Dimension *dim = shape->dim[i];
        value->shape[i] = dim->has_dim_value && dim->dim_value > 0 ? dim->dim_value : -1;
    }
    return TRUE;
}

/* ---- the whole ---- */

static gboolean
read_nodes(TsOnnx *onnx, const Onnx__Graph *graph, GError **error)
{
    TsOnnxMemory *memory = onnx->memory;
    onnx->nodes = block(memory, graph->n_node, sizeof *onnx->nodes);
    onnx->n_nodes = (guint) graph->n_node;
    for (guint i = 0; i < onnx->n_nodes; i++)
        if (!read_node(memory, graph->node[i], &onnx->nodes[i], error))
            return FALSE;
    return TRUE;
}

static gboolean
read_tensors(TsOnnx *onnx, const Onnx__Graph *graph, GHashTable *names, GError **error)
{
    TsOnnxMemory *memory = onnx->memory;
    onnx->tensors = block(memory, graph->n_initializer, sizeof *onnx->tensors);
    onnx->n_tensors = (guint) graph->n_initializer;
    for (guint i = 0; i < onnx->n_tensors; i++) {
        if (!ts_onnx_tensor_read(memory, graph->initializer[i], &onnx->tensors[i], error))
            return FALSE;
        if (!g_hash_table_add(names, (gpointer) onnx->tensors[i].name))
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: two tensors are named '%s'",
                                memory->name, onnx->tensors[i].name);
    }
    return TRUE;
}

/* Files of the first versions list the initializers as inputs too. */
static gboolean
read_values(TsOnnx *onnx, const Onnx__Graph *graph, GHashTable *names, GError **error)
{
    TsOnnxMemory *memory = onnx->memory;
    onnx->inputs = block(memory, graph->n_input, sizeof *onnx->inputs);
    onnx->outputs = block(memory, graph->n_output, sizeof *onnx->outputs);
    for (gsize i = 0; i < graph->n_input; i++) {
        TsOnnxValue *value = &onnx->inputs[onnx->n_inputs];
        if (!read_value(memory, graph->input[i], value, error))
            return FALSE;
        onnx->n_inputs += !g_hash_table_contains(names, value->name);
    }
    for (gsize i = 0; i < graph->n_output; i++)
        if (!read_value(memory, graph->output[i], &onnx->outputs[onnx->n_outputs++], error))
            return FALSE;
    return TRUE;
}

static gboolean
read_header(TsOnnx *onnx, const Onnx__Model *model, GError **error)
{
    TsOnnxMemory *memory = onnx->memory;
    for (gsize i = 0; i < model->n_opset_import; i++) {
        const char *domain = text_or_empty(model->opset_import[i]->domain);
        if (domain[0] == '\0' || strcmp(domain, "ai.onnx") == 0)
            onnx->opset = model->opset_import[i]->version;
    }
    if (onnx->opset < 1)
        return format_error(error, memory, "no ONNX model: it names no version of the operations");
    if (!check_text(memory, model->producer_name, error) ||
        !check_text(memory, model->producer_version, error))
        return FALSE;
    char *producer = g_strdup_printf("%s %s", text_or_empty(model->producer_name),
                                     text_or_empty(model->producer_version));
    g_ptr_array_add(memory->blocks, producer);
    onnx->producer = g_strstrip(producer);
    onnx->metadata = block(memory, 2 * model->n_metadata_props, sizeof *onnx->metadata);
    for (gsize i = 0; i < model->n_metadata_props; i++) {
        const Onnx__StringStringEntry *entry = model->metadata_props[i];
        if (!check_text(memory, entry->key, error) || !check_text(memory, entry->value, error))
            return FALSE;
        onnx->metadata[2 * i] = text_or_empty(entry->key);
        onnx->metadata[2 * i + 1] = text_or_empty(entry->value);
    }
    return TRUE;
}

TsOnnx *
ts_onnx_parse(GBytes *bytes, const char *name, const char *folder, GError **error)
{
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    g_autoptr(TsOnnx) onnx = g_new0(TsOnnx, 1);
    TsOnnxMemory *memory = onnx->memory = memory_new(name, folder, n);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    memory->model = n > 0 ? onnx__model__unpack(&memory->allocator, n, data) : NULL;
    if (memory->model == NULL || memory->model->graph == NULL) {
        format_error(error, memory, "no ONNX model, or a damaged one");
        return NULL;
    }
    const Onnx__Graph *graph = memory->model->graph;
    if (!read_header(onnx, memory->model, error) || !read_tensors(onnx, graph, names, error) ||
        !read_values(onnx, graph, names, error) || !read_nodes(onnx, graph, error))
        return NULL;
    return g_steal_pointer(&onnx);
}

TsOnnx *
ts_onnx_read(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = ts_map_file(path, error);
    g_autofree char *folder = g_path_get_dirname(path);
    return bytes != NULL ? ts_onnx_parse(bytes, path, folder, error) : NULL;
}

gboolean
ts_onnx_looks_like(GBytes *bytes)
{
    /* The version of the format, then the tag of another field of the model. */
    static const guint8 tags[] = {0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72};
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    return n > 8 && data[0] == 0x08 && data[1] < 0x20 && data[8] != '{' &&
           memchr(tags, data[2], sizeof tags) != NULL;
}

const TsOnnxAttribute *
ts_onnx_attribute(const TsOnnxNode *node, const char *name)
{
    for (guint i = 0; i < node->n_attributes; i++)
        if (strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}
