/* Named tensors of a model, whatever the format of their file.
 *
 * The format is seen from the content: safetensors, what PyTorch's torch.save() writes (see pth.h),
 * or ONNX, whose initializers are meant. A folder is a run of `train`, whose model.safetensors is
 * meant, or one of arrays (see npy_folder.h).
 *
 *     g_autoptr(TsWeightFile) weights = ts_weight_file_read(path, error);
 *     for (guint i = 0; weights != NULL && i < ts_weight_file_n(weights); i++)
 *         use(ts_weight_file_get(weights, i));
 */
#pragma once

#include "store/tensor.h"

G_BEGIN_DECLS

typedef struct _TsWeightFile TsWeightFile;

/* Open and check `path`; TS_ERROR_IO, TS_ERROR_FORMAT. */
TsWeightFile *ts_weight_file_read(const char *path, GError **error);

/* NULL is allowed. */
void ts_weight_file_free(TsWeightFile *self);

/* What the file is, such as "safetensors" or "PyTorch, state_dict"; borrowed. */
const char *ts_weight_file_format(const TsWeightFile *self);

/* The file that was opened: in a folder, its model.safetensors; borrowed. */
const char *ts_weight_file_path(const TsWeightFile *self);

/* SHA-256 of the file's bytes, in hexadecimal digits; of arrays, that of their names, each with a
 * NUL, and numbers. g_free(). */
char *ts_weight_file_compute_sha256(const TsWeightFile *self);

/* Entries that are no tensors and were passed over. */
guint ts_weight_file_n_ignored(const TsWeightFile *self);

guint ts_weight_file_n(const TsWeightFile *self);

/* The tensor at `i`, in the file's order; borrowed, its data too. */
const TsTensor *ts_weight_file_get(const TsWeightFile *self, guint i);

/* The tensor of that name; NULL if there is none. */
const TsTensor *ts_weight_file_find(const TsWeightFile *self, const char *name);

/* The text of `key` in the file's metadata; NULL if there is none. Borrowed. */
const char *ts_weight_file_metadata(const TsWeightFile *self, const char *key);

/* All metadata: key, value, key, value, NULL. Free with g_free(); the texts are borrowed. */
const char **ts_weight_file_all_metadata(const TsWeightFile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsWeightFile, ts_weight_file_free)

G_END_DECLS
