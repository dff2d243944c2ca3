/* A graph made runnable: kernels chosen, layouts settled, memory planned.
 *
 * ts_net_new() compiles a graph for one batch size. The result is a flat program of steps, first
 * those of the forward pass, then those of the backward pass. Each buffer knows the first and the
 * last step that uses it; buffers that are never alive together share memory.
 *
 *     g_autoptr(TsNet) net = ts_net_new(graph, params, 64, TS_NET_TRAIN, error);
 *     memcpy(ts_net_input(net), images, ...);               // (N, C, H, W)
 *     ts_net_forward(net, step, error);
 *     ts_loss_compute(loss, ts_net_logits(net), ..., ts_net_grad_logits(net), ...);
 *     ts_net_backward(net, error);                          // gradients are in params
 *
 * Several nets (other batch sizes, inference) may share one TsParams; one thread runs them.
 */
#pragma once

#include "nn/graph.h"
#include "nn/params.h"
#include "nn/profile.h"

G_BEGIN_DECLS

typedef struct _TsNet TsNet;

typedef enum {
    TS_NET_TRAIN, /* forward in training mode, and backward */
    TS_NET_INFER, /* forward with running statistics, no dropout */
    /* The same, faster, with the parameters as they are when the net is compiled: batch norms are
     * folded (fold.h), ReLUs and sums computed by convolutions, weights transformed once. The
     * parameters are copied and may change or go. */
    TS_NET_FROZEN,
} TsNetMode;

/* Compile. `graph` and `params` must outlive the net. */
TsNet *
ts_net_new(const TsGraph *graph, TsParams *params, guint batch, TsNetMode mode, GError **error);
void ts_net_free(TsNet *net);

/* The same with mode TS_NET_FROZEN and the output of node `kept` to be seen by ts_net_kept():
 * nothing that would change it is fused with it. */
TsNet *
ts_net_new_keeping(const TsGraph *graph, TsParams *params, guint batch, guint kept, GError **error);

/* The same as ts_net_new(), of what stands above node `first` alone: the output of that node,
 * (N, C, H, W), is the input of the net. Nothing above may read a node below, see
 * ts_graph_find_cut(); 0: the whole graph. Not for TS_NET_FROZEN. */
TsNet *ts_net_new_above(const TsGraph *graph, TsParams *params, guint batch, TsNetMode mode,
                        guint first, GError **error);

/* The output of the kept node in the last forward pass: (N, C, H, W). */
const float *ts_net_kept(const TsNet *net);

/* Time each layer from now on; the profile, of the same graph, is borrowed. NULL: no more. */
void ts_net_set_profile(TsNet *net, TsProfile *profile);

/* Seed of dropout; 0 by default. */
void ts_net_set_seed(TsNet *net, guint64 seed);

guint ts_net_batch(const TsNet *net);

/* Where the batch is to be written: (N, C, H, W), row-major, before each forward pass. */
float *ts_net_input(TsNet *net);

/* Run the forward pass; `step` keys the randomness of dropout. */
gboolean ts_net_forward(TsNet *net, guint64 step, GError **error);

/* The result of the last forward pass: (N, classes). */
const float *ts_net_logits(const TsNet *net);

/* Where the gradient of the loss by the logits is to be written before the backward pass. */
float *ts_net_grad_logits(TsNet *net);

/* Run the backward pass: sets the gradient of every learned parameter. TS_NET_TRAIN only. */
gboolean ts_net_backward(TsNet *net, GError **error);

/* Bytes of activations and gradients after planning, and what they would take without sharing. */
gsize ts_net_planned_bytes(const TsNet *net);
gsize ts_net_unplanned_bytes(const TsNet *net);

/* The program as text, a step a line, for -v and for tests. Free with g_free(). */
char *ts_net_describe(const TsNet *net);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNet, ts_net_free)

G_END_DECLS
