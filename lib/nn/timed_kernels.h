/* Which kernels compute which convolution, found by timing and remembered: for --kernels timed.
 *
 * The first net that has a convolution which Winograd's kernels can compute (ts_winograd_can())
 * runs that layer both ways, forward and backward, and keeps the faster. All nets of a run agree
 * so, whatever their batch, and a table takes the choice along: what a clock has said once is the
 * same in every later run that reads it, bit for bit.
 */
#pragma once

#include "nn/dnnl.h"
#include "nn/params.h"

G_BEGIN_DECLS

/* Of training with `precision`. */
TsTimedKernels *ts_timed_kernels_new(TsPrecision precision);
void ts_timed_kernels_free(TsTimedKernels *self);

/* TRUE if Winograd's kernels were faster; measured now unless it is known. Where there is no memory
 * to measure it, the rule by shape decides (ts_winograd_pays()). */
gboolean ts_timed_kernels_is_winograd(TsTimedKernels *self, const TsWindowSpec *spec);

/* Convolutions known, and those of them that Winograd's kernels compute. */
guint ts_timed_kernels_n(const TsTimedKernels *self);
guint ts_timed_kernels_n_winograd(const TsTimedKernels *self);

/* A table with columns in_channels, out_channels, height, width (of the result), pad,
 * direct_ms, winograd_ms (a step of the layer, with a batch norm below it) and kernels,
 * "direct" or "winograd", which alone decides. Reading adds to what is known; TS_ERROR_FORMAT names
 * the line of a table that is none. */
gboolean ts_timed_kernels_read(TsTimedKernels *self, const char *path, GError **error);
/* Write the table now, and again whenever it has grown; then a failure is warned of. */
gboolean ts_timed_kernels_keep(TsTimedKernels *self, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTimedKernels, ts_timed_kernels_free)

G_END_DECLS
