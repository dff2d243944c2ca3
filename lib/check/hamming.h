/* All pairs of hashes within a Hamming radius, exactly, without comparing all with all.
 *
 * Multi-index hashing (Norouzi, Punjani and Fleet, "Fast exact search in Hamming space with
 * multi-index hashing", TPAMI 2014): hashes are cut into m parts; of two hashes within the radius
 * at least one part is within radius / m, so that it is enough to look there. The number of parts
 * is chosen by what it costs, and where comparing all with all is cheaper, that is done.
 *
 *     g_autoptr(GArray) pairs = ts_hamming_pairs(hashes, 1, n, 6, 20000000, error);
 *     for (guint i = 0; pairs != NULL && i < pairs->len; i++)
 *         use(g_array_index(pairs, TsHammingPair, i));
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { TS_HAMMING_MAX = 32 }; /* largest radius */

typedef struct {
    guint32 a, b;     /* a < b */
    guint32 distance; /* the largest over the words */
} TsHammingPair;

/* Find all pairs of the `n` items of `n_words` hashes each, hashes (n, n_words), that differ in at
 * most `radius` bits (0 to TS_HAMMING_MAX) in every word. They are in order of distance, then of b,
 * then of a, whatever the number of threads; free with g_array_unref(). More than `max_pairs` of
 * them are TS_ERROR_RANGE; also TS_ERROR_NO_MEMORY. */
GArray *ts_hamming_pairs(const guint64 *hashes, guint n_words, guint32 n, guint radius,
                         guint64 max_pairs, GError **error);

/* The same with a fixed number of parts, 2 to 8, or 0 to compare all with all; for tests. */
GArray *ts_hamming_pairs_with(guint n_parts, const guint64 *hashes, guint n_words, guint32 n,
                              guint radius, guint64 max_pairs, GError **error);

G_END_DECLS
