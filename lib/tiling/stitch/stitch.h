/* Putting tiles back: from a canvas and what its tiles show to rows of the canvas, top to bottom.
 *
 * Only tiles that reach into the current rows are in memory, decoded, and they go as soon as no row
 * needs them; so memory grows with the width of the canvas times the height of a tile and not with
 * the height of the canvas, and no more files are open than there are threads. Tiles are decoded in
 * parallel, and so are patches merged; each patch takes its tiles in the order of the canvas, so
 * that the bytes do not depend on the number of threads.
 *
 *     TsStitch job = {.canvas = canvas, .payload = payload, .merge = TS_MERGE_MEAN};
 *     if (!ts_stitch(&job, put_stripe, out, error))
 *         return FALSE;
 */
#pragma once

#include "base/progress.h"
#include "tiling/stitch/merge.h"
#include "tiling/stitch/payload.h"
#include "tiling/stitch/window.h"

G_BEGIN_DECLS

typedef struct {
    const TsCanvas *canvas; /* cropped already, if the window is crop */
    TsPayload *payload;
    TsWindow window;
    TsMerge merge;
    double fill;          /* of pixels without a tile */
    gboolean add_opacity; /* a further band: 0 where there is no tile, else full */
    TsProgress *progress; /* counts tiles; NULL: none */
} TsStitch;

/* Take rows y .. y + stripe->height - 1 of the canvas, full width; the stripe is borrowed. It may
 * be called from another thread than the one that stitches, but in order and never twice at once.
 */
typedef gboolean (*TsStripeFunc)(const TsImage *stripe, int y, gpointer data, GError **error);

/* Make an image of one pixel with the kind of the stripes: that of the payload, and opacity where
 * it is added. TS_ERROR_ARGUMENT if the merge, `fill` or opacity does not go with the payload. */
TsImage *ts_stitch_new_kind(const TsStitch *job, GError **error);

/* Stitch the whole canvas. Errors are those of ts_stitch_new_kind(), of the payload and of `put`.
 */
gboolean ts_stitch(const TsStitch *job, TsStripeFunc put, gpointer data, GError **error);

/* Count the tiles over each pixel, 8 bits, 255 for more, as stripes; what the payload is does not
 * matter. */
gboolean
ts_stitch_coverage(const TsCanvas *canvas, TsStripeFunc put, gpointer data, GError **error);

G_END_DECLS
