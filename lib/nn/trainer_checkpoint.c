/* The trainer's checkpoint: position, history, weights, optimizer, callbacks; written and read. */
#include "nn/trainer_private.h"

#include "base/error.h"
#include "nn/arch/arch.h"

#include <string.h>

static gboolean
save_history(const TsTrainer *self, TsState *state)
{
    ts_state_set_int(state, "history", self->history->len);
    for (guint i = 0; i < self->history->len; i++) {
        g_autofree char *key = g_strdup_printf("history.%u", i);
        g_autofree char *text = ts_logs_to_text(g_ptr_array_index(self->history, i));
        ts_state_set(state, key, text);
    }
    return TRUE;
}

static gboolean
load_history(TsTrainer *self, const TsState *state, GError **error)
{
    gint64 n;
    if (!ts_state_get_int(state, "history", &n, error))
        return FALSE;
    if (n < 0 || (guint64) n != self->epoch)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%" G_GUINT64_FORMAT
                            " epochs are done, the history has %" G_GINT64_FORMAT,
                            self->epoch, n);
    for (gint64 i = 0; i < n; i++) {
        g_autofree char *key = g_strdup_printf("history.%" G_GINT64_FORMAT, i);
        const char *text = ts_state_get(state, key);
        TsLogs *logs = ts_logs_from_text(text != NULL ? text : "?", error);
        if (logs == NULL)
            return FALSE;
        g_ptr_array_add(self->history, logs);
    }
    return TRUE;
}

/* The iterations that the options ask for. */
static gint64
compute_length(const TsTrainer *self)
{
    const TsTrainerOptions *options = &self->options;
    return options->steps > 0
               ? (gint64) options->steps
               : (gint64) (options->epochs * (guint64) ts_loader_n_batches(self->train));
}

static gboolean
save_position(const TsTrainer *self, TsState *state)
{
    ts_state_set_int(state, "epoch", (gint64) self->epoch);
    ts_state_set_int(state, "batch", (gint64) self->batch);
    ts_state_set_int(state, "iteration", (gint64) self->iteration);
    ts_state_set_int(state, "seed", (gint64) self->options.seed);
    ts_state_set_int(state, "batch_size", self->options.batch_size);
    ts_state_set_int(state, "accumulate", MAX(self->options.accumulate, 1));
    ts_state_set(state, "kernels", ts_conv_kernels_name(self->model->params->kernels));
    ts_state_set(state, "precision", ts_precision_name(self->model->params->precision));
    ts_state_set_int(state, "sums.n", (gint64) self->sums.n);
    ts_state_set_int(state, "sums.n_right", (gint64) self->sums.n_right);
    ts_state_set_double(state, "sums.loss", self->sums.loss);
    ts_state_set_double(state, "sums.weight", self->sums.weight);
    ts_state_set_double(state, "learning_rate", self->learning_rate);
    ts_state_set_double(state, "rate_scale", self->rate_scale);
    ts_state_set(state, "dataset", self->options.dataset != NULL ? self->options.dataset : "");
    for (guint i = 0; i < self->options.n_settings; i++) {
        const TsTrainerSetting *setting = &self->options.settings[i];
        g_autofree char *key = g_strconcat("setting.", setting->name, NULL);
        ts_state_set(state, key, setting->value);
    }
    if (self->stop) {
        ts_state_set(state, "stop_reason", self->stop_reason);
        ts_state_set_int(state, "stop_length", compute_length(self));
    }
    return TRUE;
}

/* A run that was stopped early stays so, unless it is now asked to be longer than it was then. */
static gboolean
load_stop(TsTrainer *self, const TsState *state, GError **error)
{
    const char *reason = ts_state_get(state, "stop_reason");
    gint64 length = 0;
    if (reason == NULL)
        return TRUE;
    if (ts_state_get(state, "stop_length") != NULL && /* older versions do not say it */
        !ts_state_get_int(state, "stop_length", &length, error))
        return FALSE;
    if (length == 0 || compute_length(self) <= length)
        ts_trainer_stop(self, reason);
    return TRUE;
}

static gboolean
load_position(TsTrainer *self, const TsState *state, GError **error)
{
    const struct {
        const char *key;
        guint64 *value;
    } counts[] = {{"epoch", &self->epoch},
                  {"batch", &self->batch},
                  {"iteration", &self->iteration},
                  {"sums.n", &self->sums.n},
                  {"sums.n_right", &self->sums.n_right}};
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        gint64 value;
        if (!ts_state_get_int(state, counts[i].key, &value, error))
            return FALSE;
        if (value < 0)
            return ts_error_set(error, TS_ERROR_FORMAT, "the checkpoint's %s is negative",
                                counts[i].key);
        *counts[i].value = (guint64) value;
    }
    return load_stop(self, state, error) &&
           ts_state_get_double(state, "sums.loss", &self->sums.loss, error) &&
           ts_state_get_double(state, "sums.weight", &self->sums.weight, error) &&
           ts_state_get_double(state, "learning_rate", &self->learning_rate, error) &&
           (ts_state_get(state, "rate_scale") == NULL || /* written before there was any */
            ts_state_get_double(state, "rate_scale", &self->rate_scale, error));
}

