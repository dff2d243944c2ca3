/* A file of torch.save() while and after it is read, shared by pth.c and pth_tensor.c. */
#pragma once

#include "store/pickle.h"
#include "store/pth.h"

G_BEGIN_DECLS

struct _TsPth {
    char *name;          /* of the file, for messages */
    GHashTable *members; /* name -> GBytes */
    char *root;          /* "archive/" */
    TsPickle *pickle;
    const char *key;
    GArray *tensors;     /* of TsTensor */
    GPtrArray *names;    /* owned by it */
    GPtrArray *copies;   /* of views that do not lie row by row */
    gsize room;          /* bytes that copies may still take */
    GHashTable *by_name; /* name -> index + 1 */
    guint n_ignored;
};

/* Set a TS_ERROR_FORMAT about a tensor; returns FALSE. */
gboolean ts_pth_fail(const TsPth *self, const char *tensor, const char *what, GError **error);

/* The call that makes a tensor, inside of that which makes a parameter of it; NULL for another
 * value. */
const TsPickleValue *ts_pth_find_tensor_call(const TsPickleValue *value);

/* The type of the numbers in a storage of class `storage`; FALSE if it is not supported. */
gboolean ts_pth_get_storage_dtype(const TsPickleValue *storage, TsDtype *dtype);

/* Functions that the pickle may name; NULL-terminated. */
extern const char *const ts_pth_callables[];

/* TRUE if `bytes` are what torch.save() wrote before PyTorch 1.6. */
gboolean ts_pth_is_legacy(GBytes *bytes);

/* Find the pickle and the storages in such a file. TS_ERROR_FORMAT. */
gboolean ts_pth_open_legacy(TsPth *self, GBytes *bytes, GError **error);

/* The tensor that such a call describes, every number checked. */
gboolean ts_pth_make_tensor(TsPth *self, const TsPickleValue *call, const char *name,
                            TsTensor *tensor, GError **error);

G_END_DECLS
