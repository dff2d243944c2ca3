/* Open image files, least recently used ones closed first. */
#include "sample/pool.h"

typedef struct {
    char *key; /* path, and the size and filter of what is scaled */
    TsImageSource *source;
    guint64 bytes;
    guint n_users;
    GList link; /* in `recent`, data is the entry itself */
} Entry;

struct _TsSourcePool {
    GMutex lock;
    GHashTable *entries; /* key -> Entry */
    GHashTable *lent;    /* source -> Entry, of all that are open */
    GQueue recent;       /* most recently used first */
    guint max_open;
    guint64 max_bytes, n_bytes, n_opened;
};

static void
entry_free(gpointer data)
{
    Entry *entry = data;
    ts_image_source_free(entry->source);
    g_free(entry->key);
    g_free(entry);
}

TsSourcePool *
ts_source_pool_new(guint max_open, guint64 max_bytes)
{
    TsSourcePool *self = g_new0(TsSourcePool, 1);
    g_mutex_init(&self->lock);
    g_queue_init(&self->recent);
    self->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
    self->lent = g_hash_table_new(NULL, NULL);
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
    g_hash_table_unref(self->lent);
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
        g_hash_table_remove(self->lent, entry->source);
        g_hash_table_remove(self->entries, entry->key);
    }
}

/* Takes `key`. */
static Entry *
add_entry(TsSourcePool *self, char *key, TsImageSource *source)
{
    Entry *entry = g_new0(Entry, 1);
    ts_image_source_set_memory(source, self->max_bytes);
    entry->key = key;
    entry->source = source;
    entry->bytes = ts_image_source_memory(source);
    entry->link.data = entry;
    self->n_bytes += entry->bytes;
    self->n_opened++;
    g_queue_push_head_link(&self->recent, &entry->link);
    g_hash_table_insert(self->entries, entry->key, entry);
    g_hash_table_insert(self->lent, source, entry);
    return entry;
}

TsImageSource *
ts_source_pool_get_scaled(TsSourcePool *self, const char *path, int width, int height,
                          TsFilter filter, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    g_autofree char *key = width > 0
                               ? g_strdup_printf("%d %d %d %s", width, height, (int) filter, path)
                               : g_strconcat(" ", path, NULL);
    Entry *entry = g_hash_table_lookup(self->entries, key);
    if (entry == NULL) {
        TsImageSource *source =
            width > 0 ? ts_image_source_open_scaled(path, width, height, filter, error)
                      : ts_image_source_open(path, error);
        if (source == NULL)
            return NULL;
        entry = add_entry(self, g_steal_pointer(&key), source);
    }
    g_queue_unlink(&self->recent, &entry->link);
    g_queue_push_head_link(&self->recent, &entry->link);
    entry->n_users++;
    close_unused(self);
    return entry->source;
}

TsImageSource *
ts_source_pool_get(TsSourcePool *self, const char *path, GError **error)
{
    return ts_source_pool_get_scaled(self, path, 0, 0, TS_FILTER_NEAREST, error);
}

void
ts_source_pool_put(TsSourcePool *self, TsImageSource *source)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    Entry *entry = g_hash_table_lookup(self->lent, source);
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
