/* A training run put together: rows, loaders, model, callbacks, folder. */
#include "nn/run_private.h"

#include "balance/weights.h"
#include "base/error.h"
#include "base/log.h"
#include "sample/render.h"

#include <math.h>
#include <string.h>

enum { LARGEST_DEFAULT_SIDE = 256 };

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
        how->mean[c] = 0.5F;
        how->std[c] = 0.5F;
    }
    return ts_channel_values_apply(&options->mean, "--mean", how->channels, how->mean, error) &&
           ts_channel_values_apply(&options->std, "--std", how->channels, how->std, error);
}

/* The model file says these already; to say otherwise would be passed over. */
static gboolean
check_given(const TsRunOptions *options, GError **error)
{
    if (options->architecture == NULL && options->width == 0 && options->channels == 0 &&
        options->mean.n == 0 && options->std.n == 0)
        return TRUE;
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "%s says architecture, input size, channels, mean and std: leave these "
                        "options out",
                        options->from);
}

static gboolean
read_model(TsRun *run, GError **error)
{
    return run->options.from == NULL || (check_given(&run->options, error) &&
                                         (run->model = ts_model_read(run->options.from, error)));
}

static gboolean
open_model(TsRun *run, GError **error)
{
    TsPreprocess how;
    const char *architecture = run->options.architecture;
    if (run->model != NULL)
        return TRUE;
    if (run->options.finetune != NULL)
        return ts_run_load_model(run, error);
    if (!settle_input(run, &how, error))
        return FALSE;
    run->model = ts_model_new(architecture != NULL ? architecture : "cnn",
                              (const char *const *) run->classes->names, &how, error);
    if (run->model == NULL)
        return FALSE;
    run->model->multi_label = run->options.multi_label;
    ts_params_init(run->model->params, run->options.seed);
    return TRUE;
}

/* ---- loss and monitor ---- */

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

static gboolean
settle_loss(TsRun *run, GError **error)
{
    return ts_loss_parse(run->options.loss, run->counts, run->classes->n, &run->loss, error) &&
           settle_class_weights(run, run->counts, error) && ts_run_settle_pos_weights(run, error);
}

static gboolean
settle_monitor(TsRun *run, GError **error)
{
    static const char *const of_training[] = {"loss", "accuracy", NULL};
    static const char *const of_classes[] = {"val_loss", "val_accuracy", "val_balanced_accuracy",
                                             NULL};
    static const char *const of_sets[] = {"val_loss",     "val_accuracy", "val_macro_f1",
                                          "val_micro_f1", "val_map",      NULL};
    const char *const *of_validation = run->sets != NULL ? of_sets : of_classes;
    const char *name = run->options.monitor;
    run->keeps_last = name == NULL && run->val == NULL;
    if (name == NULL)
        run->options.monitor = run->val != NULL ? "val_loss" : "loss";
    else if (g_strv_contains(of_validation, name) && run->val == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "monitor '%s' needs validation rows, there are none with split '%s'",
                            name, run->options.val_split);
    else if (!g_strv_contains(of_training, name) && !g_strv_contains(of_validation, name))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "monitor '%s' is not loss, accuracy, val_loss, val_accuracy%s", name,
                            run->sets != NULL ? ", val_macro_f1, val_micro_f1 or val_map"
                                              : " or val_balanced_accuracy");
    return TRUE;
}

/* With steps, the epochs are as many as they take, and the schedule ends with the last step. */
static void
settle_length(TsRun *run)
{
    const guint64 per_epoch = MAX(ts_loader_n_batches(run->train), 1), steps = run->options.steps;
    if (steps == 0)
        return;
    run->options.epochs = (guint) ((steps + per_epoch - 1) / per_epoch);
    run->options.schedule.epochs = (double) steps / (double) per_epoch;
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
        run->timed_path = g_build_filename(options->folder, "kernels.tsv", NULL);
    }
    if (!read_model(run, error) || !ts_run_open_data(run, error) || !open_model(run, error) ||
        !ts_run_open_sampler(run, error) || !ts_run_open_loaders(run, error) ||
        !settle_loss(run, error) || !settle_monitor(run, error))
        return NULL;
    settle_length(run);
    if (options->precision == TS_PRECISION_BF16 && !ts_kernel_has_bf16())
        ts_warning("this processor multiplies no bf16: numbers are rounded to it and multiplied in "
                   "f32, which rounds alike but is slower than --precision f32");
    return g_steal_pointer(&run);
}

