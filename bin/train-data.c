/* train's options of samples: which rows, how they become numbers, how they are changed. */
#include "train.h"

#include "base/number.h"

#include <math.h>

static struct {
    char *root, *size, *train_split, *augment;
    char **mix;
    int channels, cache_mb;
    double mean, std;
} opt = {.cache_mb = 1024, .mean = TRAIN_NOT_GIVEN, .std = TRAIN_NOT_GIVEN};

const GOptionEntry train_data_options[] = {
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &opt.root, "Where relative file names start", "DIR"},
    {"train-split", 0, 0, G_OPTION_ARG_STRING, &opt.train_split,
     "Value of column split to learn from (default: train)", "NAME"},
    {"size", 's', 0, G_OPTION_ARG_STRING, &opt.size,
     "Input size of the network (default: that of the first sample)", "WxH"},
    {"channels", 0, 0, G_OPTION_ARG_INT, &opt.channels,
     "Input channels, 1 grey or 3 colour (default: as the first sample)", "N"},
    {"mean", 0, 0, G_OPTION_ARG_DOUBLE, &opt.mean,
     "Mean that is taken from pixels scaled to 0..1 (default: 0.5)", "X"},
    {"std", 0, 0, G_OPTION_ARG_DOUBLE, &opt.std, "What they are divided by (default: 0.5)", "X"},
    {"augment", 0, 0, G_OPTION_ARG_STRING, &opt.augment,
     "Change training samples at random, such as rotate=12,scale=0.2,hflip; see augment(1)",
     "LIST"},
    {"mix", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.mix,
     "Mix the samples of a batch with each other, see below; given again, one of them for each "
     "batch",
     "NAME[:KEY=VALUE,...]"},
    {"cache-mb", 0, 0, G_OPTION_ARG_INT, &opt.cache_mb,
     "Memory for decoded samples, in MiB (default: 1024)", "N"},
    G_OPTION_ENTRY_NULL,
};

gboolean
train_data_fill(TsRunOptions *options, GError **error)
{
    const double mean = opt.mean == TRAIN_NOT_GIVEN ? 0.5 : opt.mean;
    const double std = opt.std == TRAIN_NOT_GIVEN ? 0.5 : opt.std;
    const TrainBounds checks[] = {{"--mean", mean, -TRAIN_MOST, TRAIN_MOST, FALSE},
                                  {"--std", std, 0, TRAIN_MOST, TRUE},
                                  {"--cache-mb", opt.cache_mb, 0, TRAIN_MOST, FALSE},
                                  {"--channels", opt.channels, 0, TRAIN_MOST, FALSE}};
    options->root = opt.root;
    options->augment_text = opt.augment;
    options->mix_texts = opt.mix;
    options->train_split = opt.train_split != NULL ? opt.train_split : "train";
    options->channels = opt.channels;
    options->mean = opt.mean == TRAIN_NOT_GIVEN ? NAN : opt.mean;
    options->std = opt.std == TRAIN_NOT_GIVEN ? NAN : opt.std;
    options->cache_bytes = (gsize) opt.cache_mb << 20;
    for (char **mix = opt.mix; mix != NULL && *mix != NULL; mix++)
        if (!ts_mix_add(*mix, &options->mix, error))
            return FALSE;
    return train_check_bounds(checks, G_N_ELEMENTS(checks), error) &&
           (opt.augment == NULL || ts_augment_parse(opt.augment, &options->augment, error)) &&
           (opt.size == NULL ||
            ts_parse_size(opt.size, "--size", &options->width, &options->height, error));
}
