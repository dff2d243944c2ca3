/* A training run put together: rows, loaders, model, callbacks, folder. */
#include "nn/run.h"

#include "balance/weights.h"
#include "base/error.h"
#include "base/log.h"
#include "base/outfile.h"
#include "base/threads.h"
#include "layout/layout.h"
#include "sample/render.h"
#include "store/json.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

enum { LARGEST_DEFAULT_SIDE = 256 };

struct _TsRun {
    TsRunOptions options;
    TsManifest *manifest;
    TsClasses *classes;
    TsDataset *train_set, *val_set; /* val_set NULL: no validation */
    TsLoader *train, *val;
    TsModel *model;
    TsTrainer *trainer;
    TsLoss loss;
    double *class_weights; /* NULL: none */
    char *fingerprint;
    char *model_path, *checkpoint_path;
};

/* ---- data ---- */

/* Rows of a split that have a label. Without a split column all rows are training rows. */
static TsDataset *
choose_rows(TsRun *run, const char *split, gboolean is_train, GError **error)
{
    gboolean has_splits = ts_manifest_find_column(run->manifest, "split") >= 0;
    if (!has_splits && !is_train)
        return NULL;
    guint64 n, n_labelled = 0;
    g_autofree guint64 *rows =
        ts_manifest_select(run->manifest, "split", has_splits ? split : NULL, &n);
    for (guint64 i = 0; i < n; i++)
        if (run->classes->of_row[rows[i]] >= 0)
            rows[n_labelled++] = rows[i];
    if (n_labelled < n)
        ts_warning("%" G_GUINT64_FORMAT " rows of %s have no label and are left out",
                   n - n_labelled, split);
    if (n_labelled == 0 && is_train)
        ts_error_set(error, TS_ERROR_FORMAT, "%s: there are no labelled rows with split '%s'",
                     ts_manifest_name(run->manifest), split);
    if (n_labelled == 0)
        return NULL;
    return ts_dataset_new(run->manifest, rows, n_labelled, run->classes, error);
}

static void
add_rows(GChecksum *checksum, const TsManifest *manifest, const TsDataset *dataset)
{
    for (guint64 i = 0; dataset != NULL && i < ts_dataset_n(dataset); i++) {
        TsCell row = ts_manifest_raw_row(manifest, ts_dataset_row(dataset, i));
        g_checksum_update(checksum, (const guchar *) row.text, (gssize) row.length);
        g_checksum_update(checksum, (const guchar *) "\n", 1);
    }
}

/* SHA-256 of the rows that are used: a checkpoint goes with one data set. */
static char *
fingerprint_of(const TsRun *run)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    add_rows(checksum, run->manifest, run->train_set);
    g_checksum_update(checksum, (const guchar *) "\n", 1);
    add_rows(checksum, run->manifest, run->val_set);
    return g_strdup(g_checksum_get_string(checksum));
}

static gboolean
open_data(TsRun *run, GError **error)
{
    const TsRunOptions *options = &run->options;
    run->manifest = ts_layout_read(options->dataset, error);
    if (run->manifest == NULL)
        return FALSE;
    if (options->root != NULL)
        ts_manifest_set_folder(run->manifest, options->root);
    run->classes = ts_classes_new(run->manifest, "label", error);
    if (run->classes == NULL)
        return FALSE;
    if (run->classes->n < 2)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: a classifier needs two classes or more, there is %u",
                            ts_manifest_name(run->manifest), run->classes->n);
    GError *failure = NULL;
    run->train_set = choose_rows(run, options->train_split, TRUE, &failure);
    if (failure == NULL)
        run->val_set = choose_rows(run, options->val_split, FALSE, &failure);
    if (failure != NULL) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (run->val_set == NULL && strcmp(options->val_split, "val") != 0)
        ts_warning("%s: there are no labelled rows with split '%s', nothing is validated",
                   ts_manifest_name(run->manifest), options->val_split);
    run->fingerprint = fingerprint_of(run);
    return TRUE;
}

/* ---- model ---- */

/* What the options leave open is taken from the first training sample. */
static gboolean
settle_input(const TsRun *run, TsPreprocess *how, GError **error)
{
    const TsRunOptions *options = &run->options;
    *how = (TsPreprocess){.width = options->width,
                          .height = options->height,
                          .channels = options->channels,
                          .crop_pct = 1};
    if (how->width == 0 || how->channels == 0) {
        g_autoptr(TsImage) first = ts_sample_render(run->train_set, 0, error);
        if (first == NULL)
            return FALSE;
        if (how->channels == 0)
            how->channels = first->bands < 3 ? 1 : 3;
        if (how->width == 0) {
            how->width = first->width;
            how->height = first->height;
            if (how->width > LARGEST_DEFAULT_SIDE || how->height > LARGEST_DEFAULT_SIDE)
                return ts_error_set(error, TS_ERROR_ARGUMENT,
                                    "the first sample has %dx%d pixels: choose the input size with "
                                    "--size, such as --size 224x224",
                                    how->width, how->height);
        }
    }
    for (int c = 0; c < TS_MAX_CHANNELS; c++) {
        how->mean[c] = (float) options->mean;
        how->std[c] = (float) options->std;
    }
    return TRUE;
}

