/* rebalance: arrays written, and their classes. */
#include "base/error.h"
#include "base/tool.h"
#include "rebalance.h"
#include "store/npy.h"

#include <math.h>
#include <string.h>

/* An array of n rows being filled. */
typedef struct {
    const TsTensor *model;
    gsize row_bytes;
    guint8 *at;
    gint64 *label;
} Filling;

static gboolean
copy_row(const RebalanceJob *job, guint64 row, gpointer data, GError **error)
{
    Filling *self = data;
    (void) error;
    memcpy(self->at, (const guint8 *) self->model->data + row * self->row_bytes, self->row_bytes);
    self->at += self->row_bytes;
    *self->label++ = g_ascii_strtoll(job->classes->names[job->classes->of_row[row]], NULL, 10);
    return TRUE;
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

static void
put_new_rows(const RebalanceJob *job, Filling *self)
{
    gsize size = ts_dtype_size(self->model->dtype), d = self->row_bytes / size;
    for (guint64 i = 0; i < job->n_new; i++) {
        for (gsize j = 0; j < d; j++)
            put_number(self->model->dtype, job->new_values[i * d + j], self->at + j * size);
        self->at += self->row_bytes;
        *self->label++ = g_ascii_strtoll(job->classes->names[job->new_classes[i]], NULL, 10);
    }
}

gboolean
rebalance_write_array(const RebalanceJob *job, GError **error)
{
    g_autoptr(TsNpy) file = ts_npy_read(job->how->dataset, error);
    if (file == NULL)
        return FALSE;
    TsTensor array = *ts_npy_get(file);
    guint64 n = 0;
    for (guint c = 0; c < job->classes->n; c++)
        n += job->delivered[c];
    gsize row_bytes = array.n_bytes / (gsize) job->n_rows;
    g_autofree guint8 *bytes = ts_try_alloc(n, row_bytes, "rows", error);
    g_autofree gint64 *labels =
        bytes != NULL ? ts_try_alloc(n, sizeof *labels, "labels", error) : NULL;
    Filling filling = {
        .model = ts_npy_get(file), .row_bytes = row_bytes, .at = bytes, .label = labels};
    if (labels == NULL || !rebalance_each_row(job, copy_row, &filling, error))
        return FALSE;
    put_new_rows(job, &filling);
    array.shape[0] = (gint64) n;
    array.data = bytes;
    array.n_bytes = n * row_bytes;
    TsTensor classes = {.dtype = TS_DTYPE_I64,
                        .rank = 1,
                        .shape = {(gint64) n},
                        .data = labels,
                        .n_bytes = n * sizeof *labels};
    return ts_npy_write(job->how->output, &array, ts_tool_force(), error) &&
           ts_npy_write(job->how->labels_out, &classes, ts_tool_force(), error);
}
