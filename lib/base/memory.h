/* How much memory large tables may take, and tables that may be larger than that.
 *
 * One budget for the whole process, set once by ts_tool_main() from --mem. It says where the
 * numbers of large tables are kept and in pieces of what size they are worked on, never what comes
 * out. Tables that lie in a file are mapped: the system reads what is looked at, and
 * ts_memory_release() lets it go again. What is made on the way and takes more than its share of
 * the budget is mapped too, from a file without a name in $TMPDIR (or /var/tmp), and is used as any
 * memory.
 *
 *     g_auto(TsScratch) table = {0};
 *     if (!ts_scratch_alloc(&table, n_rows, d * sizeof(float), "features", error))
 *         return FALSE;
 *     float *values = table.data;
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Set the budget in bytes; 0: half of the machine's memory, as before the first call. */
void ts_memory_set(guint64 n_bytes);

/* The budget, at least 1. */
guint64 ts_memory_get(void);

/* Whether one table of `n_bytes` is more than the quarter of the budget that it may take. */
gboolean ts_memory_is_large(gsize n_bytes);

/* Let the whole pages of a mapped file that `data` begins in and `n_bytes` reach go from memory;
 * they are read again when they are looked at. Only for files mapped shared or read-only: anything
 * else would lose what is written there. May be called while other threads read. */
void ts_memory_release(gconstpointer data, gsize n_bytes);

/* Bytes, all 0 at first. {0} holds none. */
typedef struct {
    gpointer data;
    gsize n_bytes;
    gboolean in_file; /* ts_memory_release() may be used on it */
} TsScratch;

/* Make room for n * size bytes; `what` names them in messages. TS_ERROR_NO_MEMORY, or TS_ERROR_IO
 * if they are too many for memory and there is no room for a file. */
gboolean ts_scratch_alloc(TsScratch *self, gsize n, gsize size, const char *what, GError **error);

/* Free the bytes. */
void ts_scratch_clear(TsScratch *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsScratch, ts_scratch_clear)

G_END_DECLS