static gboolean
open_model(TsRun *run, GError **error)
{
    TsPreprocess how;
    if (!settle_input(run, &how, error))
        return FALSE;
    run->model = ts_model_new(run->options.architecture, (const char *const *) run->classes->names,
                              &how, error);
    if (run->model == NULL)
        return FALSE;
    ts_params_init(run->model->params, run->options.seed);
    return TRUE;
}

/* ---- loaders and weights ---- */

static TsLoader *
open_loader(const TsRun *run, TsDataset *dataset, gboolean training, gsize cache_bytes,
            GError **error)
{
    TsLoaderOptions options = {.batch_size = run->options.batch_size,
                               .shuffle = training,
                               .seed = run->options.seed,
                               .cache_bytes = cache_bytes};
    if (training)
        options.augment = run->options.augment;
    return ts_loader_new(dataset, &run->model->preprocess, &options, error);
}

/* The cache is shared out by the number of samples. */
static gboolean
open_loaders(TsRun *run, GError **error)
{
    guint64 n_train = ts_dataset_n(run->train_set);
    guint64 n_val = run->val_set != NULL ? ts_dataset_n(run->val_set) : 0;
    gsize for_val =
        (gsize) ((double) run->options.cache_bytes * n_val / (double) (n_train + n_val));
    run->train = open_loader(run, run->train_set, TRUE, run->options.cache_bytes - for_val, error);
    if (run->train == NULL)
        return FALSE;
    if (run->val_set != NULL)
        run->val = open_loader(run, run->val_set, FALSE, for_val, error);
    return run->val != NULL || run->val_set == NULL;
}

static gboolean
settle_class_weights(TsRun *run, const guint64 *counts, GError **error)
{
    const char *how = run->options.class_weights;
    if (strcmp(how, "none") == 0)
        return TRUE;
    run->loss.class_weights = run->class_weights = g_new0(double, run->classes->n);
    if (g_str_has_suffix(how, ".tsv"))
        return ts_class_weights_read(how, run->classes, run->class_weights, error);
    return ts_class_weights(how, counts, run->classes->n, run->class_weights, error);
}

/* The counts are those of the training rows, repeated rows counted as often as they stand there. */
static gboolean
settle_loss(TsRun *run, GError **error)
{
    const guint n = run->classes->n;
    g_autofree guint64 *counts = g_new0(guint64, n);
    for (guint64 i = 0; i < ts_dataset_n(run->train_set); i++)
        counts[ts_dataset_label(run->train_set, i)]++;
    return ts_loss_parse(run->options.loss, counts, n, &run->loss, error) &&
           settle_class_weights(run, counts, error);
}

static gboolean
settle_monitor(TsRun *run, GError **error)
{
    static const char *const of_training[] = {"loss", "accuracy", NULL};
    static const char *const of_validation[] = {"val_loss", "val_accuracy", "val_balanced_accuracy",
                                                NULL};
    const char *name = run->options.monitor;
    if (name == NULL)
        run->options.monitor = run->val != NULL ? "val_loss" : "loss";
    else if (g_strv_contains(of_validation, name) && run->val == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "monitor '%s' needs validation rows, there are none with split '%s'",
                            name, run->options.val_split);
    else if (!g_strv_contains(of_training, name) && !g_strv_contains(of_validation, name))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "monitor '%s' is not loss, accuracy, val_loss, val_accuracy or "
                            "val_balanced_accuracy",
                            name);
    return TRUE;
}

/* ---- the run ---- */

TsRun *
ts_run_new(const TsRunOptions *options, GError **error)
{
    g_autoptr(TsRun) run = g_new0(TsRun, 1);
    run->options = *options;
    if (options->folder != NULL) {
        run->model_path = g_build_filename(options->folder, "model.safetensors", NULL);
        run->checkpoint_path = g_build_filename(options->folder, "last.ckpt", NULL);
    }
    if (!open_data(run, error) || !open_model(run, error) || !open_loaders(run, error) ||
        !settle_loss(run, error) || !settle_monitor(run, error))
        return NULL;
    return g_steal_pointer(&run);
}

