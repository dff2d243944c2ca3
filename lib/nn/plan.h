/* The memory plan: buffers that are never alive together share memory.
 *
 * Greedy by size (Pisarchyk and Lee, "Efficient memory management for deep neural net inference",
 * 2020): the largest buffer first, each at the lowest offset where nothing that is alive at the
 * same time lies.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    gsize bytes;
    int first, last; /* alive from step `first` to step `last`, both included */
    gsize offset;    /* result, a multiple of 64 */
} TsPlanItem;

/* Set the offset of each item; returns the bytes of the whole arena. */
gsize ts_plan_memory(TsPlanItem *items, gsize n);

G_END_DECLS
