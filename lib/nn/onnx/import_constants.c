/* What exporters compute with constants: shapes, mostly, for a Reshape, and biases of zeros. */
#include "nn/onnx/import.h"

#include <math.h>
#include <string.h>

enum { MAX_NUMBERS = 1 << 16 };

static gboolean
is_whole(TsDtype dtype)
{
    return dtype != TS_DTYPE_F16 && dtype != TS_DTYPE_BF16 && dtype != TS_DTYPE_F32 &&
           dtype != TS_DTYPE_F64;
}

/* Let the output be `n` numbers of that shape: int64 (0 for what is no number) or f32. */
static void
set_numbers(TsOnnxImport *self, const TsOnnxNode *node, gboolean whole, guint rank,
            const gint64 *shape, const double *numbers, gsize n)
{
    gint64 *ints = whole ? g_new0(gint64, n + 1) : NULL;
    float *floats = whole ? NULL : g_new0(float, n + 1);
    for (gsize i = 0; i < n; i++) {
        if (whole)
            ints[i] = isnan(numbers[i]) ? 0 : (gint64) numbers[i];
        else
            floats[i] = (float) numbers[i];
    }
    ts_onnx_set_constant(self, node, whole ? TS_DTYPE_I64 : TS_DTYPE_F32, rank, shape,
                         whole ? (gpointer) ints : (gpointer) floats);
}

/* The numbers of constant input `i`, each small enough for a double; g_free(). */
static double *
get_numbers(const TsOnnxImport *self, const TsOnnxNode *node, guint i, const TsTensor **tensor,
            GError **error)
{
    const TsOnnxResult *input = ts_onnx_input(self, node, i);
    gboolean small =
        input != NULL && input->constant != NULL && ts_tensor_n(input->constant) <= MAX_NUMBERS;
    for (guint d = 0; small && d < input->constant->rank; d++) /* one of no numbers has any sizes */
        small = input->constant->shape[d] <= MAX_NUMBERS;
    if (!small) {
        ts_onnx_refuse(self, node, error, "input %u has to be a small constant", i);
        return NULL;
    }
    *tensor = input->constant;
    const gsize n = ts_tensor_n(*tensor);
    double *numbers = g_new0(double, n + 1);
    for (gsize k = 0; k < n; k++)
        numbers[k] = CLAMP(ts_onnx_number(*tensor, k), -0x1p53, 0x1p53);
    return numbers;
}

/* ---- the rules ---- */

static gboolean
import_constant(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    for (guint i = 0; i < node->n_attributes; i++) {
        const TsOnnxAttribute *value = &node->attributes[i];
        const gint64 n = value->n;
        switch (value->kind) {
        case TS_ONNX_TENSOR:
            ts_onnx_set_result(self, node, (TsOnnxResult){.constant = value->tensor});
            return TRUE;
        case TS_ONNX_INT:
            ts_onnx_set_constant(self, node, TS_DTYPE_I64, 0, NULL,
                                 g_memdup2(&value->i, sizeof value->i));
            return TRUE;
        case TS_ONNX_FLOAT:
            ts_onnx_set_constant(self, node, TS_DTYPE_F32, 0, NULL,
                                 g_memdup2(&value->f, sizeof value->f));
            return TRUE;
        case TS_ONNX_INTS:
            ts_onnx_set_constant(self, node, TS_DTYPE_I64, 1, &n,
                                 g_memdup2(value->ints, value->n * sizeof *value->ints));
            return TRUE;
        case TS_ONNX_FLOATS:
            ts_onnx_set_constant(self, node, TS_DTYPE_F32, 1, &n,
                                 g_memdup2(value->floats, value->n * sizeof *value->floats));
            return TRUE;
        default:
            break;
        }
    }
    return ts_onnx_refuse(self, node, error, "has no value that is known");
}

static gboolean
cast(TsOnnxImport *self, const TsOnnxNode *node, gboolean whole, GError **error)
{
    const TsTensor *tensor;
    g_autofree double *numbers = get_numbers(self, node, 0, &tensor, error);
    if (numbers != NULL)
        set_numbers(self, node, whole, tensor->rank, tensor->shape, numbers, ts_tensor_n(tensor));
    return numbers != NULL;
}

