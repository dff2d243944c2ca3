/* The short training of a sweep, by the trainer's own steps. */
#include "nn/lrfind/sweep.h"

#include "base/interrupt.h"
#include "nn/run_private.h"
#include "nn/trainer_private.h"

/* One pass over the rows, or less; `more` is set to FALSE at the sweep's end. */
static gboolean
sweep_epoch(TsTrainer *trainer, const TsRateSweep *sweep, TsProgress *progress, TsRateCurve *curve,
            gboolean *more, GError **error)
{
    if (!ts_loader_begin_epoch(trainer->train, trainer->epoch, 0, error))
        return FALSE;
    GError *failure = NULL;
    while (*more) {
        const TsBatch *batch = ts_loader_next(trainer->train, &failure);
        if (batch == NULL)
            break;
        trainer->learning_rate = curve->rates[curve->n];
        trainer->batch_in_hand = batch;
        if (!ts_trainer_train_batch(trainer, batch, error) || ts_interrupt_check(error))
            return FALSE;
        *more = ts_rate_curve_add(curve, trainer->batch_loss, sweep->no_stop);
        if (progress != NULL)
            ts_progress_add(progress, 1);
    }
    if (failure != NULL) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    return TRUE;
}

gboolean
ts_run_sweep_rates(TsRun *run, guint64 seed, const TsRateSweep *sweep, TsProgress *progress,
                   TsRateCurve *curve, GError **error)
{
    if (!ts_run_begin_anew(run, seed, error) || !ts_run_open_trainer(run, error))
        return FALSE;
    TsTrainer *trainer = run->trainer;
    gboolean more = TRUE;
    ts_rate_curve_init(curve, sweep);
    for (; more; trainer->epoch++) {
        trainer->batch = 0;
        if (!sweep_epoch(trainer, sweep, progress, curve, &more, error))
            return FALSE;
    }
    return TRUE;
}
