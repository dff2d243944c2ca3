/* Mapped and unpacked files, least recently used ones dropped first. */
#include "sample/bytes.h"

#include "store/gunzip.h"
#include "store/mapped.h"

typedef struct {
    char *path;
    GBytes *bytes;
    gsize n_kept; /* bytes of memory: none for mapped files */
    GList link;   /* in `recent`, data is the entry itself */
} Entry;

struct _TsBytesPool {
    GMutex lock;
    GHashTable *entries; /* path (the entry's own) -> Entry */
    GQueue recent;       /* most recently used first */
    guint max_files;
    guint64 max_bytes, n_kept;
};

static void
entry_free(gpointer data)
{
    Entry *entry = data;
    g_bytes_unref(entry->bytes);
    g_free(entry->path);
    g_free(entry);
}

TsBytesPool *
ts_bytes_pool_new(guint max_files, guint64 max_bytes)
{
    TsBytesPool *self = g_new0(TsBytesPool, 1);
    g_mutex_init(&self->lock);
    g_queue_init(&self->recent);
    self->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
    self->max_files = max_files;
    self->max_bytes = max_bytes;
    return self;
}

void
ts_bytes_pool_free(TsBytesPool *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->entries);
    g_mutex_clear(&self->lock);
    g_free(self);
}

/* The entry in front was asked for just now and stays. */
static void
drop_oldest(TsBytesPool *self)
{
    while (self->recent.length > 1 &&
           (self->recent.length > self->max_files || self->n_kept > self->max_bytes)) {
        Entry *entry = self->recent.tail->data;
        g_queue_unlink(&self->recent, &entry->link);
        self->n_kept -= entry->n_kept;
        g_hash_table_remove(self->entries, entry->path);
    }
}

static Entry *
open_entry(TsBytesPool *self, const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = ts_map_file(path, error);
    if (bytes == NULL)
        return NULL;
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    gboolean packed = ts_is_gzip(data, n);
    if (packed) {
        GBytes *unpacked = ts_gunzip(bytes, self->max_bytes, path, error);
        if (unpacked == NULL)
            return NULL;
        g_bytes_unref(bytes);
        bytes = unpacked;
    }
    Entry *entry = g_new0(Entry, 1);
    entry->path = g_strdup(path);
    entry->n_kept = packed ? g_bytes_get_size(bytes) : 0;
    entry->bytes = g_steal_pointer(&bytes);
    entry->link.data = entry;
    self->n_kept += entry->n_kept;
    g_queue_push_head_link(&self->recent, &entry->link);
    g_hash_table_insert(self->entries, entry->path, entry);
    return entry;
}

GBytes *
ts_bytes_pool_get(TsBytesPool *self, const char *path, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    Entry *entry = g_hash_table_lookup(self->entries, path);
    if (entry == NULL && (entry = open_entry(self, path, error)) == NULL)
        return NULL;
    g_queue_unlink(&self->recent, &entry->link);
    g_queue_push_head_link(&self->recent, &entry->link);
    drop_oldest(self);
    return g_bytes_ref(entry->bytes);
}
