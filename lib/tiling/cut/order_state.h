/* How far a run is, as its journal notes it; inside of lib/tiling. */
#pragma once

#include "tiling/cut/cut.h"

G_BEGIN_DECLS

typedef struct {
    guint64 n_done;         /* tiles */
    guint64 n_bytes;        /* of the manifest */
    guint64 n_reject_bytes; /* of the rejects' */
    guint n_shards;
} TsOrderState;

/* What two runs have to have in common, for the stage. Free with g_free(). */
char *ts_order_identity(const TsCut *cut);

/* Count `n` tiles that `reason` dropped; `reasons` is char * to guint64 *. */
void ts_reasons_count(GHashTable *reasons, const char *reason, guint64 n);

/* Tiles that were dropped, for any reason. */
guint64 ts_reasons_total(GHashTable *reasons);

/* Read "done N BYTES REJECT-BYTES SHARDS", then a reason and its count in turn, with tabs between;
 * counts are added to `reasons`. FALSE if the line is none of that kind. */
gboolean ts_order_state_parse(const char *line, TsOrderState *state, GHashTable *reasons);

/* The line. Free with g_free(). */
char *ts_order_state_format(const TsOrderState *state, GHashTable *reasons);

G_END_DECLS
