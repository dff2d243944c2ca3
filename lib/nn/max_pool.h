/* Max pooling of pictures that lie in blocks of channels, as ts_layout_channel_blocks() has them.
 *
 * Where the largest number of each window stood is kept in a byte, for the way back. Of equal ones
 * it is the first; a number that is none (NaN) is larger than all. Bits are the same for any number
 * of threads.
 *
 *     if (ts_max_pool_can(&spec))
 *         ts_max_pool_forward(&spec, block, src, dst, where);
 */
#pragma once

#include "nn/dnnl.h"

G_BEGIN_DECLS

/* FALSE if a window may lie in the padding altogether, or has more pixels than a byte counts. */
gboolean ts_max_pool_can(const TsWindowSpec *spec);

/* Numbers of the result, padding of channels to whole blocks of `block` (8 or 16) included. */
gsize ts_max_pool_outputs(const TsWindowSpec *spec, int block);

/* `where`: ts_max_pool_outputs() bytes; NULL: not wanted. */
void ts_max_pool_forward(const TsWindowSpec *spec, int block, const float *src, float *dst,
                         guint8 *where);

/* diff_src from diff_dst and what the forward pass kept. */
void ts_max_pool_backward(const TsWindowSpec *spec, int block, const float *diff_dst,
                          const guint8 *where, float *diff_src);

G_END_DECLS
