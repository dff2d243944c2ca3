/* Phases: at the begin of an epoch that another phase of fine-tuning starts with, the run is set up
 * for it; in phases that have rates of their own, each batch gets its rate. What it does depends on
 * nothing but where the run stands, so there is nothing to save. */
#include "nn/callbacks/callbacks.h"

#include "nn/trainer.h"

typedef struct {
    TsCallback callback;
    const GArray *phases;
    const TsPhase *entered;
    TsPhaseFunc enter;
    gpointer data;
} Phases;

static void
set_rate(const TsPhase *phase, TsTrainer *trainer, guint64 batch)
{
    const double batches = (double) ts_loader_n_batches(trainer->train);
    const TsSchedule schedule = ts_phase_schedule(phase, batches);
    ts_trainer_follow(trainer, &schedule,
                      (double) (trainer->epoch - phase->begin) + (double) batch / batches);
}

/* A run that goes on within an epoch has the rate of the batch before, which may have been its
 * last. */
static gboolean
epoch_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Phases *self = (Phases *) callback;
    const TsPhase *phase = ts_phases_find(self->phases, trainer->epoch);
    if (phase->own_rates && trainer->batch > 0)
        set_rate(phase, trainer, trainer->batch - 1);
    if (phase == self->entered)
        return TRUE;
    self->entered = phase;
    return self->enter(trainer, phase, self->data, error);
}

static gboolean
batch_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const Phases *self = (const Phases *) callback;
    if (self->entered->own_rates)
        set_rate(self->entered, trainer, trainer->batch);
    return TRUE;
}

static void
free_phases(TsCallback *callback)
{
    g_free(callback);
}

TsCallback *
ts_phases_callback_new(const GArray *phases, TsPhaseFunc enter, gpointer data)
{
    Phases *self = g_new0(Phases, 1);
    self->phases = phases;
    self->enter = enter;
    self->data = data;
    self->callback = (TsCallback){.name = "phases",
                                  .epoch_begin = epoch_begin,
                                  .batch_begin = batch_begin,
                                  .free = free_phases};
    return &self->callback;
}