void
ts_run_free(TsRun *run)
{
    if (run == NULL)
        return;
    ts_trainer_free(run->trainer);
    ts_loader_free(run->train);
    ts_loader_free(run->val);
    ts_model_free(run->model);
    ts_dataset_free(run->train_set);
    ts_dataset_free(run->val_set);
    ts_classes_free(run->classes);
    ts_manifest_free(run->manifest);
    ts_loss_clear(&run->loss);
    g_free(run->class_weights);
    g_free(run->fingerprint);
    g_free(run->model_path);
    g_free(run->checkpoint_path);
    g_free(run);
}

const TsTrainer *
ts_run_trainer(const TsRun *run)
{
    return run->trainer;
}

static gboolean
open_trainer(TsRun *run, GError **error)
{
    const TsRunOptions *options = &run->options;
    const TsTrainerOptions trainer = {.batch_size = options->batch_size,
                                      .epochs = options->epochs,
                                      .seed = options->seed,
                                      .learning_rate = options->schedule.rate,
                                      .loss = run->loss,
                                      .class_weights_from = options->class_weights_from,
                                      .optimizer = options->optimizer,
                                      .clip = options->clip,
                                      .checkpoint = run->checkpoint_path,
                                      .dataset = run->fingerprint};
    run->trainer = ts_trainer_new(run->model, &trainer, run->train, run->val, error);
    return run->trainer != NULL;
}

static gsize
parameter_bytes(const TsParams *params)
{
    gsize numbers = 0;
    for (guint i = 0; i < params->n; i++)
        numbers += params->param[i].n_stored;
    return numbers * sizeof(float);
}

gboolean
ts_run_describe(TsRun *run, TsReport *report, GError **error)
{
    if (run->trainer == NULL && !open_trainer(run, error))
        return FALSE;
    const TsPreprocess *how = &run->model->preprocess;
    const TsGraph *graph = run->model->graph;
    const gint64 iterations = (gint64) ts_loader_n_batches(run->train);
    const gint64 n_val = run->val_set != NULL ? (gint64) ts_dataset_n(run->val_set) : 0;
    const gsize copies = 2 + ts_optimizer_n_moments(&run->options.optimizer);
    g_autofree char *input = g_strdup_printf("%dx%dx%d", how->channels, how->height, how->width);
    ts_report_begin_values(report, "plan");
    ts_report_value_text(report, "model", run->model->architecture);
    ts_report_value_int(report, "classes", run->classes->n);
    ts_report_value_text(report, "input", input);
    ts_report_value_int(report, "train_samples", (gint64) ts_dataset_n(run->train_set));
    ts_report_value_int(report, "val_samples", n_val);
    ts_report_value_int(report, "batch_size", run->options.batch_size);
    ts_report_value_int(report, "iterations_per_epoch", iterations);
    ts_report_value_int(report, "epochs", run->options.epochs);
    ts_report_value_int(report, "iterations", iterations * run->options.epochs);
    ts_report_value_int(report, "parameters", ts_graph_n_parameters(graph));
    ts_report_value_int(report, "multiply_adds_per_sample", ts_graph_multiply_adds(graph));
    ts_report_value_int(report, "activation_bytes",
                        (gint64) ts_net_planned_bytes(run->trainer->net));
    ts_report_value_int(report, "activation_bytes_without_sharing",
                        (gint64) ts_net_unplanned_bytes(run->trainer->net));
    /* Data, gradient and the optimizer's moments. */
    ts_report_value_int(report, "weight_bytes",
                        (gint64) (copies * parameter_bytes(run->model->params)));
    return TRUE;
}

/* ---- the folder ---- */

/* What is left of an old run would be taken for the new one's: --resume would go on with the old
 * checkpoint, TensorBoard would show both as one. */
static gboolean
remove_old_run(const TsRun *run, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(run->options.folder, 0, error);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(run->options.folder, name, NULL);
        gboolean old = strcmp(name, "last.ckpt") == 0 || strcmp(name, "model.safetensors") == 0 ||
                       strcmp(name, "history.csv") == 0 ||
                       g_str_has_prefix(name, "events.out.tfevents.");
        if (old && g_unlink(path) != 0)
            return ts_error_set_errno(error, errno, "%s: cannot be replaced", path);
    }
    return dir != NULL;
}

static gboolean
prepare_folder(const TsRun *run, GError **error)
{
    gboolean there = g_file_test(run->checkpoint_path, G_FILE_TEST_EXISTS) ||
                     g_file_test(run->model_path, G_FILE_TEST_EXISTS);
    if (there && !run->options.resume && !run->options.replace)
        return ts_error_set(
            error, TS_ERROR_IO,
            "%s: holds a run already; --resume goes on with it, --force begins anew",
            run->options.folder);
    if (!ts_make_folder(run->options.folder, error))
        return FALSE;
    return run->options.resume || remove_old_run(run, error);
}