void
ts_run_free(TsRun *run)
{
    if (run == NULL)
        return;
    ts_trainer_free(run->trainer);
    ts_timed_kernels_free(run->timed);
    ts_features_free(run->features);
    ts_profile_free(run->profile);
    ts_loader_free(run->train);
    ts_loader_free(run->val);
    ts_model_free(run->model);
    ts_dataset_free(run->train_set);
    ts_dataset_free(run->val_set);
    ts_classes_free(run->classes);
    ts_label_sets_free(run->sets);
    ts_manifest_free(run->manifest);
    ts_sampler_free(run->sampler);
    ts_loss_clear(&run->loss);
    g_free(run->counts);
    g_free(run->class_weights);
    g_free(run->pos_weights);
    g_free(run->fingerprint);
    ts_load_report_free(run->loaded);
    ts_stages_free(run->stages);
    g_clear_pointer(&run->phases, g_array_unref);
    ts_anchor_free(run->anchor);
    g_free(run->finetune_text);
    g_free(run->mix_text);
    g_free(run->model_path);
    g_free(run->checkpoint_path);
    g_free(run->timed_path);
    g_free(run);
}

const TsRunOptions *
ts_run_options(const TsRun *run)
{
    return &run->options;
}

gboolean
ts_run_keeps_last(const TsRun *run)
{
    return run->keeps_last;
}

const TsTrainer *
ts_run_trainer(const TsRun *run)
{
    return run->trainer;
}

