/* Which samples make up an epoch, how often, and in which order.
 *
 * An order is a function of (seed, epoch) alone, and every epoch is of the same length, so that a
 * run may go on in the middle of one.
 *
 *     const double repeats[] = {1, 1, 2.5};
 *     g_autoptr(TsSampler) sampler = ts_sampler_new_repeats(repeats, 3, error);
 *     if (sampler == NULL)
 *         return FALSE;
 *     guint64 order[ts_sampler_n_drawn(sampler)];
 *     ts_sampler_draw(sampler, seed, epoch, order);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsSampler TsSampler;

/* Sample i comes repeats[i] times in each epoch. Of a number that is not whole, the fraction is the
 * probability of one time more (as the repeat factors of Gupta et al., "LVIS", CVPR 2019; drawn
 * anew in each epoch). The fractions' sum is rounded up to the number of these, which are drawn by
 * systematic sampling (Madow, "On the theory of systematic sampling, II", 1949) in random order, so
 * that each has its share and the epoch its length. TS_ERROR_ARGUMENT if nothing is left, or for
 * more than 2^32 samples. */
TsSampler *ts_sampler_new_repeats(const double *repeats, guint64 n, GError **error);

/* An epoch is n draws with replacement, sample i with the probability weights[i] / sum (as
 * PyTorch's WeightedRandomSampler). TS_ERROR_ARGUMENT if all weights are 0. */
TsSampler *ts_sampler_new_draws(const double *weights, guint64 n, GError **error);

/* NULL is allowed. */
void ts_sampler_free(TsSampler *sampler);

/* The length of an epoch. */
guint64 ts_sampler_n_drawn(const TsSampler *sampler);

/* Draw an epoch: order (n_drawn), numbers of samples. */
void ts_sampler_draw(const TsSampler *sampler, guint64 seed, guint64 epoch, guint64 *order);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSampler, ts_sampler_free)

G_END_DECLS
