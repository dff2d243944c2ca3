/* Open image files, least recently used ones closed first. */
#include "sample/pool.h"

#include "sample/lru.h"

typedef struct {
    const char *path;
    int width, height; /* to scale to; 0: as it is */
    TsFilter filter;
} Request;

static gpointer
open_source(gconstpointer data, guint64 max_bytes, guint64 *cost, GError **error)
{
    const Request *request = data;
    TsImageSource *source =
        request->width > 0 ? ts_image_source_open_scaled(request->path, request->width,
                                                         request->height, request->filter, error)
                           : ts_image_source_open(request->path, error);
    if (source == NULL)
        return NULL;
    ts_image_source_set_memory(source, max_bytes);
    *cost = ts_image_source_memory(source);
    return source;
}

TsSourcePool *
ts_source_pool_new(guint max_open, guint64 max_bytes)
{
    return ts_lru_new(max_open, max_bytes, open_source, (GDestroyNotify) ts_image_source_free);
}

void
ts_source_pool_free(TsSourcePool *self)
{
    ts_lru_free(self);
}

TsImageSource *
ts_source_pool_get_scaled(TsSourcePool *self, const char *path, int width, int height,
                          TsFilter filter, GError **error)
{
    const Request request = {path, width, height, filter};
    g_autofree char *name = width > 0
                                ? g_strdup_printf("%d %d %d %s", width, height, (int) filter, path)
                                : g_strconcat(" ", path, NULL);
    return ts_lru_get(self, name, &request, error);
}

TsImageSource *
ts_source_pool_get(TsSourcePool *self, const char *path, GError **error)
{
    return ts_source_pool_get_scaled(self, path, 0, 0, TS_FILTER_NEAREST, error);
}

void
ts_source_pool_put(TsSourcePool *self, TsImageSource *source)
{
    ts_lru_put(self, source);
}

guint64
ts_source_pool_n_opened(TsSourcePool *self)
{
    return ts_lru_n_opened(self);
}
