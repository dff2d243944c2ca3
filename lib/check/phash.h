/* Perceptual hashes: 64 bits that stay nearly the same when a picture is scaled, compressed again
 * or slightly changed. How many bits differ (the Hamming distance) says how different two are.
 *
 *     guint64 hashes[TS_HASHES];
 *     if (!ts_hashes_compute(grey, width, height, hashes, error))
 *         return FALSE;
 *     printf("%016" G_GINT64_MODIFIER "x\n", hashes[TS_HASH_PHASH]);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* All work on the grey picture made small with Pillow's LANCZOS filter; the first bit, top left, is
 * the highest.
 * phash: 32 x 32, its cosine transform (DCT-II), the 8 x 8 lowest frequencies; a bit is set where a
 *        coefficient is at least the median of the 63 without the mean (imagededup's PHash; Zauner
 *        2010). Coefficients are rounded to 1/1024 first, so that those which are zero but for the
 *        rounding of sums are equal.
 * dhash: 9 x 8; a bit is set where a pixel is brighter than the one to its left (Krawetz 2013).
 * ahash: 8 x 8; a bit is set where a pixel is at least as bright as the mean. */
typedef enum { TS_HASH_PHASH, TS_HASH_DHASH, TS_HASH_AHASH, TS_HASHES } TsHash;

/* The name of a hash, and the hash of a name, -1 if there is none. */
const char *ts_hash_name(TsHash hash);
int ts_hash_find(const char *name);

/* Compute all hashes of `grey` (height, width), 8 bits. TS_ERROR_NO_MEMORY. */
gboolean ts_hashes_compute(const guint8 *grey, int width, int height, guint64 hashes[TS_HASHES],
                           GError **error);

/* The number of bits in which two hashes differ. */
static inline int
ts_hash_distance(guint64 a, guint64 b)
{
    return __builtin_popcountll(a ^ b);
}

G_END_DECLS