static const char *
text_or(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

/* What --resume compares with the checkpoint, beside what the trainer knows by itself. */
static guint
settle_settings(TsRun *run)
{
    const TsRunOptions *options = &run->options;
    char *const *mixes = options->mix_texts;
    g_free(run->mix_text);
    run->mix_text = mixes != NULL ? g_strjoinv(" ", (char **) mixes) : g_strdup("none");
    const TsTrainerSetting settings[] = {
        {"sampler", text_or(options->sampler, "shuffle")},
        {"augment", text_or(options->augment_text, "none")},
        {"mix", run->mix_text},
        {"loss", text_or(options->loss, "cross-entropy")},
        {"class-weights", text_or(options->class_weights, "none")},
        {"pos-weights", text_or(options->pos_weights, "none")},
        {"fine-tuning", text_or(run->finetune_text, "none")},
    };
    G_STATIC_ASSERT(sizeof settings <= sizeof run->settings);
    memcpy(run->settings, settings, sizeof settings);
    return G_N_ELEMENTS(settings);
}

/* ---- kernels that are timed ---- */

/* What the run that is gone on with knows already is taken from it. */
static gboolean
open_timed_kernels(TsRun *run, GError **error)
{
    const TsRunOptions *options = &run->options;
    if (options->kernels != TS_KERNELS_TIMED || run->timed != NULL)
        return TRUE;
    run->timed = ts_timed_kernels_new(options->precision);
    if (!options->resume)
        return TRUE;
    if (g_file_test(run->timed_path, G_FILE_TEST_EXISTS)) {
        if (!ts_timed_kernels_read(run->timed, run->timed_path, error))
            return FALSE;
        run->n_timed_before = ts_timed_kernels_n(run->timed);
        return TRUE;
    }
    if (g_file_test(run->checkpoint_path, G_FILE_TEST_EXISTS))
        ts_warning("%s is gone: kernels are timed anew, and the run may not go on bit for bit",
                   run->timed_path);
    return TRUE;
}

static gboolean
keep_timed_kernels(TsRun *run, GError **error)
{
    if (run->timed == NULL)
        return TRUE;
    const guint n = ts_timed_kernels_n(run->timed);
    if (run->n_timed_before > 0 && n > run->n_timed_before && run->trainer->iteration > 0)
        ts_warning("%s lacked %u kinds of convolutions, which are timed anew: the run may not go "
                   "on bit for bit",
                   run->timed_path, n - run->n_timed_before);
    ts_info("kernels: Winograd's for %u of %u kinds of 3x3 convolutions, see %s",
            ts_timed_kernels_n_winograd(run->timed), n, run->timed_path);
    return ts_timed_kernels_keep(run->timed, run->timed_path, error);
}

/* ---- the trainer ---- */

gboolean
ts_run_open_trainer(TsRun *run, GError **error)
{
    if (!open_timed_kernels(run, error))
        return FALSE;
    const TsRunOptions *options = &run->options;
    const TsTrainerOptions trainer = {.batch_size = options->batch_size,
                                      .accumulate = options->accumulate,
                                      .epochs = options->epochs,
                                      .steps = options->steps,
                                      .seed = options->seed,
                                      .learning_rate = options->schedule.rate,
                                      .loss = run->loss,
                                      .class_weights_from = options->class_weights_from,
                                      .optimizer = options->optimizer,
                                      .clip = options->clip,
                                      .checkpoint = run->checkpoint_path,
                                      .dataset = run->fingerprint,
                                      .settings = run->settings,
                                      .n_settings = settle_settings(run)};
    run->model->params->kernels = options->kernels;
    run->model->params->timed = run->timed;
    run->model->params->precision = options->precision;
    run->trainer = ts_trainer_new(run->model, &trainer, run->train, run->val, error);
    return run->trainer != NULL;
}

gboolean
ts_run_begin_anew(TsRun *run, guint64 seed, GError **error)
{
    if (run->trainer == NULL && seed == run->options.seed)
        return TRUE;
    g_clear_pointer(&run->trainer, ts_trainer_free);
    g_clear_pointer(&run->train, ts_loader_free);
    g_clear_pointer(&run->val, ts_loader_free);
    g_clear_pointer(&run->model, ts_model_free);
    run->options.seed = seed;
    return read_model(run, error) && open_model(run, error) && ts_run_open_loaders(run, error);
}

/* A loss may explode and stay finite. Losses of single samples, margins and weights of classes
 * leave what guessing costs far behind too, but not a hundred times over a whole epoch. */
static void
warn_of_divergence(const TsRun *run)
{
    const GPtrArray *history = run->trainer->history;
    const double guessing = log(MAX(run->classes->n, 2));
    double loss;
    if (history->len > 0 &&
        ts_logs_get(g_ptr_array_index(history, history->len - 1), "loss", &loss) &&
        loss > 100 * guessing)
        ts_warning("the last epoch's loss is %.4g, guessing costs %.4g: training has diverged; "
                   "choose a learning rate below %g, lrfind looks for one",
                   loss, guessing, run->options.schedule.rate);
}

gboolean
ts_run_train(TsRun *run, GError **error)
{
    if (run->trainer == NULL && !ts_run_open_trainer(run, error))
        return FALSE;
    if (!ts_run_add_callbacks(run, error) || !ts_run_prepare_folder(run, error))
        return FALSE;
    if (run->options.resume && g_file_test(run->checkpoint_path, G_FILE_TEST_EXISTS)) {
        if (!ts_trainer_resume(run->trainer, error))
            return FALSE;
        if (ts_trainer_is_complete(run->trainer))
            ts_info("the run has its %" G_GUINT64_FORMAT " iterations in %" G_GUINT64_FORMAT
                    " epochs, no more were asked for: nothing is left to do",
                    run->trainer->iteration, run->trainer->epoch);
        else if (run->trainer->stop)
            ts_info("the run has stopped early after epoch %" G_GUINT64_FORMAT
                    ": nothing is left to do; it goes on if it is asked for more epochs than it "
                    "was",
                    run->trainer->epoch);
        else
            ts_info("going on after iteration %" G_GUINT64_FORMAT " (epoch %" G_GUINT64_FORMAT ")",
                    run->trainer->iteration, run->trainer->epoch + 1);
    }
    if (!keep_timed_kernels(run, error))
        return FALSE;
    if (run->options.profile) {
        run->profile = ts_profile_new(run->model->graph);
        ts_trainer_set_profile(run->trainer, run->profile);
    }
    if (!ts_run_write_json(run, error) || !ts_trainer_run(run->trainer, error))
        return FALSE;
    ts_run_remove_features(run);
    warn_of_divergence(run);
    return ts_run_write_profile(run, error);
}
