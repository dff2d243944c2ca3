/* The reader of PyTorch's files: which dict is meant, and the tensors in it. */
#include "store/pth_private.h"

#include "base/error.h"
#include "store/mapped.h"
#include "store/zip.h"

#include <string.h>

/* Where a checkpoint of a training run keeps its weights, in the order in which timm looks. */
static const char *const keys[] = {"model_ema", "state_dict_ema", "state_dict", "model"};

/* Calls of these are noted by the pickle machine, and none is ever made. Those behind the first
 * four make values that nobody here looks at. */
const char *const ts_pth_callables[] = {"collections.OrderedDict",
                                        "torch._utils._rebuild_tensor_v2",
                                        "torch._utils._rebuild_tensor_v3",
                                        "torch._utils._rebuild_parameter",
                                        "torch._utils._rebuild_parameter_with_state",
                                        "torch.device",
                                        "torch.Size",
                                        "torch.serialization._get_layout",
                                        "collections.defaultdict",
                                        "collections.Counter",
                                        "builtins.set",
                                        "__builtin__.set",
                                        "builtins.slice",
                                        "_codecs.encode",
                                        "copyreg._reconstructor",
                                        "copy_reg._reconstructor",
                                        "datetime.datetime",
                                        "pathlib.PosixPath",
                                        "pathlib.PurePosixPath",
                                        "numpy.dtype",
                                        "numpy.core.multiarray.scalar",
                                        "numpy.core.multiarray._reconstruct",
                                        "numpy._core.multiarray.scalar",
                                        "numpy._core.multiarray._reconstruct",
                                        NULL};

/* What strided views may take when they are laid out row by row, as a multiple of the file. */
enum { MAX_COPIES = 4 };

/* ---- the dict ---- */

static gboolean
holds_tensor(const TsPickleValue *dict)
{
    if (dict == NULL || dict->kind != TS_PICKLE_DICT)
        return FALSE;
    for (guint i = 1; i < ts_pickle_n_items(dict); i += 2)
        if (ts_pth_find_tensor_call(ts_pickle_item(dict, i)) != NULL)
            return TRUE;
    return FALSE;
}

static const TsPickleValue *
find_weights(TsPth *self, GError **error)
{
    const TsPickleValue *root = ts_pickle_root(self->pickle);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const TsPickleValue *inner = ts_pickle_lookup(root, keys[i]);
        if (holds_tensor(inner)) {
            self->key = keys[i];
            return inner;
        }
    }
    if (holds_tensor(root))
        return root;
    const TsPickleValue *class = root->kind == TS_PICKLE_OPAQUE ? ts_pickle_item(root, 0) : NULL;
    if (class != NULL && class->kind == TS_PICKLE_GLOBAL)
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: holds an object of class %s, not weights; in Python, save "
                     "model.state_dict() instead of the model",
                     self->name, class->text);
    else
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: holds no dict of tensors, neither as a whole nor under state_dict or "
                     "model",
                     self->name);
    return NULL;
}

/* The key without the prefixes that wrappers of modules add; NULL if it is no usable name. */
static char *
make_name(const TsPickleValue *key)
{
    static const char *const prefixes[] = {"module.", "_orig_mod."};
    if (key->kind != TS_PICKLE_TEXT || !g_utf8_validate_len(key->text, key->length, NULL))
        return NULL; /* a NUL in it is not valid either */
    g_autofree char *text = g_strndup(key->text, key->length);
    const char *begin = text;
    for (gboolean again = TRUE; again;) {
        again = FALSE;
        for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
            if (g_str_has_prefix(begin, prefixes[i])) {
                begin += strlen(prefixes[i]);
                again = TRUE;
            }
    }
    return g_strdup(begin);
}

static gboolean
add_tensor(TsPth *self, char *name, const TsPickleValue *call, GError **error)
{
    g_ptr_array_add(self->names, name);
    TsTensor tensor;
    if (g_hash_table_contains(self->by_name, name))
        return ts_pth_fail(self, name, "is there twice", error);
    if (!ts_pth_make_tensor(self, call, name, &tensor, error))
        return FALSE;
    g_array_append_val(self->tensors, tensor);
    g_hash_table_insert(self->by_name, name, GUINT_TO_POINTER(self->tensors->len));
    return TRUE;
}

