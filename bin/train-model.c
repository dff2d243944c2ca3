/* train's options of the model. */
#include "train.h"

static struct {
    char *model, *kernels;
} opt;

const GOptionEntry train_model_options[] = {
    {"model", 'm', 0, G_OPTION_ARG_STRING, &opt.model, "Architecture (default: cnn)",
     "NAME[:KEY=VALUE,...]"},
    {"kernels", 0, 0, G_OPTION_ARG_STRING, &opt.kernels,
     "Convolutions: auto, direct, winograd (default: auto, by shape)", "NAME"},
    G_OPTION_ENTRY_NULL,
};

gboolean
train_model_fill(TsRunOptions *options, GError **error)
{
    options->architecture = opt.model;
    return opt.kernels == NULL || ts_conv_kernels_parse(opt.kernels, &options->kernels, error);
}
