/* train's options of the loss, and of how classes count in it. */
#include "train.h"

#include "base/error.h"

static struct {
    char *loss, *class_weights, *pos_weights, *sampler;
    int weights_from;
    gboolean multi_label;
} opt;

const GOptionEntry train_loss_options[] = {
    {"loss", 0, 0, G_OPTION_ARG_STRING, &opt.loss,
     "What is made small, see below (default: cross-entropy, of label sets bce)",
     "NAME[:KEY=VALUE,...]"},
    {"multi-label", 0, 0, G_OPTION_ARG_NONE, &opt.multi_label,
     "Cells hold several labels, separated by ';': learn each by itself", NULL},
    {"pos-weights", 0, 0, G_OPTION_ARG_STRING, &opt.pos_weights,
     "Weigh the rows that have a label: positive, (N - n) / n for a label of n rows, or a table "
     "FILE.tsv with columns class and weight (default: none)",
     "NAME"},
    {"class-weights", 0, 0, G_OPTION_ARG_STRING, &opt.class_weights,
     "Weigh the loss: balanced, effnum:B or class-balanced:B, inverse, sqrt, log, or a table "
     "FILE.tsv with columns "
     "class and weight (default: none)",
     "NAME"},
    {"class-weights-from", 0, 0, G_OPTION_ARG_INT, &opt.weights_from,
     "Weigh the loss after N epochs (default: 0, from the beginning)", "N"},
    {"sampler", 0, 0, G_OPTION_ARG_STRING, &opt.sampler,
     "Which training rows an epoch is made of, see below (default: shuffle)",
     "NAME[:KEY=VALUE,...]"},
    G_OPTION_ENTRY_NULL,
};

gboolean
train_loss_fill(TsRunOptions *options, GError **error)
{
    const TrainBounds check = {"--class-weights-from", opt.weights_from, 0, TRAIN_MOST, FALSE};
    options->loss = opt.loss;
    options->multi_label = opt.multi_label;
    options->pos_weights = opt.pos_weights;
    options->class_weights = opt.class_weights != NULL ? opt.class_weights : "none";
    options->sampler = opt.sampler;
    options->class_weights_from = (guint) opt.weights_from;
    if (opt.weights_from > 0 && opt.class_weights == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--class-weights-from: from when on which weights? --class-weights "
                            "says");
    return train_check_bounds(&check, 1, error);
}
