/* A split that follows from a row's key alone, so that rows which are added later change nothing.
 *
 * The first 8 bytes of the SHA-256 of "SEED:KEY", read as a big-endian number over 2^64, are a
 * number u in [0, 1); the split is the first one whose share, added to those before it, is above u.
 * So a few lines of any language tell the split of a key: in Python
 *
 *     int(hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()[:16], 16) / 2**64
 *
 * In C:
 *
 *     guint split = ts_split_by_hash(shares, seed, key);
 */
#pragma once

#include "balance/split/split.h"

G_BEGIN_DECLS

guint ts_split_by_hash(const TsSplitShares *shares, guint64 seed, const char *key);

G_END_DECLS
