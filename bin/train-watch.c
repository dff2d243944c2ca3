/* train's options of the run: its folder, what is best in it, callbacks. */
#include "train.h"

#include "base/error.h"
#include "base/tool.h"

static struct {
    char *output, *val_split, *monitor, *ema, *swa;
    int patience, histograms, keep_best;
    double min_delta;
    char **callbacks;
    gboolean no_tensorboard, resume;
} opt = {.histograms = 1};

const GOptionEntry train_watch_options[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output, "Folder of the run", "RUN"},
    {"resume", 0, 0, G_OPTION_ARG_NONE, &opt.resume,
     "Go on where the run in the folder stopped; begin if there is none", NULL},
    {"val-split", 0, 0, G_OPTION_ARG_STRING, &opt.val_split,
     "Value of column split to validate on (default: val)", "NAME"},
    {"monitor", 0, 0, G_OPTION_ARG_STRING, &opt.monitor,
     "Number that decides what is best: val_loss, val_accuracy, val_balanced_accuracy, loss or "
     "accuracy; of label sets val_macro_f1, val_micro_f1 or val_map too (default: val_loss; "
     "without validation rows the last epoch is kept)",
     "NAME"},
    {"keep-best", 0, 0, G_OPTION_ARG_INT, &opt.keep_best,
     "Keep the models of the K best epochs too, as epoch-NNN.safetensors (default: 0)", "K"},
    {"ema", 0, 0, G_OPTION_ARG_STRING, &opt.ema,
     "Validate and keep the moving average of the weights, see callback ema below",
     "DECAY|KEY=VALUE,..."},
    {"swa", 0, 0, G_OPTION_ARG_STRING, &opt.swa,
     "Average the weights of the last epochs, see callback swa below", "KEY=VALUE,..."},
    {"early-stopping", 0, 0, G_OPTION_ARG_INT, &opt.patience,
     "Stop after N epochs without improvement (default: 0, never)", "N"},
    {"min-delta", 0, 0, G_OPTION_ARG_DOUBLE, &opt.min_delta,
     "What counts as an improvement for early stopping (default: 0)", "X"},
    {"callback", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.callbacks,
     "Add a callback, see below; may be given again", "NAME[:ARGUMENT]"},
    {"histograms", 0, 0, G_OPTION_ARG_INT, &opt.histograms,
     "Weights and gradients as distributions for TensorBoard each N epochs (default: 1; 0: never)",
     "N"},
    {"no-tensorboard", 0, 0, G_OPTION_ARG_NONE, &opt.no_tensorboard, "Write no TensorBoard events",
     NULL},
    G_OPTION_ENTRY_NULL,
};

static gboolean
check_numbers(GError **error)
{
    const TrainBounds checks[] = {{"--early-stopping", opt.patience, 0, TRAIN_MOST, FALSE},
                                  {"--min-delta", opt.min_delta, 0, TRAIN_MOST, FALSE},
                                  {"--keep-best", opt.keep_best, 0, 1 << 20, FALSE},
                                  {"--histograms", opt.histograms, 0, TRAIN_MOST, FALSE}};
    return train_check_bounds(checks, G_N_ELEMENTS(checks), error);
}

gboolean
train_watch_fill(TsRunOptions *options, GError **error)
{
    if (opt.output == NULL && !train_is_dry_run() && train_dump_folder() == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "where to? give the folder of the run with -o RUN");
    if (opt.output == NULL && opt.resume)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--resume: of which run? give its folder with -o RUN");
    if (opt.resume && ts_tool_force())
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--resume and --force exclude each other");
    if (opt.min_delta > 0 && opt.patience == 0)
        return ts_error_set(
            error, TS_ERROR_ARGUMENT,
            "--min-delta is that of --early-stopping, which is not given; callbacks "
            "have min_delta= of their own");
    options->folder = opt.output;
    options->val_split = opt.val_split != NULL ? opt.val_split : "val";
    options->monitor = opt.monitor;
    options->patience = (guint) opt.patience;
    options->min_delta = opt.min_delta;
    options->ema = opt.ema;
    options->swa = opt.swa;
    options->keep_best = (guint) opt.keep_best;
    options->callbacks = opt.callbacks;
    options->histogram_epochs = (guint) opt.histograms;
    options->tensorboard = !opt.no_tensorboard;
    options->resume = opt.resume;
    options->replace = ts_tool_force();
    return check_numbers(error);
}
