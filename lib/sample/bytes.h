/* Files that hold many samples, as bytes, shared between threads; inside of lib/sample.
 *
 * Plain files are mapped, which costs no memory to speak of; gzip files are unpacked whole and
 * kept, least recently used ones dropped first when more than max_bytes are kept. What a caller
 * holds a reference of stays.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsLru TsBytesPool;

/* At most `max_files` files and `max_bytes` of unpacked ones are kept. */
TsBytesPool *ts_bytes_pool_new(guint max_files, guint64 max_bytes);
void ts_bytes_pool_free(TsBytesPool *pool);

/* The bytes of `path`; g_bytes_unref(). Errors of ts_map_or_gunzip(). */
GBytes *ts_bytes_pool_get(TsBytesPool *pool, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsBytesPool, ts_bytes_pool_free)

G_END_DECLS
