/* Which rows a bootstrap replicate draws, and intervals of metrics by it.
 *
 * A replicate draws as many units as there are, with replacement: rows, or whole groups where rows
 * of a group are not independent (cluster bootstrap); or rows within each class, so that every
 * replicate has the class counts of the truth (stratified). Intervals are those of percentiles: see
 * interval.h. Replicate r is a function of (seed, r) alone, so threads do not change it, and all
 * metrics, and both of two models that are compared, see the same draws.
 *
 *     g_autoptr(TsRowDraw) draw = ts_row_draw_new(predictions, NULL, FALSE, error);
 *     if (draw == NULL || !ts_row_draw_intervals(draw, &how, predictions, metrics, NULL, out,
 * error)) return FALSE;
 */
#pragma once

#include "base/progress.h"
#include "stats/interval.h"
#include "stats/metric.h"

G_BEGIN_DECLS

typedef struct _TsRowDraw TsRowDraw;

/* Prepare draws of the rows of `predictions`: by `group` (n numbers, -1: a group of its own) unless
 * NULL, or stratified by truth. Not both; TS_ERROR_ARGUMENT also for strata of label sets.
 * TS_ERROR_NO_MEMORY. */
TsRowDraw *ts_row_draw_new(const TsPredictions *predictions, const gint32 *group,
                           gboolean is_stratified, GError **error);

/* How often replicate `replicate` draws each row, times `weight` (NULL: 1), into `times` (n). */
void ts_row_draw(const TsRowDraw *self, guint64 seed, guint replicate, const double *weight,
                 double *times);

/* The number of units. */
guint64 ts_row_draw_n(const TsRowDraw *self);

/* For each row, its unit (below ts_row_draw_n()); borrowed, NULL where they are the rows. */
const guint32 *ts_row_draw_units(const TsRowDraw *self);

/* Compute an interval for each of `metrics` (of TsMetric, bound to the predictions) into `out`; NaN
 * where the metric has no value in some replicate. `progress` (NULL: none) gets a step for each
 * replicate. */
gboolean ts_row_draw_intervals(const TsRowDraw *self, const TsBootstrap *how,
                               const TsPredictions *predictions, const GPtrArray *metrics,
                               TsProgress *progress, TsInterval *out, GError **error);

/* NULL is allowed. */
void ts_row_draw_free(TsRowDraw *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsRowDraw, ts_row_draw_free)

G_END_DECLS
