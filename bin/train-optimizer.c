/* train's options of the optimizer: batches, and how their gradients become steps. */
#include "train.h"

static struct {
    char *optimizer, *clip;
    int batch_size, accumulate;
    double weight_decay;
} opt = {.batch_size = 64, .accumulate = 1, .weight_decay = TRAIN_NOT_GIVEN};

const GOptionEntry train_optimizer_options[] = {
    {"batch-size", 'b', 0, G_OPTION_ARG_INT, &opt.batch_size, "Samples in one batch (default: 64)",
     "N"},
    {"accumulate", 0, 0, G_OPTION_ARG_INT, &opt.accumulate,
     "Batches in one update, for large ones in little memory (default: 1)", "N"},
    {"optimizer", 0, 0, G_OPTION_ARG_STRING, &opt.optimizer,
     "How gradients become steps, see below (default: sgd)", "NAME[:KEY=VALUE,...]"},
    {"weight-decay", 0, 0, G_OPTION_ARG_DOUBLE, &opt.weight_decay,
     "Of weights, not of biases and batch norm (default: 0, adamw 0.01)", "X"},
    {"clip", 0, 0, G_OPTION_ARG_STRING, &opt.clip,
     "Keep gradients short: norm:C all together, value:C each number, agc:C each unit by its "
     "weights (default: no clipping)",
     "KIND:C"},
    G_OPTION_ENTRY_NULL,
};

gboolean
train_optimizer_fill(TsRunOptions *options, GError **error)
{
    const double decay = opt.weight_decay == TRAIN_NOT_GIVEN ? 0 : opt.weight_decay;
    const TrainBounds checks[] = {{"--batch-size", opt.batch_size, 1, TRAIN_MOST, FALSE},
                                  {"--accumulate", opt.accumulate, 1, TRAIN_MOST, FALSE},
                                  {"--batch-size times --accumulate",
                                   (double) opt.batch_size * opt.accumulate, 1, TRAIN_MOST, FALSE},
                                  {"--weight-decay", decay, 0, TRAIN_MOST, FALSE}};
    if (!train_check_bounds(checks, G_N_ELEMENTS(checks), error) ||
        !ts_optimizer_parse(opt.optimizer != NULL ? opt.optimizer : "sgd", &options->optimizer,
                            error))
        return FALSE;
    options->batch_size = (guint) opt.batch_size;
    options->accumulate = (guint) opt.accumulate;
    if (opt.weight_decay != TRAIN_NOT_GIVEN)
        options->optimizer.weight_decay = opt.weight_decay;
    return opt.clip == NULL || ts_clip_parse(opt.clip, &options->clip, error);
}
