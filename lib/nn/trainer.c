/* The training loop. ts_trainer_run() at the end reads as the plan. */
#include "nn/trainer.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

void
ts_callback_free(TsCallback *callback)
{
    if (callback != NULL)
        callback->free(callback);
}

TsTrainer *
ts_trainer_new(TsModel *model, const TsTrainerOptions *options, TsLoader *train, TsLoader *val,
               GError **error)
{
    g_autoptr(TsTrainer) self = g_new0(TsTrainer, 1);
    self->model = model;
    self->options = *options;
    self->train = train;
    self->val = val;
    self->learning_rate = options->learning_rate;
    self->callbacks = g_ptr_array_new_with_free_func((GDestroyNotify) ts_callback_free);
    self->history = g_ptr_array_new_with_free_func((GDestroyNotify) ts_logs_free);
    self->net = ts_net_new(model->graph, model->params, options->batch_size, TS_NET_TRAIN, error);
    if (self->net == NULL)
        return NULL;
    ts_net_set_seed(self->net, options->seed);
    self->optimizer = ts_optimizer_new(&options->optimizer, model->params, error);
    return self->optimizer != NULL ? g_steal_pointer(&self) : NULL;
}

void
ts_trainer_free(TsTrainer *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->callbacks);
    g_ptr_array_unref(self->history);
    ts_optimizer_free(self->optimizer);
    ts_net_free(self->net);
    ts_net_free(self->net_rest);
    ts_net_free(self->net_val);
    ts_confusion_free(self->confusion);
    g_free(self->stop_reason);
    g_free(self);
}

void
ts_trainer_add_callback(TsTrainer *self, TsCallback *callback)
{
    g_ptr_array_add(self->callbacks, callback);
}

void
ts_trainer_stop(TsTrainer *self, const char *reason)
{
    self->stop = TRUE;
    g_free(self->stop_reason);
    self->stop_reason = g_strdup(reason);
}

/* Call one point of all callbacks; `point` is its place in TsCallback. */
static gboolean
notify(TsTrainer *self, gsize point, GError **error)
{
    for (guint i = 0; i < self->callbacks->len; i++) {
        TsCallback *callback = g_ptr_array_index(self->callbacks, i);
        TsCallbackFunc func = G_STRUCT_MEMBER(TsCallbackFunc, callback, point);
        if (func != NULL && !func(callback, self, error))
            return FALSE;
    }
    return TRUE;
}

#define NOTIFY(self, point, error) notify(self, offsetof(TsCallback, point), error)

/* ---- checkpoints ---- */

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

static gboolean
save_position(const TsTrainer *self, TsState *state)
{
    ts_state_set_int(state, "epoch", (gint64) self->epoch);
    ts_state_set_int(state, "batch", (gint64) self->batch);
    ts_state_set_int(state, "iteration", (gint64) self->iteration);
    ts_state_set_int(state, "seed", (gint64) self->options.seed);
    ts_state_set_int(state, "batch_size", self->options.batch_size);
    ts_state_set_int(state, "sums.n", (gint64) self->sums.n);
    ts_state_set_int(state, "sums.n_right", (gint64) self->sums.n_right);
    ts_state_set_double(state, "sums.loss", self->sums.loss);
    ts_state_set_double(state, "sums.weight", self->sums.weight);
    ts_state_set_double(state, "learning_rate", self->learning_rate);
    ts_state_set(state, "dataset", self->options.dataset != NULL ? self->options.dataset : "");
    if (self->stop)
        ts_state_set(state, "stop_reason", self->stop_reason);
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
    const char *reason = ts_state_get(state, "stop_reason");
    if (reason != NULL)
        ts_trainer_stop(self, reason);
    return ts_state_get_double(state, "sums.loss", &self->sums.loss, error) &&
           ts_state_get_double(state, "sums.weight", &self->sums.weight, error) &&
           ts_state_get_double(state, "learning_rate", &self->learning_rate, error);
}

static gboolean
write_checkpoint(TsTrainer *self, GError **error)
{
    if (self->options.checkpoint == NULL)
        return TRUE;
    g_autoptr(TsState) state = ts_state_new();
    ts_model_describe(self->model, state);
    if (!save_position(self, state) || !save_history(self, state) ||
        !ts_state_add_params(state, "", self->model->params, error) ||
        !ts_optimizer_save(self->optimizer, state, error))
        return FALSE;
    for (guint i = 0; i < self->callbacks->len; i++) {
        const TsCallback *callback = g_ptr_array_index(self->callbacks, i);
        if (callback->save != NULL && !callback->save(callback, self, state, error))
            return FALSE;
    }
    return ts_state_write(state, self->options.checkpoint, error);
}

