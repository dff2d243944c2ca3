/* train's options of learning: model, epochs, optimizer, schedule, loss. */
#include "train.h"

#include "base/error.h"

/* The number of an option that keeps the optimizer's own default. */
#define NOT_GIVEN (-G_MAXDOUBLE)

static struct {
    char *model, *optimizer, *clip, *schedule, *schedule_by, *loss, *class_weights;
    int epochs, batch_size, weights_from;
    double rate, weight_decay, warmup_epochs;
} opt = {.epochs = 20, .batch_size = 64, .rate = NOT_GIVEN, .weight_decay = NOT_GIVEN};

const GOptionEntry train_learn_options[] = {
    {"model", 'm', 0, G_OPTION_ARG_STRING, &opt.model, "Architecture (default: cnn)",
     "NAME[:KEY=VALUE,...]"},
    {"epochs", 'e', 0, G_OPTION_ARG_INT, &opt.epochs, "Passes over the training rows (default: 20)",
     "N"},
    {"batch-size", 'b', 0, G_OPTION_ARG_INT, &opt.batch_size,
     "Samples in one update of the weights (default: 64)", "N"},
    {"optimizer", 0, 0, G_OPTION_ARG_STRING, &opt.optimizer,
     "How gradients become steps, see below (default: sgd)", "NAME[:KEY=VALUE,...]"},
    {"lr", 0, 0, G_OPTION_ARG_DOUBLE, &opt.rate, "Learning rate (default: by optimizer, see below)",
     "X"},
    {"weight-decay", 0, 0, G_OPTION_ARG_DOUBLE, &opt.weight_decay,
     "Of weights, not of biases and batch norm (default: 0, adamw 0.01)", "X"},
    {"clip", 0, 0, G_OPTION_ARG_STRING, &opt.clip,
     "Keep gradients short: norm:C all together, value:C each number, agc:C each unit by its "
     "weights (default: no clipping)",
     "KIND:C"},
    {"schedule", 0, 0, G_OPTION_ARG_STRING, &opt.schedule,
     "Learning rate over the run, see below (default: cosine)", "NAME[:KEY=VALUE,...]"},
    {"schedule-by", 0, 0, G_OPTION_ARG_STRING, &opt.schedule_by,
     "When the rate changes: epoch or batch (default: epoch)", "UNIT"},
    {"warmup-epochs", 0, 0, G_OPTION_ARG_DOUBLE, &opt.warmup_epochs,
     "Epochs in which the rate rises from 0 (default: 0)", "N"},
    {"loss", 0, 0, G_OPTION_ARG_STRING, &opt.loss,
     "What is made small, see below (default: cross-entropy)", "NAME[:KEY=VALUE,...]"},
    {"class-weights", 0, 0, G_OPTION_ARG_STRING, &opt.class_weights,
     "Weigh the loss: balanced, effnum:B, inverse, sqrt, log, or a table FILE.tsv with columns "
     "class and weight (default: none)",
     "NAME"},
    {"class-weights-from", 0, 0, G_OPTION_ARG_INT, &opt.weights_from,
     "Weigh the loss after N epochs (default: 0, from the beginning)", "N"},
    G_OPTION_ENTRY_NULL,
};

/* Options that were not given keep the optimizer's own defaults. */
static gboolean
choose_optimizer(TsOptimizerOptions *options, GError **error)
{
    if (!ts_optimizer_parse(opt.optimizer != NULL ? opt.optimizer : "sgd", options, error))
        return FALSE;
    if (opt.rate != NOT_GIVEN)
        options->learning_rate = opt.rate;
    if (opt.weight_decay != NOT_GIVEN)
        options->weight_decay = opt.weight_decay;
    return TRUE;
}

static gboolean
choose_schedule(TsRunOptions *options, GError **error)
{
    TsSchedule *schedule = &options->schedule;
    *schedule = (TsSchedule){.rate = options->optimizer.learning_rate,
                             .epochs = opt.epochs,
                             .steps_per_epoch = 1,
                             .warmup_epochs = opt.warmup_epochs};
    if (!ts_schedule_parse(opt.schedule != NULL ? opt.schedule : "cosine", schedule, error))
        return FALSE;
    if (schedule->kind == TS_SCHEDULE_ONECYCLE && opt.warmup_epochs > 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--warmup-epochs: schedule onecycle warms up by itself, see pct");
    options->schedule_by_batch = g_strcmp0(opt.schedule_by, "batch") == 0;
    return opt.schedule_by == NULL || options->schedule_by_batch ||
           g_str_equal(opt.schedule_by, "epoch") ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "--schedule-by: '%s' is not epoch or batch",
                        opt.schedule_by);
}

static gboolean
check_numbers(GError **error)
{
    const double rate = opt.rate == NOT_GIVEN ? 0 : opt.rate;
    const double decay = opt.weight_decay == NOT_GIVEN ? 0 : opt.weight_decay;
    const TrainBounds checks[] = {{"--epochs", opt.epochs, 1, TRAIN_MOST, FALSE},
                                  {"--batch-size", opt.batch_size, 1, TRAIN_MOST, FALSE},
                                  {"--lr", rate, 0, TRAIN_MOST, FALSE},
                                  {"--weight-decay", decay, 0, TRAIN_MOST, FALSE},
                                  {"--warmup-epochs", opt.warmup_epochs, 0, TRAIN_MOST, FALSE},
                                  {"--class-weights-from", opt.weights_from, 0, TRAIN_MOST, FALSE}};
    return train_check_bounds(checks, G_N_ELEMENTS(checks), error);
}

gboolean
train_learn_fill(TsRunOptions *options, GError **error)
{
    if (!check_numbers(error))
        return FALSE;
    options->architecture = opt.model != NULL ? opt.model : "cnn";
    options->epochs = (guint) opt.epochs;
    options->batch_size = (guint) opt.batch_size;
    options->loss = opt.loss != NULL ? opt.loss : "cross-entropy";
    options->class_weights = opt.class_weights != NULL ? opt.class_weights : "none";
    options->class_weights_from = (guint) opt.weights_from;
    return choose_optimizer(&options->optimizer, error) &&
           (opt.clip == NULL || ts_clip_parse(opt.clip, &options->clip, error)) &&
           choose_schedule(options, error);
}
