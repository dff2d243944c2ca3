/* Files of torch.save() from before PyTorch 1.6: five pickles, one behind the other, and the
 * storages. */
#include "store/pth_private.h"

#include "base/error.h"

#include <string.h>

enum { VERSION = 1001 };

/* torch.serialization.MAGIC_NUMBER, as a pickle holds a long number. */
static const guint8 magic[] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

/* It stands in the first few bytes, behind the protocol and, in protocol 4, the frame. */
enum { MAGIC_WITHIN = 32 };

gboolean
ts_pth_is_legacy(GBytes *bytes)
{
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    return n > 0 && data[0] == 0x80 &&
           memmem(data, MIN(n, MAGIC_WITHIN), magic, sizeof magic) != NULL;
}

/* What is left of the file. */
typedef struct {
    const TsPth *self;
    GBytes *bytes;
    gsize at;
} Reader;

static TsPickle *
read_pickle(Reader *reader, GError **error)
{
    gsize n;
    const guint8 *data = g_bytes_get_data(reader->bytes, &n);
    TsPickle *pickle = ts_pickle_parse(data + reader->at, n - reader->at, ts_pth_callables,
                                       reader->self->name, error);
    if (pickle != NULL)
        reader->at += ts_pickle_n_used(pickle);
    return pickle;
}

static gboolean
fail(const TsPth *self, const char *what, GError **error)
{
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: %s", self->name, what);
}

/* The first three pickles. */
static gboolean
read_head(Reader *reader, GError **error)
{
    g_autoptr(TsPickle) number = read_pickle(reader, error);
    g_autoptr(TsPickle) version = number != NULL ? read_pickle(reader, error) : NULL;
    g_autoptr(TsPickle) machine = version != NULL ? read_pickle(reader, error) : NULL;
    if (machine == NULL)
        return FALSE;
    const TsPickleValue *value = ts_pickle_root(version);
    if (value->kind != TS_PICKLE_INT || value->integer != VERSION)
        return fail(reader->self, "is of another version of torch.save() than 1001", error);
    const TsPickleValue *little = ts_pickle_lookup(ts_pickle_root(machine), "little_endian");
    return (little != NULL && little->integer == 1) ||
           fail(reader->self, "its numbers are big-endian", error);
}

/* The name under which a storage is found; NULL if its key is no text. */
static char *
name_storage(const TsPickleValue *key)
{
    return key != NULL && key->kind == TS_PICKLE_TEXT
               ? g_strdup_printf("data/%.*s", (int) MIN(key->length, 100), key->text)
               : NULL;
}

/* Name -> bytes of a number, by the class that the first view of a storage says. */
static GHashTable *
collect_number_sizes(const TsPickle *pickle)
{
    GHashTable *sizes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const TsPickleValue *persistent;
    TsDtype dtype;
    for (guint i = 0; (persistent = ts_pickle_persistent(pickle, i)) != NULL; i++) {
        const TsPickleValue *id = ts_pickle_item(persistent, 0);
        g_autofree char *name = name_storage(ts_pickle_item(id, 2));
        if (name != NULL && ts_pth_get_storage_dtype(ts_pickle_item(id, 1), &dtype))
            g_hash_table_insert(sizes, g_steal_pointer(&name),
                                GSIZE_TO_POINTER(ts_dtype_size(dtype)));
    }
    return sizes;
}

/* A length, then so many numbers; they are found again as a zip's member would be. */
static gboolean
read_storage(TsPth *self, Reader *reader, GHashTable *sizes, const TsPickleValue *key,
             GError **error)
{
    g_autofree char *name = name_storage(key);
    gsize n, n_bytes;
    const guint8 *data = g_bytes_get_data(reader->bytes, &n);
    guint64 length;
    const gsize size = name != NULL ? GPOINTER_TO_SIZE(g_hash_table_lookup(sizes, name)) : 0;
    if (size == 0)
        return fail(self, "a storage has a type of numbers that is not supported", error);
    if (n - reader->at < sizeof length)
        return fail(self, "is cut off", error);
    memcpy(&length, data + reader->at, sizeof length);
    reader->at += sizeof length;
    length = GUINT64_FROM_LE(length);
    if (!g_size_checked_mul(&n_bytes, length, size) || n_bytes > n - reader->at)
        return fail(self, "is cut off, or the length of a storage is wrong", error);
    g_hash_table_replace(self->members, g_steal_pointer(&name),
                         g_bytes_new_from_bytes(reader->bytes, reader->at, n_bytes));
    reader->at += n_bytes;
    return TRUE;
}

gboolean
ts_pth_open_legacy(TsPth *self, GBytes *bytes, GError **error)
{
    Reader reader = {self, bytes, 0};
    self->root = g_strdup("");
    self->members =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
    if (!read_head(&reader, error) || (self->pickle = read_pickle(&reader, error)) == NULL)
        return FALSE;
    g_autoptr(TsPickle) keys = read_pickle(&reader, error);
    if (keys == NULL)
        return FALSE;
    g_autoptr(GHashTable) sizes = collect_number_sizes(self->pickle);
    const TsPickleValue *list = ts_pickle_root(keys);
    for (guint i = 0; i < ts_pickle_n_items(list); i++)
        if (!read_storage(self, &reader, sizes, ts_pickle_item(list, i), error))
            return FALSE;
    return TRUE;
}
