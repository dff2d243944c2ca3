/* Preprocessed samples in memory: one block, which the system backs with memory as it fills. */
#include "sample/cache.h"

#include "base/error.h"

enum { EMPTY, IN_THE_MAKING, FILLED };

gboolean
ts_sample_cache_init(TsSampleCache *self, guint64 n_samples, gsize n_sample, gsize budget,
                     GError **error)
{
    *self = (TsSampleCache){.n = MIN(n_samples, budget / n_sample), .n_sample = n_sample};
    self->bytes = ts_try_alloc(self->n, n_sample, "cache of samples", error);
    self->filled = self->bytes ? ts_try_alloc(self->n, 1, "cache of samples", error) : NULL;
    return self->filled != NULL;
}

void
ts_sample_cache_clear(TsSampleCache *self)
{
    g_clear_pointer(&self->bytes, g_free);
    g_clear_pointer(&self->filled, g_free);
}

const guint8 *
ts_sample_cache_get(const TsSampleCache *self, guint64 i)
{
    gboolean there = i < self->n && __atomic_load_n(&self->filled[i], __ATOMIC_ACQUIRE) == FILLED;
    return there ? self->bytes + i * self->n_sample : NULL;
}

guint8 *
ts_sample_cache_place(TsSampleCache *self, guint64 i)
{
    guint8 empty = EMPTY;
    if (i >= self->n || !__atomic_compare_exchange_n(&self->filled[i], &empty, IN_THE_MAKING, FALSE,
                                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return NULL;
    return self->bytes + i * self->n_sample;
}

void
ts_sample_cache_set_filled(TsSampleCache *self, guint64 i)
{
    __atomic_store_n(&self->filled[i], FILLED, __ATOMIC_RELEASE);
}
