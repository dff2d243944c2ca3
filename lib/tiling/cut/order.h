/* Results of threads, put into the order of the plan and written down.
 *
 * Tiles are done in any order; rows, and members of tars, are written in theirs. A result that
 * comes early waits. Whoever brings the next one writes all that are due. Now and then, when the
 * stage's files have been synced, the journal is told how far rows are vouched for.
 */
#pragma once

#include "tiling/cut/cut.h"
#include "tiling/cut/rows.h"
#include "tiling/cut/tile_result.h"

G_BEGIN_DECLS

typedef struct _TsOrder TsOrder;

/* Begin, or go on with what a killed run left. */
TsOrder *ts_order_new(const TsCut *cut, GError **error);

/* Remove what is not vouched for. NULL is allowed. */
void ts_order_free(TsOrder *order);

/* The folder that files of tiles go to; NULL for rows. Borrowed. */
const char *ts_order_folder(const TsOrder *order);

const TsRows *ts_order_rows(const TsOrder *order);

/* The first tile that is not done. */
guint64 ts_order_first(const TsOrder *order);

/* Hand a result over, from any thread. */
gboolean ts_order_put(TsOrder *order, TsTileResult *result, GError **error);

/* The tile that is waited for, and bytes of the results that wait for it. */
guint64 ts_order_next(TsOrder *order);
guint64 ts_order_backlog(TsOrder *order);

/* After all tiles: give everything its final name. */
gboolean ts_order_finish(TsOrder *order, TsCutReport *report, GError **error);

/* After an error or a signal: note how far it went, so that the same run can go on. */
void ts_order_give_up(TsOrder *order);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsOrder, ts_order_free)

G_END_DECLS
