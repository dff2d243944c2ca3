/* ModelCheckpoint: the model file of the best epoch, or of the last. */
#include "nn/callbacks/callbacks.h"

#include "base/log.h"
#include "base/number.h"
#include "nn/trainer.h"

typedef struct {
    TsCallback callback;
    char *path;
    char *monitor_name;
    TsMonitor monitor;
    gboolean best_only;
} Checkpoint;

/* What the logs say of this epoch goes into the file's metadata. */
static gboolean
write_model(const Checkpoint *self, const TsTrainer *trainer, GError **error)
{
    g_autoptr(GPtrArray) summary = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(summary, g_strdup("epoch"));
    g_ptr_array_add(summary, g_strdup_printf("%" G_GUINT64_FORMAT, trainer->epoch + 1));
    for (guint i = 0; i < ts_logs_n(trainer->logs); i++) {
        char number[TS_NUMBER_MAX];
        g_ptr_array_add(summary, g_strdup(ts_logs_name(trainer->logs, i)));
        g_ptr_array_add(summary,
                        g_strdup(ts_format_double(number, ts_logs_value(trainer->logs, i))));
    }
    g_ptr_array_add(summary, NULL);
    return ts_model_write(trainer->model, self->path, (const char *const *) summary->pdata, error);
}

static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    return ts_monitor_settle(&((Checkpoint *) callback)->monitor, error);
}

static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Checkpoint *self = (Checkpoint *) callback;
    double value;
    if (self->best_only && ts_logs_get(trainer->logs, self->monitor.name, &value)) {
        if (!ts_monitor_update(&self->monitor, value)) {
            if (self->monitor.has_best)
                return TRUE;
            ts_warning("model checkpoint: %s is no number; the model is written anyway",
                       self->monitor.name);
        }
    } else if (self->best_only) {
        ts_warning("model checkpoint: there is no '%s' in the logs; the model is written anyway",
                   self->monitor.name);
    }
    return write_model(self, trainer, error);
}

static gboolean
save(const TsCallback *callback, TsTrainer *trainer, TsState *state, GError **error)
{
    ts_monitor_save(&((const Checkpoint *) callback)->monitor, "checkpoint", state);
    return TRUE;
}

static gboolean
load(TsCallback *callback, TsTrainer *trainer, const TsState *state, GError **error)
{
    return ts_monitor_load(&((Checkpoint *) callback)->monitor, "checkpoint", state, error);
}

static void
free_checkpoint(TsCallback *callback)
{
    Checkpoint *self = (Checkpoint *) callback;
    g_free(self->path);
    g_free(self->monitor_name);
    g_free(self);
}

TsCallback *
ts_model_checkpoint_new(const char *path, const TsMonitor *monitor, gboolean best_only)
{
    Checkpoint *self = g_new0(Checkpoint, 1);
    self->path = g_strdup(path);
    self->monitor = *monitor;
    self->monitor_name = g_strdup(monitor->name);
    self->monitor.name = self->monitor_name;
    self->best_only = best_only;
    self->callback = (TsCallback){.name = "checkpoint",
                                  .train_begin = train_begin,
                                  .epoch_end = epoch_end,
                                  .save = save,
                                  .load = load,
                                  .free = free_checkpoint};
    return &self->callback;
}
