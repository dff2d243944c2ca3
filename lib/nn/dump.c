/* --dump: the files of one step. */
#include "nn/dump.h"

#include "base/error.h"
#include "base/outfile.h"
#include "base/outfolder.h"
#include "nn/ops/op.h"
#include "nn/run_private.h"
#include "nn/trainer_private.h"
#include "store/json.h"
#include "store/npy.h"

#include <string.h>

typedef struct {
    const TsTrainer *trainer;
    const char *folder;
    GString *index;
} Dump;

/* ---- files ---- */

static char *
describe_shape(const TsTensor *tensor)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < tensor->rank; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i > 0 ? "x" : "", tensor->shape[i]);
    return g_string_free(text, FALSE);
}

/* Write PART/NAME.npy, or NAME.npy where there is no part, and a row of the index. */
static gboolean
write_array(Dump *dump, const char *part, const char *name, const TsTensor *array,
            const char *layer, GError **error)
{
    g_autofree char *file =
        g_strconcat(part != NULL ? part : "", part != NULL ? "/" : "", name, ".npy", NULL);
    g_autofree char *path = g_build_filename(dump->folder, file, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *shape = describe_shape(array);
    g_string_append_printf(dump->index, "%s\t%s\t%s\t%s\t%s\n", file, part != NULL ? part : name,
                           shape, ts_dtype_name(array->dtype), layer);
    return ts_make_folder(folder, error) && ts_npy_write(path, array, FALSE, error);
}

static gboolean
write_numbers(Dump *dump, const char *name, TsDtype dtype, const void *data, gsize n,
              GError **error)
{
    const TsTensor array = {.dtype = dtype,
                            .rank = 1,
                            .shape = {(gint64) n},
                            .data = data,
                            .n_bytes = n * ts_dtype_size(dtype)};
    return write_array(dump, NULL, name, &array, "\t\t\t", error);
}

/* All parameters, or the gradients of those that this step trains, in plain form. */
static gboolean
write_params(Dump *dump, const char *part, gboolean gradients, GError **error)
{
    const TsParams *params = dump->trainer->model->params;
    for (guint i = 0; i < params->n; i++) {
        const TsParam *param = &params->param[i];
        if (gradients && !ts_param_is_trained(param))
            continue;
        g_autofree float *plain = g_try_new(float, param->n);
        if (plain == NULL)
            return ts_error_set(error, TS_ERROR_NO_MEMORY, "no memory for %s", param->spec->name);
        TsTensor array = {.dtype = TS_DTYPE_F32,
                          .rank = param->spec->rank,
                          .data = plain,
                          .n_bytes = param->n * sizeof(float)};
        memcpy(array.shape, param->spec->shape, sizeof param->spec->shape);
        if (!ts_param_get_plain(param, gradients ? param->grad : param->data, plain, error) ||
            !write_array(dump, part, param->spec->name, &array, "\t\t\t", error))
            return FALSE;
    }
    return TRUE;
}

/* ---- layers ---- */

/* What a layer does, as other software has to do it. */
static char *
describe_settings(const TsNode *node)
{
    const TsConvOptions *conv = &node->conv;
    GString *text = g_string_new(NULL);
    if (conv->kernel > 0) {
        g_string_append_printf(text, "kernel=%d,stride=%d,", conv->kernel, MAX(conv->stride, 1));
        if (conv->same)
            g_string_append(text, "pad=same,");
        else
            g_string_append_printf(text, "pad=%d,", conv->pad);
    }
    if (conv->groups > 0)
        g_string_append_printf(text, "groups=%d,", conv->groups);
    if (strcmp(node->op->name, "pool") == 0)
        g_string_append_printf(text, "%skind=%s,", conv->kernel == 0 ? "kernel=all," : "",
                               node->pool == TS_POOL_MAX ? "max" : "avg");
    if (node->epsilon > 0)
        g_string_append_printf(text, "epsilon=%g,momentum=%g,", (double) node->epsilon, node->rate);
    else if (node->rate > 0)
        g_string_append_printf(text, "rate=%g,", node->rate);
    g_string_truncate(text, text->len > 0 ? text->len - 1 : 0);
    return g_string_free(text, FALSE);
}

/* "03-conv2", unlike any other layer's. */
static char *
name_layer(const TsNode *node, guint i)
{
    return g_strdup_printf("%03u-%s", i, node->name);
}

static gboolean
write_layer(const TsNode *node, guint i, gboolean is_gradient, const TsTensor *values,
            gpointer data, GError **error)
{
    Dump *dump = data;
    g_autofree char *name = name_layer(node, i), *settings = describe_settings(node);
    g_autoptr(GString) inputs = g_string_new(NULL);
    for (guint k = 0; k < node->n_inputs; k++) {
        g_autofree char *input =
            name_layer(ts_graph_node(dump->trainer->model->graph, node->input[k]), node->input[k]);
        g_string_append_printf(inputs, "%s%s", k > 0 ? "," : "", input);
    }
    g_autofree char *layer =
        g_strdup_printf("%s\t%s\t%s\t%s", name, node->op->name, inputs->str, settings);
    const char *what = is_gradient ? "activation_gradients" : "activations";
    if (values != NULL)
        return write_array(dump, what, name, values, layer, error);
    g_string_append_printf(dump->index, "\\N\t%s\t\\N\t\\N\t%s\n", what, layer);
    return TRUE;
}

/* ---- the step ---- */

/* What mixup and its like say of each sample. */
static gboolean
write_mixture(Dump *dump, const TsBatch *batch, GError **error)
{
    if (batch->shares == NULL)
        return TRUE;
    return write_numbers(dump, "shares", TS_DTYPE_F32, batch->shares, batch->n, error) &&
           write_numbers(dump, "other_labels", TS_DTYPE_I32, batch->other_labels, batch->n,
                         error) &&
           write_numbers(dump, "other_weights", TS_DTYPE_F32, batch->other_weights, batch->n,
                         error);
}

/* The class of each sample, or 1 and 0 for each label of a set. */
static gboolean
write_labels(Dump *dump, const TsBatch *batch, GError **error)
{
    if (batch->targets == NULL)
        return write_numbers(dump, "labels", TS_DTYPE_I32, batch->labels, batch->n, error);
    const TsTensor targets = {.dtype = TS_DTYPE_F32,
                              .rank = 2,
                              .shape = {batch->n, batch->n_targets},
                              .data = batch->targets,
                              .n_bytes =
                                  (gsize) batch->n * batch->n_targets * sizeof *batch->targets};
    return write_array(dump, NULL, "targets", &targets, "\t\t\t", error);
}

static gboolean
write_batch(Dump *dump, GError **error)
{
    const TsBatch *batch = dump->trainer->batch_in_hand;
    const TsPreprocess *how = &dump->trainer->model->preprocess;
    const TsTensor input = {.dtype = TS_DTYPE_F32,
                            .rank = 4,
                            .shape = {batch->n, how->channels, how->height, how->width},
                            .data = batch->images,
                            .n_bytes = batch->n * ts_preprocess_n_bytes(how) * sizeof(float)};
    g_autofree gint64 *rows = g_new(gint64, batch->n);
    for (guint i = 0; i < batch->n; i++)
        rows[i] = (gint64) batch->rows[i];
    return write_array(dump, NULL, "input", &input, "\t\t\t", error) &&
           write_labels(dump, batch, error) &&
           write_numbers(dump, "sample_weights", TS_DTYPE_F32, batch->weights, batch->n, error) &&
           write_numbers(dump, "rows", TS_DTYPE_I64, rows, batch->n, error) &&
           write_mixture(dump, batch, error) && write_params(dump, "before", FALSE, error);
}

static gboolean
write_stage(TsStepStage stage, gpointer data, GError **error)
{
    Dump *dump = data;
    switch (stage) {
    case TS_STEP_BEGIN:
        return write_batch(dump, error);
    case TS_STEP_LOSS:
        return write_numbers(dump, "loss", TS_DTYPE_F64, &dump->trainer->batch_loss, 1, error);
    case TS_STEP_GRADIENTS:
        return write_params(dump, "gradients", TRUE, error);
    case TS_STEP_CLIPPED:
        return write_params(dump, "clipped_gradients", TRUE, error);
    case TS_STEP_END:
        break;
    }
    return write_params(dump, "after", FALSE, error);
}

static gboolean
write_settings(const Dump *dump, GError **error)
{
    const TsTrainer *trainer = dump->trainer;
    const TsOptimizerOptions *optimizer = ts_optimizer_options(trainer->optimizer);
    g_autofree char *path = g_build_filename(dump->folder, "step.json", NULL);
    g_autoptr(TsJson) json = ts_json_new();
    ts_json_set_string(json, "tessera_version", TS_VERSION);
    ts_json_set_string(json, "architecture", trainer->model->architecture);
    ts_json_set_strings(json, "classes", (const char *const *) trainer->model->classes);
    ts_json_set_int(json, "iteration", (gint64) trainer->iteration);
    ts_json_set_int(json, "epoch", (gint64) trainer->epoch + 1);
    ts_json_set_int(json, "seed", (gint64) trainer->options.seed);
    ts_json_set_double(json, "loss", trainer->batch_loss);
    ts_json_set_double(json, "learning_rate", ts_trainer_rate(trainer));
    ts_json_set_string(json, "optimizer", ts_optimizer_kind_name(optimizer->kind));
    ts_json_set_double(json, "weight_decay", optimizer->weight_decay);
    ts_json_set_double(json, "momentum", optimizer->momentum);
    ts_json_set_double(json, "beta1", optimizer->beta1);
    ts_json_set_double(json, "beta2", optimizer->beta2);
    ts_json_set_double(json, "epsilon", optimizer->epsilon);
    return ts_json_write(json, path, FALSE, error);
}

static gboolean
write_index(const Dump *dump, GError **error)
{
    g_autofree char *path = g_build_filename(dump->folder, "index.tsv", NULL);
    return ts_write_file(path, dump->index->str, dump->index->len, FALSE, error);
}

/* A run may have been stopped after its last batch, in the validation. */
static gboolean
next_step_exists(const TsTrainer *trainer)
{
    const gboolean validates = trainer->options.steps == 0 &&
                               trainer->epoch + 1 == trainer->options.epochs &&
                               trainer->batch == ts_loader_n_batches(trainer->train);
    return !validates && !ts_trainer_is_complete(trainer);
}

static gboolean
open_step(TsRun *run, GError **error)
{
    if (!ts_run_open_trainer(run, error) || !ts_run_add_rates(run, error))
        return FALSE;
    if (!run->options.resume || !g_file_test(run->checkpoint_path, G_FILE_TEST_EXISTS))
        return TRUE;
    if (!ts_trainer_resume(run->trainer, error))
        return FALSE;
    return next_step_exists(run->trainer) ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "the run is complete, no step comes next; ask for more --epochs");
}

gboolean
ts_run_dump(TsRun *run, const char *folder, gboolean replace, GError **error)
{
    if (run->options.accumulate > 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--dump shows a step of one pass, leave --accumulate out");
    g_autoptr(TsOutFolder) out = ts_out_folder_new(folder, replace, error);
    if (out == NULL || !open_step(run, error))
        return FALSE;
    g_autoptr(GString) index =
        g_string_new("file\twhat\tshape\tdtype\tlayer\top\tinputs\tsettings\n");
    Dump dump = {run->trainer, ts_out_folder_path(out), index};
    const TsStepWatch watch = {write_layer, write_stage, &dump};
    run->trainer->watch = &watch;
    gboolean done = ts_trainer_run_step(run->trainer, error);
    run->trainer->watch = NULL;
    return done && write_settings(&dump, error) && write_index(&dump, error) &&
           ts_out_folder_commit(out, error);
}
