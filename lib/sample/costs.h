/* What the stages of making samples take. */
#pragma once

#include <glib.h>
#include <time.h>

G_BEGIN_DECLS

/* Where the time went since the loader was made, in nanoseconds: the stages of all workers
 * together, and what the reader of the batches waited, which is what a training step loses by them.
 */
typedef struct {
    guint64 n_read, read_ns;      /* files whose bytes were read ahead of decoding; the others are
                                     read as they are decoded, and counted there */
    guint64 n_decoded, decode_ns; /* samples rendered and brought to the size of the input */
    guint64 n_augmented, augment_ns; /* samples changed at random */
    guint64 n_filled, fill_ns;       /* batches: samples normalised, and mixed */
    guint64 n_waits, wait_ns;        /* calls of ts_loader_next() */
} TsLoaderCosts;

/* Nanoseconds of a clock that never goes back. */
static inline guint64
ts_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (guint64) now.tv_sec * 1000000000 + (guint64) now.tv_nsec;
}

/* Add what has passed since `from` to `*ns`, and one to `*n`. */
static inline void
ts_count_since(guint64 from, guint64 *n, guint64 *ns)
{
    *ns += ts_now_ns() - from;
    ++*n;
}

G_END_DECLS
