/* Open image files, least recently used ones closed first. */
#include "sample/pool.h"

typedef struct {
    TsImageSource *source;
    guint64 bytes;
    guint n_users;
    GList link; /* in `recent`, data is the entry itself */
} Entry;

struct _TsSourcePool {
    GMutex lock;
    GHashTable *entries; /* path (the source's own) -> Entry */
    GQueue recent;       /* most recently used first */
    guint max_open;
    guint64 max_bytes, n_bytes, n_opened;
};

static void
entry_free(gpointer data)
{
    Entry *entry = data;
    ts_image_source_free(entry->source);
    g_free(entry);
}

TsSourcePool *
ts_source_pool_new(guint max_open, guint64 max_bytes)
{
    TsSourcePool *self = g_new0(TsSourcePool, 1);
    g_mutex_init(&self->lock);
    g_queue_init(&self->recent);
    self->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
    self->max_open = max_open;
    self->max_bytes = max_bytes;
    return self;
}

void
ts_source_pool_free(TsSourcePool *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->entries);
    g_mutex_clear(&self->lock);
    g_free(self);
}

static void
close_unused(TsSourcePool *self)
{
    GList *next;
    for (GList *link = self->recent.tail; link != NULL; link = next) {
        Entry *entry = link->data;
        next = link->prev;
        if (g_hash_table_size(self->entries) <= self->max_open && self->n_bytes <= self->max_bytes)
            return;
        if (entry->n_users > 0)
            continue;
        self->n_bytes -= entry->bytes;
        g_queue_unlink(&self->recent, link);
        g_hash_table_remove(self->entries, ts_image_source_path(entry->source));
    }
}

static Entry *
open_entry(TsSourcePool *self, const char *path, GError **error)
{
    TsImageSource *source = ts_image_source_open(path, error);
    if (source == NULL)
        return NULL;
    Entry *entry = g_new0(Entry, 1);
    ts_image_source_set_memory(source, self->max_bytes);
    entry->source = source;
    entry->bytes = ts_image_source_memory(source);
    entry->link.data = entry;
    self->n_bytes += entry->bytes;
    self->n_opened++;
    g_queue_push_head_link(&self->recent, &entry->link);
    g_hash_table_insert(self->entries, (gpointer) ts_image_source_path(source), entry);
    return entry;
}

TsImageSource *
ts_source_pool_get(TsSourcePool *self, const char *path, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    Entry *entry = g_hash_table_lookup(self->entries, path);
    if (entry == NULL && (entry = open_entry(self, path, error)) == NULL)
        return NULL;
    g_queue_unlink(&self->recent, &entry->link);
    g_queue_push_head_link(&self->recent, &entry->link);
    entry->n_users++;
    close_unused(self);
    return entry->source;
}

void
ts_source_pool_put(TsSourcePool *self, TsImageSource *source)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    Entry *entry = g_hash_table_lookup(self->entries, ts_image_source_path(source));
    g_assert(entry != NULL && entry->n_users > 0);
    entry->n_users--;
    close_unused(self);
}

guint64
ts_source_pool_n_opened(TsSourcePool *self)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    return self->n_opened;
}
