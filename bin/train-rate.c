/* train's options of length and learning rate. */
#include "train.h"

#include "base/error.h"

enum { NOT_GIVEN = G_MININT };

static struct {
    char *schedule, *schedule_by;
    int epochs, steps;
    double rate, warmup_epochs;
    TsSchedule parsed; /* whose factors the run borrows */
} opt = {.epochs = NOT_GIVEN, .steps = NOT_GIVEN, .rate = TRAIN_NOT_GIVEN};

const GOptionEntry train_rate_options[] = {
    {"epochs", 'e', 0, G_OPTION_ARG_INT, &opt.epochs, "Passes over the training rows (default: 20)",
     "N"},
    {"steps", 0, 0, G_OPTION_ARG_INT, &opt.steps,
     "End after N updates of the weights instead; the schedule goes over them, batch by batch",
     "N"},
    {"lr", 0, 0, G_OPTION_ARG_DOUBLE, &opt.rate, "Learning rate (default: by optimizer, see below)",
     "X"},
    {"schedule", 0, 0, G_OPTION_ARG_STRING, &opt.schedule,
     "Learning rate over the run, see below (default: cosine)", "NAME[:KEY=VALUE,...]"},
    {"schedule-by", 0, 0, G_OPTION_ARG_STRING, &opt.schedule_by,
     "When the rate changes: epoch or batch (default: epoch, with --steps batch)", "UNIT"},
    {"warmup-epochs", 0, 0, G_OPTION_ARG_DOUBLE, &opt.warmup_epochs,
     "Epochs in which the rate rises from 0 (default: 0)", "N"},
    G_OPTION_ENTRY_NULL,
};

static gboolean
choose_schedule(TsRunOptions *options, GError **error)
{
    TsSchedule *schedule = &opt.parsed;
    *schedule = (TsSchedule){.rate = options->optimizer.learning_rate,
                             .epochs = options->epochs,
                             .steps_per_epoch = 1,
                             .warmup_epochs = opt.warmup_epochs};
    if (!ts_schedule_parse(opt.schedule != NULL ? opt.schedule : "cosine", schedule, error))
        return FALSE;
    if (schedule->kind == TS_SCHEDULE_ONECYCLE && opt.warmup_epochs > 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--warmup-epochs: schedule onecycle warms up by itself, see pct");
    options->schedule = *schedule;
    options->schedule_by_batch =
        g_strcmp0(opt.schedule_by, "batch") == 0 || (opt.schedule_by == NULL && options->steps > 0);
    return opt.schedule_by == NULL || options->schedule_by_batch ||
           g_str_equal(opt.schedule_by, "epoch") ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "--schedule-by: '%s' is not epoch or batch",
                        opt.schedule_by);
}

gboolean
train_rate_is_scheduled(void)
{
    return opt.schedule != NULL || opt.schedule_by != NULL || opt.warmup_epochs > 0;
}

const char *
train_rate_schedule_by(void)
{
    return opt.schedule_by;
}

gboolean
train_rate_fill(TsRunOptions *options, GError **error)
{
    const double rate = opt.rate == TRAIN_NOT_GIVEN ? 0 : opt.rate;
    const int epochs = opt.epochs != NOT_GIVEN ? opt.epochs : 20;
    const int steps = opt.steps != NOT_GIVEN ? opt.steps : 1;
    const TrainBounds checks[] = {{"--epochs", epochs, 1, TRAIN_MOST, FALSE},
                                  {"--steps", steps, 1, TRAIN_MOST, FALSE},
                                  {"--lr", rate, 0, TRAIN_MOST, FALSE},
                                  {"--warmup-epochs", opt.warmup_epochs, 0, TRAIN_MOST, FALSE}};
    if (!train_check_bounds(checks, G_N_ELEMENTS(checks), error))
        return FALSE;
    if (opt.rate != TRAIN_NOT_GIVEN)
        options->optimizer.learning_rate = opt.rate;
    if (opt.epochs != NOT_GIVEN && opt.steps != NOT_GIVEN)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--epochs and --steps exclude each other");
    options->epochs = (guint) epochs;
    options->steps = opt.steps != NOT_GIVEN ? (guint) steps : 0;
    return choose_schedule(options, error);
}
