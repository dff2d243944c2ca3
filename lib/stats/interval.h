/* Bootstrap intervals of what is computed from counts of classes.
 *
 * A replicate draws as many samples as there are, with replacement, so its counts are multinomial
 * and no row has to be looked at; or, where samples of a group are not independent (tiles of one
 * image), as many groups as there are (cluster bootstrap: Davison and Hinkley, "Bootstrap Methods
 * and their Application", 1997, section 3.8). The interval is that of percentiles (Efron and
 * Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3), interpolated linearly as
 * numpy.quantile() does. Replicate r of the counts numbered `item` is a function of (seed, item, r)
 * alone.
 *
 *     TsBootstrap how = {.n_replicates = 1000, .confidence = 0.95, .seed = ts_tool_seed()};
 *     double *values = g_new(double, how.n_replicates);
 *     for (guint r = 0; r < how.n_replicates; r++) {
 *         ts_bootstrap_draw(&how, item, r, counts, n, drawn);
 *         values[r] = compute(drawn);
 *     }
 *     TsInterval interval = ts_bootstrap_interval(&how, values);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    guint n_replicates; /* 0: none */
    double confidence;  /* 0 to 1 */
    guint64 seed;
} TsBootstrap;

typedef struct {
    double low, high; /* NaN if any replicate has no value */
} TsInterval;

/* Draw the counts of one replicate into `drawn` (n). `counts` sum to less than 2^32 (asserted). */
void ts_bootstrap_draw(const TsBootstrap *how, guint item, guint replicate, const guint64 *counts,
                       guint n, guint64 *drawn);

/* Samples by group, for replicates that draw groups whole. */
typedef struct {
    guint64 n;
    guint64 *first;   /* (n + 1): where the samples of a group begin */
    guint32 *classes; /* of the samples */
} TsSampleGroups;

/* Group the samples i of `n_samples` with of_class[i] >= 0, by of_group[i] (below `n_groups`; -1:
 * the sample is a group of its own). Groups without samples do not count. TS_ERROR_NO_MEMORY. Free
 * with ts_sample_groups_free(). */
TsSampleGroups *ts_sample_groups_new(const gint32 *of_class, const gint32 *of_group,
                                     guint64 n_samples, guint n_groups, GError **error);

/* NULL is allowed. */
void ts_sample_groups_free(TsSampleGroups *groups);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSampleGroups, ts_sample_groups_free)

/* Draw groups->n groups and count their samples into `drawn` (n classes); their sum is that of the
 * samples on average. */
void ts_bootstrap_draw_groups(const TsBootstrap *how, guint item, guint replicate,
                              const TsSampleGroups *groups, guint n, guint64 *drawn);

/* The interval of how->n_replicates values, which are put in order. */
TsInterval ts_bootstrap_interval(const TsBootstrap *how, double *values);

G_END_DECLS
