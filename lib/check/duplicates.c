/* Equal and nearly equal pictures: groups, and the nearest one of each kind. */
#include "check/duplicates.h"

#include "base/error.h"
#include "check/nodes.h"

#include <stdlib.h>
#include <string.h>

/* Of some pictures the first that has a number, and the first that has another one. */
typedef struct {
    guint32 first, other;
} Pick;

static void
pick_add(Pick *pick, const gint32 *numbers, guint32 item)
{
    if (numbers[item] < 0)
        return;
    if (item < pick->first) { /* TS_NO_PARTNER is the largest number */
        if (pick->first != TS_NO_PARTNER && numbers[pick->first] != numbers[item])
            pick->other = pick->first;
        pick->first = item;
    } else if (item < pick->other && numbers[item] != numbers[pick->first]) {
        pick->other = item;
    }
}

/* The first picture whose number is another than that of `item`. */
static guint32
pick_other(const Pick *pick, const gint32 *numbers, guint32 item)
{
    if (numbers[item] < 0 || pick->first == TS_NO_PARTNER)
        return TS_NO_PARTNER;
    return numbers[pick->first] != numbers[item] ? pick->first : pick->other;
}

/* The nearest other number of every picture of a node: in its run, in the node, in nodes around. */
static void
search_node(const TsNodes *nodes, guint32 node, const Pick *picks, const gint32 *numbers,
            TsNearest *nearest)
{
    const guint32 end = nodes->starts[node + 1];
    for (guint32 run = nodes->starts[node], next; run < end; run = next) {
        Pick equal = {TS_NO_PARTNER, TS_NO_PARTNER};
        for (next = run;
             next < end && nodes->runs[nodes->items[next]] == nodes->runs[nodes->items[run]];
             next++)
            pick_add(&equal, numbers, nodes->items[next]);
        for (guint32 k = run; k < next; k++) {
            const guint32 item = nodes->items[k];
            TsNearest *found = &nearest[item];
            *found = (TsNearest){pick_other(&equal, numbers, item), -1};
            if (found->partner != TS_NO_PARTNER)
                continue;
            *found = (TsNearest){pick_other(&picks[node], numbers, item), 0};
            for (guint64 e = nodes->edge_starts[node];
                 e < nodes->edge_starts[node + 1] && found->partner == TS_NO_PARTNER; e++)
                *found = (TsNearest){pick_other(&picks[nodes->edges[e].node], numbers, item),
                                     (gint32) nodes->edges[e].distance};
        }
    }
}

/* For every picture the nearest one with another number. */
static gboolean
find_nearest(const TsNodes *nodes, const gint32 *numbers, TsNearest *nearest, GError **error)
{
    if (numbers == NULL)
        return TRUE;
    g_autofree Pick *picks = ts_try_alloc((gsize) nodes->n + 1, sizeof *picks, "nodes", error);
    if (picks == NULL)
        return FALSE;
    for (guint32 node = 0; node < nodes->n; node++) {
        picks[node] = (Pick){TS_NO_PARTNER, TS_NO_PARTNER};
        for (guint32 k = nodes->starts[node]; k < nodes->starts[node + 1]; k++)
            pick_add(&picks[node], numbers, nodes->items[k]);
    }
    for (guint32 node = 0; node < nodes->n; node++)
        search_node(nodes, node, picks, numbers, nearest);
    return TRUE;
}

/* Equal pictures lie side by side. */
static void
find_exact(const TsNodes *nodes, TsNearest *exact)
{
    for (guint32 k = 0, run = 0; k < nodes->n_items; k++) {
        const guint32 item = nodes->items[k];
        if (nodes->runs[item] != nodes->runs[nodes->items[run]])
            run = k;
        if (k > run)
            exact[item] = (TsNearest){nodes->items[run], -1};
        else if (k + 1 < nodes->n_items && nodes->runs[nodes->items[k + 1]] == nodes->runs[item])
            exact[item] = (TsNearest){nodes->items[k + 1], -1};
    }
}

