/* Results of tiles, from the thread that works on one to where they are put in order; inside of
 * lib/tiling. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What became of a tile; all but `number` is taken over. */
typedef struct {
    guint64 number;
    const char *reason; /* the rule that dropped it; NULL: it stays */
    char *name;         /* its file or member, '/' between folders; NULL for rows */
    char *row;          /* see ts_rows_format(); of a dropped tile, of the rejects */
    GPtrArray *members; /* char * and GBytes * in turn, for tars; NULL: none */
} TsTileResult;

/* NULL is allowed. */
void ts_tile_result_free(TsTileResult *result);

/* Memory that it takes while it waits for its turn, about. */
guint64 ts_tile_result_bytes(const TsTileResult *result);

G_END_DECLS
