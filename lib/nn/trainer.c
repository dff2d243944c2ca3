/* The training loop. ts_trainer_run() at the end reads as the plan. */
#include "nn/trainer_private.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <math.h>
#include <stddef.h>

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
    self->rate_scale = 1;
    self->callbacks = g_ptr_array_new_with_free_func((GDestroyNotify) ts_callback_free);
    self->history = g_ptr_array_new_with_free_func((GDestroyNotify) ts_logs_free);
    self->net = ts_net_new(model->graph, model->params, options->batch_size, TS_NET_TRAIN, error);
    if (self->net == NULL)
        return NULL;
    ts_net_set_seed(self->net, options->seed);
    self->optimizer = ts_optimizer_new(&options->optimizer, model->params, error);
    if (self->optimizer != NULL && options->accumulate > 1)
        self->accumulator =
            ts_accumulator_new(model->params, options->batch_size * options->accumulate,
                               g_strv_length(model->classes), error);
    return self->optimizer != NULL && (self->accumulator != NULL || options->accumulate < 2)
               ? g_steal_pointer(&self)
               : NULL;
}

void
ts_trainer_free(TsTrainer *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->callbacks);
    g_ptr_array_unref(self->history);
    ts_optimizer_free(self->optimizer);
    ts_accumulator_free(self->accumulator);
    ts_net_free(self->net);
    ts_net_free(self->net_rest);
    ts_net_free(self->net_val);
    ts_confusion_free(self->confusion);
    ts_set_metrics_free(self->set_metrics);
    g_free(self->stop_reason);
    g_free(self);
}

const char *
ts_callback_key(const TsCallback *callback)
{
    return callback->key != NULL ? callback->key : callback->name;
}

void
ts_trainer_add_callback(TsTrainer *self, TsCallback *callback)
{
    guint n = 1;
    for (guint i = 0; i < self->callbacks->len; i++) {
        const TsCallback *other = g_ptr_array_index(self->callbacks, i);
        n += g_str_equal(other->name, callback->name) ? 1 : 0;
    }
    g_autofree char *key = g_strdup_printf("%s.%u", callback->name, n);
    callback->key = g_intern_string(n > 1 ? key : callback->name);
    g_ptr_array_add(self->callbacks, callback);
}

double
ts_trainer_rate(const TsTrainer *self)
{
    return self->learning_rate * self->rate_scale;
}

void
ts_trainer_follow(TsTrainer *self, const TsSchedule *schedule, double t)
{
    const double momentum = ts_schedule_momentum(schedule, t);
    self->learning_rate = ts_schedule_rate(schedule, t);
    if (!isnan(momentum))
        ts_optimizer_set_momentum(self->optimizer, momentum);
}

void
ts_trainer_drop_nets(TsTrainer *self)
{
    g_clear_pointer(&self->net, ts_net_free);
    g_clear_pointer(&self->net_rest, ts_net_free);
    g_clear_pointer(&self->net_val, ts_net_free);
}

void
ts_trainer_use_features(TsTrainer *self, const TsFeatures *features, guint layer)
{
    ts_trainer_drop_nets(self);
    self->features = features;
    self->first_layer = layer;
    ts_loader_set_pictures(self->train, features == NULL);
    if (self->val != NULL)
        ts_loader_set_pictures(self->val, features == NULL);
}

void
ts_trainer_recover(TsTrainer *self)
{
    self->diverged = FALSE;
}

gboolean
ts_trainer_loss_changes(const TsTrainer *self)
{
    return self->options.loss.class_weights != NULL && self->options.class_weights_from > 0 &&
           self->epoch == self->options.class_weights_from;
}

void
ts_trainer_set_profile(TsTrainer *self, TsProfile *profile)
{
    self->profile = profile;
    ts_net_set_profile(self->net, profile);
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
    const TsProfilePart before = ts_profile_enter(self->profile, TS_PROFILE_CALLBACKS);
    gboolean ok = TRUE;
    for (guint i = 0; ok && i < self->callbacks->len; i++) {
        TsCallback *callback = g_ptr_array_index(self->callbacks, i);
        TsCallbackFunc func = G_STRUCT_MEMBER(TsCallbackFunc, callback, point);
        ok = func == NULL || func(callback, self, error);
    }
    ts_profile_enter(self->profile, before);
    return ok;
}

#define NOTIFY(self, point, error) notify(self, offsetof(TsCallback, point), error)