/* Groups of nodes: rings of which each member knows the next, and the group's first member. */
typedef struct {
    guint32 *next, *root; /* (nodes) */
} Rings;

static void
rings_clear(Rings *rings)
{
    g_free(rings->next);
    g_free(rings->root);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rings, rings_clear)

/* Whether all members of both rings would keep to the diameter. */
static gboolean
may_join(const TsNodes *nodes, const Rings *rings, guint32 a, guint32 b, guint diameter)
{
    guint32 x = a;
    do {
        guint32 y = b;
        do {
            if (ts_nodes_distance(nodes, x, y) > (int) diameter)
                return FALSE;
            y = rings->next[y];
        } while (y != b);
        x = rings->next[x];
    } while (x != a);
    return TRUE;
}

static void
join(Rings *rings, guint32 a, guint32 b)
{
    const guint32 root = MIN(rings->root[a], rings->root[b]);
    const guint32 other = rings->root[a] == root ? b : a;
    for (guint32 x = rings->next[other]; rings->root[x] != root; x = rings->next[x])
        rings->root[x] = root;
    const guint32 next = rings->next[a];
    rings->next[a] = rings->next[b];
    rings->next[b] = next;
}

static gboolean
make_rings(TsDuplicates *found, const TsNodes *nodes, guint diameter, Rings *rings, GError **error)
{
    rings->next = ts_try_alloc((gsize) nodes->n + 1, sizeof *rings->next, "groups", error);
    rings->root = rings->next != NULL
                      ? ts_try_alloc((gsize) nodes->n + 1, sizeof *rings->root, "groups", error)
                      : NULL;
    if (rings->root == NULL)
        return FALSE;
    for (guint32 i = 0; i < nodes->n; i++)
        rings->next[i] = rings->root[i] = i;
    const guint n_pairs = nodes->pairs != NULL ? nodes->pairs->len : 0;
    for (guint i = 0; i < n_pairs; i++) {
        const TsHammingPair pair = g_array_index(nodes->pairs, TsHammingPair, i);
        if (rings->root[pair.a] != rings->root[pair.b] &&
            may_join(nodes, rings, pair.a, pair.b, diameter))
            join(rings, pair.a, pair.b);
    }
    found->n_near = n_pairs;
    for (guint i = 0; i < n_pairs; i++) {
        const TsHammingPair pair = g_array_index(nodes->pairs, TsHammingPair, i);
        found->n_cut += rings->root[pair.a] != rings->root[pair.b];
    }
    return TRUE;
}

/* Whether picture `a` is to be kept rather than `b`. */
static gboolean
is_better(const TsMeasures *measures, const gint32 *splits, gint32 train, guint32 a, guint32 b)
{
    const gboolean a_trains = splits == NULL || splits[a] < 0 || splits[a] == train;
    const gboolean b_trains = splits == NULL || splits[b] < 0 || splits[b] == train;
    const gint64 a_size = (gint64) measures[a].width * measures[a].height;
    const gint64 b_size = (gint64) measures[b].width * measures[b].height;
    if (a_trains != b_trains)
        return b_trains;
    return a_size != b_size ? a_size > b_size : a < b;
}

