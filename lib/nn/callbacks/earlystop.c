/* EarlyStopping with Keras' rules: the wait grows first, an improvement ends it (if a baseline,
 * where there is one, is beaten too), and the run stops once it reaches the patience. */
#include "nn/callbacks/callbacks.h"

#include "base/log.h"
#include "nn/trainer.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    TsCallback callback;
    TsEarlyStop options;
    char *monitor_name;
    gint64 wait;
    gint64 best_epoch; /* -1: none */
    float **best;      /* best weights, one array a parameter; NULL: not kept */
    guint n_best;
} EarlyStop;

static void
drop_best(EarlyStop *self)
{
    for (guint i = 0; self->best != NULL && i < self->n_best; i++)
        free(self->best[i]);
    g_clear_pointer(&self->best, g_free);
}

static gboolean
keep_weights(EarlyStop *self, const TsParams *params, GError **error)
{
    if (self->best == NULL) {
        self->best = g_new0(float *, params->n + 1);
        self->n_best = params->n;
        for (guint i = 0; i < params->n; i++)
            if ((self->best[i] = ts_aligned_floats(params->param[i].n_stored, error)) == NULL)
                return FALSE;
    }
    for (guint i = 0; i < params->n; i++)
        memcpy(self->best[i], params->param[i].data, params->param[i].n_stored * sizeof(float));
    return TRUE;
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
    EarlyStop *self = (EarlyStop *) callback;
    TsParams *params = trainer->model->params;
    for (guint i = 0; self->best != NULL && i < params->n; i++)
        memcpy(params->param[i].data, self->best[i], params->param[i].n_stored * sizeof(float));
    return TRUE;
}

static gboolean
save(const TsCallback *callback, TsTrainer *trainer, TsState *state, GError **error)
{
    const EarlyStop *self = (const EarlyStop *) callback;
    ts_monitor_save(&self->options.monitor, "earlystop", state);
    ts_state_set_int(state, "earlystop.wait", self->wait);
    ts_state_set_int(state, "earlystop.best_epoch", self->best_epoch);
    for (guint i = 0; self->best != NULL && i < self->n_best; i++)
        if (!ts_state_add_param(state, "earlystop.", &trainer->model->params->param[i],
                                self->best[i], error))
            return FALSE;
    return TRUE;
}

static gboolean
load(TsCallback *callback, TsTrainer *trainer, const TsState *state, GError **error)
{
    EarlyStop *self = (EarlyStop *) callback;
    TsParams *params = trainer->model->params;
    if (!ts_monitor_is_saved(&self->options.monitor, "earlystop", state))
        return TRUE; /* the run so far did not watch this number: it is watched from now on */
    if (!ts_monitor_load(&self->options.monitor, "earlystop", state, error) ||
        !ts_state_get_int(state, "earlystop.wait", &self->wait, error) ||
        !ts_state_get_int(state, "earlystop.best_epoch", &self->best_epoch, error))
        return FALSE;
    if (params->n == 0 || !ts_state_has_param(state, "earlystop.", &params->param[0]))
        return TRUE;
    if (!keep_weights(self, params, error))
        return FALSE;
    for (guint i = 0; i < params->n; i++)
        if (!ts_state_get_param(state, "earlystop.", &params->param[i], self->best[i], error))
            return FALSE;
    return TRUE;
}

static void
free_early_stop(TsCallback *callback)
{
    EarlyStop *self = (EarlyStop *) callback;
    drop_best(self);
    g_free(self->monitor_name);
    g_free(self);
}

TsCallback *
ts_early_stop_new(const TsEarlyStop *options)
{
    EarlyStop *self = g_new0(EarlyStop, 1);
    self->options = *options;
    self->monitor_name = g_strdup(options->monitor.name);
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
