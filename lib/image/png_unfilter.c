/* The inverse of PNG's row filters. The functions that look to the left are compiled once for each
 * size of a pixel, so that a pixel's bytes stay in registers. */
#include "image/png_unfilter.h"

#include <stdlib.h>

enum { NONE, SUB, UP, AVERAGE, PAETH };

static inline void
add_left(guint8 *row, gsize n, guint size)
{
    for (gsize i = size; i < n; i++)
        row[i] = (guint8) (row[i] + row[i - size]);
}

static void
add_above(guint8 *row, const guint8 *above, gsize n)
{
    for (gsize i = 0; i < n; i++)
        row[i] = (guint8) (row[i] + above[i]);
}

static inline void
add_average(guint8 *row, const guint8 *above, gsize n, guint size)
{
    for (gsize i = 0; i < size; i++)
        row[i] = (guint8) (row[i] + above[i] / 2);
    for (gsize i = size; i < n; i++)
        row[i] = (guint8) (row[i] + (row[i - size] + above[i]) / 2);
}

/* The one of the three that is nearest to left + above - corner; ties in this order. */
static inline guint8
paeth(int left, int above, int corner)
{
    int to_left = abs(above - corner), to_above = abs(left - corner);
    int to_corner = abs(left + above - 2 * corner);
    int nearest = to_above <= to_corner ? above : corner;
    int least = to_above <= to_corner ? to_above : to_corner;
    return (guint8) (to_left <= least ? left : nearest);
}

static inline void
add_paeth(guint8 *row, const guint8 *above, gsize n, guint size)
{
    guint8 left[8], corner[8];
    for (guint k = 0; k < size; k++) {
        left[k] = row[k] = (guint8) (row[k] + above[k]);
        corner[k] = above[k];
    }
    for (gsize i = size; i < n; i += size)
        for (guint k = 0; k < size; k++) {
            guint8 up = above[i + k];
            left[k] = row[i + k] = (guint8) (row[i + k] + paeth(left[k], up, corner[k]));
            corner[k] = up;
        }
}

static inline gboolean
unfilter(guint filter, guint8 *row, const guint8 *above, gsize n, guint size)
{
    switch (filter) {
    case NONE:
        return TRUE;
    case SUB:
        add_left(row, n, size);
        return TRUE;
    case UP:
        add_above(row, above, n);
        return TRUE;
    case AVERAGE:
        add_average(row, above, n, size);
        return TRUE;
    case PAETH:
        add_paeth(row, above, n, size);
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean
ts_png_unfilter(guint filter, guint8 *row, const guint8 *above, gsize n, guint size)
{
    switch (size) {
    case 1:
        return unfilter(filter, row, above, n, 1);
    case 2:
        return unfilter(filter, row, above, n, 2);
    case 3:
        return unfilter(filter, row, above, n, 3);
    case 4:
        return unfilter(filter, row, above, n, 4);
    case 6:
        return unfilter(filter, row, above, n, 6);
    default:
        g_assert(size == 8);
        return unfilter(filter, row, above, n, 8);
    }
}
