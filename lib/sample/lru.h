/* Things opened by name, shared between threads and bounded in number and cost; inside of
 * lib/sample.
 *
 * Least recently used ones are closed first; one in use is never closed, so the bounds may be
 * passed for as long as more are in use.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsLru TsLru;

/* Open what the request of ts_lru_get() asks for, at a cost that counts against the bound; NULL
 * with an error. */
typedef gpointer (*TsLruOpen)(gconstpointer request, guint64 max_cost, guint64 *cost,
                              GError **error);

/* At most `max_n` things, and of `max_cost` together, stay open without a user. */
TsLru *ts_lru_new(guint max_n, guint64 max_cost, TsLruOpen open, GDestroyNotify close);
void ts_lru_free(TsLru *lru);

/* Borrow what `name` stands for, opened if it is not open. Give it back with put. */
gpointer ts_lru_get(TsLru *lru, const char *name, gconstpointer request, GError **error);
void ts_lru_put(TsLru *lru, gpointer thing);

/* How many were opened since the beginning. */
guint64 ts_lru_n_opened(TsLru *lru);

G_END_DECLS
