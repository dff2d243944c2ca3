/* EarlyStopping with Keras' rules: the wait grows first, an improvement ends it (if a baseline,
 * where there is one, is beaten too), and the run stops once it reaches the patience. */
#include "nn/callbacks/callbacks.h"

#include "base/error.h"
#include "base/log.h"
#include "nn/trainer.h"
#include "nn/weights.h"

typedef struct {
    TsCallback callback;
    TsEarlyStop options;
    char *monitor_name, *restored;
    gint64 wait;
    gint64 best_epoch; /* -1: none */
    TsWeights *best;   /* of the best epoch; NULL: not kept */
} EarlyStop;

static gboolean
keep_weights(EarlyStop *self, const TsParams *params, GError **error)
{
    if (self->best != NULL)
        ts_weights_take(self->best, params);
    else
        self->best = ts_weights_new(params, error);
    return self->best != NULL;
}

static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    EarlyStop *self = (EarlyStop *) callback;
    return ts_monitor_settle(&self->options.monitor, error);
}

/* The order of the steps is spec 3.1's. */
static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    EarlyStop *self = (EarlyStop *) callback;
    const TsEarlyStop *options = &self->options;
    double value;
    if (!ts_logs_get(trainer->logs, options->monitor.name, &value)) {
        ts_warning("early stopping: there is no '%s' in the logs", options->monitor.name);
        return TRUE;
    }
    if (trainer->epoch < options->start_from_epoch)
        return TRUE;
    if (options->restore_best && self->best == NULL &&
        !keep_weights(self, trainer->model->params, error))
        return FALSE;
    if (ts_monitor_renew(&self->options.monitor, trainer))
        self->wait = 0;
    self->wait++;
    if (ts_monitor_update(&self->options.monitor, value)) {
        self->best_epoch = (gint64) trainer->epoch;
        if (options->restore_best && !keep_weights(self, trainer->model->params, error))
            return FALSE;
        if (!options->has_baseline ||
            ts_monitor_is_better(&options->monitor, value, options->baseline))
            self->wait = 0;
        return TRUE;
    }
    if (self->wait >= options->patience && trainer->epoch > 0) {
        g_autofree char *reason =
            g_strdup_printf("%s has not improved for %" G_GINT64_FORMAT " epochs",
                            options->monitor.name, self->wait);
        ts_trainer_stop(trainer, reason);
    }
    return TRUE;
}

/* Whether it stopped early or not, as Keras 3. */
static gboolean
train_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const EarlyStop *self = (const EarlyStop *) callback;
    if (self->best == NULL)
        return TRUE;
    ts_weights_put(self->best, trainer->model->params);
    if (self->restored == NULL || self->best_epoch < 0)
        return TRUE;
    const TsLogs *logs = g_ptr_array_index(trainer->history, self->best_epoch);
    if (!ts_model_checkpoint_write(trainer, (guint64) self->best_epoch, logs, self->restored,
                                   error))
        return FALSE;
    ts_info("%s is the model of epoch %" G_GINT64_FORMAT ", the best by %s", self->restored,
            self->best_epoch + 1, self->options.monitor.name);
    return TRUE;
}

/* Keys of the checkpoint; the weights stand behind a dot. */
static char *
key_of(const TsCallback *callback, const char *what)
{
    return g_strdup_printf("%s.%s", ts_callback_key(callback), what);
}

static gboolean
save(const TsCallback *callback, TsTrainer *trainer, TsState *state, GError **error)
{
    const EarlyStop *self = (const EarlyStop *) callback;
    g_autofree char *wait = key_of(callback, "wait"), *best_epoch = key_of(callback, "best_epoch");
    g_autofree char *prefix = key_of(callback, "");
    ts_monitor_save(&self->options.monitor, ts_callback_key(callback), state);
    ts_state_set_int(state, wait, self->wait);
    ts_state_set_int(state, best_epoch, self->best_epoch);
    return self->best == NULL ||
           ts_weights_save(self->best, trainer->model->params, prefix, state, error);
}

static gboolean
load(TsCallback *callback, TsTrainer *trainer, const TsState *state, GError **error)
{
    EarlyStop *self = (EarlyStop *) callback;
    const TsParams *params = trainer->model->params;
    g_autofree char *wait = key_of(callback, "wait"), *best_epoch = key_of(callback, "best_epoch");
    g_autofree char *prefix = key_of(callback, "");
    if (!ts_monitor_is_saved(&self->options.monitor, ts_callback_key(callback), state))
        return TRUE; /* the run so far did not watch this number: it is watched from now on */
    if (!ts_monitor_load(&self->options.monitor, ts_callback_key(callback), state, error) ||
        !ts_state_get_int(state, wait, &self->wait, error) ||
        !ts_state_get_int(state, best_epoch, &self->best_epoch, error))
        return FALSE;
    if (self->best_epoch >= (gint64) trainer->history->len)
        return ts_error_set(error, TS_ERROR_FORMAT, "the checkpoint's %s is still to come",
                            best_epoch);
    if (!ts_weights_are_saved(params, prefix, state))
        return TRUE;
    return keep_weights(self, params, error) &&
           ts_weights_load(self->best, params, prefix, state, error);
}

static void
free_early_stop(TsCallback *callback)
{
    EarlyStop *self = (EarlyStop *) callback;
    ts_weights_free(self->best);
    g_free(self->monitor_name);
    g_free(self->restored);
    g_free(self);
}

TsCallback *
ts_early_stop_new(const TsEarlyStop *options)
{
    EarlyStop *self = g_new0(EarlyStop, 1);
    self->options = *options;
    self->monitor_name = g_strdup(options->monitor.name);
    self->restored = g_strdup(options->restored);
    self->options.monitor.name = self->monitor_name;
    self->best_epoch = -1;
    self->callback = (TsCallback){.name = "earlystop",
                                  .train_begin = train_begin,
                                  .epoch_end = epoch_end,
                                  .train_end = train_end,
                                  .save = save,
                                  .load = load,
                                  .free = free_early_stop};
    return &self->callback;
}

TsCallback *
ts_early_stop_parse(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    TsEarlyStop options = {.has_baseline = ts_spec_text(spec, "baseline") != NULL};
    int patience, start;
    if (!ts_monitor_parse(spec, context, &options.monitor, error) ||
        !ts_spec_double(spec, "min_delta", 0, 1e9, 0, &options.monitor.min_delta, error) ||
        !ts_spec_int(spec, "patience", 0, G_MAXINT, 0, &patience, error) ||
        !ts_spec_double(spec, "baseline", -1e18, 1e18, 0, &options.baseline, error) ||
        !ts_spec_int(spec, "restore_best", 0, 1, 0, &options.restore_best, error) ||
        !ts_spec_int(spec, "start_from_epoch", 0, G_MAXINT, 0, &start, error))
        return NULL;
    options.patience = (guint) patience;
    options.start_from_epoch = (guint) start;
    g_autofree char *restored = g_build_filename(context->folder, "restored.safetensors", NULL);
    options.restored = restored;
    return ts_early_stop_new(&options);
}
