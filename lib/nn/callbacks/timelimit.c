/* A time limit: when it is up the run is saved and ends, after any batch, as by a signal. */
#include "nn/callbacks/callbacks.h"

#include "base/error.h"
#include "nn/trainer.h"

typedef struct {
    TsCallback callback;
    double seconds;
    gint64 end; /* microseconds, by g_get_monotonic_time() */
} TimeLimit;

static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    TimeLimit *self = (TimeLimit *) callback;
    self->end = g_get_monotonic_time() + (gint64) (self->seconds * 1e6);
    return TRUE;
}

static gboolean
batch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const TimeLimit *self = (const TimeLimit *) callback;
    return g_get_monotonic_time() < self->end ||
           ts_error_set(error, TS_ERROR_INTERRUPTED, "the time of %g s is up", self->seconds);
}

static void
free_time_limit(TsCallback *callback)
{
    g_free(callback);
}

TsCallback *
ts_time_limit_new(double seconds)
{
    TimeLimit *self = g_new0(TimeLimit, 1);
    self->seconds = seconds;
    self->callback = (TsCallback){.name = "timelimit",
                                  .train_begin = train_begin,
                                  .batch_end = batch_end,
                                  .free = free_time_limit};
    return &self->callback;
}