/* ---- one epoch ---- */

static const TsBatch *
next_batch(TsTrainer *self, GError **error)
{
    const TsProfilePart before = ts_profile_enter(self->profile, TS_PROFILE_WAIT);
    const TsBatch *batch = ts_loader_next(self->train, error);
    ts_profile_enter(self->profile, before);
    return batch;
}

/* A loss that is not finite ends the training, by an error unless a callback has stopped it. */
static gboolean
check_loss(const TsTrainer *self, GError **error)
{
    return !self->diverged || self->stop ||
           ts_error_set(error, TS_ERROR_RANGE,
                        "iteration %" G_GUINT64_FORMAT
                        ": the loss is no finite number, training diverges; choose a learning "
                        "rate below %g",
                        self->iteration, ts_trainer_rate(self));
}

static gboolean
save_if_wanted(TsTrainer *self, GError **error)
{
    if (!self->save)
        return TRUE;
    self->save = FALSE;
    return ts_trainer_write_checkpoint(self, error);
}

static gboolean
has_its_steps(const TsTrainer *self)
{
    return self->options.steps > 0 && self->iteration >= self->options.steps;
}

gboolean
ts_trainer_run_step(TsTrainer *self, GError **error)
{
    GError *failure = NULL;
    if (self->batch >= ts_loader_n_batches(self->train)) {
        self->epoch++;
        self->batch = 0;
    }
    if (!NOTIFY(self, train_begin, error) || !NOTIFY(self, epoch_begin, error) ||
        !ts_loader_begin_epoch(self->train, self->epoch, self->batch, error))
        return FALSE;
    self->batch_in_hand = ts_loader_next(self->train, &failure);
    if (self->batch_in_hand == NULL) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    return NOTIFY(self, batch_begin, error) &&
           ts_trainer_train_batch(self, self->batch_in_hand, error);
}

