/* Numbers in ONNX files: as bytes, as lists of one of five types, or in another file. */
#include "store/onnx_private.h"

#include "base/error.h"
#include "base/number.h"
#include "store/mapped.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int type;
    TsDtype dtype;
} types[] = {
    {1, TS_DTYPE_F32},   {2, TS_DTYPE_U8},   {3, TS_DTYPE_I8},   {4, TS_DTYPE_U16},
    {5, TS_DTYPE_I16},   {6, TS_DTYPE_I32},  {7, TS_DTYPE_I64},  {9, TS_DTYPE_BOOL},
    {10, TS_DTYPE_F16},  {11, TS_DTYPE_F64}, {12, TS_DTYPE_U32}, {13, TS_DTYPE_U64},
    {16, TS_DTYPE_BF16},
};

gboolean
ts_onnx_dtype_read(int type, TsDtype *dtype)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (types[i].type == type) {
            *dtype = types[i].dtype;
            return TRUE;
        }
    return FALSE;
}

int
ts_onnx_dtype_write(TsDtype dtype)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (types[i].dtype == dtype)
            return types[i].type;
    g_assert_not_reached();
}

static gboolean
fail(const TsOnnxMemory *memory, const TsTensor *tensor, const char *what, GError **error)
{
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: tensor '%s': %s", memory->name, tensor->name,
                        what);
}

/* ---- lists ---- */

/* Where the format keeps the numbers of `dtype` as a list, and in how many bytes each. */
static const void *
list_of(const Onnx__Tensor *message, TsDtype dtype, gsize *n, gsize *size)
{
    switch (dtype) {
    case TS_DTYPE_F32:
        *n = message->n_float_data, *size = sizeof(float);
        return message->float_data;
    case TS_DTYPE_F64:
        *n = message->n_double_data, *size = sizeof(double);
        return message->double_data;
    case TS_DTYPE_I64:
        *n = message->n_int64_data, *size = sizeof(gint64);
        return message->int64_data;
    case TS_DTYPE_U32:
    case TS_DTYPE_U64:
        *n = message->n_uint64_data, *size = sizeof(guint64);
        return message->uint64_data;
    default:
        *n = message->n_int32_data, *size = sizeof(gint32);
        return message->int32_data;
    }
}

/* Little-endian numbers of `size` bytes, of which each one's first bytes are the tensor's. */
static gboolean
read_list(TsOnnxMemory *memory, const Onnx__Tensor *message, TsTensor *tensor, GError **error)
{
    gsize n, size;
    const guint8 *from = list_of(message, tensor->dtype, &n, &size);
    const gsize kept = ts_dtype_size(tensor->dtype);
    if (n != ts_tensor_n(tensor))
        return fail(memory, tensor, "has another number of numbers than its shape", error);
    guint8 *data = ts_try_alloc(n, kept, tensor->name, error);
    if (data == NULL)
        return FALSE;
    for (gsize i = 0; i < n; i++)
        memcpy(data + i * kept, from + i * size, kept);
    g_ptr_array_add(memory->blocks, data);
    tensor->data = data;
    return TRUE;
}

/* ---- other files ---- */

static const char *
external_entry(const Onnx__Tensor *message, const char *key)
{
    for (gsize i = 0; i < message->n_external_data; i++) {
        const Onnx__StringStringEntry *entry = message->external_data[i];
        if (entry->key != NULL && entry->value != NULL && strcmp(entry->key, key) == 0)
            return entry->value;
    }
    return NULL;
}

/* The file, if it lies in the model's folder or below it, links followed. NULL with an error. */
static GBytes *
open_external(TsOnnxMemory *memory, const TsTensor *tensor, const char *location, GError **error)
{
    if (memory->folder == NULL || location == NULL || g_path_is_absolute(location)) {
        fail(memory, tensor, "is in another file, which does not lie in the model's folder", error);
        return NULL;
    }
    g_autofree char *path = g_build_filename(memory->folder, location, NULL);
    g_autofree char *folder = realpath(memory->folder, NULL);
    g_autofree char *real = realpath(path, NULL);
    if (folder == NULL || real == NULL) {
        ts_error_set_errno(error, errno, "%s: tensor '%s': its file '%s' cannot be opened",
                           memory->name, tensor->name, path);
        return NULL;
    }
    const gsize n = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    if (strncmp(real, folder, n) != 0 || real[n] != '/') {
        fail(memory, tensor, "is in another file, which does not lie in the model's folder", error);
        return NULL;
    }
    GBytes *bytes = ts_map_file(real, error);
    if (bytes != NULL)
        g_ptr_array_add(memory->files, bytes);
    return bytes;
}

static gboolean
read_external(TsOnnxMemory *memory, const Onnx__Tensor *message, TsTensor *tensor, GError **error)
{
    const char *offset_text = external_entry(message, "offset");
    const char *length_text = external_entry(message, "length");
    gint64 offset = 0, length = (gint64) tensor->n_bytes;
    if ((offset_text != NULL &&
         !ts_parse_int(offset_text, 0, G_MAXINT64, "offset", &offset, NULL)) ||
        (length_text != NULL && !ts_parse_int(length_text, 0, G_MAXINT64, "length", &length, NULL)))
        return fail(memory, tensor, "says no number where it lies in another file", error);
    GBytes *bytes = open_external(memory, tensor, external_entry(message, "location"), error);
    if (bytes == NULL)
        return FALSE;
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    if ((gsize) length != tensor->n_bytes || (gsize) offset > n ||
        n - (gsize) offset < tensor->n_bytes)
        return fail(memory, tensor, "does not fit into its place in another file", error);
    tensor->data = data != NULL ? data + offset : NULL;
    return TRUE;
}

/* ---- */

gboolean
ts_onnx_tensor_read(TsOnnxMemory *memory, const Onnx__Tensor *message, TsTensor *tensor,
                    GError **error)
{
    *tensor = (TsTensor){.name = message->name != NULL ? message->name : ""};
    if (!g_utf8_validate(tensor->name, -1, NULL))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: a name is not UTF-8", memory->name);
    if (!ts_onnx_dtype_read(message->data_type, &tensor->dtype))
        return fail(memory, tensor, "holds numbers of a type that is not known", error);
    if (!ts_tensor_compute_bytes(tensor->dtype, (guint) MIN(message->n_dims, G_MAXUINT),
                                 message->dims, &tensor->n_bytes))
        return fail(memory, tensor, "has a shape that cannot be", error);
    tensor->rank = (guint) message->n_dims;
    for (guint i = 0; i < tensor->rank; i++)
        tensor->shape[i] = message->dims[i];
    if (message->has_data_location &&
        message->data_location == ONNX__TENSOR__DATA_LOCATION__EXTERNAL)
        return read_external(memory, message, tensor, error);
    if (!message->has_raw_data)
        return read_list(memory, message, tensor, error);
    if (message->raw_data.len != tensor->n_bytes)
        return fail(memory, tensor, "has another number of bytes than its shape", error);
    tensor->data = message->raw_data.data;
    return TRUE;
}
