/* rebalance: arrays written, and their classes. */
#include "base/error.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/outfile.h"
#include "base/tool.h"
#include "rebalance.h"
#include "store/npy.h"

#include <math.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 20 };

/* An array that is being written, chunk by chunk, and its labels. */
typedef struct {
    const TsTensor *model;
    gsize row_bytes;
    TsOutFile *out;
    guint8 *chunk;
    gsize n, n_chunk; /* rows of the chunk */
    gint64 *label;
} Filling;

/* Write the chunk, and let go of what was read of a large file. */
static gboolean
flush(Filling *self, GError **error)
{
    gsize n_bytes = self->n * self->row_bytes;
    self->n = 0;
    if (ts_memory_is_large(self->model->n_bytes))
        ts_memory_release(self->model->data, self->model->n_bytes);
    return !ts_interrupt_check(error) && ts_out_file_write(self->out, self->chunk, n_bytes, error);
}

/* Room for the next row, of that class. NULL if the last ones cannot be written. */
static guint8 *
next_row(const RebalanceJob *job, Filling *self, gint32 class, GError **error)
{
    if (self->n == self->n_chunk && !flush(self, error))
        return NULL;
    *self->label++ = g_ascii_strtoll(job->classes->names[class], NULL, 10);
    return self->chunk + self->n++ * self->row_bytes;
}

static gboolean
copy_row(const RebalanceJob *job, guint64 row, gpointer data, GError **error)
{
    Filling *self = data;
    guint8 *at = next_row(job, self, job->classes->of_row[row], error);
    if (at != NULL)
        memcpy(at, (const guint8 *) self->model->data + row * self->row_bytes, self->row_bytes);
    return at != NULL;
}

/* `value` as the array holds numbers: integers are rounded half to even and kept in range. */
static void
put_number(TsDtype dtype, double value, guint8 *at)
{
    static const struct {
        TsDtype dtype;
        double min, max;
    } integers[] = {
        {TS_DTYPE_U8, 0, G_MAXUINT8},
        {TS_DTYPE_I8, G_MININT8, G_MAXINT8},
        {TS_DTYPE_U16, 0, G_MAXUINT16},
        {TS_DTYPE_I16, G_MININT16, G_MAXINT16},
        {TS_DTYPE_U32, 0, G_MAXUINT32},
        {TS_DTYPE_I32, G_MININT32, G_MAXINT32},
        {TS_DTYPE_I64, -0x1p63, 0x1.fffffffffffffp62},
    };
    if (dtype == TS_DTYPE_F64) {
        memcpy(at, &value, sizeof value);
        return;
    }
    if (dtype == TS_DTYPE_F32) {
        float single = (float) value;
        memcpy(at, &single, sizeof single);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(integers); i++)
        if (integers[i].dtype == dtype) {
            gint64 whole = (gint64) fmin(fmax(rint(value), integers[i].min), integers[i].max);
            memcpy(at, &whole, ts_dtype_size(dtype)); /* little-endian */
        }
}

static gboolean
put_new_rows(const RebalanceJob *job, Filling *self, GError **error)
{
    gsize size = ts_dtype_size(self->model->dtype), d = self->row_bytes / size;
    for (guint64 i = 0; i < job->n_new; i++) {
        guint8 *at = next_row(job, self, job->new_classes[i], error);
        for (gsize j = 0; at != NULL && j < d; j++)
            put_number(self->model->dtype, job->new_values[i * d + j], at + j * size);
        if (at == NULL)
            return FALSE;
    }
    return TRUE;
}

static gboolean
write_values(const RebalanceJob *job, const TsTensor *model, guint64 n, gint64 *labels,
             GError **error)
{
    TsTensor array = *model;
    gsize row_bytes = array.n_bytes / (gsize) job->n_rows;
    gsize n_chunk = MAX(1, CHUNK_BYTES / MAX(row_bytes, 1));
    array.shape[0] = (gint64) n;
    g_autofree guint8 *chunk = ts_try_alloc(n_chunk, row_bytes, "rows", error);
    g_autoptr(TsOutFile) out =
        chunk != NULL ? ts_out_file_new(job->how->output, ts_tool_force(), error) : NULL;
    Filling filling = {.model = model,
                       .row_bytes = row_bytes,
                       .out = out,
                       .chunk = chunk,
                       .n_chunk = n_chunk,
                       .label = labels};
    return out != NULL && ts_npy_write_header(out, &array, error) &&
           rebalance_each_row(job, copy_row, &filling, error) &&
           put_new_rows(job, &filling, error) && flush(&filling, error) &&
           ts_out_file_commit(out, error);
}

gboolean
rebalance_write_array(const RebalanceJob *job, GError **error)
{
    guint64 n = 0;
    for (guint c = 0; c < job->classes->n; c++)
        n += job->delivered[c];
    g_autofree gint64 *labels = ts_try_alloc(n, sizeof *labels, "labels", error);
    if (labels == NULL || !write_values(job, ts_npy_get(job->array->file), n, labels, error))
        return FALSE;
    TsTensor classes = {.dtype = TS_DTYPE_I64,
                        .rank = 1,
                        .shape = {(gint64) n},
                        .data = labels,
                        .n_bytes = n * sizeof *labels};
    return ts_npy_write(job->how->labels_out, &classes, ts_tool_force(), error);
}
