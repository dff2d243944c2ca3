/* A model from a file of weights: what the caller leaves open is taken from the file. */
#include "nn/pretrained/pretrained.h"

#include "base/error.h"
#include "nn/pretrained/detect.h"

gboolean
ts_pretrained_is_ours(const TsWeightFile *file)
{
    const char *format = ts_weight_file_metadata(file, "format");
    return format != NULL && g_str_has_prefix(format, "tessera ");
}

gboolean
ts_pretrained_read_settings(const TsWeightFile *file, TsModelSettings *settings, GError **error)
{
    g_autoptr(TsState) state = ts_state_new();
    g_autofree const char **metadata = ts_weight_file_all_metadata(file);
    for (const char **pair = metadata; *pair != NULL; pair += 2)
        ts_state_set(state, pair[0], pair[1]);
    return ts_model_read_settings(state, ts_weight_file_path(file), settings, error);
}

/* What somebody else's file tells by its tensors. */
static gboolean
detect_settings(const TsWeightFile *file, const TsPretrainedOptions *options,
                TsModelSettings *settings, GError **error)
{
    int channels = 0, classes = 0;
    settings->architecture = options->architecture != NULL ? g_strdup(options->architecture)
                                                           : ts_pretrained_detect(file, error);
    if (settings->architecture == NULL)
        return FALSE;
    ts_detect_match(file, settings->architecture, &channels, &classes);
    settings->classes = ts_model_number_classes(MAX(classes, 1));
    return options->preprocess != NULL ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "%s: does not say how pictures become its input: size, mean, std and crop "
                        "have to be given, as they stand where the weights are from",
                        ts_weight_file_path(file));
}

static void
take_options(const TsPretrainedOptions *options, TsModelSettings *settings)
{
    if (options->architecture != NULL) {
        g_free(settings->architecture);
        settings->architecture = g_strdup(options->architecture);
    }
    if (options->classes != NULL) {
        g_strfreev(settings->classes);
        settings->classes = g_strdupv((char **) options->classes);
    }
    if (options->preprocess != NULL)
        settings->preprocess = *options->preprocess;
}

TsModel *
ts_pretrained_read(const char *path, const TsPretrainedOptions *options, TsLoadReport **report,
                   GError **error)
{
    g_auto(TsModelSettings) settings = {0};
    g_autoptr(TsWeightFile) file = ts_weight_file_read(path, error);
    if (file == NULL ||
        !(ts_pretrained_is_ours(file) ? ts_pretrained_read_settings(file, &settings, error)
                                      : detect_settings(file, options, &settings, error)))
        return NULL;
    take_options(options, &settings);
    g_autoptr(TsModel) model = ts_model_new(
        settings.architecture, (const char *const *) settings.classes, &settings.preprocess, error);
    if (model == NULL || !ts_pretrained_load(model, file, &options->load, report, error))
        return NULL;
    model->multi_label = options->classes == NULL && ts_pretrained_is_ours(file) &&
                         g_strcmp0(ts_weight_file_metadata(file, "multi_label"), "true") == 0;
    return g_steal_pointer(&model);
}
