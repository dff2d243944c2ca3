/* Synthetic rows written as arrays. */
#include "balance/smote/synthetic.h"

#include "balance/smote/synthetic_private.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/outfile.h"

#include <math.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 20 };

/* New row i in the precision of the points. */
static void
mix(const TsSynthetic *self, gsize i, gpointer out)
{
    if (self->values->f32 != NULL)
        ts_blend_f32(self->values, ts_synthetic_blend(self, i), out);
    else
        ts_blend_f64(self->values, ts_synthetic_blend(self, i), out);
}

/* The range of a type of whole numbers. What lies outside cannot come from between two of them, but
 * from beyond one of them (svm): it becomes the nearest that there is. */
static void
range_of(TsDtype dtype, double *low, double *high)
{
    gboolean is_signed = dtype == TS_DTYPE_I8 || dtype == TS_DTYPE_I16 || dtype == TS_DTYPE_I32 ||
                         dtype == TS_DTYPE_I64;
    int bits = 8 * (int) ts_dtype_size(dtype) - is_signed;
    *high = dtype == TS_DTYPE_I64 ? 9223372036854774784.0 : ldexp(1, bits) - 1;
    *low = is_signed ? -ldexp(1, bits) : 0;
}

/* As numbers of the file's type. */
static void
store_row(const TsPoints *points, TsDtype dtype, gconstpointer row, guint8 *out)
{
    gsize size = ts_dtype_size(dtype);
    if (dtype == TS_DTYPE_F32 || dtype == TS_DTYPE_F64) {
        memcpy(out, row, points->d * size);
        return;
    }
    double low, high;
    range_of(dtype, &low, &high);
    for (gsize j = 0; j < points->d; j++) {
        double value =
            points->f32 != NULL ? (double) ((const float *) row)[j] : ((const double *) row)[j];
        gint64 whole = (gint64) CLAMP(rint(value), low, high);
        memcpy(out + j * size, &whole, size); /* little-endian */
    }
}

static gsize
count_kept(const TsSynthetic *self)
{
    gsize n_all = self->n + self->blends->len, n = 0;
    for (gsize i = 0; i < n_all; i++)
        n += ts_synthetic_is_kept(self, i);
    return n;
}

static void
release_rows(const TsSynthetic *self, const TsTensor *model)
{
    if (ts_memory_is_large(model->n_bytes))
        ts_memory_release(model->data, model->n_bytes);
    ts_points_release(self->values, 0, self->values->n);
}

static gboolean
write_rows(const TsSynthetic *self, const TsTensor *model, TsOutFile *out, GError **error)
{
    gsize d = self->values->d, row_bytes = d * ts_dtype_size(model->dtype);
    gsize n_chunk = MAX(1, CHUNK_BYTES / row_bytes), n = 0;
    gsize step = ts_blend_release_step(self->values);
    g_autofree guint8 *chunk = ts_try_alloc(n_chunk, row_bytes, "rows", error);
    g_autofree double *row = chunk != NULL ? ts_try_alloc(d, sizeof *row, "row", error) : NULL;
    if (row == NULL)
        return FALSE;
    for (gsize i = 0; i < self->n + self->blends->len; i++) {
        if (i % step == 0) /* rows that were written, and parents of them */
            release_rows(self, model);
        if (!ts_synthetic_is_kept(self, i))
            continue;
        guint8 *to = chunk + n++ * row_bytes;
        if (i < self->n) {
            memcpy(to, (const guint8 *) model->data + i * row_bytes, row_bytes);
        } else {
            mix(self, i - self->n, row);
            store_row(self->values, model->dtype, row, to);
        }
        if (n < n_chunk)
            continue;
        if (ts_interrupt_check(error) || !ts_out_file_write(out, chunk, n * row_bytes, error))
            return FALSE;
        n = 0;
    }
    return ts_out_file_write(out, chunk, n * row_bytes, error);
}

gboolean
ts_synthetic_write_npy(const TsSynthetic *self, const TsTensor *model, const char *path,
                       gboolean replace, GError **error)
{
    TsTensor array = *model;
    array.shape[0] = (gint64) count_kept(self);
    g_autoptr(TsOutFile) out = ts_out_file_new(path, replace, error);
    return out != NULL && ts_npy_write_header(out, &array, error) &&
           write_rows(self, model, out, error) && ts_out_file_commit(out, error);
}

gboolean
ts_synthetic_write_labels(const TsSynthetic *self, const TsClasses *classes, const char *path,
                          gboolean replace, GError **error)
{
    gsize n = count_kept(self), at = 0;
    g_autofree gint64 *labels = ts_try_alloc(n, sizeof *labels, "labels", error);
    if (labels == NULL)
        return FALSE;
    for (gsize i = 0; i < self->n + self->blends->len; i++) {
        if (!ts_synthetic_is_kept(self, i))
            continue;
        gsize row = i < self->n ? i : ts_synthetic_blend(self, i - self->n)->a;
        labels[at++] = g_ascii_strtoll(classes->names[classes->of_row[row]], NULL, 10);
    }
    TsTensor array = {.dtype = TS_DTYPE_I64,
                      .rank = 1,
                      .shape = {(gint64) n},
                      .data = labels,
                      .n_bytes = n * sizeof *labels};
    return ts_npy_write(path, &array, replace, error);
}
