/* Measures of earlier runs, kept in a file: a picture that has not changed is not decoded again.
 *
 * A cache is a table of text: path, size, time of change and recipe of a row (which region of the
 * file, which changes) are the key, its measures follow, and a checksum (CRC-32C) of the line ends
 * it. A line that does not check, or whose numbers cannot be, is as if it were not there: nothing
 * is believed that was not written by this version. Verdicts and thresholds are not kept.
 *
 *     g_autoptr(TsCheckCache) cache = ts_check_cache_read("photos.cache", error);
 *     if (cache == NULL)
 *         return FALSE;
 *     if (!ts_check_cache_get(cache, key, &measures))
 *         measure();
 */
#pragma once

#include "check/measures.h"

G_BEGIN_DECLS

typedef struct _TsCheckCache TsCheckCache;

/* The key of a file and a recipe: `path` absolute, `mtime` in nanoseconds. Free with g_free(). */
char *ts_check_cache_key(const char *path, guint64 size, gint64 mtime, const char *recipe);

/* Read the cache at `path`; one that is not there, or of another version, is empty. What is no
 * cache at all is TS_ERROR_FORMAT, so that no other file is overwritten. TS_ERROR_IO. */
TsCheckCache *ts_check_cache_read(const char *path, GError **error);

/* The same of `n` bytes from g_malloc(), which it takes; `name` stands in messages. */
TsCheckCache *ts_check_cache_parse(char *text, gsize n, const char *name, GError **error);

/* Lines that were not believed, and lines that were. */
guint64 ts_check_cache_n_rejected(const TsCheckCache *cache);
guint64 ts_check_cache_n(const TsCheckCache *cache);

/* Fill in the measures that are kept under `key`; FALSE if there are none. */
gboolean ts_check_cache_get(const TsCheckCache *cache, const char *key, TsMeasures *measures);

/* NULL is allowed. */
void ts_check_cache_free(TsCheckCache *cache);

/* Write a cache of the `n` measures that have a key (not NULL) and could be made, instead of any
 * older one. TS_ERROR_IO. */
gboolean ts_check_cache_write(const char *path, char *const *keys, const TsMeasures *measures,
                              guint32 n, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsCheckCache, ts_check_cache_free)

G_END_DECLS
