/* Weights loaded into an architecture: the report of it, and the model that they make. */
#include "modelinfo.h"

#include "base/error.h"
#include "base/number.h"
#include "manifest/foreign.h"
#include "nn/onnx/onnx.h"

#include <math.h>
#include <string.h>

/* ---- how pictures become input ---- */

/* One number for all channels, or one for each; NULL: as they are. */
static gboolean
parse_channels(const char *text, const char *option, int channels, float *numbers, GError **error)
{
    TsChannelValues values = {0};
    return (text == NULL || ts_channel_values_parse(text, option, &values, error)) &&
           ts_channel_values_apply(&values, option, channels, numbers, error);
}

/* Other channels than the file's have the average of its means and deviations, as their weights are
 * made of all. */
static void
change_channels(TsPreprocess *how, int channels)
{
    float mean = 0, std = 0;
    for (int c = 0; c < how->channels; c++) {
        mean += how->mean[c] / (float) how->channels;
        std += how->std[c] / (float) how->channels;
    }
    for (int c = 0; c < channels && channels != how->channels; c++) {
        how->mean[c] = mean;
        how->std[c] = std;
    }
    how->channels = channels;
}

/* What is given goes over what the file says. */
static gboolean
settle_preprocess(const ModelInfoLoad *load, TsPreprocess *how, GError **error)
{
    if (load->size != NULL &&
        !ts_parse_size(load->size, "--size", &how->width, &how->height, error))
        return FALSE;
    if (load->channels > 0)
        change_channels(how, load->channels);
    if (!parse_channels(load->mean, "--mean", how->channels, how->mean, error) ||
        !parse_channels(load->std, "--std", how->channels, how->std, error))
        return FALSE;
    if (!isnan(load->crop))
        how->crop_pct = load->crop;
    if (load->interpolation != NULL &&
        !ts_preprocess_parse_filter(load->interpolation, &how->filter, error))
        return FALSE;
    return ts_preprocess_check(how, error);
}

/* Where only the report is asked for, any input will do. */
static gboolean
start_preprocess(const ModelInfo *info, const ModelInfoLoad *load, gboolean complete,
                 TsPreprocess *how, GError **error)
{
    if (info->model != NULL) {
        *how = info->model->preprocess;
        return TRUE;
    }
    if (complete && (load->size == NULL || load->mean == NULL || load->std == NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: does not say how pictures become its input: give --size, --mean "
                            "and --std (and --crop and --interpolation), as they stand where the "
                            "weights are from",
                            info->path);
    *how = (TsPreprocess){.width = 224, .height = 224, .channels = 3, .crop_pct = 1};
    for (int c = 0; c < TS_MAX_CHANNELS; c++)
        how->std[c] = 1;
    return TRUE;
}

/* ---- loading ---- */

static gboolean
read_classes(const char *path, char ***classes, GError **error)
{
    GError *failure = NULL;
    *classes = ts_class_list_read(path, &failure);
    if (*classes != NULL)
        return TRUE;
    if (failure == NULL)
        return ts_error_set(error, TS_ERROR_IO, "--classes: there is no file %s", path);
    g_propagate_error(error, failure);
    return FALSE;
}

/* The network that an ONNX file describes, with its numbers; there is no other that they could be
 * loaded into, so there is no report. */
static gboolean
load_network(ModelInfo *info, const ModelInfoLoad *load, const char *const *classes,
             gboolean complete, GError **error)
{
    g_autoptr(TsOnnx) onnx = ts_onnx_read(info->path, error);
    if (onnx == NULL)
        return FALSE;
    if (load->size != NULL || load->channels > 0 || load->new_head || load->ignore != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--load-into onnx: takes the network as it is, without --size, "
                            "--channels, --new-head and --ignore");
    if (complete && (load->mean == NULL || load->std == NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: does not say how pictures become its input: give --mean and --std "
                            "(and --crop and --interpolation), as they stand where it is from",
                            info->path);
    TsPreprocess how = {.crop_pct = 1};
    if (onnx->n_inputs == 1 && onnx->inputs[0].rank == 4) {
        how.channels = (int) CLAMP(onnx->inputs[0].shape[1], 0, TS_MAX_CHANNELS + 1);
        how.height = (int) CLAMP(onnx->inputs[0].shape[2], 0, G_MAXINT);
        how.width = (int) CLAMP(onnx->inputs[0].shape[3], 0, G_MAXINT);
    }
    if (how.channels < 1 || how.channels > TS_MAX_CHANNELS)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: its input is no batch of pictures of 1 to %d channels and a fixed "
                            "size",
                            info->path, TS_MAX_CHANNELS);
    for (int c = 0; c < TS_MAX_CHANNELS; c++)
        how.std[c] = 1;
    if (!settle_preprocess(load, &how, error))
        return FALSE;
    ts_model_free(info->model);
    info->model = ts_onnx_model_new(onnx, info->path, classes, &how, error);
    return info->model != NULL;
}

gboolean
modelinfo_load(ModelInfo *info, const ModelInfoLoad *load, gboolean complete, GError **error)
{
    TsPreprocess how;
    g_auto(GStrv) classes = NULL;
    if (load->classes != NULL && !read_classes(load->classes, &classes, error))
        return FALSE;
    info->made = TRUE;
    if (strcmp(load->architecture, "onnx") == 0)
        return load_network(info, load, (const char *const *) classes, complete, error);
    if (!start_preprocess(info, load, complete, &how, error) ||
        !settle_preprocess(load, &how, error))
        return FALSE;
    const TsPretrainedOptions options = {
        .architecture = strcmp(load->architecture, "auto") != 0 ? load->architecture : NULL,
        .classes = (const char *const *) classes,
        .preprocess = &how,
        .load = {.ignore = (const char *const *) load->ignore,
                 .head = load->new_head ? TS_HEAD_IF_NEEDED : TS_HEAD_KEPT,
                 .adapt_input = load->channels > 0,
                 .seed = ts_tool_seed()}};
    TsModel *model = ts_pretrained_read(info->path, &options, &info->loaded, error);
    if (model == NULL)
        return FALSE;
    ts_model_free(info->model);
    info->model = model;
    return TRUE;
}
