/* Batch norms folded into the convolutions below them, for inference and for export.
 *
 * With its running statistics a batch norm is y = g (x - mean) / sqrt(variance + epsilon) + beta,
 * so that a convolution and the norm above it are one convolution:
 *
 *     W' = W g / sqrt(variance + epsilon)
 *     b' = (b - mean) g / sqrt(variance + epsilon) + beta
 *
 *     g_autoptr(TsFolded) folded = ts_fold(model->graph, model->params, -1, error);
 *     g_autoptr(TsNet) net =
 *         ts_net_new(folded->graph, folded->params, 32, TS_NET_INFER, error);
 *
 * A net of mode TS_NET_FROZEN does this by itself. Answers differ from the unfolded net's by
 * rounding only.
 */
#pragma once

#include "nn/params.h"

G_BEGIN_DECLS

typedef struct {
    TsGraph *graph;   /* names as before; a folded layer has NAME.weight and NAME.bias */
    TsParams *params; /* plain; not those of the other graph */
    int *node;        /* one a node of the other graph: the node here that has its output, or -1 */

    /* Where the numbers come from. */
    const TsGraph *from_graph;
    const TsParams *from_params;
    GArray *origin; /* of guint: one a node of the folded graph, the node it comes from */
    int *norm;      /* one a node of the other graph: the norm that is folded into it, or -1 */
} TsFolded;

/* Fold each batch norm whose input is a convolution or linear layer that nothing else reads, and
 * leave out dropout and drop path, which do nothing in inference. Other norms stay. The output of
 * node `kept` (-1: none) is still to be found in the result. TS_ERROR_RANGE if a number is not
 * finite. */
TsFolded *ts_fold(const TsGraph *graph, const TsParams *params, int kept, GError **error);

/* The same without memory for the numbers, which ts_folded_fill() gets for one node after the
 * other: what is made of one may be dropped before the next one is looked at. The other graph and
 * its parameters must live until then. */
TsFolded *ts_fold_outline(const TsGraph *graph, const TsParams *params, int kept, GError **error);
gboolean ts_folded_fill(TsFolded *folded, guint node, GError **error);

void ts_folded_free(TsFolded *folded);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsFolded, ts_folded_free)

G_END_DECLS
