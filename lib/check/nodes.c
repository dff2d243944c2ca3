/* Pictures sorted by their hashes, and edges between these. */
#include "check/nodes.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    guint64 hashes[TS_HASHES]; /* the chosen ones in front, else 0 */
    guint8 digest[16];
    guint32 item;
    gboolean unhashed;
} Key;

static int
compare_hashes(const Key *a, const Key *b)
{
    if (a->unhashed != b->unhashed)
        return a->unhashed ? 1 : -1;
    for (int i = 0; i < TS_HASHES; i++)
        if (a->hashes[i] != b->hashes[i])
            return a->hashes[i] < b->hashes[i] ? -1 : 1;
    return a->unhashed ? memcmp(a->digest, b->digest, sizeof a->digest) : 0;
}

static int
compare_keys(const void *x, const void *y)
{
    const Key *a = x, *b = y;
    const int by_hashes = compare_hashes(a, b);
    const int by_digest =
        by_hashes != 0 ? by_hashes : memcmp(a->digest, b->digest, sizeof a->digest);
    return by_digest != 0 ? by_digest : (a->item > b->item) - (a->item < b->item);
}

static guint32
fill_keys(Key *keys, const TsMeasures *measures, guint32 n, guint hashes)
{
    guint32 n_keys = 0;
    for (guint32 i = 0; i < n; i++) {
        if (measures[i].look != TS_LOOK_OK)
            continue;
        Key *key = &keys[n_keys++];
        *key = (Key){.item = i, .unhashed = hashes == 0 || measures[i].constant};
        memcpy(key->digest, measures[i].digest, sizeof key->digest);
        for (int h = 0, w = 0; h < TS_HASHES && !key->unhashed; h++)
            if (hashes & 1u << h)
                key->hashes[w++] = measures[i].hashes[h];
    }
    qsort(keys, n_keys, sizeof *keys, compare_keys);
    return n_keys;
}

static gboolean
allocate(TsNodes *nodes, guint32 n, GError **error)
{
    const gsize size = (gsize) n + 1, words = MAX(nodes->n_words, 1);
    nodes->items = ts_try_alloc(size, sizeof *nodes->items, "pictures", error);
    nodes->starts =
        nodes->items != NULL ? ts_try_alloc(size, sizeof *nodes->starts, "pictures", error) : NULL;
    nodes->node_of = nodes->starts != NULL
                         ? ts_try_alloc(size, sizeof *nodes->node_of, "pictures", error)
                         : NULL;
    nodes->runs =
        nodes->node_of != NULL ? ts_try_alloc(size, sizeof *nodes->runs, "pictures", error) : NULL;
    nodes->hashes = nodes->runs != NULL
                        ? ts_try_alloc(size * words, sizeof *nodes->hashes, "pictures", error)
                        : NULL;
    nodes->edge_starts = nodes->hashes != NULL
                             ? ts_try_alloc(size, sizeof *nodes->edge_starts, "pictures", error)
                             : NULL;
    return nodes->edge_starts != NULL;
}

/* Nodes and runs out of sorted keys. */
static void
divide(TsNodes *nodes, const Key *keys, guint32 n_keys)
{
    gint32 run = -1;
    for (guint32 k = 0; k < n_keys; k++) {
        const gboolean new_node = k == 0 || compare_hashes(&keys[k - 1], &keys[k]) != 0;
        if (new_node) {
            memcpy(nodes->hashes + (gsize) nodes->n * nodes->n_words, keys[k].hashes,
                   nodes->n_words * sizeof *nodes->hashes);
            nodes->starts[nodes->n++] = k;
            nodes->n_hashed += !keys[k].unhashed;
        }
        if (new_node || memcmp(keys[k - 1].digest, keys[k].digest, sizeof keys[k].digest) != 0)
            run++;
        nodes->items[k] = keys[k].item;
        nodes->node_of[keys[k].item] = nodes->n - 1;
        nodes->runs[keys[k].item] = run;
    }
    nodes->starts[nodes->n] = nodes->n_items = n_keys;
}

TsNodes *
ts_nodes_new(const TsMeasures *measures, guint32 n, guint hashes, GError **error)
{
    g_autoptr(TsNodes) nodes = g_new0(TsNodes, 1);
    nodes->n_words = (guint) __builtin_popcount(hashes);
    g_autofree Key *keys = ts_try_alloc((gsize) n + 1, sizeof *keys, "pictures", error);
    if (keys == NULL || !allocate(nodes, n, error))
        return NULL;
    for (guint32 i = 0; i < n; i++) {
        nodes->node_of[i] = TS_NO_NODE;
        nodes->runs[i] = -1;
    }
    divide(nodes, keys, fill_keys(keys, measures, n, hashes));
    return g_steal_pointer(&nodes);
}

/* Each pair from both of its ends, in the order of the pairs. */
static gboolean
make_edges(TsNodes *nodes, GError **error)
{
    const GArray *pairs = nodes->pairs;
    nodes->edges = ts_try_alloc(2 * (gsize) pairs->len + 1, sizeof *nodes->edges, "pairs", error);
    if (nodes->edges == NULL)
        return FALSE;
    for (guint i = 0; i < pairs->len; i++) {
        nodes->edge_starts[g_array_index(pairs, TsHammingPair, i).a + 1]++;
        nodes->edge_starts[g_array_index(pairs, TsHammingPair, i).b + 1]++;
    }
    for (guint32 i = 0; i < nodes->n; i++)
        nodes->edge_starts[i + 1] += nodes->edge_starts[i];
    for (guint i = 0; i < pairs->len; i++) {
        const TsHammingPair pair = g_array_index(pairs, TsHammingPair, i);
        nodes->edges[nodes->edge_starts[pair.a]++] = (TsNodeEdge){pair.b, pair.distance};
        nodes->edges[nodes->edge_starts[pair.b]++] = (TsNodeEdge){pair.a, pair.distance};
    }
    memmove(nodes->edge_starts + 1, nodes->edge_starts,
            (gsize) nodes->n * sizeof *nodes->edge_starts);
    nodes->edge_starts[0] = 0;
    return TRUE;
}

gboolean
ts_nodes_link(TsNodes *nodes, guint radius, guint64 max_pairs, GError **error)
{
    nodes->pairs =
        ts_hamming_pairs(nodes->hashes, nodes->n_words, nodes->n_hashed, radius, max_pairs, error);
    return nodes->pairs != NULL && make_edges(nodes, error);
}

int
ts_nodes_distance(const TsNodes *nodes, guint32 a, guint32 b)
{
    int largest = 0;
    for (guint w = 0; w < nodes->n_words; w++)
        largest = MAX(largest, ts_hash_distance(nodes->hashes[(gsize) a * nodes->n_words + w],
                                                nodes->hashes[(gsize) b * nodes->n_words + w]));
    return largest;
}

void
ts_nodes_free(TsNodes *nodes)
{
    if (nodes == NULL)
        return;
    g_free(nodes->items);
    g_free(nodes->starts);
    g_free(nodes->node_of);
    g_free(nodes->runs);
    g_free(nodes->hashes);
    g_free(nodes->edge_starts);
    g_free(nodes->edges);
    g_clear_pointer(&nodes->pairs, g_array_unref);
    g_free(nodes);
}
