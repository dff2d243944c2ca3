/* TerminateOnNaN: a batch whose loss is infinite or no number ends the training at once. Its update
 * was not made, and the checkpoint of the last epoch stays. */
#include "nn/callbacks/callbacks.h"

#include "nn/trainer.h"

static gboolean
batch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    if (!trainer->diverged)
        return TRUE;
    g_autofree char *reason = g_strdup_printf(
        "the loss of iteration %" G_GUINT64_FORMAT " is no finite number", trainer->iteration);
    ts_trainer_stop(trainer, reason);
    return TRUE;
}

static void
free_terminate(TsCallback *callback)
{
    g_free(callback);
}

TsCallback *
ts_terminate_on_nan_new(void)
{
    TsCallback *self = g_new0(TsCallback, 1);
    *self = (TsCallback){.name = "terminate", .batch_end = batch_end, .free = free_terminate};
    return self;
}