static gboolean
import_cast(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const gint64 to = ts_onnx_get_int(node, "to", 1); /* 1, 10, 11, 16: the floats */
    return cast(self, node, to != 1 && to != 10 && to != 11 && to != 16, error);
}

static gboolean
import_cast_like(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *like = ts_onnx_input(self, node, 1);
    return cast(self, node,
                like != NULL && like->constant != NULL && is_whole(like->constant->dtype), error);
}

/* 0 stands for the batch, whose size is not fixed: a Reshape takes it as "the same as before". */
static gboolean
import_shape(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxResult *of = ts_onnx_input(self, node, 0);
    double shape[TS_TENSOR_MAX_RANK] = {0};
    gint64 rank;
    if (of == NULL)
        return ts_onnx_refuse(self, node, error, "has no input");
    if (of->constant != NULL) {
        rank = of->constant->rank;
        for (gint64 i = 0; i < rank; i++)
            shape[i] = (double) of->constant->shape[i];
    } else {
        const TsShape now = ts_graph_node(self->graph, of->node)->shape;
        rank = of->flat ? 2 : 4;
        shape[1] = (double) now.c;
        shape[2] = (double) now.h;
        shape[3] = (double) now.w;
    }
    gint64 from = ts_onnx_get_int(node, "start", 0), to = ts_onnx_get_int(node, "end", rank);
    from = CLAMP(from < 0 ? from + rank : from, 0, rank);
    to = CLAMP(to < 0 ? to + rank : to, from, rank);
    const gint64 n = to - from;
    set_numbers(self, node, TRUE, 1, &n, shape + from, (gsize) n);
    return TRUE;
}

static gboolean
import_gather(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsTensor *data, *at;
    g_autofree double *numbers = get_numbers(self, node, 0, &data, error);
    g_autofree double *indices = numbers != NULL ? get_numbers(self, node, 1, &at, error) : NULL;
    if (indices == NULL)
        return FALSE;
    const gint64 n = (gint64) ts_tensor_n(data);
    if (data->rank != 1 || at->rank > 1 || ts_onnx_get_int(node, "axis", 0) != 0)
        return ts_onnx_refuse(self, node, error, "is known for lists only");
    for (gsize i = 0; i < ts_tensor_n(at); i++) {
        const double index = indices[i] < 0 ? indices[i] + (double) n : indices[i];
        if (!(index >= 0 && index < (double) n))
            return ts_onnx_refuse(self, node, error,
                                  "index %g is outside of %" G_GINT64_FORMAT " numbers", indices[i],
                                  n);
        indices[i] = numbers[(gsize) index];
    }
    set_numbers(self, node, is_whole(data->dtype), at->rank, at->shape, indices, ts_tensor_n(at));
    return TRUE;
}

/* Between a number and a list of one. */
static gboolean
import_squeeze(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsTensor *tensor;
    g_autofree double *numbers = get_numbers(self, node, 0, &tensor, error);
    if (numbers == NULL)
        return FALSE;
    const gint64 one = 1;
    const guint rank = strcmp(node->op, "Squeeze") == 0 ? 0 : 1;
    if (ts_tensor_n(tensor) != 1 || tensor->rank + rank != 1)
        return ts_onnx_refuse(self, node, error, "is known between a number and a list of one");
    set_numbers(self, node, is_whole(tensor->dtype), rank, &one, numbers, 1);
    return TRUE;
}

static gboolean
import_concat(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(double));
    gboolean whole = TRUE;
    for (guint i = 0; i < node->n_inputs; i++) {
        const TsTensor *tensor;
        g_autofree double *numbers = get_numbers(self, node, i, &tensor, error);
        if (numbers == NULL)
            return FALSE;
        if (tensor->rank != 1 || all->len > MAX_NUMBERS)
            return ts_onnx_refuse(self, node, error, "is known for lists only");
        whole = whole && is_whole(tensor->dtype);
        g_array_append_vals(all, numbers, (guint) ts_tensor_n(tensor));
    }
    const gint64 n = all->len;
    set_numbers(self, node, whole, 1, &n, (double *) (gpointer) all->data, all->len);
    return TRUE;
}

