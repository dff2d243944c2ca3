/* The split of a key. */
#include "balance/split/split_hash.h"

#include <string.h>

/* Shares that are added up stay a little below or above their sum as it is written. */
#define ROUNDING 1e-12

guint
ts_split_by_hash(const TsSplitShares *shares, guint64 seed, const char *key)
{
    char prefix[32];
    guint8 digest[32];
    gsize n_digest = sizeof digest;
    guint64 number = 0;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    int n = g_snprintf(prefix, sizeof prefix, "%" G_GUINT64_FORMAT ":", seed);
    g_checksum_update(sum, (const guchar *) prefix, n);
    g_checksum_update(sum, (const guchar *) key, (gssize) strlen(key));
    g_checksum_get_digest(sum, digest, &n_digest);
    for (guint i = 0; i < 8; i++)
        number = number << 8 | digest[i];
    double u = (double) number / 18446744073709551616.0, end = 0;
    for (guint s = 0; s + 1 < shares->n; s++) {
        end += shares->shares[s];
        if (u < end - ROUNDING)
            return s;
    }
    return shares->n - 1;
}
