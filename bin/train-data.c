/* train's options of samples: which rows, how they become numbers, how they are changed. */
#include "train.h"

#include "base/number.h"

static struct {
    char *root, *size, *train_split, *augment, *mean, *std;
    char **mix;
    int channels, cache_mb;
} opt = {.cache_mb = 1024};

const GOptionEntry train_data_options[] = {
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &opt.root, "Where relative file names start", "DIR"},
    {"train-split", 0, 0, G_OPTION_ARG_STRING, &opt.train_split,
     "Value of column split to learn from (default: train)", "NAME"},
    {"size", 's', 0, G_OPTION_ARG_STRING, &opt.size,
     "Input size of the network (default: that of the first sample)", "WxH"},
    {"channels", 0, 0, G_OPTION_ARG_INT, &opt.channels,
     "Input channels, 1 grey or 3 colour (default: as the first sample)", "N"},
    {"mean", 0, 0, G_OPTION_ARG_STRING, &opt.mean,
     "Mean that is taken from pixels scaled to 0..1, a number or one for each channel (default: "
     "0.5)",
     "X[,X,...]"},
    {"std", 0, 0, G_OPTION_ARG_STRING, &opt.std,
     "What they are divided by, likewise (default: 0.5)", "X[,X,...]"},
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

static gboolean
parse_normalisation(TsRunOptions *options, GError **error)
{
    if ((opt.mean != NULL && !ts_channel_values_parse(opt.mean, "--mean", &options->mean, error)) ||
        (opt.std != NULL && !ts_channel_values_parse(opt.std, "--std", &options->std, error)))
        return FALSE;
    for (int c = 0; c < options->std.n; c++) {
        const TrainBounds check = {"--std", options->std.value[c], 0, TRAIN_MOST, TRUE};
        if (!train_check_bounds(&check, 1, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
train_data_fill(TsRunOptions *options, GError **error)
{
    const TrainBounds checks[] = {{"--cache-mb", opt.cache_mb, 0, TRAIN_MOST, FALSE},
                                  {"--channels", opt.channels, 0, TRAIN_MOST, FALSE}};
    options->root = opt.root;
    options->augment_text = opt.augment;
    options->mix_texts = opt.mix;
    options->train_split = opt.train_split != NULL ? opt.train_split : "train";
    options->channels = opt.channels;
    options->cache_bytes = (gsize) opt.cache_mb << 20;
    for (char **mix = opt.mix; mix != NULL && *mix != NULL; mix++)
        if (!ts_mix_add(*mix, &options->mix, error))
            return FALSE;
    return train_check_bounds(checks, G_N_ELEMENTS(checks), error) &&
           parse_normalisation(options, error) &&
           (opt.augment == NULL || ts_augment_parse(opt.augment, &options->augment, error)) &&
           (opt.size == NULL ||
            ts_parse_size(opt.size, "--size", &options->width, &options->height, error));
}
