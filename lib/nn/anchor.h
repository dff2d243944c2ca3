/* L2-SP: decay towards the weights that a training began with, instead of towards 0.
 *
 * The penalty alpha / 2 |w - w0|^2 of Li, Grandvalet and Davoine (2018) adds alpha (w - w0) to the
 * gradients of the parameters that are anchored; they have no other weight decay.
 *
 *     g_autoptr(TsAnchor) anchor = ts_anchor_new(params, 0.01, error);   // at w0
 *     ts_anchor_add(anchor, params);                                     // in each update
 */
#pragma once

#include "nn/weights.h"

G_BEGIN_DECLS

typedef struct _TsAnchor TsAnchor;

/* Copies the numbers of `params`, whose layouts must be settled. TS_ERROR_NO_MEMORY. */
TsAnchor *ts_anchor_new(const TsParams *params, double alpha, GError **error);
void ts_anchor_free(TsAnchor *anchor);

/* Add to the gradients of parameters that are anchored and trained. */
void ts_anchor_add(const TsAnchor *anchor, TsParams *params);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsAnchor, ts_anchor_free)

G_END_DECLS
