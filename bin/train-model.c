/* train's options of the model. */
#include "train.h"

#include "base/error.h"

static struct {
    char *model, *arch;
    char *architecture; /* what --arch says; the run borrows it until the tool ends */
} opt;

const GOptionEntry train_model_options[] = {
    {"model", 'm', 0, G_OPTION_ARG_STRING, &opt.model, "Architecture (default: cnn)",
     "NAME[:KEY=VALUE,...]"},
    {"arch", 0, 0, G_OPTION_ARG_FILENAME, &opt.arch,
     "The same, or an architecture of one's own: a text of layers, see tessera-arch(5)",
     "NAME|FILE"},
    G_OPTION_ENTRY_NULL,
};

gboolean
train_model_fill(TsRunOptions *options, GError **error)
{
    options->architecture = opt.model;
    if (opt.model != NULL && opt.arch != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--model and --arch exclude each other");
    if (opt.arch != NULL) {
        options->architecture = opt.architecture = train_read_arch(opt.arch, error);
        if (opt.architecture == NULL)
            return FALSE;
    }
    return train_compute_fill(options, error);
}
