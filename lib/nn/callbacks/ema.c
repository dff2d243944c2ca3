/* The exponential moving average of the weights, timm's ModelEma: after each update every number,
 * running statistics too, moves towards the weights in work by 1 - decay. The average is what is
 * validated and kept. */
#include "nn/callbacks/callbacks.h"

#include "nn/trainer.h"
#include "nn/weights.h"

#include <math.h>

typedef struct {
    TsCallback callback;
    TsEma options;
    TsWeights *average;
    gint64 n; /* updates so far */
} Ema;

/* The first update, and those up to `after`, copy. */
static double
decay_of(const TsEma *options, gint64 update)
{
    const double step = (double) update - options->after - 1;
    if (step <= 0)
        return 0;
    double decay = options->decay;
    if (options->warmup)
        decay = MIN(decay, 1 - pow(1 + step / options->gamma, -options->power));
    return MAX(decay, options->min_decay);
}

static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Ema *self = (Ema *) callback;
    if (self->average == NULL)
        self->average = ts_weights_new(trainer->model->params, error);
    return self->average != NULL;
}

static gboolean
batch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Ema *self = (Ema *) callback;
    if (!trainer->diverged)
        ts_weights_lerp(self->average, trainer->model->params,
                        1 - decay_of(&self->options, ++self->n), TRUE);
    return TRUE;
}

static gboolean
swap(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    ts_weights_swap(((Ema *) callback)->average, trainer->model->params);
    return TRUE;
}

static gboolean
save(const TsCallback *callback, TsTrainer *trainer, TsState *state, GError **error)
{
    const Ema *self = (const Ema *) callback;
    ts_state_set_int(state, "ema.n", self->n);
    return ts_weights_save(self->average, trainer->model->params, "ema.", state, error);
}

static gboolean
load(TsCallback *callback, TsTrainer *trainer, const TsState *state, GError **error)
{
    Ema *self = (Ema *) callback;
    const TsParams *params = trainer->model->params;
    if (self->average == NULL && (self->average = ts_weights_new(params, error)) == NULL)
        return FALSE;
    if (!ts_weights_are_saved(params, "ema.", state))
        return TRUE; /* the run so far had no average: it begins with these weights */
    return ts_state_get_int(state, "ema.n", &self->n, error) &&
           ts_weights_load(self->average, params, "ema.", state, error);
}

static void
free_ema(TsCallback *callback)
{
    ts_weights_free(((Ema *) callback)->average);
    g_free(callback);
}

TsCallback *
ts_ema_new(const TsEma *options)
{
    Ema *self = g_new0(Ema, 1);
    self->options = *options;
    self->callback = (TsCallback){.name = "ema",
                                  .of_weights = TRUE,
                                  .train_begin = train_begin,
                                  .batch_end = batch_end,
                                  .evaluation_begin = swap,
                                  .evaluation_end = swap,
                                  .save = save,
                                  .load = load,
                                  .free = free_ema};
    return &self->callback;
}

TsCallback *
ts_ema_parse(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    TsEma options;
    if (!ts_spec_double(spec, "decay", 0, 1 - 1e-9, 0.9998, &options.decay, error) ||
        !ts_spec_int(spec, "warmup", 0, 1, 0, &options.warmup, error) ||
        !ts_spec_double(spec, "gamma", 1e-9, 1e9, 1, &options.gamma, error) ||
        !ts_spec_double(spec, "power", 1e-9, 1e9, 2.0 / 3, &options.power, error) ||
        !ts_spec_double(spec, "min", 0, 1 - 1e-9, 0, &options.min_decay, error) ||
        !ts_spec_int(spec, "after", 0, G_MAXINT, 0, &options.after, error))
        return NULL;
    return ts_ema_new(&options);
}
