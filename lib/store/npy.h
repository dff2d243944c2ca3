/* NumPy's .npy files: one array, version 1.0 of the format, in C order.
 *
 * Read and written are floats of 2, 4 and 8 bytes, integers of 1, 2, 4 and 8 and truth values,
 * little-endian. Anything else is an error that says what the file holds. The whole file is checked
 * before the array is handed out: the length of the header, each of its three keys once, a shape
 * whose product can be held, exactly as many bytes.
 *
 *     g_autoptr(TsNpy) file = ts_npy_read("embeddings.npy", error);
 *     if (file == NULL)
 *         return FALSE;
 *     const TsTensor *array = ts_npy_get(file);
 */
#pragma once

#include "base/outfile.h"
#include "store/tensor.h"

G_BEGIN_DECLS

typedef struct _TsNpy TsNpy;

/* Read `path`. TS_ERROR_IO or TS_ERROR_FORMAT. */
TsNpy *ts_npy_read(const char *path, GError **error);

/* Check `bytes`, of which a reference is kept; `name` begins error messages. */
TsNpy *ts_npy_parse(GBytes *bytes, const char *name, GError **error);

/* The array, borrowed; its name is NULL. */
const TsTensor *ts_npy_get(const TsNpy *self);

/* NULL is allowed. */
void ts_npy_free(TsNpy *self);

/* Write `array` to `path`, which appears whole or not at all, with the bytes that NumPy writes.
 * TS_ERROR_ARGUMENT for another dtype and for n_bytes that do not fit the shape. */
gboolean ts_npy_write(const char *path, const TsTensor *array, gboolean replace, GError **error);

/* Write what stands before the numbers of an array of that dtype and shape (its data is not looked
 * at), for callers that append them piece by piece. */
gboolean ts_npy_write_header(TsOutFile *out, const TsTensor *array, GError **error);

/* An array whose number of rows is known when the last has been written. */
typedef struct _TsNpyWriter TsNpyWriter;

/* Begin `path`, which appears whole or not at all, an array (rows, ...) of rows with the dtype and
 * shape of `row` (its data is not looked at). TS_ERROR_IO also if `path` is a pipe or a device. */
TsNpyWriter *
ts_npy_writer_new(const char *path, const TsTensor *row, gboolean replace, GError **error);

/* Append `n_rows` rows. */
gboolean
ts_npy_writer_append(TsNpyWriter *writer, const void *numbers, gsize n_rows, GError **error);

/* Make the file appear. After it, only ts_npy_writer_free() may be called. */
gboolean ts_npy_writer_commit(TsNpyWriter *writer, GError **error);

/* Without a commit no file appears. NULL is allowed. */
void ts_npy_writer_free(TsNpyWriter *writer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNpy, ts_npy_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNpyWriter, ts_npy_writer_free)

G_END_DECLS
