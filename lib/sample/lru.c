/* Things opened by name, least recently used ones closed first. */
#include "sample/lru.h"

typedef struct {
    char *name;
    gpointer thing;
    guint64 cost;
    guint n_users;
    GList link; /* in `recent`, data is the entry itself */
} Entry;

struct _TsLru {
    GMutex lock;
    GHashTable *entries; /* name (the entry's own) -> Entry */
    GHashTable *lent;    /* thing -> Entry */
    GQueue recent;       /* most recently used first */
    guint max_n;
    guint64 max_cost, cost, n_opened;
    TsLruOpen open;
    GDestroyNotify close;
};

TsLru *
ts_lru_new(guint max_n, guint64 max_cost, TsLruOpen open, GDestroyNotify close)
{
    TsLru *self = g_new0(TsLru, 1);
    g_mutex_init(&self->lock);
    g_queue_init(&self->recent);
    self->entries = g_hash_table_new(g_str_hash, g_str_equal);
    self->lent = g_hash_table_new(NULL, NULL);
    self->max_n = max_n;
    self->max_cost = max_cost;
    self->open = open;
    self->close = close;
    return self;
}

static void
close_entry(TsLru *self, Entry *entry)
{
    self->cost -= entry->cost;
    g_queue_unlink(&self->recent, &entry->link);
    g_hash_table_remove(self->entries, entry->name);
    g_hash_table_remove(self->lent, entry->thing);
    self->close(entry->thing);
    g_free(entry->name);
    g_free(entry);
}

void
ts_lru_free(TsLru *self)
{
    if (self == NULL)
        return;
    while (self->recent.head != NULL)
        close_entry(self, self->recent.head->data);
    g_hash_table_unref(self->entries);
    g_hash_table_unref(self->lent);
    g_mutex_clear(&self->lock);
    g_free(self);
}

static void
close_unused(TsLru *self)
{
    GList *next;
    for (GList *link = self->recent.tail; link != NULL; link = next) {
        Entry *entry = link->data;
        next = link->prev;
        if (self->recent.length <= self->max_n && self->cost <= self->max_cost)
            return;
        if (entry->n_users == 0)
            close_entry(self, entry);
    }
}

static Entry *
open_entry(TsLru *self, const char *name, gconstpointer request, GError **error)
{
    guint64 cost = 0;
    gpointer thing = self->open(request, self->max_cost, &cost, error);
    if (thing == NULL)
        return NULL;
    Entry *entry = g_new0(Entry, 1);
    *entry = (Entry){g_strdup(name), thing, cost, 0, {.data = entry}};
    self->cost += cost;
    self->n_opened++;
    g_queue_push_head_link(&self->recent, &entry->link);
    g_hash_table_insert(self->entries, entry->name, entry);
    g_hash_table_insert(self->lent, thing, entry);
    return entry;
}

gpointer
ts_lru_get(TsLru *self, const char *name, gconstpointer request, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    Entry *entry = g_hash_table_lookup(self->entries, name);
    if (entry == NULL && (entry = open_entry(self, name, request, error)) == NULL)
        return NULL;
    g_queue_unlink(&self->recent, &entry->link);
    g_queue_push_head_link(&self->recent, &entry->link);
    entry->n_users++;
    close_unused(self);
    return entry->thing;
}

void
ts_lru_put(TsLru *self, gpointer thing)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    Entry *entry = g_hash_table_lookup(self->lent, thing);
    g_assert(entry != NULL && entry->n_users > 0);
    entry->n_users--;
    close_unused(self);
}

guint64
ts_lru_n_opened(TsLru *self)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    return self->n_opened;
}