/* A Reshape to a shape in which one size may be left open (-1), or an Expand of one number. */
static gboolean
import_shaped(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsTensor *tensor;
    g_autofree double *numbers = get_numbers(self, node, 0, &tensor, error);
    gint64 shape[TS_TENSOR_MAX_RANK];
    guint rank;
    if (numbers == NULL)
        return FALSE;
    if (!ts_onnx_get_ints(self, node, "shape", 1, G_N_ELEMENTS(shape), shape, &rank))
        return ts_onnx_refuse(self, node, error, "its shape has to be a constant");
    gint64 n = 1, n_open = 0, open = 0;
    for (guint i = 0; i < rank; i++) {
        if (shape[i] == -1) {
            n_open++;
            open = i;
        } else if (shape[i] < 1 || shape[i] > MAX_NUMBERS || (n *= shape[i]) > MAX_NUMBERS) {
            return ts_onnx_refuse(self, node, error, "the shape of a constant is out of range");
        }
    }
    const gint64 have = (gint64) ts_tensor_n(tensor);
    const gboolean fits = n_open == 0 ? have == n || have == 1 : n_open == 1 && have % n == 0;
    if (!fits)
        return ts_onnx_refuse(self, node, error, "does not fit %" G_GINT64_FORMAT " numbers", have);
    if (n_open == 1) {
        shape[open] = have / n;
        n = have;
    }
    g_autofree double *all = g_new0(double, n + 1);
    for (gint64 i = 0; i < n; i++)
        all[i] = numbers[have == 1 ? 0 : i];
    set_numbers(self, node, is_whole(tensor->dtype), rank, shape, all, (gsize) n);
    return TRUE;
}

/* ---- padding, which PyTorch computes from its own order of the numbers ---- */

static double
calculate(char op, double a, double b)
{
    switch (op) {
    case 'A':
        return a + b;
    case 'S':
        return a - b;
    case 'M':
        return a * b;
    default:
        return b != 0 ? a / b : 0;
    }
}

/* Add, Sub, Mul, Div: of as many numbers on both sides, or one on either. */
static gboolean
import_arithmetic(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsTensor *a, *b;
    g_autofree double *x = get_numbers(self, node, 0, &a, error);
    g_autofree double *y = x != NULL ? get_numbers(self, node, 1, &b, error) : NULL;
    if (y == NULL)
        return FALSE;
    const gsize n_a = ts_tensor_n(a), n_b = ts_tensor_n(b), n = n_a == 1 ? n_b : n_a;
    if (n_b != n && n_b != 1)
        return ts_onnx_refuse(self, node, error, "the numbers of constants differ");
    const TsTensor *shape = a->rank >= b->rank ? a : b;
    if (ts_tensor_n(shape) != n)
        return ts_onnx_refuse(self, node, error, "the shapes of constants differ");
    g_autofree double *result = g_new0(double, n + 1);
    const gboolean whole = is_whole(a->dtype);
    for (gsize i = 0; i < n; i++) {
        result[i] = calculate(node->op[0], x[n_a == 1 ? 0 : i], y[n_b == 1 ? 0 : i]);
        result[i] = whole ? CLAMP(trunc(result[i]), -0x1p53, 0x1p53) : result[i];
    }
    set_numbers(self, node, whole, shape->rank, shape->shape, result, n);
    return TRUE;
}

static gboolean
import_constant_of_shape(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsOnnxAttribute *value = ts_onnx_attribute(node, "value");
    gint64 shape[TS_TENSOR_MAX_RANK], n = 1;
    guint rank;
    if (!ts_onnx_get_ints(self, node, "shape", 0, G_N_ELEMENTS(shape), shape, &rank))
        return ts_onnx_refuse(self, node, error, "its shape has to be a constant");
    for (guint i = 0; i < rank; i++)
        if (shape[i] < 0 || shape[i] > MAX_NUMBERS || (n *= shape[i]) > MAX_NUMBERS)
            return ts_onnx_refuse(self, node, error, "the shape of a constant is out of range");
    const TsTensor *tensor = value != NULL ? value->tensor : NULL;
    if (tensor != NULL && ts_tensor_n(tensor) != 1)
        return ts_onnx_refuse(self, node, error, "'value' has to be one number");
    g_autofree double *all = g_new0(double, n + 1);
    for (gint64 i = 0; tensor != NULL && i < n; i++)
        all[i] = CLAMP(ts_onnx_number(tensor, 0), -0x1p53, 0x1p53);
    set_numbers(self, node, tensor != NULL && is_whole(tensor->dtype), rank, shape, all, (gsize) n);
    return TRUE;
}

