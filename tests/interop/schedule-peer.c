/* Prints the learning rate of every step of a run, a line each, for comparison with PyTorch.
 *
 *     schedule-peer SCHEDULE RATE EPOCHS STEPS_PER_EPOCH WARMUP_EPOCHS [VALUE...]
 *
 * STEPS_PER_EPOCH 1 sets the rate once an epoch. VALUEs are the monitored loss at the end of each
 * epoch, for plateau.
 */
#include "base/number.h"
#include "nn/callbacks/callbacks.h"
#include "nn/trainer.h"

#include <stdio.h>

typedef struct {
    TsSchedule schedule;
    gint64 epochs, steps;
} Plan;

static gboolean
read_plan(char **args, Plan *plan, GError **error)
{
    TsSchedule *s = &plan->schedule;
    if (!ts_schedule_parse(args[0], s, error) ||
        !ts_parse_double(args[1], 0, 10, "RATE", &s->rate, error) ||
        !ts_parse_int(args[2], 1, 1000, "EPOCHS", &plan->epochs, error) ||
        !ts_parse_int(args[3], 1, 1000, "STEPS_PER_EPOCH", &plan->steps, error) ||
        !ts_parse_double(args[4], 0, 1000, "WARMUP_EPOCHS", &s->warmup_epochs, error))
        return FALSE;
    s->epochs = (double) plan->epochs;
    s->steps_per_epoch = (double) plan->steps;
    return TRUE;
}

static gboolean
run_epoch(TsCallback *callback, TsTrainer *trainer, const Plan *plan, GError **error)
{
    char number[TS_NUMBER_MAX];
    if (callback->epoch_begin != NULL && !callback->epoch_begin(callback, trainer, error))
        return FALSE;
    for (gint64 step = 0; step < plan->steps; step++) {
        trainer->batch = (guint64) step;
        if (callback->batch_begin != NULL && !callback->batch_begin(callback, trainer, error))
            return FALSE;
        puts(ts_format_double(number, trainer->learning_rate));
    }
    return callback->epoch_end == NULL || callback->epoch_end(callback, trainer, error);
}

static gboolean
run(const Plan *plan, int n_values, char **values, GError **error)
{
    const TsMonitor monitor = {.name = "val_loss"};
    g_autoptr(TsLogs) logs = ts_logs_new();
    TsTrainer trainer = {.logs = logs};
    TsCallback *callback = plan->schedule.kind == TS_SCHEDULE_PLATEAU
                               ? ts_plateau_new(&plan->schedule, &monitor)
                               : ts_learning_rate_scheduler_new(&plan->schedule);
    gboolean ok = callback->train_begin == NULL || callback->train_begin(callback, &trainer, error);
    for (gint64 epoch = 0; ok && epoch < plan->epochs; epoch++) {
        trainer.epoch = (guint64) epoch;
        if (epoch < n_values)
            ts_logs_set(logs, "val_loss", g_ascii_strtod(values[epoch], NULL));
        ok = run_epoch(callback, &trainer, plan, error);
    }
    ts_callback_free(callback);
    return ok;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Plan plan = {0};
    if (argc < 6) {
        fprintf(stderr, "usage: schedule-peer SCHEDULE RATE EPOCHS STEPS_PER_EPOCH WARMUP_EPOCHS "
                        "[VALUE...]\n");
        return 2;
    }
    const gboolean ok =
        read_plan(argv + 1, &plan, &error) && run(&plan, argc - 6, argv + 6, &error);
    ts_schedule_clear(&plan.schedule);
    if (ok)
        return 0;
    fprintf(stderr, "schedule-peer: %s\n", error->message);
    return 1;
}
