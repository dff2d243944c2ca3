/* Weights as PyTorch's torch.save() writes them (.pth, .pt), read without running anything.
 *
 * Such a file is a zip: ROOT/data.pkl, a pickle of Python objects in which tensors are views of
 * storages, and ROOT/data/KEY, the numbers of each storage. The pickle is read by a machine that
 * calls nothing (see pickle.h); what is not a dict of tensors is passed over. The dict is the
 * pickled value itself, or one that a checkpoint of a training run holds under model_ema,
 * state_dict_ema, state_dict or model, the first of these that is there, as timm looks for it. The
 * prefixes "module." (of DataParallel) and "_orig_mod." (of torch.compile) are taken off.
 *
 * Before PyTorch 1.6 the same was written without a zip: five pickles (a magic number, a version,
 * the machine's byte order, the objects, the keys of the storages), then each storage with its
 * length. That is read too.
 *
 *     g_autoptr(TsPth) file = ts_pth_read("resnet18.pth", error);
 *     if (file == NULL)
 *         return FALSE;
 *     const TsTensor *weight = ts_pth_find(file, "fc.weight");
 */
#pragma once

#include "store/tensor.h"

G_BEGIN_DECLS

typedef struct _TsPth TsPth;

/* Open and check `path`. TS_ERROR_IO if it cannot be read; TS_ERROR_FORMAT for a file that is
 * damaged, holds a program or a whole module instead of weights, is
 * big-endian, or calls any function but those that make tensors. */
TsPth *ts_pth_read(const char *path, GError **error);

/* Check `bytes`, of which a reference is kept; `name` begins error messages. */
TsPth *ts_pth_parse(GBytes *bytes, const char *name, GError **error);

/* Where in the pickled value the weights were: "state_dict", or NULL for the value itself. */
const char *ts_pth_key(const TsPth *self);

/* How many entries of the dict are no tensors and were passed over. */
guint ts_pth_n_ignored(const TsPth *self);

/* How many tensors there are. */
guint ts_pth_n(const TsPth *self);

/* The tensor at `i`, in the order of the dict, row-major; borrowed, its data too. */
const TsTensor *ts_pth_get(const TsPth *self, guint i);

/* The tensor of that name; NULL if there is none. */
const TsTensor *ts_pth_find(const TsPth *self, const char *name);

/* NULL is allowed. */
void ts_pth_free(TsPth *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPth, ts_pth_free)

G_END_DECLS
