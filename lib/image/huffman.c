/* Huffman codes as DEFLATE has them: lengths from counts, codes from lengths. */
#include "image/huffman.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 32 }; /* what is deeper counts as this deep, until it is limited */

typedef struct {
    guint32 count;
    guint32 symbol;
} Leaf;

static int
compare_leaves(const void *a, const void *b)
{
    const Leaf *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    return x->symbol < y->symbol ? -1 : 1;
}

/* Join the two rarest nodes until one is left; `parents[i]` is that of node i, leaves come first.
 * Leaves are sorted and joined nodes come out sorted, so two queues do. */
static void
join_nodes(const Leaf *leaves, guint n, guint16 *parents)
{
    guint64 weights[TS_HUFFMAN_SYMBOLS]; /* of joined nodes */
    guint leaf = 0, joined = 0;
    for (guint i = 0; i < n - 1; i++) {
        weights[i] = 0;
        for (int k = 0; k < 2; k++) {
            gboolean take_leaf = leaf < n && (joined == i || leaves[leaf].count <= weights[joined]);
            weights[i] += take_leaf ? leaves[leaf].count : weights[joined];
            parents[take_leaf ? leaf++ : n + joined++] = (guint16) (n + i);
        }
    }
}

/* How many leaves lie at each depth. */
static void
count_depths(const guint16 *parents, guint n, guint *n_at)
{
    guint8 depths[2 * TS_HUFFMAN_SYMBOLS];
    depths[2 * n - 2] = 0; /* the root */
    for (guint i = 2 * n - 2; i-- > 0;) {
        depths[i] = (guint8) MIN(depths[parents[i]] + 1, LONGEST);
        if (i < n)
            n_at[depths[i]]++;
    }
}

/* Bring what is deeper than `longest` up to it, then make room: a code of the longest goes below
 * the deepest one that is shorter, until the codes fill the space (Kraft's sum is 1). */
static void
limit_depths(guint *n_at, guint longest)
{
    guint64 sum = 0;
    for (guint i = longest + 1; i <= LONGEST; i++)
        n_at[longest] += n_at[i];
    for (guint i = 1; i <= longest; i++)
        sum += (guint64) n_at[i] << (longest - i);
    for (; sum > (guint64) 1 << longest; sum--) {
        guint i = longest - 1;
        while (n_at[i] == 0)
            i--;
        n_at[i]--;
        n_at[i + 1] += 2;
        n_at[longest]--;
    }
}

void
ts_huffman_lengths(const guint32 *counts, guint n, guint longest, guint8 *lengths)
{
    Leaf leaves[TS_HUFFMAN_SYMBOLS];
    guint16 parents[2 * TS_HUFFMAN_SYMBOLS];
    guint n_at[LONGEST + 1] = {0}, n_leaves = 0;
    memset(lengths, 0, n);
    for (guint i = 0; i < n; i++)
        if (counts[i] > 0)
            leaves[n_leaves++] = (Leaf){counts[i], i};
    g_assert(n <= TS_HUFFMAN_SYMBOLS && n_leaves >= 2 && longest < LONGEST);
    qsort(leaves, n_leaves, sizeof *leaves, compare_leaves);
    join_nodes(leaves, n_leaves, parents);
    count_depths(parents, n_leaves, n_at);
    limit_depths(n_at, longest);
    guint length = longest;
    for (guint i = 0; i < n_leaves; i++) { /* the rarest get the longest */
        while (n_at[length] == 0)
            length--;
        n_at[length]--;
        lengths[leaves[i].symbol] = (guint8) length;
    }
}

void
ts_huffman_codes(const guint8 *lengths, guint n, guint16 *codes)
{
    guint n_at[16] = {0}, next[16] = {0};
    for (guint i = 0; i < n; i++)
        n_at[lengths[i]]++;
    for (guint i = 2; i < 16; i++)
        next[i] = (next[i - 1] + n_at[i - 1]) << 1;
    for (guint i = 0; i < n; i++) {
        guint code = next[lengths[i]]++, turned = 0;
        for (guint k = 0; k < lengths[i]; k++)
            turned |= (code >> k & 1) << (lengths[i] - 1 - k);
        codes[i] = (guint16) turned;
    }
}
