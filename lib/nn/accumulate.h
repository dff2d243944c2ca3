/* Gradient accumulation: one update by several passes, as if their samples were one batch.
 *
 * Each pass leaves the gradient of its weighted mean loss in the parameters. The gradient of the
 * mean over all samples is sum(W_k g_k) / sum(W_k) with W_k the sum of the weights in pass k, so
 * only batch norm sees that the passes are several.
 *
 *     ts_accumulator_begin(all);
 *     for (each part of the batch) {
 *         ... forward, loss, backward ...
 *         ts_accumulator_add(all, params, sums.weight, logits, n);
 *     }
 *     ts_accumulator_finish(all, params);   // the gradients are those of the whole batch
 */
#pragma once

#include "nn/params.h"

G_BEGIN_DECLS

typedef struct _TsAccumulator TsAccumulator;

/* For up to `n` samples of `classes` logits. TS_ERROR_NO_MEMORY. Free with ts_accumulator_free().
 */
TsAccumulator *ts_accumulator_new(const TsParams *params, guint n, guint classes, GError **error);
void ts_accumulator_free(TsAccumulator *self);

void ts_accumulator_begin(TsAccumulator *self);

/* Add the gradients in `params`, whose loss was a mean over samples of total weight `weight`; keep
 * the logits (n, classes). */
void ts_accumulator_add(TsAccumulator *self, const TsParams *params, double weight,
                        const float *logits, guint n);

/* Put the gradient of the mean over all passes into `params`; zero where the weight is zero. */
void ts_accumulator_finish(const TsAccumulator *self, TsParams *params);

/* The logits kept since ts_accumulator_begin(), in the order of the samples, zero after them;
 * borrowed. */
const float *ts_accumulator_logits(const TsAccumulator *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsAccumulator, ts_accumulator_free)

G_END_DECLS
