/* A convolution's ways: conv.c for oneDNN's direct kernels, conv_winograd.c for our own,
 * conv_grey.c for weight gradients where the input is grey, and conv_bf16.c for what is read in
 * training with bf16. */
#pragma once

#include "nn/ops/op.h"

G_BEGIN_DECLS

enum { TS_CONV_WEIGHT, TS_CONV_BIAS }; /* parameter slots */

TsWindowSpec ts_conv_window(TsNet *net, const TsLayer *layer);

/* The first net decides how the weights lie, plain or in `layout`; later ones take them as they
 * are. */
gboolean ts_conv_settle_weights(TsNet *net, TsLayer *layer, const TsWindowSpec *spec,
                                const TsLayout *layout, GError **error);

/* New memory for the result, or that of the layer that it is added to. */
TsBuffer *ts_conv_destination(TsNet *net, TsLayer *layer, const TsLayout *layout, GError **error);

/* What a kernel reads: `buffer` in `layout`. In training with bf16 (ts_net_is_bf16()) a kernel of
 * f32 stands in for one that the processor does not have, and gets numbers rounded to bf16: their
 * products are exact in f32, so it adds up the same. */
TsBuffer *ts_conv_operand(TsNet *net, TsLayer *layer, TsBuffer *buffer, const TsLayout *layout,
                          GError **error);

/* TRUE if this layer is to be computed by Winograd's algorithm: if that is what the user wants
 * (TsParams.kernels) or what a rule by shape expects to be faster. */
gboolean ts_conv_is_winograd(TsNet *net, const TsWindowSpec *spec);

gboolean ts_conv_winograd_forward(TsNet *net, TsLayer *layer, GError **error);
gboolean ts_conv_winograd_backward(TsNet *net, TsLayer *layer, GError **error);

/* TRUE if the weight gradient of this layer, whose input is `src`, is computed by
 * ts_conv_grey_backward_weights(): grey pictures in plain rows. */
gboolean ts_conv_is_grey(const TsLayer *layer, const TsWindowSpec *spec, const TsBuffer *src);
gboolean ts_conv_grey_backward_weights(TsNet *net, TsLayer *layer, const TsWindowSpec *spec,
                                       TsBuffer *src, GError **error);

G_END_DECLS
