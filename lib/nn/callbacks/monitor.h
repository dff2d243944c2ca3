/* A number of the logs that is watched: which way is better, and the best so far.
 *
 * Improved, as Keras has it: nothing was seen yet, or current - delta is beyond best, strictly,
 * with delta = |min_delta| where more is better and -|min_delta| where less is.
 */
#pragma once

#include "nn/callback.h"
#include "nn/state.h"

G_BEGIN_DECLS

typedef enum { TS_MONITOR_AUTO, TS_MONITOR_MIN, TS_MONITOR_MAX } TsMonitorMode;

typedef struct {
    const char *name; /* "val_loss"; borrowed */
    TsMonitorMode mode;
    double min_delta;
    gboolean has_best;
    double best;
} TsMonitor;

/* Settle AUTO: names that contain "loss" want less, those of accuracies, F1 and mAP more.
 * TS_ERROR_ARGUMENT for others. */
gboolean ts_monitor_settle(TsMonitor *monitor, GError **error);

/* TRUE if `value` is better than `than` by more than min_delta. */
gboolean ts_monitor_is_better(const TsMonitor *monitor, double value, double than);

/* TRUE if `value` is the first or better than the best, which it then is. NaN never improves. */
gboolean ts_monitor_update(TsMonitor *monitor, double value);

/* Forget the best if it is a training loss and the loss has another definition from this epoch on
 * (class weights that join later): the two do not compare. TRUE if so. */
gboolean ts_monitor_renew(TsMonitor *monitor, const TsTrainer *trainer);

/* Into and out of a checkpoint, under PREFIX.monitor and PREFIX.best. The best of another number,
 * or of a run that did not watch any, is no best. */
void ts_monitor_save(const TsMonitor *monitor, const char *prefix, TsState *state);
gboolean ts_monitor_is_saved(const TsMonitor *monitor, const char *prefix, const TsState *state);
gboolean
ts_monitor_load(TsMonitor *monitor, const char *prefix, const TsState *state, GError **error);

G_END_DECLS
