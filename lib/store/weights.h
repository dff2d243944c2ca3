/* Named tensors of a model, whatever the format of their file.
 *
 * The format is seen from the content: safetensors, or what PyTorch's torch.save() writes (see
 * pth.h). A folder is a run of `train`, whose model.safetensors is meant.
 *
 *     g_autoptr(TsWeights) weights = ts_weights_read(path, error);
 *     for (guint i = 0; weights != NULL && i < ts_weights_n(weights); i++)
 *         use(ts_weights_get(weights, i));
 */
#pragma once

#include "store/tensor.h"

G_BEGIN_DECLS

typedef struct _TsWeights TsWeights;

/* Open and check `path`; TS_ERROR_IO, TS_ERROR_FORMAT. */
TsWeights *ts_weights_read(const char *path, GError **error);

/* NULL is allowed. */
void ts_weights_free(TsWeights *self);

/* What the file is, such as "safetensors" or "PyTorch, state_dict"; borrowed. */
const char *ts_weights_format(const TsWeights *self);

/* Entries that are no tensors and were passed over. */
guint ts_weights_n_ignored(const TsWeights *self);

guint ts_weights_n(const TsWeights *self);

/* The tensor at `i`, in the file's order; borrowed, its data too. */
const TsTensor *ts_weights_get(const TsWeights *self, guint i);

/* The tensor of that name; NULL if there is none. */
const TsTensor *ts_weights_find(const TsWeights *self, const char *name);

/* The text of `key` in the file's metadata; NULL if there is none. Borrowed. */
const char *ts_weights_metadata(const TsWeights *self, const char *key);

/* All metadata: key, value, key, value, NULL. Free with g_free(); the texts are borrowed. */
const char **ts_weights_all_metadata(const TsWeights *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsWeights, ts_weights_free)

G_END_DECLS
