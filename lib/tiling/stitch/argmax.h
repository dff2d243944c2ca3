/* From scores to classes: the band with the largest value of each pixel, after blending.
 *
 *     TsArgmax argmax = {.put = ts_canvas_file_put, .data = file};
 *     if (!ts_argmax_init(&argmax, kind, error) || !ts_stitch(&job, ts_argmax_put, &argmax, error))
 *         return FALSE;
 */
#pragma once

#include "tiling/stitch/stitch.h"

G_BEGIN_DECLS

typedef struct {
    TsStripeFunc put; /* where the labels go */
    gpointer data;
    TsImage *kind; /* of the labels: 8 bits, 16 with more than 255 bands */
} TsArgmax;

/* Set the kind of labels of pixels like `kind`. TS_ERROR_ARGUMENT with fewer than two bands. */
gboolean ts_argmax_init(TsArgmax *argmax, const TsImage *kind, GError **error);
void ts_argmax_clear(TsArgmax *argmax);

/* Make labels of a stripe and give them on: a TsStripeFunc, `argmax` is a TsArgmax. The lowest of
 * equal bands wins; a NaN never does. */
gboolean ts_argmax_put(const TsImage *stripe, int y, gpointer argmax, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsArgmax, ts_argmax_clear)

G_END_DECLS
