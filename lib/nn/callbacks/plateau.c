/* ReduceLROnPlateau: the rate falls when the watched number no longer improves.
 *
 * Keras' rule: while it cools down nothing is counted; an improvement is by more than delta; the
 * epoch that makes the wait reach the patience lowers the rate. PyTorch's: an improvement is by
 * more than the share delta; the epoch after that lowers it, and a cool-down only empties the wait.
 */
#include "nn/callbacks/callbacks.h"

#include "base/log.h"
#include "nn/trainer.h"

#include <math.h>

typedef struct {
    TsCallback callback;
    TsSchedule schedule;
    TsMonitor monitor;
    char *monitor_name;
    gboolean beside; /* another schedule sets the rate, which is scaled here */
    double rate;     /* after the warm-up; not `beside` */
    gint64 wait;     /* epochs without improvement */
    gint64 cooldown; /* epochs that are still left out */
} Plateau;

static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    return ts_monitor_settle(&((Plateau *) callback)->monitor, error);
}

static void
set_rate(const Plateau *self, TsTrainer *trainer, double t)
{
    trainer->learning_rate =
        t < self->schedule.warmup_epochs ? ts_schedule_rate(&self->schedule, t) : self->rate;
}

static gboolean
epoch_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    set_rate((Plateau *) callback, trainer, (double) trainer->epoch);
    return TRUE;
}

static gboolean
batch_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const Plateau *self = (const Plateau *) callback;
    set_rate(self, trainer,
             (double) trainer->epoch + (double) trainer->batch / self->schedule.steps_per_epoch);
    return TRUE;
}

/* Changes of `least` or less are not made: as PyTorch's eps. */
static void
lower_rate(Plateau *self, TsTrainer *trainer, double least)
{
    const double old = self->beside ? ts_trainer_rate(trainer) : self->rate;
    const double rate = MAX(old * self->schedule.factor, self->schedule.min);
    if (old - rate <= least)
        return;
    if (self->beside)
        trainer->rate_scale *= rate / old;
    else
        self->rate = rate;
    ts_info("%s no longer improves: learning rate %g", self->monitor.name, rate);
}

static void
update_keras(Plateau *self, TsTrainer *trainer, double value)
{
    if (self->cooldown > 0) {
        self->cooldown--;
        self->wait = 0;
    }
    if (ts_monitor_update(&self->monitor, value)) {
        self->wait = 0;
        return;
    }
    if (self->cooldown > 0 || ++self->wait < self->schedule.patience)
        return;
    lower_rate(self, trainer, 0);
    self->cooldown = self->schedule.cooldown;
    self->wait = 0;
}

/* Better than the best by more than its share delta. */
static gboolean
is_better(const Plateau *self, double value)
{
    const double best = self->monitor.best, delta = self->schedule.delta;
    if (isnan(value))
        return FALSE;
    if (!self->monitor.has_best)
        return TRUE;
    return self->monitor.mode == TS_MONITOR_MAX ? value > best * (1 + delta)
                                                : value < best * (1 - delta);
}

static void
update_pytorch(Plateau *self, TsTrainer *trainer, double value)
{
    if (is_better(self, value)) {
        self->monitor.has_best = TRUE;
        self->monitor.best = value;
        self->wait = 0;
    } else
        self->wait++;
    if (self->cooldown > 0) {
        self->cooldown--;
        self->wait = 0;
    }
    if (self->wait <= self->schedule.patience)
        return;
    lower_rate(self, trainer, 1e-8);
    self->cooldown = self->schedule.cooldown;
    self->wait = 0;
}

static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Plateau *self = (Plateau *) callback;
    double value;
    if (ts_monitor_renew(&self->monitor, trainer))
        self->wait = 0;
    if (!ts_logs_get(trainer->logs, self->monitor.name, &value))
        ts_warning("plateau: there is no '%s' in the logs", self->monitor.name);
    else if (self->schedule.pytorch)
        update_pytorch(self, trainer, value);
    else
        update_keras(self, trainer, value);
    return TRUE;
}

static gboolean
save(const TsCallback *callback, TsTrainer *trainer, TsState *state, GError **error)
{
    const Plateau *self = (const Plateau *) callback;
    const char *key = ts_callback_key(callback);
    g_autofree char *rate = g_strconcat(key, ".rate", NULL);
    g_autofree char *wait = g_strconcat(key, ".wait", NULL);
    g_autofree char *cooldown = g_strconcat(key, ".cooldown", NULL);
    ts_monitor_save(&self->monitor, key, state);
    ts_state_set_double(state, rate, self->rate);
    ts_state_set_int(state, wait, self->wait);
    ts_state_set_int(state, cooldown, self->cooldown);
    return TRUE;
}

static gboolean
load(TsCallback *callback, TsTrainer *trainer, const TsState *state, GError **error)
{
    Plateau *self = (Plateau *) callback;
    const char *key = ts_callback_key(callback);
    g_autofree char *rate = g_strconcat(key, ".rate", NULL);
    g_autofree char *wait = g_strconcat(key, ".wait", NULL);
    g_autofree char *cooldown = g_strconcat(key, ".cooldown", NULL);
    if (!ts_monitor_is_saved(&self->monitor, key, state))
        return TRUE; /* the run so far had another schedule, or watched another number */
    return ts_monitor_load(&self->monitor, key, state, error) &&
           ts_state_get_double(state, rate, &self->rate, error) &&
           ts_state_get_int(state, wait, &self->wait, error) &&
           ts_state_get_int(state, cooldown, &self->cooldown, error);
}

static void
free_plateau(TsCallback *callback)
{
    g_free(((Plateau *) callback)->monitor_name);
    g_free(callback);
}

static Plateau *
plateau_new(const char *name, const TsSchedule *schedule, const TsMonitor *monitor)
{
    Plateau *self = g_new0(Plateau, 1);
    self->schedule = *schedule;
    self->monitor_name = g_strdup(monitor->name);
    self->monitor = *monitor;
    self->monitor.name = self->monitor_name;
    self->monitor.min_delta = schedule->delta;
    self->rate = schedule->rate;
    self->callback = (TsCallback){.name = name,
                                  .train_begin = train_begin,
                                  .epoch_end = epoch_end,
                                  .save = save,
                                  .load = load,
                                  .free = free_plateau};
    return self;
}

TsCallback *
ts_plateau_new(const TsSchedule *schedule, const TsMonitor *monitor)
{
    Plateau *self = plateau_new("plateau", schedule, monitor);
    if (schedule->steps_per_epoch != 1)
        self->callback.batch_begin = batch_begin;
    else
        self->callback.epoch_begin = epoch_begin;
    return &self->callback;
}

TsCallback *
ts_reduce_rate_parse(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    TsSchedule schedule = {0};
    TsMonitor monitor = {0};
    if (!ts_monitor_parse(spec, context, &monitor, error) ||
        !ts_schedule_read_plateau(spec, &schedule, error))
        return NULL;
    Plateau *self = plateau_new("reduce-lr", &schedule, &monitor);
    self->beside = TRUE;
    return &self->callback;
}
