/* train: learn a classifier from a data set, into a run folder. */
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "nn/callbacks/callbacks.h"
#include "nn/models/models.h"
#include "nn/run.h"

/* The number of an option that keeps the optimizer's own default. */
#define NOT_GIVEN (-G_MAXDOUBLE)

static struct {
    char *output, *root, *model, *size, *train_split, *val_split;
    int channels, epochs, batch_size, weights_from, patience, cache_mb, histograms;
    double mean, std;
    char *optimizer, *clip, *schedule, *schedule_by, *loss, *class_weights, *monitor, *augment;
    double rate, warmup_epochs, min_delta;
    double weight_decay;
    char **callbacks;
    gboolean no_tensorboard, resume, dry_run;
} opt = {
    .epochs = 20,
    .batch_size = 64,
    .cache_mb = 1024,
    .histograms = 1,
    .mean = 0.5,
    .std = 0.5,
    .rate = NOT_GIVEN,
    .weight_decay = NOT_GIVEN,
};

static const GOptionEntry entries[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output, "Folder of the run", "RUN"},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &opt.root, "Where relative file names start", "DIR"},
    {"model", 'm', 0, G_OPTION_ARG_STRING, &opt.model, "Architecture (default: cnn)",
     "NAME[:KEY=VALUE,...]"},
    {"size", 's', 0, G_OPTION_ARG_STRING, &opt.size,
     "Input size of the network (default: that of the first sample)", "WxH"},
    {"channels", 0, 0, G_OPTION_ARG_INT, &opt.channels,
     "Input channels, 1 grey or 3 colour (default: as the first sample)", "N"},
    {"mean", 0, 0, G_OPTION_ARG_DOUBLE, &opt.mean,
     "Mean that is taken from pixels scaled to 0..1 (default: 0.5)", "X"},
    {"std", 0, 0, G_OPTION_ARG_DOUBLE, &opt.std, "What they are divided by (default: 0.5)", "X"},
    {"train-split", 0, 0, G_OPTION_ARG_STRING, &opt.train_split,
     "Value of column split to learn from (default: train)", "NAME"},
    {"val-split", 0, 0, G_OPTION_ARG_STRING, &opt.val_split,
     "Value of column split to validate on (default: val)", "NAME"},
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
    {"augment", 0, 0, G_OPTION_ARG_STRING, &opt.augment,
     "Change training samples at random, such as rotate=12,scale=0.2,hflip; see augment(1)",
     "LIST"},
    {"early-stopping", 0, 0, G_OPTION_ARG_INT, &opt.patience,
     "Stop after N epochs without improvement (default: 0, never)", "N"},
    {"min-delta", 0, 0, G_OPTION_ARG_DOUBLE, &opt.min_delta,
     "What counts as an improvement for early stopping (default: 0)", "X"},
    {"monitor", 0, 0, G_OPTION_ARG_STRING, &opt.monitor,
     "Number that decides what is best: val_loss, val_accuracy, val_balanced_accuracy, loss or "
     "accuracy (default: val_loss, loss without validation rows)",
     "NAME"},
    {"cache-mb", 0, 0, G_OPTION_ARG_INT, &opt.cache_mb,
     "Memory for decoded samples, in MiB (default: 1024)", "N"},
    {"callback", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.callbacks,
     "Add a callback, see below; may be given again", "NAME[:ARGUMENT]"},
    {"histograms", 0, 0, G_OPTION_ARG_INT, &opt.histograms,
     "Weights and gradients as distributions for TensorBoard each N epochs (default: 1; 0: never)",
     "N"},
    {"no-tensorboard", 0, 0, G_OPTION_ARG_NONE, &opt.no_tensorboard, "Write no TensorBoard events",
     NULL},
    {"resume", 0, 0, G_OPTION_ARG_NONE, &opt.resume,
     "Go on where the run in the folder stopped; begin if there is none", NULL},
    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &opt.dry_run,
     "Say what would be done (samples, iterations, parameters, memory) and end", NULL},
    G_OPTION_ENTRY_NULL,
};

static char **command_line;

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

/* Each within its bounds, the lower of which is part of it (--lr) or not (--std). */
static gboolean
check_fractions(GError **error)
{
    static const double most = 1e9;
    const struct {
        const char *name;
        double value, min, max;
        gboolean above_min;
    } checks[] = {{"--lr", opt.rate, 0, most, FALSE},
                  {"--weight-decay", opt.weight_decay, 0, most, FALSE},
                  {"--warmup-epochs", opt.warmup_epochs, 0, most, FALSE},
                  {"--min-delta", opt.min_delta, 0, most, FALSE},
                  {"--mean", opt.mean, -most, most, FALSE},
                  {"--std", opt.std, 0, most, TRUE}};
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++) {
        double value = checks[i].value, min = checks[i].min, max = checks[i].max;
        if (value == NOT_GIVEN ||
            (value <= max && (value > min || (value == min && !checks[i].above_min))))
            continue;
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: %g is outside of %s%g to %g",
                            checks[i].name, value, checks[i].above_min ? "more than " : "", min,
                            max);
    }
    return TRUE;
}

static gboolean
check_numbers(GError **error)
{
    const struct {
        const char *name;
        int value, min;
    } checks[] = {{"--epochs", opt.epochs, 1},
                  {"--batch-size", opt.batch_size, 1},
                  {"--class-weights-from", opt.weights_from, 0},
                  {"--early-stopping", opt.patience, 0},
                  {"--cache-mb", opt.cache_mb, 0},
                  {"--histograms", opt.histograms, 0},
                  {"--channels", opt.channels, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++)
        if (checks[i].value < checks[i].min)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: %d is below %d", checks[i].name,
                                checks[i].value, checks[i].min);
    if (opt.output == NULL && !opt.dry_run)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "where to? give the folder of the run with -o RUN");
    if (!check_fractions(error))
        return FALSE;
    if (opt.resume && ts_tool_force())
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--resume and --force exclude each other");
    return TRUE;
}