/* The run can only go on as it began. */
static gboolean
check_same(const TsTrainer *self, const TsState *state, GError **error)
{
    g_autoptr(TsState) own = ts_state_new();
    ts_model_describe(self->model, own);
    save_position(self, own);
    static const char *const keys[] = {"architecture", "classes", "input",      "mean",
                                       "std",          "seed",    "batch_size", "dataset"};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *there = ts_state_get(state, keys[i]);
        if (g_strcmp0(there, ts_state_get(own, keys[i])) != 0)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "cannot resume with another %s: the checkpoint has '%s', this run "
                                "'%s'",
                                keys[i], there != NULL ? there : "", ts_state_get(own, keys[i]));
    }
    return TRUE;
}

static gboolean
load_checkpoint(TsTrainer *self, const TsState *state, GError **error)
{
    if (!check_same(self, state, error) || !load_position(self, state, error) ||
        !load_history(self, state, error) ||
        !ts_state_get_params(state, "", self->model->params, error) ||
        !ts_optimizer_load(self->optimizer, state, error))
        return FALSE;
    for (guint i = 0; i < self->callbacks->len; i++) {
        TsCallback *callback = g_ptr_array_index(self->callbacks, i);
        if (callback->load != NULL && !callback->load(callback, self, state, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_trainer_resume(TsTrainer *self, GError **error)
{
    g_autoptr(TsState) state = ts_state_read(self->options.checkpoint, error);
    if (state == NULL)
        return FALSE;
    if (!load_checkpoint(self, state, error)) {
        g_prefix_error(error, "%s: ", self->options.checkpoint);
        return FALSE;
    }
    return TRUE;
}

/* ---- one batch ---- */

/* The net for a batch of `n`: the last of an epoch may be smaller. */
static TsNet *
net_for(TsTrainer *self, guint n, GError **error)
{
    if (n == self->options.batch_size)
        return self->net;
    if (self->net_rest != NULL && ts_net_batch(self->net_rest) != n)
        g_clear_pointer(&self->net_rest, ts_net_free);
    if (self->net_rest == NULL) {
        self->net_rest =
            ts_net_new(self->model->graph, self->model->params, n, TS_NET_TRAIN, error);
        if (self->net_rest != NULL)
            ts_net_set_seed(self->net_rest, self->options.seed);
    }
    return self->net_rest;
}

static void
fill_input(TsNet *net, const TsBatch *batch, const TsPreprocess *how)
{
    memcpy(ts_net_input(net), batch->images, batch->n * ts_preprocess_n_bytes(how) * sizeof(float));
}

static gboolean
clip_gradients(TsTrainer *self, GError **error)
{
    double norm;
    return self->options.clip.kind == TS_CLIP_NONE ||
           ts_clip_gradients(&self->options.clip, self->model->params, &norm, error);
}

/* Class weights may join later (deferred re-weighting). */
static TsLoss
loss_of_epoch(const TsTrainer *self)
{
    TsLoss loss = self->options.loss;
    if (self->epoch < self->options.class_weights_from)
        loss.class_weights = NULL;
    return loss;
}

static gboolean
train_batch(TsTrainer *self, const TsBatch *batch, GError **error)
{
    TsNet *net = net_for(self, batch->n, error);
    if (net == NULL)
        return FALSE;
    TsLossSums sums = {0};
    fill_input(net, batch, &self->model->preprocess);
    if (!ts_net_forward(net, self->iteration, error))
        return FALSE;
    const TsLoss loss = loss_of_epoch(self);
    ts_loss_compute(&loss, ts_net_logits(net), batch->labels, batch->weights, batch->n,
                    g_strv_length(self->model->classes), batch->n, ts_net_grad_logits(net), &sums);
    if (sums.weight > 0 && !isfinite(sums.loss))
        return ts_error_set(error, TS_ERROR_RANGE,
                            "iteration %" G_GUINT64_FORMAT
                            ": the loss is no finite number, training diverges; choose a learning "
                            "rate below %g",
                            self->iteration + 1, self->learning_rate);
    if (!ts_net_backward(net, error) || !clip_gradients(self, error))
        return FALSE;
    ts_optimizer_step(self->optimizer, self->learning_rate);
    self->batch_loss = ts_loss_mean(&sums);
    self->sums.loss += sums.loss;
    self->sums.weight += sums.weight;
    self->sums.n += sums.n;
    self->sums.n_right += sums.n_right;
    self->batch++;
    self->iteration++;
    return TRUE;
}

/* ---- one epoch ---- */

static gboolean
train_epoch(TsTrainer *self, GError **error)
{
    if (!ts_loader_begin_epoch(self->train, self->epoch, self->batch, error))
        return FALSE;
    GError *loader_error = NULL;
    const TsBatch *batch;
    while ((batch = ts_loader_next(self->train, &loader_error)) != NULL) {
        self->batch_in_hand = batch;
        if (!NOTIFY(self, batch_begin, error) || !train_batch(self, batch, error) ||
            !NOTIFY(self, batch_end, error) || ts_interrupt_check(error))
            return FALSE;
    }
    if (loader_error != NULL) {
        g_propagate_error(error, loader_error);
        return FALSE;
    }
    return TRUE;
}

static gboolean
validate_batch(TsTrainer *self, const TsBatch *batch, TsLossSums *sums, GError **error)
{
    const guint classes = g_strv_length(self->model->classes);
    fill_input(self->net_val, batch, &self->model->preprocess);
    if (!ts_net_forward(self->net_val, 0, error))
        return FALSE;
    const float *logits = ts_net_logits(self->net_val);
    ts_loss_compute(NULL, logits, batch->labels, batch->weights, batch->n, classes, batch->n, NULL,
                    sums);
    for (guint i = 0; i < batch->n; i++)
        ts_confusion_add(self->confusion, (guint) batch->labels[i],
                         ts_loss_predicted_class(logits + (gsize) i * classes, classes), 1);
    self->batch_in_hand = batch;
    self->logits_in_hand = logits;
    return NOTIFY(self, validation_batch_end, error);
}

/* The confusion matrix and the net of validation, made at the first one. */
static gboolean
prepare_validation(TsTrainer *self, GError **error)
{
    if (self->confusion == NULL)
        self->confusion = ts_confusion_new(g_strv_length(self->model->classes),
                                           (const char *const *) self->model->classes, error);
    if (self->confusion == NULL)
        return FALSE;
    ts_confusion_reset(self->confusion);
    if (self->net_val == NULL)
        self->net_val = ts_net_new(self->model->graph, self->model->params,
                                   self->options.batch_size, TS_NET_INFER, error);
    return self->net_val != NULL;
}

gboolean
ts_trainer_validate(TsTrainer *self, TsLoader *loader, double *loss, double *accuracy,
                    double *balanced_accuracy, GError **error)
{
    if (!prepare_validation(self, error) || !ts_loader_begin_epoch(loader, 0, 0, error))
        return FALSE;
    GError *loader_error = NULL;
    TsLossSums sums = {0};
    const TsBatch *batch;
    while ((batch = ts_loader_next(loader, &loader_error)) != NULL)
        if (!validate_batch(self, batch, &sums, error))
            return FALSE;
    if (loader_error != NULL) {
        g_propagate_error(error, loader_error);
        return FALSE;
    }
    *loss = ts_loss_mean(&sums);
    *accuracy = ts_loss_accuracy(&sums);
    *balanced_accuracy = ts_confusion_compute_balanced_accuracy(self->confusion);
    return TRUE;
}

static gboolean
validate(TsTrainer *self, GError **error)
{
    double loss, accuracy, balanced;
    if (self->val == NULL)
        return TRUE;
    if (!ts_trainer_validate(self, self->val, &loss, &accuracy, &balanced, error))
        return FALSE;
    ts_logs_set(self->logs, "val_loss", loss);
    ts_logs_set(self->logs, "val_accuracy", accuracy);
    ts_logs_set(self->logs, "val_balanced_accuracy", balanced);
    return NOTIFY(self, validation_end, error);
}

/* Train, validate, tell the callbacks, keep the logs as history. */
static gboolean
run_epoch(TsTrainer *self, GError **error)
{
    if (!NOTIFY(self, epoch_begin, error) || !train_epoch(self, error))
        return FALSE;
    self->logs = ts_logs_new();
    g_ptr_array_add(self->history, self->logs);
    ts_logs_set(self->logs, "loss", ts_loss_mean(&self->sums));
    ts_logs_set(self->logs, "accuracy", ts_loss_accuracy(&self->sums));
    ts_logs_set(self->logs, "learning_rate", self->learning_rate);
    return validate(self, error) && NOTIFY(self, epoch_end, error);
}

/* A signal during validation or a callback leaves the epoch's history behind, which is taken back:
 * the checkpoint then stands at the end of the epoch's last batch. */
static gboolean
save_and_fail(TsTrainer *self, guint n_epochs_done, GError *failure, GError **error)
{
    if (self->history->len > n_epochs_done)
        g_ptr_array_set_size(self->history, (gint) n_epochs_done);
    GError *save_error = NULL;
    if (g_error_matches(failure, TS_ERROR, TS_ERROR_INTERRUPTED) &&
        !write_checkpoint(self, &save_error)) {
        g_error_free(failure);
        failure = save_error;
    }
    g_propagate_error(error, failure);
    return FALSE;
}

gboolean
ts_trainer_run(TsTrainer *self, GError **error)
{
    if (!NOTIFY(self, train_begin, error))
        return FALSE;
    while (self->epoch < self->options.epochs && !self->stop) {
        GError *failure = NULL;
        guint n_epochs_done = self->history->len;
        if (!run_epoch(self, &failure))
            return save_and_fail(self, n_epochs_done, failure, error);
        self->epoch++;
        self->batch = 0;
        self->sums = (TsLossSums){0};
        if (!write_checkpoint(self, error))
            return FALSE;
    }
    return NOTIFY(self, train_end, error);
}
