/* The watched number. */
#include "nn/callbacks/monitor.h"

#include "base/error.h"
#include "nn/trainer.h"

#include <math.h>
#include <string.h>

gboolean
ts_monitor_settle(TsMonitor *monitor, GError **error)
{
    if (monitor->mode != TS_MONITOR_AUTO)
        return TRUE;
    if (strstr(monitor->name, "loss") != NULL)
        monitor->mode = TS_MONITOR_MIN;
    else if (strstr(monitor->name, "accuracy") != NULL || strstr(monitor->name, "_f1") != NULL ||
             g_str_has_suffix(monitor->name, "_map"))
        monitor->mode = TS_MONITOR_MAX;
    else
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "monitor '%s' is not known: loss, val_loss, accuracy, val_accuracy, "
                            "val_balanced_accuracy, and of label sets val_macro_f1, val_micro_f1, "
                            "val_map",
                            monitor->name);
    return TRUE;
}

gboolean
ts_monitor_is_better(const TsMonitor *monitor, double value, double than)
{
    double delta = fabs(monitor->min_delta);
    return monitor->mode == TS_MONITOR_MAX ? value - delta > than : value + delta < than;
}

gboolean
ts_monitor_update(TsMonitor *monitor, double value)
{
    if (isnan(value) || (monitor->has_best && !ts_monitor_is_better(monitor, value, monitor->best)))
        return FALSE;
    monitor->has_best = TRUE;
    monitor->best = value;
    return TRUE;
}

gboolean
ts_monitor_renew(TsMonitor *monitor, const TsTrainer *trainer)
{
    if (strcmp(monitor->name, "loss") != 0 || !ts_trainer_loss_changes(trainer))
        return FALSE;
    monitor->has_best = FALSE;
    return TRUE;
}

void
ts_monitor_save(const TsMonitor *monitor, const char *prefix, TsState *state)
{
    g_autofree char *name = g_strconcat(prefix, ".monitor", NULL);
    g_autofree char *best = g_strconcat(prefix, ".best", NULL);
    ts_state_set(state, name, monitor->name);
    if (monitor->has_best)
        ts_state_set_double(state, best, monitor->best);
}

gboolean
ts_monitor_is_saved(const TsMonitor *monitor, const char *prefix, const TsState *state)
{
    g_autofree char *name = g_strconcat(prefix, ".monitor", NULL);
    return g_strcmp0(ts_state_get(state, name), monitor->name) == 0;
}

gboolean
ts_monitor_load(TsMonitor *monitor, const char *prefix, const TsState *state, GError **error)
{
    g_autofree char *best = g_strconcat(prefix, ".best", NULL);
    monitor->has_best =
        ts_monitor_is_saved(monitor, prefix, state) && ts_state_get(state, best) != NULL;
    return !monitor->has_best || ts_state_get_double(state, best, &monitor->best, error);
}