static gboolean
gather_options(const char *dataset, TsRunOptions *options, GError **error)
{
    *options = (TsRunOptions){
        .dataset = dataset,
        .root = opt.root,
        .folder = opt.output,
        .train_split = opt.train_split != NULL ? opt.train_split : "train",
        .val_split = opt.val_split != NULL ? opt.val_split : "val",
        .command = (const char *const *) command_line,
        .architecture = opt.model != NULL ? opt.model : "cnn",
        .channels = opt.channels,
        .mean = opt.mean,
        .std = opt.std,
        .epochs = (guint) opt.epochs,
        .batch_size = (guint) opt.batch_size,
        .seed = ts_tool_seed(),
        .cache_bytes = (gsize) opt.cache_mb << 20,
        .loss = opt.loss != NULL ? opt.loss : "cross-entropy",
        .class_weights_from = (guint) opt.weights_from,
        .class_weights = opt.class_weights != NULL ? opt.class_weights : "none",
        .monitor = opt.monitor,
        .patience = (guint) opt.patience,
        .min_delta = opt.min_delta,
        .callbacks = opt.callbacks,
        .histogram_epochs = (guint) opt.histograms,
        .tensorboard = !opt.no_tensorboard,
        .resume = opt.resume,
        .replace = ts_tool_force(),
    };
    if (opt.augment != NULL && !ts_augment_parse(opt.augment, &options->augment, error))
        return FALSE;
    if (opt.size != NULL &&
        !ts_parse_size(opt.size, "--size", &options->width, &options->height, error))
        return FALSE;
    return choose_optimizer(&options->optimizer, error) &&
           (opt.clip == NULL || ts_clip_parse(opt.clip, &options->clip, error)) &&
           choose_schedule(options, error);
}

static gboolean
print_plan(TsRun *run, GError **error)
{
    g_autoptr(TsReport) report = ts_report_new();
    return ts_run_describe(run, report, error) && ts_report_print(report, ts_tool_format(), error);
}

/* A run that was stopped by a signal and could be saved ends with 3, so that a job script can put
 * itself into the queue again. */
static gboolean
train(TsRun *run, GError **error)
{
    GError *failure = NULL;
    if (ts_run_train(run, &failure)) {
        const TsTrainer *trainer = ts_run_trainer(run);
        if (trainer->stop_reason != NULL)
            ts_info("stopped early: %s", trainer->stop_reason);
        ts_info("%s/model.safetensors is the model of the best epoch", opt.output);
        return TRUE;
    }
    if (!g_error_matches(failure, TS_ERROR, TS_ERROR_INTERRUPTED) || ts_run_trainer(run) == NULL) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    ts_warning("%s; the run is saved, the same command with --resume goes on", failure->message);
    g_error_free(failure);
    ts_tool_set_status(3);
    return TRUE;
}

static gboolean
run(int n_args, char **args, GError **error)
{
    TsRunOptions options;
    if (!check_numbers(error) || !gather_options(n_args > 0 ? args[0] : "-", &options, error))
        return FALSE;
    g_autoptr(TsRun) training = ts_run_new(&options, error);
    if (training == NULL)
        return FALSE;
    return opt.dry_run ? print_plan(training, error) : train(training, error);
}

static const char description_text[] =
    "DATASET is a manifest (.tsv), a folder with a folder for each class, another layout\n"
    "of tessera-manifest(5), or - for a manifest on standard input (the default).\n"
    "Rows with split=train are learned from,\n"
    "rows with split=val are validated on after each epoch; without a split column all\n"
    "rows are learned from. An iteration is one update of the weights by one batch, an\n"
    "epoch is one pass over the training rows.\n\n"
    "RUN then holds model.safetensors (best epoch), last.ckpt (for --resume), history.csv,\n"
    "run.json and events for TensorBoard. A signal saves the run and ends with status 3.\n\n"
    "Models:\n"
    "  cnn[:width=16,dropout=0.2]    three stages of 3x3 convolutions, for small tiles\n"
    "  mlp[:hidden=128,dropout=0]    one hidden layer\n\n"
    "Optimizers, with the learning rates that they begin with:\n";

int
main(int argc, char **argv)
{
    g_autofree char *optimizers = ts_optimizer_help();
    g_autofree char *description =
        g_strconcat(description_text, optimizers, "\n\nSchedules:\n", ts_schedule_help(),
                    "\n\nLosses:\n", ts_loss_help(), "\n\nCallbacks:\n", ts_callback_help(), NULL);
    const TsTool tool = {
        .name = "train",
        .arguments = "[DATASET]",
        .summary = "Learn a classifier from a data set, into a run folder.",
        .description = description,
        .examples = "  train --dry-run tiles.tsv\n"
                    "  train -o run --epochs 30 --early-stopping 5 tiles.tsv\n"
                    "  rebalance tiles.tsv | train -o run --optimizer adam --lr 0.002",
        .flags = TS_TOOL_THREADS | TS_TOOL_SEED | TS_TOOL_PROGRESS | TS_TOOL_FORCE |
                 TS_TOOL_FORMAT | TS_TOOL_COMPUTE,
        .min_args = 0,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    command_line = g_strdupv(argv);
    int status = ts_tool_main(&tool, argc, argv);
    g_strfreev(command_line);
    return status;
}
