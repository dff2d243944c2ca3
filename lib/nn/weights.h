/* Copies of all numbers of a model, in the layout in which its parameters are stored.
 *
 * What averaging, early stopping and rollback keep beside the weights in work. The parameters'
 * layouts must be settled (a net is compiled) before the first copy is made.
 *
 *     g_autoptr(TsWeights) best = ts_weights_new(params, error);   // a copy
 *     ts_weights_put(best, params);                                // and back
 */
#pragma once

#include "nn/state.h"

G_BEGIN_DECLS

typedef struct {
    guint n;
    float **data; /* of each parameter, n_stored numbers */
} TsWeights;

/* A copy of the numbers of `params`. TS_ERROR_NO_MEMORY. */
TsWeights *ts_weights_new(const TsParams *params, GError **error);
void ts_weights_free(TsWeights *self);

/* Copy the numbers of `params` here, or these there; or exchange them. */
void ts_weights_take(TsWeights *self, const TsParams *params);
void ts_weights_put(const TsWeights *self, TsParams *params);
void ts_weights_swap(TsWeights *self, TsParams *params);

/* Move every number towards that of `params` by `weight`, 0 to 1: self + weight (params - self),
 * rounded as torch.lerp() does. Statistics (running means and variances) are copied instead where
 * `statistics` is FALSE. */
void ts_weights_lerp(TsWeights *self, const TsParams *params, double weight, gboolean statistics);

/* Into and out of a checkpoint, each as PREFIX + the parameter's name. ts_weights_are_saved() tells
 * whether they are there. */
gboolean ts_weights_save(const TsWeights *self, const TsParams *params, const char *prefix,
                         TsState *state, GError **error);
gboolean ts_weights_are_saved(const TsParams *params, const char *prefix, const TsState *state);
gboolean ts_weights_load(TsWeights *self, const TsParams *params, const char *prefix,
                         const TsState *state, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsWeights, ts_weights_free)

G_END_DECLS
