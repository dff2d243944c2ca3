/* A named array of numbers in memory: what safetensors and npy files hold.
 *
 * Data is row-major and little-endian, and may lie at any address: files do not promise alignment,
 * so numbers are taken out by ts_tensor_to_f32() or memcpy(), never through a cast pointer.
 *
 *     const TsTensor *weight = ts_safetensors_find(file, "conv1.weight");
 *     g_autofree float *w = ts_try_alloc(ts_tensor_n(weight), sizeof *w, weight->name, error);
 *     if (w == NULL || !ts_tensor_to_f32(weight, w, error))
 *         return FALSE;
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    TS_DTYPE_BOOL,
    TS_DTYPE_U8,
    TS_DTYPE_I8,
    TS_DTYPE_I16,
    TS_DTYPE_U16,
    TS_DTYPE_F16,
    TS_DTYPE_BF16,
    TS_DTYPE_I32,
    TS_DTYPE_U32,
    TS_DTYPE_F32,
    TS_DTYPE_F64,
    TS_DTYPE_I64,
    TS_DTYPE_U64,
} TsDtype;

enum { TS_DTYPE_N = TS_DTYPE_U64 + 1, TS_TENSOR_MAX_RANK = 8 };

/* Everything in it is borrowed. */
typedef struct {
    const char *name;
    TsDtype dtype;
    guint rank; /* 0: one number */
    gint64 shape[TS_TENSOR_MAX_RANK];
    const void *data;
    gsize n_bytes; /* product of shape * ts_dtype_size(dtype) */
} TsTensor;

/* Bytes of one number. */
gsize ts_dtype_size(TsDtype dtype);

/* TRUE for the four types of floating-point numbers. */
gboolean ts_dtype_is_float(TsDtype dtype);

/* The name that safetensors uses: "F32". */
const char *ts_dtype_name(TsDtype dtype);

/* Look up `name`; FALSE if it is none of ours. */
gboolean ts_dtype_from_name(const char *name, TsDtype *dtype);

/* Compute the bytes of a tensor of that shape. FALSE if a dimension is negative, the rank is above
 * TS_TENSOR_MAX_RANK or the product overflows. */
gboolean ts_tensor_compute_bytes(TsDtype dtype, guint rank, const gint64 *shape, gsize *n_bytes);

/* How many numbers there are: the product of the shape, 1 for rank 0. */
gsize ts_tensor_n(const TsTensor *tensor);

/* Convert all numbers to f32, into `out` of ts_tensor_n() floats. Rounds to nearest even where f32
 * cannot hold the number; f64 above the range becomes infinity. Booleans become 0 and 1. Fails with
 * TS_ERROR_FORMAT if n_bytes does not fit the shape. */
gboolean ts_tensor_to_f32(const TsTensor *tensor, float *out, GError **error);

G_END_DECLS
