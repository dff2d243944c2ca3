/* The gradient of a convolution by its weights where the input is grey, as that of a network's
 * first layer may be. oneDNN takes three times as long for it.
 *
 * Pictures are plain (N, 1, H, W); the gradient of the result lies in blocks of channels, as
 * ts_layout_channel_blocks() has them. Bits are the same for any number of threads, and with AVX2
 * or without.
 *
 *     if (ts_grey_conv_can(&spec))
 *         ts_grey_conv_backward_weights(&spec, block, src, diff_dst, diff_weights, work);
 */
#pragma once

#include "nn/dnnl.h"

G_BEGIN_DECLS

/* FALSE for more than one channel, a window wider than eight and a bias. */
gboolean ts_grey_conv_can(const TsWindowSpec *spec);

/* Numbers of memory that a call needs for its work. */
gsize ts_grey_conv_floats(const TsWindowSpec *spec, int block);

/* diff_weights (O, 1, kh, kw) = the sum over pictures and places of src and diff_dst; `block` is 8
 * or 16. */
void ts_grey_conv_backward_weights(const TsWindowSpec *spec, int block, const float *src,
                                   const float *diff_dst, float *diff_weights, float *work);

G_END_DECLS