/* Number the groups of two and more in the order of their first pictures; choose what is kept. */
static gboolean
number_groups(TsDuplicates *found, const TsNodes *nodes, const Rings *rings,
              const TsMeasures *measures, const gint32 *splits, gint32 train, GError **error)
{
    g_autofree guint32 *sizes = ts_try_alloc((gsize) nodes->n + 1, sizeof *sizes, "groups", error);
    g_autofree guint32 *numbers =
        sizes != NULL ? ts_try_alloc((gsize) nodes->n + 1, sizeof *numbers, "groups", error) : NULL;
    if (numbers == NULL)
        return FALSE;
    for (guint32 node = 0; node < nodes->n; node++) {
        sizes[rings->root[node]] += nodes->starts[node + 1] - nodes->starts[node];
        numbers[node] = TS_NO_GROUP;
    }
    for (guint32 i = 0; i < found->n; i++) {
        if (nodes->node_of[i] == TS_NO_NODE || sizes[rings->root[nodes->node_of[i]]] < 2)
            continue;
        guint32 *number = &numbers[rings->root[nodes->node_of[i]]];
        if (*number == TS_NO_GROUP) {
            *number = found->n_groups++;
            found->kept[*number] = i;
        }
        found->group[i] = *number;
        if (is_better(measures, splits, train, i, found->kept[*number]))
            found->kept[*number] = i;
    }
    for (guint32 i = 0; i < found->n; i++)
        if (found->group[i] != TS_NO_GROUP) {
            const guint32 kept = found->kept[found->group[i]];
            found->distance[i] =
                nodes->runs[kept] == nodes->runs[i]
                    ? -1
                    : ts_nodes_distance(nodes, nodes->node_of[i], nodes->node_of[kept]);
        }
    return TRUE;
}

static TsDuplicates *
duplicates_new(guint32 n, GError **error)
{
    g_autoptr(TsDuplicates) found = g_new0(TsDuplicates, 1);
    const gsize size = (gsize) n + 1;
    found->n = n;
    TsNearest **lists[] = {&found->exact, &found->near, &found->leak, &found->clash};
    found->group = ts_try_alloc(size, sizeof *found->group, "duplicates", error);
    found->kept =
        found->group ? ts_try_alloc(size, sizeof *found->kept, "duplicates", error) : NULL;
    found->distance =
        found->kept ? ts_try_alloc(size, sizeof *found->distance, "duplicates", error) : NULL;
    if (found->distance == NULL)
        return NULL;
    for (guint32 i = 0; i < n; i++)
        found->group[i] = TS_NO_GROUP;
    for (guint k = 0; k < G_N_ELEMENTS(lists); k++) {
        *lists[k] = ts_try_alloc(size, sizeof **lists[k], "duplicates", error);
        if (*lists[k] == NULL)
            return NULL;
        for (guint32 i = 0; i < n; i++)
            (*lists[k])[i] = (TsNearest){TS_NO_PARTNER, 0};
    }
    return g_steal_pointer(&found);
}

TsDuplicates *
ts_duplicates_find(const TsMeasures *measures, guint32 n, const gint32 *labels,
                   const gint32 *splits, gint32 train, const TsDuplicateOptions *options,
                   GError **error)
{
    g_auto(Rings) rings = {0};
    g_autoptr(TsNodes) nodes =
        ts_nodes_new(measures, n, options->near ? options->hashes : 0, error);
    g_autoptr(TsDuplicates) found = nodes != NULL ? duplicates_new(n, error) : NULL;
    if (found == NULL ||
        (options->near && !ts_nodes_link(nodes, options->radius, options->max_pairs, error)))
        return NULL;
    find_exact(nodes, found->exact);
    if (!find_nearest(nodes, nodes->runs, found->near, error) ||
        !find_nearest(nodes, splits, found->leak, error) ||
        !find_nearest(nodes, labels, found->clash, error) ||
        !make_rings(found, nodes, options->diameter, &rings, error) ||
        !number_groups(found, nodes, &rings, measures, splits, train, error))
        return NULL;
    return g_steal_pointer(&found);
}

void
ts_duplicates_free(TsDuplicates *duplicates)
{
    if (duplicates == NULL)
        return;
    g_free(duplicates->group);
    g_free(duplicates->kept);
    g_free(duplicates->distance);
    g_free(duplicates->exact);
    g_free(duplicates->near);
    g_free(duplicates->leak);
    g_free(duplicates->clash);
    g_free(duplicates);
}
