/* train's options of running by hand: look before, begin small, see every number of a step. */
#include "train.h"

#include "base/error.h"

static struct {
    int overfit_batches;
    char *dump;
    gboolean dry_run, profile;
} opt;

const GOptionEntry train_hand_options[] = {
    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &opt.dry_run,
     "Say what would be done (samples, iterations, parameters, memory, rates) and end", NULL},
    {"overfit-batches", 0, 0, G_OPTION_ARG_INT, &opt.overfit_batches,
     "Learn from the first N batches alone, in their order and without --augment, to see that the "
     "network can learn at all",
     "N"},
    {"profile", 0, 0, G_OPTION_ARG_NONE, &opt.profile,
     "Measure each layer and all else of a step: a table at the end, and profile.tsv", NULL},
    {"dump", 0, 0, G_OPTION_ARG_FILENAME, &opt.dump,
     "Write all numbers of the next step as .npy files into a new folder, and end", "DIR"},
    G_OPTION_ENTRY_NULL,
};

gboolean
train_is_dry_run(void)
{
    return opt.dry_run;
}

const char *
train_dump_folder(void)
{
    return opt.dump;
}

gboolean
train_hand_fill(TsRunOptions *options, GError **error)
{
    const TrainBounds check = {"--overfit-batches", opt.overfit_batches, 0, TRAIN_MOST, FALSE};
    options->overfit_batches = (guint) opt.overfit_batches;
    options->profile = opt.profile;
    if (opt.dump != NULL && opt.dry_run)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--dry-run and --dump exclude each other");
    return train_check_bounds(&check, 1, error);
}
