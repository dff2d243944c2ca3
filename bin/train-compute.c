/* Options of how convolutions are computed, which train, finetune and lrfind share. */
#include "train.h"

#include "base/error.h"

static struct {
    char *kernels, *precision;
} opt;

const GOptionEntry train_compute_options[] = {
    {"kernels", 0, 0, G_OPTION_ARG_STRING, &opt.kernels,
     "Convolutions: auto, direct, winograd (default: auto, by shape)", "NAME"},
    {"precision", 0, 0, G_OPTION_ARG_STRING, &opt.precision,
     "Numbers that convolutions multiply in training: f32 or bf16 (default: f32)", "NAME"},
    G_OPTION_ENTRY_NULL,
};

gboolean
train_compute_fill(TsRunOptions *options, GError **error)
{
    if ((opt.kernels != NULL && !ts_conv_kernels_parse(opt.kernels, &options->kernels, error)) ||
        (opt.precision != NULL && !ts_precision_parse(opt.precision, &options->precision, error)))
        return FALSE;
    return options->precision != TS_PRECISION_BF16 || options->kernels != TS_KERNELS_WINOGRAD ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--kernels winograd: with --precision bf16 all kernels are direct");
}
