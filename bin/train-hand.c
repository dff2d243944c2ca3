/* train's options of running by hand: look before, begin small. */
#include "train.h"

static struct {
    int overfit_batches;
    gboolean dry_run;
} opt;

const GOptionEntry train_hand_options[] = {
    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &opt.dry_run,
     "Say what would be done (samples, iterations, parameters, memory, rates) and end", NULL},
    {"overfit-batches", 0, 0, G_OPTION_ARG_INT, &opt.overfit_batches,
     "Learn from the first N batches alone, in their order and without --augment, to see that the "
     "network can learn at all",
     "N"},
    G_OPTION_ENTRY_NULL,
};

gboolean
train_is_dry_run(void)
{
    return opt.dry_run;
}

gboolean
train_hand_fill(TsRunOptions *options, GError **error)
{
    const TrainBounds check = {"--overfit-batches", opt.overfit_batches, 0, TRAIN_MOST, FALSE};
    options->overfit_batches = (guint) opt.overfit_batches;
    return train_check_bounds(&check, 1, error);
}
