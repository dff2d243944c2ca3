/* The inverse of PNG's row filters, inside of lib/image. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Undo `filter` in place: `row` has `n` bytes, `above` is the row above, undone (zeros above the
 * first), `size` the bytes of a pixel: 1, 2, 3, 4, 6 or 8 (asserted). FALSE if there is no such
 * filter. Source: the PNG specification, section 9. */
gboolean ts_png_unfilter(guint filter, guint8 *row, const guint8 *above, gsize n, guint size);

G_END_DECLS
