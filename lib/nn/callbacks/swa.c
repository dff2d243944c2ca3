/* Stochastic weight averaging (Izmailov et al., 2018), PyTorch's AveragedModel and SWALR: the equal
 * average of the weights at the ends of the epochs from one on, with the rate brought to a constant
 * there; at the end of training the statistics of batch norm are computed anew for the average,
 * which is validated and written to a file of its own. */
#include "nn/callbacks/callbacks.h"

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "nn/trainer.h"
#include "nn/weights.h"

#include <math.h>
#include <string.h>

typedef struct {
    TsCallback callback;
    TsSwa options;
    char *path;
    double first_rate;  /* of the schedule when averaging began */
    TsWeights *average; /* NULL: none yet */
    gint64 n;           /* epochs in it */
} Swa;

/* From the schedule's rate at the beginning to the constant one; `t` counts epochs. */
static double
rate_at(const Swa *self, double t)
{
    const double x = self->options.anneal > 0 ? MIN(t / self->options.anneal, 1.0) : 1;
    const double share = self->options.linear ? x : (1 - cos(G_PI * x)) / 2;
    return self->options.rate * share + self->first_rate * (1 - share);
}

/* It comes behind the schedule, whose rate it finds. */
static gboolean
epoch_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Swa *self = (Swa *) callback;
    if (self->options.has_rate && trainer->epoch == self->options.from && trainer->batch == 0)
        self->first_rate = trainer->learning_rate;
    if (self->options.has_rate && trainer->epoch >= self->options.from)
        trainer->learning_rate = rate_at(self, (double) (trainer->epoch - self->options.from));
    return TRUE;
}

static gboolean
batch_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const Swa *self = (const Swa *) callback;
    if (self->options.has_rate && trainer->epoch >= self->options.from)
        trainer->learning_rate = rate_at(self, (double) (trainer->epoch - self->options.from));
    return TRUE;
}

/* An epoch that was not complete comes again. */
static gboolean
evaluation_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Swa *self = (Swa *) callback;
    const TsParams *params = trainer->model->params;
    if (!trainer->epoch_complete || trainer->epoch < self->options.from)
        return TRUE;
    if (self->average == NULL && (self->average = ts_weights_new(params, error)) == NULL)
        return FALSE;
    ts_weights_lerp(self->average, params, 1.0 / (double) ++self->n, FALSE);
    return TRUE;
}

/* The average stands in the model here. */
static gboolean
finish(const Swa *self, TsTrainer *trainer, GError **error)
{
    g_autoptr(TsLogs) logs = ts_logs_new();
    if (!ts_trainer_update_statistics(trainer, 0, error))
        return FALSE;
    ts_logs_set(logs, "swa_epochs", (double) self->n);
    if (trainer->val != NULL && !ts_trainer_log_validation(trainer, logs, error))
        return FALSE;
    g_autofree char *text = ts_logs_to_text(logs);
    ts_info("%s: the average of %" G_GINT64_FORMAT " epochs  %s", self->path, self->n,
            g_strdelimit(text, "\t", ' '));
    return ts_model_checkpoint_write(trainer, trainer->epoch - 1, logs, self->path, error);
}

static gboolean
train_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Swa *self = (Swa *) callback;
    if (self->average == NULL) {
        ts_warning("swa: the run ended before epoch %u, nothing was averaged",
                   self->options.from + 1);
        return TRUE;
    }
    /* Running statistics of the average are changed in place: what is saved stays as it is. */
    g_autoptr(TsWeights) kept = ts_weights_new(trainer->model->params, error);
    if (kept == NULL)
        return FALSE;
    ts_weights_put(self->average, trainer->model->params);
    gboolean ok = finish(self, trainer, error);
    ts_weights_put(kept, trainer->model->params);
    return ok;
}

static gboolean
save(const TsCallback *callback, TsTrainer *trainer, TsState *state, GError **error)
{
    const Swa *self = (const Swa *) callback;
    ts_state_set_int(state, "swa.n", self->n);
    ts_state_set_double(state, "swa.first_rate", self->first_rate);
    return self->average == NULL ||
           ts_weights_save(self->average, trainer->model->params, "swa.", state, error);
}

static gboolean
load(TsCallback *callback, TsTrainer *trainer, const TsState *state, GError **error)
{
    Swa *self = (Swa *) callback;
    const TsParams *params = trainer->model->params;
    if (ts_state_get(state, "swa.n") == NULL) { /* averaged from now on */
        self->first_rate = trainer->learning_rate;
        return TRUE;
    }
    if (!ts_state_get_int(state, "swa.n", &self->n, error) ||
        !ts_state_get_double(state, "swa.first_rate", &self->first_rate, error))
        return FALSE;
    if (self->n < 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "the checkpoint's swa.n is negative");
    if (!ts_weights_are_saved(params, "swa.", state))
        return TRUE;
    self->average = ts_weights_new(params, error);
    return self->average != NULL && ts_weights_load(self->average, params, "swa.", state, error);
}

static void
free_swa(TsCallback *callback)
{
    Swa *self = (Swa *) callback;
    ts_weights_free(self->average);
    g_free(self->path);
    g_free(self);
}

TsCallback *
ts_swa_new(const TsSwa *options, const char *path)
{
    Swa *self = g_new0(Swa, 1);
    self->options = *options;
    self->path = g_strdup(path);
    self->callback = (TsCallback){.name = "swa",
                                  .epoch_begin = epoch_begin,
                                  .batch_begin = batch_begin,
                                  .evaluation_end = evaluation_end,
                                  .train_end = train_end,
                                  .save = save,
                                  .load = load,
                                  .free = free_swa};
    return &self->callback;
}

TsCallback *
ts_swa_parse(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    TsSwa options;
    int from;
    const char *shape = ts_spec_text(spec, "shape");
    options.has_rate = ts_spec_text(spec, "lr") != NULL;
    options.linear = g_strcmp0(shape, "linear") == 0;
    if (shape != NULL && !options.linear && strcmp(shape, "cosine") != 0) {
        ts_error_set(error, TS_ERROR_ARGUMENT, "callback swa: shape: '%s' is not cosine or linear",
                     shape);
        return NULL;
    }
    const int three_quarters = (int) (context->epochs * 3 / 4);
    if (!ts_spec_int(spec, "from", 0, G_MAXINT, three_quarters, &from, error) ||
        !ts_spec_double(spec, "lr", 0, 1e9, 0, &options.rate, error) ||
        !ts_spec_double(spec, "anneal", 0, 1e9, 10, &options.anneal, error))
        return NULL;
    options.from = (guint) from;
    g_autofree char *path = g_build_filename(context->folder, "swa.safetensors", NULL);
    return ts_swa_new(&options, path);
}
