/* One tile from pixels to its result: judged, padded, encoded, and written if it is a file.
 *
 * Each thread has a worker of its own, with the codecs and buffers that it needs again and again.
 */
#pragma once

#include "image/tiff_geo.h"
#include "tiling/band.h"
#include "tiling/cut.h"
#include "tiling/lossless.h"
#include "tiling/order.h"

G_BEGIN_DECLS

/* An input that is open. */
typedef struct {
    const TsPlanInput *input;
    guint index;             /* in the plan */
    TsImageSource **sources; /* the image and its masks */
    guint n_sources;
    guint first_read;     /* the first source that is decoded: 1, if nobody looks at the image */
    TsJudgeImage *judged; /* NULL without a judge */
    TsLossless *lossless; /* NULL: tiles are decoded */
    TsGeo *geo;           /* where the image lies on earth, for TIFF; or NULL */
    TsImage *first_rows;  /* for padding that wraps around, where rows are read in order: the */
    TsImage *last_rows;   /* outermost ones of the image; or NULL */
} TsOpenInput;

/* Open the image and masks of an input and make what it needs before its first tile. */
TsOpenInput *ts_open_input_new(const TsCut *cut, guint index, GError **error);
void ts_open_input_free(TsOpenInput *open);

/* Whether tiles have to be cut from bands; else each can be decoded alone. */
gboolean ts_open_input_wants_bands(const TsOpenInput *open);

typedef struct _TsWorker TsWorker;

TsWorker *ts_worker_new(const TsCut *cut, TsOrder *order, GError **error);
void ts_worker_free(TsWorker *worker);

/* Work on a tile of `open`, with its rows in `band` (NULL: decode it). */
TsTileResult *ts_worker_do(TsWorker *worker, const TsOpenInput *open, const TsBand *band,
                           const TsPlanTile *tile, GError **error);

G_END_DECLS
