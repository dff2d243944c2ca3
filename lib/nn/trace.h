/* A net run layer by layer, each result shown as soon as it is complete.
 *
 * Buffers share memory and some layers work in place, so that after a pass most results are gone;
 * here each is shown in its time, in plain (N, C, H, W), and the pass is the same otherwise.
 *
 *     static gboolean show(const TsNode *node, guint i, gboolean is_gradient,
 *                          const TsTensor *values, gpointer data, GError **error);
 *     ...
 *     if (!ts_net_forward_traced(net, step, show, data, error))
 *         return FALSE;
 */
#pragma once

#include "nn/net.h"
#include "store/tensor.h"

G_BEGIN_DECLS

/* Layer `i` of the graph: its output, or the gradient of the loss by its output. `values` is NULL
 * where the layer is computed as one with the ReLU above it, which has the numbers of both. */
typedef gboolean (*TsTraceFunc)(const TsNode *node, guint i, gboolean is_gradient,
                                const TsTensor *values, gpointer data, GError **error);

/* As ts_net_forward() and ts_net_backward(). */
gboolean
ts_net_forward_traced(TsNet *net, guint64 step, TsTraceFunc func, gpointer data, GError **error);
gboolean ts_net_backward_traced(TsNet *net, TsTraceFunc func, gpointer data, GError **error);

G_END_DECLS
