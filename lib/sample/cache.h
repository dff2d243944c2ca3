/* Preprocessed samples in memory under a byte budget; inside of lib/sample.
 *
 * The first samples of the dataset, as many as fit, have a place; the others never do. Threads may
 * use it at once: of several that make the same sample, one has the place.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    guint8 *bytes;  /* (n, n_sample) */
    guint8 *filled; /* (n), atomic */
    guint64 n;
    gsize n_sample;
} TsSampleCache;

/* Make room for min(n_samples, budget / n_sample) samples. TS_ERROR_NO_MEMORY. */
gboolean ts_sample_cache_init(TsSampleCache *cache, guint64 n_samples, gsize n_sample, gsize budget,
                              GError **error);
void ts_sample_cache_clear(TsSampleCache *cache);

/* The bytes of sample `i`, NULL if they are not there. */
const guint8 *ts_sample_cache_get(const TsSampleCache *cache, guint64 i);

/* Where sample `i` is to be written, NULL if it has no place or another thread has it in the
 * making; then tell that it was. */
guint8 *ts_sample_cache_place(TsSampleCache *cache, guint64 i);
void ts_sample_cache_set_filled(TsSampleCache *cache, guint64 i);

G_END_DECLS
