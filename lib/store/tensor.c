/* Sizes, names and conversion of tensors. */
#include "store/tensor.h"

#include "base/error.h"
#include "store/half.h"

#include <string.h>

static const struct {
    const char *name;
    gsize size;
} dtypes[TS_DTYPE_N] = {
    [TS_DTYPE_BOOL] = {"BOOL", 1}, [TS_DTYPE_U8] = {"U8", 1},   [TS_DTYPE_I8] = {"I8", 1},
    [TS_DTYPE_I16] = {"I16", 2},   [TS_DTYPE_U16] = {"U16", 2}, [TS_DTYPE_F16] = {"F16", 2},
    [TS_DTYPE_BF16] = {"BF16", 2}, [TS_DTYPE_I32] = {"I32", 4}, [TS_DTYPE_U32] = {"U32", 4},
    [TS_DTYPE_F32] = {"F32", 4},   [TS_DTYPE_F64] = {"F64", 8}, [TS_DTYPE_I64] = {"I64", 8},
    [TS_DTYPE_U64] = {"U64", 8},
};

gsize
ts_dtype_size(TsDtype dtype)
{
    return dtypes[dtype].size;
}

gboolean
ts_dtype_is_float(TsDtype dtype)
{
    return dtype == TS_DTYPE_F16 || dtype == TS_DTYPE_BF16 || dtype == TS_DTYPE_F32 ||
           dtype == TS_DTYPE_F64;
}

const char *
ts_dtype_name(TsDtype dtype)
{
    return dtypes[dtype].name;
}

gboolean
ts_dtype_from_name(const char *name, TsDtype *dtype)
{
    for (guint i = 0; i < TS_DTYPE_N; i++) {
        if (strcmp(dtypes[i].name, name) == 0) {
            *dtype = (TsDtype) i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
ts_tensor_compute_bytes(TsDtype dtype, guint rank, const gint64 *shape, gsize *n_bytes)
{
    gsize n = ts_dtype_size(dtype);
    gboolean empty = FALSE, fits = rank <= TS_TENSOR_MAX_RANK;
    for (guint i = 0; fits && i < rank; i++) {
        fits = shape[i] >= 0;
        empty = empty || shape[i] == 0;
    }
    for (guint i = 0; fits && !empty && i < rank; i++)
        fits = g_size_checked_mul(&n, n, (gsize) shape[i]);
    if (fits)
        *n_bytes = empty ? 0 : n;
    return fits;
}

gsize
ts_tensor_n(const TsTensor *tensor)
{
    return tensor->n_bytes / ts_dtype_size(tensor->dtype);
}

static guint16
load16(const guint8 *bytes)
{
    guint16 value;
    memcpy(&value, bytes, sizeof value);
    return GUINT16_FROM_LE(value);
}

static guint32
load32(const guint8 *bytes)
{
    guint32 value;
    memcpy(&value, bytes, sizeof value);
    return GUINT32_FROM_LE(value);
}

static guint64
load64(const guint8 *bytes)
{
    guint64 value;
    memcpy(&value, bytes, sizeof value);
    return GUINT64_FROM_LE(value);
}

static float
f32_at(const guint8 *bytes)
{
    guint32 bits = load32(bytes);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double
f64_at(const guint8 *bytes)
{
    guint64 bits = load64(bytes);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float
number_at(TsDtype dtype, const guint8 *bytes)
{
    switch (dtype) {
    case TS_DTYPE_BOOL:
        return bytes[0] != 0;
    case TS_DTYPE_U8:
        return bytes[0];
    case TS_DTYPE_I8:
        return (gint8) bytes[0];
    case TS_DTYPE_I16:
        return (gint16) load16(bytes);
    case TS_DTYPE_U16:
        return load16(bytes);
    case TS_DTYPE_F16:
        return ts_f16_to_f32(load16(bytes));
    case TS_DTYPE_BF16:
        return ts_bf16_to_f32(load16(bytes));
    case TS_DTYPE_I32:
        return (float) (gint32) load32(bytes);
    case TS_DTYPE_U32:
        return (float) load32(bytes);
    case TS_DTYPE_F32:
        return f32_at(bytes);
    case TS_DTYPE_F64:
        return (float) f64_at(bytes);
    case TS_DTYPE_I64:
        return (float) (gint64) load64(bytes);
    case TS_DTYPE_U64:
        return (float) load64(bytes);
    }
    g_return_val_if_reached(0);
}

gboolean
ts_tensor_to_f32(const TsTensor *tensor, float *out, GError **error)
{
    gsize n_bytes;
    if (!ts_tensor_compute_bytes(tensor->dtype, tensor->rank, tensor->shape, &n_bytes) ||
        n_bytes != tensor->n_bytes)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "tensor '%s': %" G_GSIZE_FORMAT " bytes do not fit its shape",
                            tensor->name != NULL ? tensor->name : "", tensor->n_bytes);
    const guint8 *bytes = tensor->data;
    gsize size = ts_dtype_size(tensor->dtype);
    gsize n = ts_tensor_n(tensor);
    if (tensor->dtype == TS_DTYPE_F32 && G_BYTE_ORDER == G_LITTLE_ENDIAN && n > 0) {
        memcpy(out, bytes, n_bytes);
        return TRUE;
    }
    for (gsize i = 0; i < n; i++)
        out[i] = number_at(tensor->dtype, bytes + i * size);
    return TRUE;
}
