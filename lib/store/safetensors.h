/* Files of named tensors in the safetensors format, which holds nothing that could be run.
 *
 * Layout: u64le header length N, N bytes of JSON, then the numbers. Reading checks everything
 * before a byte of data is looked at: N within the file and at most 100,000,000; an object of
 * objects with exactly dtype, shape and data_offsets; no key twice; whole numbers only; sizes that
 * multiply without overflow and equal their range; ranges that start at 0, follow each other
 * without hole or overlap and end at the end of the file. Data need not be aligned. The file is
 * mapped, so tensors that are not touched are not read.
 *
 *     g_autoptr(TsSafetensors) file = ts_safetensors_read("model.safetensors", error);
 *     if (file == NULL)
 *         return FALSE;
 *     const TsTensor *weight = ts_safetensors_find(file, "fc.weight");
 *     const char *classes = ts_safetensors_metadata(file, "classes");
 */
#pragma once

#include "store/tensor.h"

G_BEGIN_DECLS

/* Longest header that is read or written, in bytes; the reference implementation's limit. */
#define TS_SAFETENSORS_MAX_HEADER 100000000

/* Longest name of a tensor, in bytes. */
#define TS_SAFETENSORS_MAX_NAME 1024

typedef struct _TsSafetensors TsSafetensors;

/* Open and check `path`. TS_ERROR_IO if it cannot be read, TS_ERROR_FORMAT if it is not a
 * well-formed file or holds a dtype that TsDtype does not have. */
TsSafetensors *ts_safetensors_read(const char *path, GError **error);

/* Check `bytes`, of which a reference is kept; `name` begins error messages. */
TsSafetensors *ts_safetensors_parse(GBytes *bytes, const char *name, GError **error);

/* How many tensors there are. */
guint ts_safetensors_n(const TsSafetensors *self);

/* The tensor at `i`, in the order of their data; borrowed, its data too. */
const TsTensor *ts_safetensors_get(const TsSafetensors *self, guint i);

/* The tensor of that name; NULL if there is none. */
const TsTensor *ts_safetensors_find(const TsSafetensors *self, const char *name);

/* The text of `key` in the file's metadata; NULL if there is none. Borrowed. */
const char *ts_safetensors_metadata(const TsSafetensors *self, const char *key);

/* All metadata, as ts_safetensors_write() takes it: key, value, key, value, NULL. Free with
 * g_free(); the texts are borrowed. */
const char **ts_safetensors_all_metadata(const TsSafetensors *self);

/* NULL is allowed. */
void ts_safetensors_free(TsSafetensors *self);

/* Write `n` tensors to `path`, which appears whole or not at all. `metadata` is key, value, key,
 * value, NULL; or NULL. The bytes depend on the arguments alone: metadata stays in the given order,
 * tensors are sorted by the size of their numbers (largest first, so that each is aligned), then by
 * name; the header is padded with spaces to 8 bytes. TS_ERROR_ARGUMENT for a name that is missing,
 * too long, not UTF-8, reserved ("__metadata__") or there twice, and for n_bytes that do not fit a
 * shape. */
gboolean ts_safetensors_write(const char *path, const char *const *metadata,
                              const TsTensor *tensors, guint n, gboolean replace, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSafetensors, ts_safetensors_free)

G_END_DECLS