/* Each callback's part; `weights_only`: of those that follow the weights. */
static gboolean
save_callbacks(TsTrainer *self, gboolean weights_only, TsState *state, GError **error)
{
    for (guint i = 0; i < self->callbacks->len; i++) {
        const TsCallback *callback = g_ptr_array_index(self->callbacks, i);
        if (callback->save != NULL && (callback->of_weights || !weights_only) &&
            !callback->save(callback, self, state, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
load_callbacks(TsTrainer *self, gboolean weights_only, const TsState *state, GError **error)
{
    for (guint i = 0; i < self->callbacks->len; i++) {
        TsCallback *callback = g_ptr_array_index(self->callbacks, i);
        if (callback->load != NULL && (callback->of_weights || !weights_only) &&
            !callback->load(callback, self, state, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_trainer_save_weights(TsTrainer *self, TsState *state, GError **error)
{
    return ts_state_add_params(state, "", self->model->params, error) &&
           ts_optimizer_save(self->optimizer, state, error) &&
           save_callbacks(self, TRUE, state, error);
}

gboolean
ts_trainer_load_weights(TsTrainer *self, const TsState *state, GError **error)
{
    return ts_state_get_params(state, "", self->model->params, error) &&
           ts_optimizer_load(self->optimizer, state, error) &&
           load_callbacks(self, TRUE, state, error);
}

gboolean
ts_trainer_save(TsTrainer *self, TsState *state, GError **error)
{
    ts_model_describe(self->model, state);
    return save_position(self, state) && save_history(self, state) &&
           ts_state_add_params(state, "", self->model->params, error) &&
           ts_optimizer_save(self->optimizer, state, error) &&
           save_callbacks(self, FALSE, state, error);
}

gboolean
ts_trainer_write_checkpoint(TsTrainer *self, GError **error)
{
    if (self->options.checkpoint == NULL)
        return TRUE;
    const TsProfilePart before = ts_profile_enter(self->profile, TS_PROFILE_CHECKPOINT);
    g_autoptr(TsState) state = ts_state_new();
    const gboolean done = ts_trainer_save(self, state, error) &&
                          ts_state_write(state, self->options.checkpoint, error);
    ts_profile_enter(self->profile, before);
    return done;
}

static gboolean
check_equal(const char *name, const char *there, const char *own, GError **error)
{
    if (g_strcmp0(there, own) == 0)
        return TRUE;
    /* One line of the text that train --arch may have read. */
    g_autofree char *old = ts_arch_title(there != NULL ? there : "");
    g_autofree char *new = ts_arch_title(own);
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "cannot resume with another %s: the checkpoint has '%s', this run '%s'%s",
                        name, old, new, strcmp(old, new) == 0 ? ", whose text has changed" : "");
}

/* Checkpoints of older versions say nothing of settings. */
static gboolean
check_settings(const TsTrainer *self, const TsState *state, GError **error)
{
    for (guint i = 0; i < self->options.n_settings; i++) {
        const TsTrainerSetting *setting = &self->options.settings[i];
        g_autofree char *key = g_strconcat("setting.", setting->name, NULL);
        const char *there = ts_state_get(state, key);
        if (there != NULL && !check_equal(setting->name, there, setting->value, error))
            return FALSE;
    }
    return TRUE;
}

/* The run can only go on as it began. */
static gboolean
check_same(const TsTrainer *self, const TsState *state, GError **error)
{
    g_autoptr(TsState) own = ts_state_new();
    ts_model_describe(self->model, own);
    save_position(self, own);
    static const char *const keys[] = {"format",     "architecture", "classes", "input",
                                       "mean",       "std",          "seed",    "batch_size",
                                       "accumulate", "dataset",      "kernels", "precision"};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (!check_equal(keys[i], ts_state_get(state, keys[i]), ts_state_get(own, keys[i]), error))
            return FALSE;
    return check_settings(self, state, error);
}

gboolean
ts_trainer_load(TsTrainer *self, const TsState *state, GError **error)
{
    return check_same(self, state, error) && load_position(self, state, error) &&
           load_history(self, state, error) &&
           ts_state_get_params(state, "", self->model->params, error) &&
           ts_optimizer_load(self->optimizer, state, error) &&
           load_callbacks(self, FALSE, state, error);
}

gboolean
ts_trainer_resume(TsTrainer *self, GError **error)
{
    g_autoptr(TsState) state = ts_state_read(self->options.checkpoint, error);
    if (state == NULL)
        return FALSE;
    if (!ts_trainer_load(self, state, error)) {
        g_prefix_error(error, "%s: ", self->options.checkpoint);
        return FALSE;
    }
    return TRUE;
}
