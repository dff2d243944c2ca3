/* Look at every picture of a data set once, in parallel, and remember what was seen.
 *
 * A picture that cannot be read is a finding, not an error. What a cache (cache.h) knows of files
 * that have not changed since is not looked at again; rows that are mixtures of two are, and files
 * that changed within the last two seconds are not put into the cache, as a further change might
 * not show in their time. Results do not depend on the number of threads, nor on the cache.
 *
 *     g_autoptr(TsInspection) seen = ts_inspect(dataset, "photos.cache", error);
 *     if (seen == NULL)
 *         return FALSE;
 *     printf("%u pictures, %u of them known from before\n", seen->n, seen->n_cached);
 */
#pragma once

#include "check/measures.h"
#include "sample/dataset.h"

G_BEGIN_DECLS

typedef struct {
    guint32 n;            /* samples of the dataset */
    TsMeasures *measures; /* (n) */
    guint32 n_cached;     /* measures that came from the cache */
    guint64 n_rejected;   /* lines of the cache that were not believed */
} TsInspection;

/* Look at all samples. `cache` is a path or NULL; the file is written anew, also when a signal ends
 * the work, so that the next run goes on from there. Errors: those of the cache, TS_ERROR_RANGE for
 * 2^31 samples and more, TS_ERROR_NO_MEMORY, TS_ERROR_INTERRUPTED. */
TsInspection *ts_inspect(TsDataset *dataset, const char *cache, GError **error);

/* NULL is allowed. */
void ts_inspection_free(TsInspection *inspection);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsInspection, ts_inspection_free)

G_END_DECLS
