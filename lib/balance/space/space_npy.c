/* Features and classes that stand in .npy files. */
#include "balance/space/space_private.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* The array as rows of numbers: (n), (n, d), (n, h, w, ...) with all behind the first together. */
static gboolean
get_shape(const TsTensor *array, const char *path, gsize *n, gsize *d, GError **error)
{
    if (array->rank < 2)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has %u dimension%s, one line of features a row was expected", path,
                            array->rank, array->rank == 1 ? "" : "s");
    *n = (gsize) array->shape[0];
    *d = 1;
    for (guint i = 1; i < array->rank; i++)
        *d *= (gsize) array->shape[i];
    return (*n > 0 && *d > 0) || ts_error_set(error, TS_ERROR_FORMAT, "%s: is empty", path);
}

/* Whole number `i` of an integer array. */
static gint64
get_integer(const TsTensor *array, gsize i)
{
    gint64 value = 0;
    const guint8 *at = (const guint8 *) array->data + i * ts_dtype_size(array->dtype);
    memcpy(&value, at, ts_dtype_size(array->dtype));
    switch (array->dtype) {
    case TS_DTYPE_I8:
        return (gint8) value;
    case TS_DTYPE_I16:
        return (gint16) value;
    case TS_DTYPE_I32:
        return (gint32) value;
    default:
        return value;
    }
}

static gboolean
is_float(const TsTensor *array)
{
    return array->dtype == TS_DTYPE_F32 || array->dtype == TS_DTYPE_F64;
}

/* What type the features are computed in. */
static gsize
size_in_memory(const TsTensor *array)
{
    gsize size = ts_dtype_size(array->dtype);
    return is_float(array) ? size : size <= 2 ? sizeof(float) : sizeof(double);
}

/* Copy line `from` of the array to line `to` of the values. */
static void
copy_line(const TsTensor *array, gsize d, gsize from, gpointer values, gsize to)
{
    gsize size = size_in_memory(array);
    if (is_float(array)) {
        memcpy((guint8 *) values + to * d * size, (const guint8 *) array->data + from * d * size,
               d * size);
        return;
    }
    for (gsize j = 0; j < d; j++) {
        gint64 value = get_integer(array, from * d + j);
        if (size == sizeof(float))
            ((float *) values)[to * d + j] = (float) value;
        else
            ((double *) values)[to * d + j] = (double) value;
    }
}

/* Copy `n` lines, or those of `rows`. The file is mapped: what has been copied may go. */
static void
copy_lines(const TsTensor *array, gsize d, const guint64 *rows, gsize n, TsScratch *values)
{
    gsize step = MAX(1, (4 << 20) / (d * sizeof(double)));
    for (gsize begin = 0; begin < n; begin += step) {
        gsize end = MIN(begin + step, n), size = values->n_bytes / n;
        for (gsize i = begin; i < end; i++)
            copy_line(array, d, rows != NULL ? rows[i] : i, values->data, i);
        if (values->in_file) {
            ts_memory_release((const guint8 *) values->data + begin * size, (end - begin) * size);
            ts_memory_release(array->data, array->n_bytes);
        }
    }
}

/* Lines of the file, all of them where they stand if they can be used so. */
static gboolean
take_lines(TsSpace *space, const char *path, const guint64 *rows, gsize n, GError **error)
{
    gsize n_lines = 0, d = 0;
    const TsTensor *array = ts_npy_get(space->file);
    if (!get_shape(array, path, &n_lines, &d, error))
        return FALSE;
    gsize size = size_in_memory(array);
    gconstpointer values = array->data;
    gboolean copied = rows != NULL || !is_float(array) || (gsize) array->data % size != 0;
    if (copied) {
        if (!ts_scratch_alloc(&space->values, n, d * size, path, error))
            return FALSE;
        copy_lines(array, d, rows, n, &space->values);
        values = space->values.data;
    }
    gboolean single = size == sizeof(float);
    space->points = (TsPoints){.n = n,
                               .d = d,
                               .f32 = single ? values : NULL,
                               .f64 = single ? NULL : values,
                               .mapped = !copied || space->values.in_file};
    return ts_points_check(&space->points, path, error);
}

gboolean
ts_space_read_rows_of_npy(const TsSpaceSource *source, TsSpace *space, GError **error)
{
    const char *path = source->how->space;
    guint64 n_rows = ts_manifest_n_rows(source->manifest);
    space->file = ts_npy_read(path, error);
    if (space->file == NULL)
        return FALSE;
    const TsTensor *array = ts_npy_get(space->file);
    if (array->rank >= 2 && (guint64) array->shape[0] != n_rows)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has %" G_GINT64_FORMAT " lines, %s has %" G_GUINT64_FORMAT
                            " rows; one line a row was expected",
                            path, array->shape[0], ts_manifest_name(source->manifest), n_rows);
    return take_lines(space, path, source->rows, source->n, error);
}

TsSpace *
ts_space_read_npy(const char *path, GError **error)
{
    g_autoptr(TsSpace) space = g_new0(TsSpace, 1);
    space->file = ts_npy_read(path, error);
    if (space->file == NULL)
        return NULL;
    const TsTensor *array = ts_npy_get(space->file);
    if (!take_lines(space, path, NULL, array->rank > 0 ? (gsize) array->shape[0] : 0, error))
        return NULL;
    return g_steal_pointer(&space);
}

static int
compare_integers(const void *a, const void *b)
{
    gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
    return (x > y) - (x < y);
}

/* The distinct ones of `n` labels, ascending. */
static gint64 *
distinct_labels(const TsTensor *array, gsize n, gsize *n_distinct, GError **error)
{
    gint64 *values = ts_try_alloc(n, sizeof *values, "labels", error);
    if (values == NULL)
        return NULL;
    for (gsize i = 0; i < n; i++)
        values[i] = get_integer(array, i);
    qsort(values, n, sizeof *values, compare_integers);
    *n_distinct = 0;
    for (gsize i = 0; i < n; i++)
        if (i == 0 || values[i] != values[i - 1])
            values[(*n_distinct)++] = values[i];
    return values;
}

TsClasses *
ts_space_read_labels(const char *path, gsize n, GError **error)
{
    gsize n_classes;
    g_autoptr(TsNpy) file = ts_npy_read(path, error);
    if (file == NULL)
        return NULL;
    const TsTensor *array = ts_npy_get(file);
    if (array->rank != 1 || is_float(array) || (gsize) array->shape[0] != n) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: %" G_GSIZE_FORMAT " whole numbers in one dimension were expected, "
                     "a label for each row of features",
                     path, n);
        return NULL;
    }
    g_autofree gint64 *values = distinct_labels(array, n, &n_classes, error);
    if (values == NULL)
        return NULL;
    g_autoptr(TsClasses) classes = g_new0(TsClasses, 1);
    classes->n = (guint) n_classes;
    classes->names = g_new0(char *, n_classes + 1);
    classes->counts = g_new0(guint64, n_classes + 1);
    for (gsize c = 0; c < n_classes; c++)
        classes->names[c] = g_strdup_printf("%" G_GINT64_FORMAT, values[c]);
    classes->of_row = ts_try_alloc(n, sizeof *classes->of_row, "labels", error);
    if (classes->of_row == NULL)
        return NULL;
    for (gsize i = 0; i < n; i++) {
        gint64 label = get_integer(array, i);
        const gint64 *at = bsearch(&label, values, n_classes, sizeof label, compare_integers);
        classes->of_row[i] = (gint32) (at - values);
        classes->counts[at - values]++;
    }
    return g_steal_pointer(&classes);
}
