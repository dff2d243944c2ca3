/* Folders of arrays: NAME.npy for each tensor, and their metadata.
 *
 * What a file of weights is for NumPy: numpy.load("DIR/fc.weight.npy"). The metadata lie in
 * metadata.safetensors, a file without tensors; a folder without it has none.
 *
 *     g_autoptr(TsNpyFolder) folder = ts_npy_folder_read("arrays", error);
 *     for (guint i = 0; folder != NULL && i < ts_npy_folder_n(folder); i++)
 *         puts(ts_npy_folder_get(folder, i)->name);
 */
#pragma once

#include "store/tensor.h"

G_BEGIN_DECLS

#define TS_NPY_FOLDER_METADATA "metadata.safetensors"

typedef struct _TsNpyFolder TsNpyFolder;

/* TRUE if the folder `path` holds an array. */
gboolean ts_npy_folder_is(const char *path);

/* Read all arrays, in byte order of their names. TS_ERROR_IO, TS_ERROR_FORMAT. */
TsNpyFolder *ts_npy_folder_read(const char *path, GError **error);

/* NULL is allowed. */
void ts_npy_folder_free(TsNpyFolder *self);

guint ts_npy_folder_n(const TsNpyFolder *self);
const TsTensor *ts_npy_folder_get(const TsNpyFolder *self, guint i);

/* As of a safetensors file: key, value, ..., NULL. */
const char **ts_npy_folder_all_metadata(const TsNpyFolder *self);

/* Write `n` tensors and metadata (key, value, ..., NULL; or NULL) as files into `path`, a folder
 * that is there and has none of them. TS_ERROR_ARGUMENT for a name that cannot be that of a file,
 * and for a dtype that .npy does not have. */
gboolean ts_npy_folder_write(const char *path, const char *const *metadata, const TsTensor *tensors,
                             guint n, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNpyFolder, ts_npy_folder_free)

G_END_DECLS
