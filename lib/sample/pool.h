/* Open image files, shared between threads and bounded in number and memory; inside of lib/sample.
 *
 * Least recently used files are closed first; one in use is never closed, so the bounds may be
 * passed for as long as more are in use.
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct _TsLru TsSourcePool;

TsSourcePool *ts_source_pool_new(guint max_open, guint64 max_bytes);
void ts_source_pool_free(TsSourcePool *pool);

/* Borrow the source of `path`, opening it if it is not open; scaled to width x height, if these are
 * not 0. Give it back with put. */
TsImageSource *ts_source_pool_get(TsSourcePool *pool, const char *path, GError **error);
TsImageSource *ts_source_pool_get_scaled(TsSourcePool *pool, const char *path, int width,
                                         int height, TsFilter filter, GError **error);
void ts_source_pool_put(TsSourcePool *pool, TsImageSource *source);

/* How many files were opened since the pool was made, for tests. */
guint64 ts_source_pool_n_opened(TsSourcePool *pool);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSourcePool, ts_source_pool_free)

G_END_DECLS
