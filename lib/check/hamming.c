/* Pairs of hashes within a Hamming radius, by multi-index hashing. */
#include "check/hamming.h"

#include "base/error.h"
#include "base/threads.h"
#include "check/phash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARTS = 8, BLOCK = 512 };

/* One part of all hashes: items in order of its value, then of their number. */
typedef struct {
    guint shift, bits;
    int radius;      /* -1: this part need not be looked at */
    guint32 *starts; /* (2^bits + 1) */
    guint32 *items;  /* (n) */
} Part;

typedef struct {
    const guint64 *hashes; /* (n, n_words) */
    guint n_words, radius, n_parts;
    guint32 n;
    Part parts[MAX_PARTS];
    GArray **found; /* of each block */
    guint64 max_pairs;
    guint64 n_pairs; /* atomic */
} Search;

static void
search_clear(Search *search)
{
    for (guint p = 0; p < search->n_parts; p++) {
        g_free(search->parts[p].starts);
        g_free(search->parts[p].items);
    }
    for (gsize b = 0; search->found != NULL && b <= search->n / BLOCK; b++)
        if (search->found[b] != NULL)
            g_array_unref(search->found[b]);
    g_free(search->found);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

static guint64
word(const Search *search, guint32 item)
{
    return search->hashes[(gsize) item * search->n_words];
}

static guint32
part_of(const Part *part, guint64 hash)
{
    return (guint32) (hash >> part->shift) & ((1u << part->bits) - 1);
}

/* Radii and places of `n_parts` parts. With radius = m * q + a, a + 1 parts need q and the others q
 * - 1: if all were further apart, so would be the whole. */
static void
divide(Part *parts, guint n_parts, guint radius)
{
    const int q = (int) (radius / n_parts);
    guint shift = 0;
    for (guint p = 0; p < n_parts; p++) {
        parts[p].shift = shift;
        parts[p].bits = 64 / n_parts + (p < 64 % n_parts ? 1 : 0);
        parts[p].radius = p <= radius % n_parts ? q : q - 1;
        shift += parts[p].bits;
    }
}

/* Candidates that `n` queries look at, one with another. */
static double
cost(guint n_parts, double n, guint radius)
{
    Part parts[MAX_PARTS];
    double sum = 0;
    divide(parts, n_parts, radius);
    for (guint p = 0; p < n_parts; p++) {
        double probes = 0, choose = 1;
        for (int r = 0; r <= parts[p].radius; r++) {
            probes += choose;
            choose *= (double) ((int) parts[p].bits - r) / (r + 1);
        }
        sum += probes * (4 + n / 2 / exp2(parts[p].bits));
    }
    return sum;
}

static guint
choose_parts(guint32 n, guint radius)
{
    guint best = 0;
    double least = n / 2.0;
    for (guint m = 3; m <= MAX_PARTS; m++)
        if (cost(m, n, radius) < least) {
            best = m;
            least = cost(m, n, radius);
        }
    return best;
}

/* Sort the items by the value of the part, by counting. */
static gboolean
index_part(const Search *search, Part *part, GError **error)
{
    const gsize n_values = (gsize) 1 << part->bits;
    part->starts = ts_try_alloc(n_values + 1, sizeof *part->starts, "index", error);
    part->items = part->starts != NULL
                      ? ts_try_alloc((gsize) search->n + 1, sizeof *part->items, "index", error)
                      : NULL;
    if (part->items == NULL)
        return FALSE;
    for (guint32 i = 0; i < search->n; i++)
        part->starts[part_of(part, word(search, i)) + 1]++;
    for (gsize v = 0; v < n_values; v++)
        part->starts[v + 1] += part->starts[v];
    for (guint32 i = 0; i < search->n; i++)
        part->items[part->starts[part_of(part, word(search, i))]++] = i;
    memmove(part->starts + 1, part->starts, n_values * sizeof *part->starts);
    part->starts[0] = 0;
    return TRUE;
}

/* The distance of two items if it is within the radius, else -1. */
static int
compare(const Search *search, guint32 a, guint32 b)
{
    int largest = 0;
    const guint64 *x = search->hashes + (gsize) a * search->n_words;
    const guint64 *y = search->hashes + (gsize) b * search->n_words;
    for (guint w = 0; w < search->n_words; w++) {
        const int distance = ts_hash_distance(x[w], y[w]);
        if (distance > (int) search->radius)
            return -1;
        largest = MAX(largest, distance);
    }
    return largest;
}

static void
keep(GArray *found, guint32 a, guint32 b, int distance)
{
    const TsHammingPair pair = {.a = a, .b = b, .distance = (guint32) distance};
    g_array_append_val(found, pair);
}

/* Whether a part before `p` finds the pair too. */
static gboolean
found_before(const Search *search, guint p, guint64 a, guint64 b)
{
    for (guint q = 0; q < p; q++)
        if (ts_hash_distance(part_of(&search->parts[q], a), part_of(&search->parts[q], b)) <=
            search->parts[q].radius)
            return TRUE;
    return FALSE;
}

/* Look at the items before `item` whose part is `value`. */
static void
probe(const Search *search, guint p, guint32 item, guint32 value, GArray *found)
{
    const Part *part = &search->parts[p];
    const guint64 own = word(search, item);
    for (guint32 k = part->starts[value]; k < part->starts[value + 1]; k++) {
        const guint32 other = part->items[k];
        if (other >= item)
            break;
        const int distance = compare(search, other, item);
        if (distance >= 0 && !found_before(search, p, own, word(search, other)))
            keep(found, other, item, distance);
    }
}

/* Probe `value` and all values that differ from it in up to `left` of the bits from `bit` on. */
static void
probe_around(const Search *search, guint p, guint32 item, guint32 value, guint bit, int left,
             GArray *found)
{
    probe(search, p, item, value, found);
    for (guint b = bit; left > 0 && b < search->parts[p].bits; b++)
        probe_around(search, p, item, value ^ (1u << b), b + 1, left - 1, found);
}

static void
search_item(const Search *search, guint32 item, GArray *found)
{
    for (guint p = 0; p < search->n_parts; p++)
        if (search->parts[p].radius >= 0)
            probe_around(search, p, item, part_of(&search->parts[p], word(search, item)), 0,
                         search->parts[p].radius, found);
    for (guint32 other = 0; search->n_parts == 0 && other < item; other++) {
        const int distance = compare(search, other, item);
        if (distance >= 0)
            keep(found, other, item, distance);
    }
}

/* By b, then by a. */
static int
compare_pairs(const void *x, const void *y)
{
    const TsHammingPair *p = x, *q = y;
    if (p->b != q->b)
        return p->b < q->b ? -1 : 1;
    return (p->a > q->a) - (p->a < q->a);
}

static gboolean
search_block(guint64 block, gpointer data, GError **error)
{
    Search *search = data;
    const guint32 first = (guint32) block * BLOCK, end = MIN(first + BLOCK, search->n);
    GArray *found = g_array_new(FALSE, FALSE, sizeof(TsHammingPair));
    search->found[block] = found;
    for (guint32 item = first; item < end; item++) {
        const guint before = found->len;
        search_item(search, item, found);
        const guint64 n_new = found->len - before;
        if (__atomic_add_fetch(&search->n_pairs, n_new, __ATOMIC_RELAXED) > search->max_pairs)
            return ts_error_set(error, TS_ERROR_RANGE,
                                "more than %" G_GUINT64_FORMAT
                                " pairs lie within %u bits; lower the radius",
                                search->max_pairs, search->radius);
    }
    if (found->len > 0)
        qsort(found->data, found->len, sizeof(TsHammingPair), compare_pairs);
    return TRUE;
}

/* What the blocks found, sorted by distance; blocks are sorted by b and a already. */
static GArray *
collect(const Search *search)
{
    guint64 starts[TS_HAMMING_MAX + 2] = {0};
    const gsize n_blocks = (gsize) search->n / BLOCK + 1;
    GArray *all = g_array_sized_new(FALSE, FALSE, sizeof(TsHammingPair), (guint) search->n_pairs);
    g_array_set_size(all, (guint) search->n_pairs);
    for (int count = 1; count >= 0; count--) {
        for (gsize b = 0; b < n_blocks; b++)
            for (guint i = 0; search->found[b] != NULL && i < search->found[b]->len; i++) {
                const TsHammingPair pair = g_array_index(search->found[b], TsHammingPair, i);
                if (count)
                    starts[pair.distance + 1]++;
                else
                    g_array_index(all, TsHammingPair, starts[pair.distance]++) = pair;
            }
        for (guint d = 0; count && d <= TS_HAMMING_MAX; d++)
            starts[d + 1] += starts[d];
    }
    return all;
}

GArray *
ts_hamming_pairs_with(guint n_parts, const guint64 *hashes, guint n_words, guint32 n, guint radius,
                      guint64 max_pairs, GError **error)
{
    g_auto(Search) search = {.hashes = hashes,
                             .n_words = n_words,
                             .radius = radius,
                             .n_parts = n_parts,
                             .n = n,
                             .max_pairs = MIN(max_pairs, G_MAXUINT / sizeof(TsHammingPair))};
    if (n_parts > 0)
        divide(search.parts, n_parts, radius);
    for (guint p = 0; p < n_parts; p++)
        if (search.parts[p].radius >= 0 && !index_part(&search, &search.parts[p], error))
            return NULL;
    const gsize n_blocks = (gsize) n / BLOCK + 1;
    search.found = ts_try_alloc(n_blocks, sizeof(GArray *), "pairs", error);
    if (search.found == NULL || !ts_parallel_for(n_blocks, search_block, &search, error))
        return NULL;
    return collect(&search);
}

GArray *
ts_hamming_pairs(const guint64 *hashes, guint n_words, guint32 n, guint radius, guint64 max_pairs,
                 GError **error)
{
    return ts_hamming_pairs_with(choose_parts(n, radius), hashes, n_words, n, radius, max_pairs,
                                 error);
}
