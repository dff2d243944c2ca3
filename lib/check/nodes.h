/* Pictures sorted by their hashes, and which hashes lie near each other; inside of lib/check.
 *
 * A node is a set of pictures with the same hashes, a run within it pictures that are equal pixel
 * by pixel. Pictures of one colour have no structure to hash: their node is their run, and it has
 * no edges.
 */
#pragma once

#include "check/hamming.h"
#include "check/measures.h"

G_BEGIN_DECLS

#define TS_NO_NODE G_MAXUINT32

typedef struct {
    guint32 node, distance;
} TsNodeEdge;

typedef struct {
    guint32 n, n_items;
    guint n_words;
    guint32 *items;       /* (n_items) pictures in order of node, run and number */
    guint32 *starts;      /* (n + 1) where the items of a node begin */
    guint32 *node_of;     /* of each picture; TS_NO_NODE if it could not be read */
    gint32 *runs;         /* run of each picture, -1 likewise */
    guint64 *hashes;      /* (n, n_words) */
    guint32 n_hashed;     /* nodes that have hashes are the first */
    GArray *pairs;        /* of TsHammingPair, nearest first; NULL: not linked */
    guint64 *edge_starts; /* (n + 1) */
    TsNodeEdge *edges;    /* of each node, nearest first */
} TsNodes;

/* Sort `n` pictures by the hashes of the set `hashes` of 1 << TsHash; 0: by digest alone. */
TsNodes *ts_nodes_new(const TsMeasures *measures, guint32 n, guint hashes, GError **error);

/* Find the edges, between nodes within `radius` bits. TS_ERROR_RANGE at more than `max_pairs`. */
gboolean ts_nodes_link(TsNodes *nodes, guint radius, guint64 max_pairs, GError **error);

/* The largest number of bits in which a hash of two nodes differs. */
int ts_nodes_distance(const TsNodes *nodes, guint32 a, guint32 b);

/* NULL is allowed. */
void ts_nodes_free(TsNodes *nodes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNodes, ts_nodes_free)

G_END_DECLS
