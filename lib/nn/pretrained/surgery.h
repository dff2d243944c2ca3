/* The two ends of a network, which fit a task: the first convolution and the classifier. */
#pragma once

#include "nn/graph.h"

G_BEGIN_DECLS

/* From `in`, (O, C, H, W) of `shape`, to `out`, (O, channels, H, W). One channel: the sum over C.
 * Others: channel c is channel c % C of `in` times C / channels. As timm's adapt_input_conv(). */
void ts_surgery_input(const float *in, const gint64 *shape, gint64 channels, float *out);

/* The classifier: the last node, if it is a linear layer; else NULL. */
const TsNode *ts_surgery_find_head(const TsGraph *graph);

/* The convolution whose input is the network's; NULL if there is none. */
const TsNode *ts_surgery_find_input(const TsGraph *graph);

G_END_DECLS
