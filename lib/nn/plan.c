/* The memory plan, greedy by size. Quadratic in the number of buffers, which is a few hundred. */
#include "nn/plan.h"

#include <stdlib.h>

enum { ALIGNMENT = 64 };

/* Ties by address, which is the order of the items. */
static int
compare_size(const void *a, const void *b)
{
    const TsPlanItem *x = *(TsPlanItem *const *) a, *y = *(TsPlanItem *const *) b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->first != y->first ? (x->first > y->first) - (x->first < y->first) : (x > y) - (x < y);
}

static int
compare_offset(gconstpointer a, gconstpointer b)
{
    const TsPlanItem *const *x = a, *const *y = b;
    return ((*x)->offset > (*y)->offset) - ((*x)->offset < (*y)->offset);
}

static gsize
round_up(gsize bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* The lowest gap between the placed items that are alive together with `item`. */
static gsize
find_offset(const TsPlanItem *item, TsPlanItem *const *placed, gsize n_placed)
{
    gsize offset = 0;
    for (gsize i = 0; i < n_placed; i++) {
        const TsPlanItem *other = placed[i];
        if (other->first > item->last || other->last < item->first)
            continue;
        if (offset + round_up(item->bytes) <= other->offset)
            return offset;
        offset = MAX(offset, other->offset + round_up(other->bytes));
    }
    return offset;
}

gsize
ts_plan_memory(TsPlanItem *items, gsize n)
{
    g_autofree TsPlanItem **order = g_new(TsPlanItem *, n + 1);
    g_autoptr(GPtrArray) placed = g_ptr_array_new(); /* by offset */
    gsize total = 0;
    for (gsize i = 0; i < n; i++)
        order[i] = &items[i];
    qsort(order, n, sizeof *order, compare_size);
    for (gsize i = 0; i < n; i++) {
        TsPlanItem *item = order[i];
        item->offset = find_offset(item, (TsPlanItem *const *) placed->pdata, placed->len);
        total = MAX(total, item->offset + round_up(item->bytes));
        g_ptr_array_add(placed, item);
        g_ptr_array_sort(placed, compare_offset);
    }
    return total;
}
