/* The message of a graph, for the writer of event files. */
#pragma once

#include "store/tfevents.h"

G_BEGIN_DECLS

/* A GraphDef of `n` nodes, packed. Free with g_byte_array_unref(). */
GByteArray *ts_event_graph_pack(const TsEventNode *nodes, guint n);

G_END_DECLS
