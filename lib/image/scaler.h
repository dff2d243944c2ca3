/* Scaling as rows are read, in the memory of some rows; inside of lib/image.
 *
 * Rows of the source are read once, going down; each is added to the output rows that it has a part
 * in, and an output row is complete when its last source row has been added. Sums are made in the
 * order of the source's rows and then of its columns, so the samples do not depend on which rows or
 * columns are asked for.
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct _TsScaler TsScaler;

/* Scale `source`, which is borrowed, to width x height pixels, of which columns x .. x + n - 1 are
 * wanted. `at_once`: read what is needed of the source in one go, not in pieces. */
TsScaler *ts_scaler_new(TsImageSource *source, TsFilter filter, int width, int height, int x, int n,
                        gboolean at_once, GError **error);

/* NULL is allowed. */
void ts_scaler_free(TsScaler *scaler);

/* Make rows y .. y + n - 1 in the rows of `to` from `to_y` on. If `goes_on`, the next call will be
 * for the rows below, and none of the source is then read again. */
gboolean ts_scaler_read(TsScaler *scaler, int y, int n, gboolean goes_on, TsImage *to, int to_y,
                        GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsScaler, ts_scaler_free)

G_END_DECLS
