/* Mapped and unpacked files, least recently used ones dropped first. */
#include "sample/bytes.h"

#include "sample/lru.h"
#include "store/gunzip.h"
#include "store/mapped.h"

static gpointer
open_bytes(gconstpointer path, guint64 max_bytes, guint64 *cost, GError **error)
{
    g_autoptr(GBytes) bytes = ts_map_file(path, error);
    if (bytes == NULL)
        return NULL;
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    if (!ts_is_gzip(data, n))
        return g_steal_pointer(&bytes); /* mapped: no memory to speak of */
    GBytes *unpacked = ts_gunzip(bytes, max_bytes, path, error);
    if (unpacked != NULL)
        *cost = g_bytes_get_size(unpacked);
    return unpacked;
}

TsBytesPool *
ts_bytes_pool_new(guint max_files, guint64 max_bytes)
{
    return ts_lru_new(max_files, max_bytes, open_bytes, (GDestroyNotify) g_bytes_unref);
}

void
ts_bytes_pool_free(TsBytesPool *self)
{
    ts_lru_free(self);
}

GBytes *
ts_bytes_pool_get(TsBytesPool *self, const char *path, GError **error)
{
    GBytes *bytes = ts_lru_get(self, path, path, error);
    if (bytes == NULL)
        return NULL;
    g_bytes_ref(bytes);
    ts_lru_put(self, bytes);
    return bytes;
}