static gboolean
train_epoch(TsTrainer *self, GError **error)
{
    if (!ts_loader_begin_epoch(self->train, self->epoch, self->batch, error))
        return FALSE;
    GError *loader_error = NULL;
    const TsBatch *batch;
    while (!has_its_steps(self) && (batch = next_batch(self, &loader_error)) != NULL) {
        self->batch_in_hand = batch;
        if (!NOTIFY(self, batch_begin, error) || !ts_trainer_train_batch(self, batch, error) ||
            !NOTIFY(self, batch_end, error) || !check_loss(self, error) ||
            !save_if_wanted(self, error) || ts_interrupt_check(error))
            return FALSE;
        if (self->diverged)
            return TRUE;
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
    ts_trainer_fill_input(self, self->net_val, batch);
    if (!ts_net_forward(self->net_val, 0, error))
        return FALSE;
    const float *logits = ts_net_logits(self->net_val);
    if (batch->targets != NULL) {
        ts_loss_compute_sets(NULL, logits, batch->targets, batch->weights, batch->n, classes,
                             batch->n, NULL, sums);
        ts_set_metrics_add(self->set_metrics, logits, batch->targets, batch->n, 0);
    } else {
        ts_loss_compute(NULL, logits, batch->labels, batch->weights, batch->n, classes, batch->n,
                        NULL, sums);
        for (guint i = 0; i < batch->n; i++)
            ts_confusion_add(self->confusion, (guint) batch->labels[i],
                             ts_loss_predicted_class(logits + (gsize) i * classes, classes), 1);
    }
    self->batch_in_hand = batch;
    self->logits_in_hand = logits;
    return NOTIFY(self, validation_batch_end, error);
}

/* The counts and the net of validation, made at the first one. */
static gboolean
prepare_validation(TsTrainer *self, GError **error)
{
    const guint classes = g_strv_length(self->model->classes);
    if (self->model->multi_label && self->set_metrics == NULL)
        self->set_metrics = ts_set_metrics_new(classes);
    if (self->set_metrics != NULL)
        ts_set_metrics_reset(self->set_metrics);
    else if (self->confusion == NULL)
        self->confusion =
            ts_confusion_new(classes, (const char *const *) self->model->classes, error);
    if (self->confusion == NULL && self->set_metrics == NULL)
        return FALSE;
    if (self->confusion != NULL)
        ts_confusion_reset(self->confusion);
    if (self->net_val == NULL)
        self->net_val =
            ts_net_new_above(self->model->graph, self->model->params, self->options.batch_size,
                             TS_NET_INFER, self->first_layer, error);
    return self->net_val != NULL;
}

static void
log_set_scores(const TsTrainer *self, TsLogs *logs)
{
    TsSetScores scores;
    ts_set_metrics_compute(self->set_metrics, &scores);
    ts_logs_set(logs, "val_macro_f1", scores.macro_f1);
    ts_logs_set(logs, "val_micro_f1", scores.micro_f1);
    ts_logs_set(logs, "val_map", scores.mean_precision);
}

gboolean
ts_trainer_log_validation(TsTrainer *self, TsLogs *logs, GError **error)
{
    if (!prepare_validation(self, error) || !ts_loader_begin_epoch(self->val, 0, 0, error))
        return FALSE;
    GError *loader_error = NULL;
    TsLossSums sums = {0};
    const TsBatch *batch;
    while ((batch = ts_loader_next(self->val, &loader_error)) != NULL)
        if (!validate_batch(self, batch, &sums, error))
            return FALSE;
    if (loader_error != NULL) {
        g_propagate_error(error, loader_error);
        return FALSE;
    }
    ts_logs_set(logs, "val_loss", ts_loss_mean(&sums));
    ts_logs_set(logs, "val_accuracy", ts_loss_accuracy(&sums));
    if (self->set_metrics != NULL)
        log_set_scores(self, logs);
    else
        ts_logs_set(logs, "val_balanced_accuracy",
                    ts_confusion_compute_balanced_accuracy(self->confusion));
    return TRUE;
}

static gboolean
validate(TsTrainer *self, GError **error)
{
    if (self->val == NULL)
        return TRUE;
    const TsProfilePart before = ts_profile_enter(self->profile, TS_PROFILE_VALIDATION);
    const gboolean done = ts_trainer_log_validation(self, self->logs, error);
    ts_profile_enter(self->profile, before);
    return done && NOTIFY(self, validation_end, error);
}

/* Judge and keep the weights that the callbacks put in for that. What they put in goes out again
 * whatever happens. */
static gboolean
evaluate(TsTrainer *self, GError **error)
{
    self->epoch_complete = NOTIFY(self, evaluation_begin, error) && validate(self, error) &&
                           NOTIFY(self, epoch_end, error);
    gboolean ok = NOTIFY(self, evaluation_end, self->epoch_complete ? error : NULL);
    return ok && self->epoch_complete;
}

/* Train, validate, tell the callbacks, keep the logs as history. */
static gboolean
run_epoch(TsTrainer *self, GError **error)
{
    if (!NOTIFY(self, epoch_begin, error) || !train_epoch(self, error))
        return FALSE;
    if (self->diverged)
        return TRUE;
    self->logs = ts_logs_new();
    g_ptr_array_add(self->history, self->logs);
    ts_logs_set(self->logs, "loss", ts_loss_mean(&self->sums));
    ts_logs_set(self->logs, "accuracy", ts_loss_accuracy(&self->sums));
    ts_logs_set(self->logs, "learning_rate", ts_trainer_rate(self));
    return evaluate(self, error);
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
        !ts_trainer_write_checkpoint(self, &save_error)) {
        g_error_free(failure);
        failure = save_error;
    }
    g_propagate_error(error, failure);
    return FALSE;
}

gboolean
ts_trainer_is_complete(const TsTrainer *self)
{
    return self->options.steps > 0 ? has_its_steps(self) : self->epoch >= self->options.epochs;
}

static gboolean
run_epochs(TsTrainer *self, GError **error)
{
    if (!NOTIFY(self, train_begin, error))
        return FALSE;
    while (!ts_trainer_is_complete(self) && !self->stop) {
        GError *failure = NULL;
        guint n_epochs_done = self->history->len;
        if (!run_epoch(self, &failure))
            return save_and_fail(self, n_epochs_done, failure, error);
        if (self->diverged)
            break; /* stopped by a callback; the last good checkpoint stays */
        self->epoch++;
        self->batch = 0;
        self->sums = (TsLossSums){0};
        if (!ts_trainer_write_checkpoint(self, error))
            return FALSE;
    }
    return NOTIFY(self, train_end, error);
}

gboolean
ts_trainer_run(TsTrainer *self, GError **error)
{
    ts_profile_begin(self->profile);
    const gboolean done = run_epochs(self, error);
    ts_profile_end(self->profile);
    return done;
}