static gboolean
write_run_json(const TsRun *run, GError **error)
{
    g_autofree char *path = g_build_filename(run->options.folder, "run.json", NULL);
    g_autoptr(TsJson) json = ts_json_new();
    ts_json_set_string(json, "tessera_version", TS_VERSION);
    ts_json_set_string(json, "kernels", ts_dnnl_version());
    ts_json_set_int(json, "threads", ts_threads_get());
    ts_json_set_strings(json, "command", run->options.command);
    ts_json_set_string(json, "dataset", ts_manifest_name(run->manifest));
    ts_json_set_string(json, "dataset_sha256", run->fingerprint);
    ts_json_set_int(json, "train_samples", (gint64) ts_dataset_n(run->train_set));
    ts_json_set_int(json, "val_samples",
                    run->val_set != NULL ? (gint64) ts_dataset_n(run->val_set) : 0);
    ts_json_set_string(json, "architecture", run->model->architecture);
    ts_json_set_int(json, "parameters", ts_graph_n_parameters(run->model->graph));
    ts_json_set_int(json, "seed", (gint64) run->options.seed);
    return ts_json_write(json, path, TRUE, error);
}

/* The command line as it can be given to a shell again, as a block of Markdown. */
static char *
describe_command(const char *const *words)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-+=./:,@%";
    g_autoptr(GString) text = g_string_new("   ");
    for (; words != NULL && *words != NULL; words++) {
        g_autofree char *quoted = g_shell_quote(*words);
        gboolean is_plain = **words != '\0' && strspn(*words, plain) == strlen(*words);
        g_string_append_printf(text, " %s", is_plain ? *words : quoted);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
add_callbacks(TsRun *run)
{
    const TsRunOptions *options = &run->options;
    const TsMonitor monitor = {.name = options->monitor, .min_delta = options->min_delta};
    const TsMonitor best = {.name = options->monitor};
    g_autofree char *csv = g_build_filename(options->folder, "history.csv", NULL);
    TsSchedule schedule = options->schedule;
    if (options->schedule_by_batch)
        schedule.steps_per_epoch = (double) ts_loader_n_batches(run->train);
    ts_trainer_add_callback(run->trainer, schedule.kind == TS_SCHEDULE_PLATEAU
                                              ? ts_plateau_new(&schedule, &best)
                                              : ts_learning_rate_scheduler_new(&schedule));
    ts_trainer_add_callback(run->trainer, ts_progress_callback_new());
    if (options->tensorboard) {
        g_autofree char *text = describe_command(options->command);
        ts_trainer_add_callback(
            run->trainer, ts_tensorboard_new(options->folder, text, options->histogram_epochs));
    }
    ts_trainer_add_callback(run->trainer, ts_csv_log_new(csv));
    ts_trainer_add_callback(run->trainer, ts_model_checkpoint_new(run->model_path, &best, TRUE));
    if (options->patience > 0) {
        const TsEarlyStop early_stop = {.monitor = monitor, .patience = options->patience};
        ts_trainer_add_callback(run->trainer, ts_early_stop_new(&early_stop));
    }
}

/* The user's own come last: they see what the others made. */
static gboolean
add_named_callbacks(TsRun *run, GError **error)
{
    for (char *const *name = run->options.callbacks; name != NULL && *name != NULL; name++) {
        TsCallback *callback = ts_callback_parse(*name, run->options.folder, error);
        if (callback == NULL)
            return FALSE;
        ts_trainer_add_callback(run->trainer, callback);
    }
    return TRUE;
}

gboolean
ts_run_train(TsRun *run, GError **error)
{
    if (run->trainer == NULL && !open_trainer(run, error))
        return FALSE;
    add_callbacks(run);
    if (!add_named_callbacks(run, error) || !prepare_folder(run, error))
        return FALSE;
    if (run->options.resume && g_file_test(run->checkpoint_path, G_FILE_TEST_EXISTS)) {
        if (!ts_trainer_resume(run->trainer, error))
            return FALSE;
        if (run->trainer->epoch >= run->options.epochs)
            ts_info("the run has its %" G_GUINT64_FORMAT " epochs, %u were asked for: nothing is "
                    "left to do",
                    run->trainer->epoch, run->options.epochs);
        else
            ts_info("going on after iteration %" G_GUINT64_FORMAT " (epoch %" G_GUINT64_FORMAT ")",
                    run->trainer->iteration, run->trainer->epoch + 1);
    }
    return write_run_json(run, error) && ts_trainer_run(run->trainer, error);
}
