/* LearningRateScheduler: the rate is set at each epoch's begin, or each batch's, and depends on
 * nothing but where the run stands, so there is nothing to save. */
#include "nn/callbacks/callbacks.h"

#include "nn/trainer.h"

typedef struct {
    TsCallback callback;
    TsSchedule schedule;
} Scheduler;

static gboolean
epoch_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const Scheduler *self = (const Scheduler *) callback;
    ts_trainer_follow(trainer, &self->schedule, (double) trainer->epoch);
    return TRUE;
}

static gboolean
batch_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const Scheduler *self = (const Scheduler *) callback;
    double t = (double) trainer->epoch + (double) trainer->batch / self->schedule.steps_per_epoch;
    ts_trainer_follow(trainer, &self->schedule, t);
    return TRUE;
}

static void
free_scheduler(TsCallback *callback)
{
    g_free(callback);
}

TsCallback *
ts_learning_rate_scheduler_new(const TsSchedule *schedule)
{
    Scheduler *self = g_new0(Scheduler, 1);
    const gboolean by_batch = schedule->steps_per_epoch != 1;
    self->schedule = *schedule;
    self->callback = (TsCallback){.name = "lrschedule",
                                  .epoch_begin = by_batch ? NULL : epoch_begin,
                                  .batch_begin = by_batch ? batch_begin : NULL,
                                  .free = free_scheduler};
    return &self->callback;
}
