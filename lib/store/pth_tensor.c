/* Tensors as views of storages: checked, and laid out row by row. */
#include "store/pth_private.h"

#include "base/error.h"

#include <string.h>

static const struct {
    const char *storage, *dtype_global;
    TsDtype dtype;
} types[] = {
    {"torch.FloatStorage", "torch.float32", TS_DTYPE_F32},
    {"torch.DoubleStorage", "torch.float64", TS_DTYPE_F64},
    {"torch.HalfStorage", "torch.float16", TS_DTYPE_F16},
    {"torch.BFloat16Storage", "torch.bfloat16", TS_DTYPE_BF16},
    {"torch.LongStorage", "torch.int64", TS_DTYPE_I64},
    {"torch.IntStorage", "torch.int32", TS_DTYPE_I32},
    {"torch.ShortStorage", "torch.int16", TS_DTYPE_I16},
    {"torch.CharStorage", "torch.int8", TS_DTYPE_I8},
    {"torch.ByteStorage", "torch.uint8", TS_DTYPE_U8},
    {"torch.BoolStorage", "torch.bool", TS_DTYPE_BOOL},
    {NULL, "torch.uint16", TS_DTYPE_U16},
    {NULL, "torch.uint32", TS_DTYPE_U32},
    {NULL, "torch.uint64", TS_DTYPE_U64},
};

/* A view as the pickle describes it, numbers checked for their kind alone. */
typedef struct {
    const TsPickleValue *storage; /* the tuple ("storage", class, key, device, length); before
                                     PyTorch 1.6 with a part of it, or None, behind */
    TsDtype dtype;
    gint64 offset;
    guint rank;
    gint64 shape[TS_TENSOR_MAX_RANK], stride[TS_TENSOR_MAX_RANK];
} View;

gboolean
ts_pth_fail(const TsPth *self, const char *tensor, const char *what, GError **error)
{
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: tensor '%s': %s", self->name, tensor, what);
}

static gboolean
get_size(const TsPickleValue *value, gint64 *size)
{
    if (value == NULL || value->kind != TS_PICKLE_INT || value->integer < 0)
        return FALSE;
    *size = value->integer;
    return TRUE;
}

static gboolean
get_sizes(const TsPickleValue *tuple, guint rank, gint64 *sizes)
{
    for (guint i = 0; i < rank; i++)
        if (!get_size(ts_pickle_item(tuple, i), &sizes[i]))
            return FALSE;
    return ts_pickle_n_items(tuple) == rank;
}

/* By the class of the storage, or, in version 3 of the call, by the argument behind the hooks. */
static gboolean
get_dtype(const TsPickleValue *storage, const TsPickleValue *dtype, TsDtype *result)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        const char *class = types[i].storage;
        gboolean found = dtype != NULL ? ts_pickle_is_global(dtype, types[i].dtype_global)
                                       : class != NULL && ts_pickle_is_global(storage, class);
        if (found)
            *result = types[i].dtype;
        if (found)
            return TRUE;
    }
    return FALSE;
}

gboolean
ts_pth_get_storage_dtype(const TsPickleValue *storage, TsDtype *dtype)
{
    return get_dtype(storage, NULL, dtype);
}

const TsPickleValue *
ts_pth_find_tensor_call(const TsPickleValue *value)
{
    if (value == NULL || value->kind != TS_PICKLE_CALL)
        return NULL;
    const TsPickleValue *callable = ts_pickle_item(value, 0);
    if (ts_pickle_is_global(callable, "torch._utils._rebuild_parameter") ||
        ts_pickle_is_global(callable, "torch._utils._rebuild_parameter_with_state")) {
        value = ts_pickle_item(ts_pickle_item(value, 1), 0);
        if (value == NULL || value->kind != TS_PICKLE_CALL)
            return NULL;
        callable = ts_pickle_item(value, 0);
    }
    return ts_pickle_is_global(callable, "torch._utils._rebuild_tensor_v2") ||
                   ts_pickle_is_global(callable, "torch._utils._rebuild_tensor_v3")
               ? value
               : NULL;
}

/* _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks); v3 has the dtype behind
 * it. */
static gboolean
get_view(const TsPth *self, const TsPickleValue *call, const char *tensor, View *view,
         GError **error)
{
    const TsPickleValue *arguments = ts_pickle_item(call, 1);
    const TsPickleValue *shape = ts_pickle_item(arguments, 2);
    const TsPickleValue *persistent = ts_pickle_item(arguments, 0);
    gboolean has_dtype =
        ts_pickle_is_global(ts_pickle_item(call, 0), "torch._utils._rebuild_tensor_v3");
    if (persistent == NULL || persistent->kind != TS_PICKLE_PERSISTENT || shape == NULL ||
        shape->kind != TS_PICKLE_TUPLE || ts_pickle_n_items(arguments) < (has_dtype ? 7 : 6))
        return ts_pth_fail(self, tensor, "is not made of a storage, an offset, a shape and strides",
                           error);
    view->storage = ts_pickle_item(persistent, 0);
    view->rank = ts_pickle_n_items(shape);
    if (view->rank > TS_TENSOR_MAX_RANK)
        return ts_pth_fail(self, tensor, "has more than 8 dimensions", error);
    if (!get_size(ts_pickle_item(arguments, 1), &view->offset) ||
        !get_sizes(shape, view->rank, view->shape) ||
        !get_sizes(ts_pickle_item(arguments, 3), view->rank, view->stride))
        return ts_pth_fail(self, tensor, "offset, shape or strides are not whole numbers from 0",
                           error);
    const TsPickleValue *part = ts_pickle_item(view->storage, 5);
    if (part != NULL && part->kind != TS_PICKLE_NONE)
        return ts_pth_fail(self, tensor, "is a part of a storage, as PyTorch 0.3 wrote it", error);
    if (ts_pickle_n_items(view->storage) < 5 || ts_pickle_n_items(view->storage) > 6 ||
        !ts_pickle_is_text(ts_pickle_item(view->storage, 0), "storage"))
        return ts_pth_fail(self, tensor, "its storage is not described by five values", error);
    return get_dtype(ts_pickle_item(view->storage, 1),
                     has_dtype ? ts_pickle_item(arguments, 6) : NULL, &view->dtype) ||
           ts_pth_fail(self, tensor, "has a type of numbers that is not supported", error);
}

