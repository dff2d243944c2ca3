/* One tile from pixels to its result: judged, padded, encoded, and written if it is a file.
 *
 * Each thread has a worker of its own, with the codecs and buffers that it needs again and again.
 */
#pragma once

#include "tiling/cut/open_input.h"
#include "tiling/cut/order.h"

G_BEGIN_DECLS

typedef struct _TsWorker TsWorker;

TsWorker *ts_worker_new(const TsCut *cut, TsOrder *order, GError **error);
void ts_worker_free(TsWorker *worker);

/* Work on a tile of `open`, with its rows in `band` (NULL: decode it). */
TsTileResult *ts_worker_do(TsWorker *worker, const TsOpenInput *open, const TsBand *band,
                           const TsPlanTile *tile, GError **error);

G_END_DECLS
