/* LearningRateScheduler: the rate is set at each epoch's begin and depends on nothing but the
 * epoch, so there is nothing to save. */
#include "nn/callbacks/callbacks.h"

#include "nn/trainer.h"

typedef struct {
    TsCallback callback;
    TsSchedule schedule;
} Scheduler;

static gboolean
epoch_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    trainer->learning_rate =
        ts_schedule_rate(&((Scheduler *) callback)->schedule, (double) trainer->epoch);
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
    self->schedule = *schedule;
    self->callback =
        (TsCallback){.name = "lrschedule", .epoch_begin = epoch_begin, .free = free_scheduler};
    return &self->callback;
}