/* The bytes of the storage that the view is of. */
static GBytes *
find_storage(const TsPth *self, const View *view, const char *tensor, GError **error)
{
    const TsPickleValue *key = ts_pickle_item(view->storage, 2);
    GBytes *bytes = NULL;
    if (key->kind == TS_PICKLE_TEXT) {
        g_autofree char *member =
            g_strdup_printf("%sdata/%.*s", self->root, (int) MIN(key->length, 100), key->text);
        bytes = g_hash_table_lookup(self->members, member);
    }
    if (bytes == NULL)
        ts_pth_fail(self, tensor, "its numbers are not in the file", error);
    return bytes;
}

/* One more than the index of the last number of the view; FALSE if that overflows. */
static gboolean
compute_extent(const View *view, guint64 *extent)
{
    *extent = (guint64) view->offset + 1;
    for (guint i = 0; i < view->rank; i++) {
        guint64 reach;
        if (view->shape[i] == 0) {
            *extent = 0;
            return TRUE;
        }
        if (!g_uint64_checked_mul(&reach, (guint64) view->shape[i] - 1,
                                  (guint64) view->stride[i]) ||
            !g_uint64_checked_add(extent, *extent, reach))
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_row_major(const View *view)
{
    gint64 expected = 1;
    for (guint i = view->rank; i > 0; i--) {
        if (view->shape[i - 1] != 1 && view->stride[i - 1] != expected)
            return FALSE;
        expected *= view->shape[i - 1]; /* the product was checked */
    }
    return TRUE;
}

/* The numbers of the view row by row, in `out`. */
static void
copy_view(const View *view, const guint8 *storage, guint8 *out)
{
    const gsize size = ts_dtype_size(view->dtype);
    gint64 index[TS_TENSOR_MAX_RANK] = {0};
    guint64 at = (guint64) view->offset; /* wraps on the way, never where it is used */
    for (gboolean more = TRUE; more;) {
        memcpy(out, storage + (gsize) at * size, size);
        out += size;
        more = FALSE;
        for (guint i = view->rank; i > 0 && !more; i--) {
            at += (guint64) view->stride[i - 1];
            more = ++index[i - 1] < view->shape[i - 1];
            if (!more) {
                at -= (guint64) view->stride[i - 1] * (guint64) view->shape[i - 1];
                index[i - 1] = 0;
            }
        }
    }
}

/* The data of the view: where it lies, or a copy if that is not row by row. */
static const void *
settle_data(TsPth *self, const View *view, const guint8 *storage, gsize n_bytes, const char *tensor,
            GError **error)
{
    if (n_bytes == 0 || is_row_major(view))
        return storage + (n_bytes > 0 ? (gsize) view->offset * ts_dtype_size(view->dtype) : 0);
    if (n_bytes > self->room) {
        ts_pth_fail(self, tensor, "its view is larger than the file gives reason for", error);
        return NULL;
    }
    self->room -= n_bytes;
    guint8 *copy = ts_try_alloc(n_bytes, 1, tensor, error);
    if (copy == NULL)
        return NULL;
    g_ptr_array_add(self->copies, copy);
    copy_view(view, storage, copy);
    return copy;
}

gboolean
ts_pth_make_tensor(TsPth *self, const TsPickleValue *call, const char *name, TsTensor *tensor,
                   GError **error)
{
    View view = {0};
    if (!get_view(self, call, name, &view, error))
        return FALSE;
    *tensor = (TsTensor){.name = name, .dtype = view.dtype, .rank = view.rank};
    memcpy(tensor->shape, view.shape, sizeof view.shape);
    guint64 extent, n_extent;
    if (!ts_tensor_compute_bytes(view.dtype, view.rank, view.shape, &tensor->n_bytes) ||
        !compute_extent(&view, &extent) ||
        !g_uint64_checked_mul(&n_extent, extent, ts_dtype_size(view.dtype)))
        return ts_pth_fail(self, name, "its sizes overflow", error);
    GBytes *storage = find_storage(self, &view, name, error);
    if (storage == NULL)
        return FALSE;
    if (n_extent > g_bytes_get_size(storage))
        return ts_pth_fail(self, name, "reaches over the end of its storage", error);
    static const guint8 nothing;
    const guint8 *data = g_bytes_get_data(storage, NULL);
    tensor->data =
        settle_data(self, &view, data != NULL ? data : &nothing, tensor->n_bytes, name, error);
    return tensor->data != NULL;
}
