/* Options of how convolutions are computed, which train, finetune and lrfind share. */
#include "train.h"

static struct {
    char *kernels, *precision;
} opt;

const GOptionEntry train_compute_options[] = {
    {"kernels", 0, 0, G_OPTION_ARG_STRING, &opt.kernels,
     "Convolutions: auto, direct, winograd, timed (default: auto, by shape)", "NAME"},
    {"precision", 0, 0, G_OPTION_ARG_STRING, &opt.precision,
     "Numbers that convolutions multiply in training: f32 or bf16 (default: f32)", "NAME"},
    G_OPTION_ENTRY_NULL,
};

gboolean
train_compute_fill(TsRunOptions *options, GError **error)
{
    return (opt.kernels == NULL || ts_conv_kernels_parse(opt.kernels, &options->kernels, error)) &&
           (opt.precision == NULL || ts_precision_parse(opt.precision, &options->precision, error));
}