/* Where a slice of `n` rows begins, and after which it ends, both within the rows. */
static void
clamp_slice(gint64 n, gint64 step, gint64 *from, gint64 *to)
{
    const gint64 low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
    *from = CLAMP(*from < 0 ? MAX(*from, -n - 1) + n : *from, low, high);
    *to = CLAMP(*to < 0 ? MAX(*to, -n - 1) + n : *to, low, high);
}

/* Rows of a list or a table, forwards or backwards. */
static gboolean
import_slice(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsTensor *tensor;
    g_autofree double *numbers = get_numbers(self, node, 0, &tensor, error);
    gint64 from, to, axis = 0, step = 1;
    guint n_from, n_to, n_axes = 1, n_steps = 1;
    if (numbers == NULL)
        return FALSE;
    if (!ts_onnx_get_ints(self, node, "starts", 1, 1, &from, &n_from) ||
        !ts_onnx_get_ints(self, node, "ends", 2, 1, &to, &n_to) || n_from != 1 || n_to != 1 ||
        (ts_onnx_input(self, node, 3) != NULL &&
         !ts_onnx_get_ints(self, node, "axes", 3, 1, &axis, &n_axes)) ||
        (ts_onnx_input(self, node, 4) != NULL &&
         !ts_onnx_get_ints(self, node, "steps", 4, 1, &step, &n_steps)) ||
        n_axes != 1 || n_steps != 1 || axis != 0 || (step != 1 && step != -1) || tensor->rank < 1 ||
        tensor->rank > 2)
        return ts_onnx_refuse(self, node, error, "is known for rows of a list or a table only");
    const gint64 columns = tensor->rank == 2 ? tensor->shape[1] : 1;
    clamp_slice(tensor->shape[0], step, &from, &to);
    const gint64 rows = MAX((to - from) * step, 0), shape[] = {rows, columns};
    g_autofree double *kept = g_new0(double, rows *columns + 1);
    for (gint64 i = 0; i < rows; i++)
        for (gint64 c = 0; c < columns; c++)
            kept[i * columns + c] = numbers[(from + i * step) * columns + c];
    set_numbers(self, node, is_whole(tensor->dtype), tensor->rank, shape, kept,
                (gsize) (rows * columns));
    return TRUE;
}

static gboolean
import_transpose(TsOnnxImport *self, const TsOnnxNode *node, GError **error)
{
    const TsTensor *tensor;
    g_autofree double *numbers = get_numbers(self, node, 0, &tensor, error);
    gint64 order[] = {1, 0};
    guint n = 2;
    if (numbers == NULL)
        return FALSE;
    if (ts_onnx_attribute(node, "perm") != NULL)
        ts_onnx_get_ints(self, node, "perm", 0, 2, order, &n);
    if (tensor->rank != 2 || n != 2 || order[0] != 1 || order[1] != 0)
        return ts_onnx_refuse(self, node, error, "is known for tables of constants only");
    const gint64 shape[] = {tensor->shape[1], tensor->shape[0]};
    g_autofree double *turned = g_new0(double, ts_tensor_n(tensor) + 1);
    for (gint64 r = 0; r < shape[1]; r++)
        for (gint64 c = 0; c < shape[0]; c++)
            turned[c * shape[1] + r] = numbers[r * shape[0] + c];
    set_numbers(self, node, is_whole(tensor->dtype), 2, shape, turned, ts_tensor_n(tensor));
    return TRUE;
}

TsOnnxRule
ts_onnx_constant_rule(const char *op)
{
    static const TsOnnxEntry rules[] = {
        {"Add", import_arithmetic},     {"Cast", import_cast},
        {"CastLike", import_cast_like}, {"Concat", import_concat},
        {"Constant", import_constant},  {"ConstantOfShape", import_constant_of_shape},
        {"Div", import_arithmetic},     {"Expand", import_shaped},
        {"Gather", import_gather},      {"Mul", import_arithmetic},
        {"Reshape", import_shaped},     {"Shape", import_shape},
        {"Slice", import_slice},        {"Squeeze", import_squeeze},
        {"Sub", import_arithmetic},     {"Transpose", import_transpose},
        {"Unsqueeze", import_squeeze},
    };
    return ts_onnx_find_rule(rules, G_N_ELEMENTS(rules), op);
}