static gboolean
collect(TsPth *self, GError **error)
{
    const TsPickleValue *dict = find_weights(self, error);
    if (dict == NULL)
        return FALSE;
    for (guint i = 0; i + 1 < ts_pickle_n_items(dict); i += 2) {
        const TsPickleValue *call = ts_pth_find_tensor_call(ts_pickle_item(dict, i + 1));
        char *name = call != NULL ? make_name(ts_pickle_item(dict, i)) : NULL;
        self->n_ignored += name == NULL;
        if (name != NULL && !add_tensor(self, name, call, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- the zip ---- */

/* Everything but the program of TorchScript, which is noticed by the name of its first file. */
static gboolean
is_wanted(const char *member)
{
    return g_str_has_suffix(member, "/data.pkl") || g_str_has_suffix(member, "/byteorder") ||
           g_str_has_suffix(member, "/constants.pkl") || strstr(member, "/data/") != NULL;
}

static gboolean
check_beginning(GBytes *bytes, const char *name, GError **error)
{
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    if (n >= 4 && memcmp(data, "PK\3\4", 4) == 0)
        return TRUE;
    if (n >= 2 && data[0] == 0x80 && data[1] <= 5)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: was written by pickle, not by torch.save(); in Python, load it "
                            "and save it again with torch.save(), or as safetensors",
                            name);
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: is no file of torch.save(), which begins with PK", name);
}

/* The folder that all members lie in, by that of data.pkl. */
static char *
find_root(GHashTable *members, const char *name, GError **error)
{
    GHashTableIter iter;
    gpointer key;
    char *root = NULL;
    g_hash_table_iter_init(&iter, members);
    while (root == NULL && g_hash_table_iter_next(&iter, &key, NULL))
        if (g_str_has_suffix(key, "/data.pkl"))
            root = g_strndup(key, strlen(key) - strlen("data.pkl"));
    if (root == NULL)
        ts_error_set(error, TS_ERROR_FORMAT, "%s: is a zip without data.pkl, not of torch.save()",
                     name);
    return root;
}

static GBytes *
find_member(const TsPth *self, const char *name)
{
    g_autofree char *member = g_strconcat(self->root, name, NULL);
    return g_hash_table_lookup(self->members, member);
}

static gboolean
check_kind(const TsPth *self, GError **error)
{
    if (find_member(self, "constants.pkl") != NULL)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: is a TorchScript program, not weights; in Python, save "
                            "torch.jit.load(...).state_dict()",
                            self->name);
    GBytes *order = find_member(self, "byteorder");
    gsize n = 0;
    const char *text = order != NULL ? g_bytes_get_data(order, &n) : NULL;
    return text == NULL || (n == 6 && memcmp(text, "little", 6) == 0) ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s: its numbers are big-endian", self->name);
}

static gboolean
open_zip(TsPth *self, GBytes *bytes, GError **error)
{
    if (!check_beginning(bytes, self->name, error))
        return FALSE;
    self->members = ts_zip_read(bytes, is_wanted, self->name, error);
    if (self->members == NULL)
        return FALSE;
    self->root = find_root(self->members, self->name, error);
    if (self->root == NULL || !check_kind(self, error))
        return FALSE;
    gsize n;
    const guint8 *program = g_bytes_get_data(find_member(self, "data.pkl"), &n);
    self->pickle = ts_pickle_parse(program, n, ts_pth_callables, self->name, error);
    return self->pickle != NULL;
}

static gboolean
parse(TsPth *self, GBytes *bytes, GError **error)
{
    self->room = MAX_COPIES * g_bytes_get_size(bytes);
    return (ts_pth_is_legacy(bytes) ? ts_pth_open_legacy(self, bytes, error)
                                    : open_zip(self, bytes, error)) &&
           collect(self, error);
}

TsPth *
ts_pth_parse(GBytes *bytes, const char *name, GError **error)
{
    g_autoptr(TsPth) self = g_new0(TsPth, 1);
    self->name = g_strdup(name);
    self->tensors = g_array_new(FALSE, FALSE, sizeof(TsTensor));
    self->names = g_ptr_array_new_with_free_func(g_free);
    self->copies = g_ptr_array_new_with_free_func(g_free);
    self->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    return parse(self, bytes, error) ? g_steal_pointer(&self) : NULL;
}

TsPth *
ts_pth_read(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = ts_map_file(path, error);
    return bytes != NULL ? ts_pth_parse(bytes, path, error) : NULL;
}

void
ts_pth_free(TsPth *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->members, g_hash_table_unref);
    ts_pickle_free(self->pickle);
    g_array_unref(self->tensors);
    g_ptr_array_unref(self->names);
    g_ptr_array_unref(self->copies);
    g_hash_table_unref(self->by_name);
    g_free(self->root);
    g_free(self->name);
    g_free(self);
}

const char *
ts_pth_key(const TsPth *self)
{
    return self->key;
}

guint
ts_pth_n_ignored(const TsPth *self)
{
    return self->n_ignored;
}

guint
ts_pth_n(const TsPth *self)
{
    return self->tensors->len;
}

const TsTensor *
ts_pth_get(const TsPth *self, guint i)
{
    return &g_array_index(self->tensors, TsTensor, i);
}

const TsTensor *
ts_pth_find(const TsPth *self, const char *name)
{
    guint at = GPOINTER_TO_UINT(g_hash_table_lookup(self->by_name, name));
    return at > 0 ? ts_pth_get(self, at - 1) : NULL;
}
