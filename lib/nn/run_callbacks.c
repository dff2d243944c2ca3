/* The callbacks of a run: those that it always has, those of options, those that the user named. */
#include "nn/run_private.h"

#include "base/error.h"
#include "base/spec.h"

#include <string.h>

enum { MAX_SETTINGS = 32 };

/* How often --callback names it. */
static guint
count_named(const TsRun *run, const char *name)
{
    guint n = 0;
    for (char *const *text = run->options.callbacks; text != NULL && *text != NULL; text++)
        n += ts_spec_is_named(*text, name) ? 1 : 0;
    return n;
}

/* What a table of runs compares. */
static guint
list_settings(const TsRun *run, TsEventSetting *list)
{
    const TsRunOptions *options = &run->options;
    const TsEventSetting settings[] = {
        {"model", run->model->architecture, 0},
        {"optimizer", ts_optimizer_kind_name(options->optimizer.kind), 0},
        {"learning_rate", NULL, options->schedule.rate},
        {"weight_decay", NULL, options->optimizer.weight_decay},
        {"batch_size", NULL, options->batch_size},
        {"epochs", NULL, options->epochs},
        {"schedule", ts_schedule_kind_name(options->schedule.kind), 0},
        {"warmup_epochs", NULL, options->schedule.warmup_epochs},
        {"loss", options->loss, 0},
        {"class_weights", options->class_weights, 0},
        {"augmentations", NULL, options->augment.n},
        {"ema", options->ema != NULL ? options->ema : "none", 0},
        {"swa", options->swa != NULL ? options->swa : "none", 0},
        {"seed", NULL, (double) options->seed},
    };
    memcpy(list, settings, sizeof settings);
    return G_N_ELEMENTS(settings);
}

/* A run that is only described may have no folder. */
static TsCallbackContext
context_of(const TsRun *run, const TsTensorBoard *tensorboard)
{
    return (TsCallbackContext){.tensorboard = tensorboard,
                               .folder = run->options.folder != NULL ? run->options.folder : ".",
                               .monitor = run->options.monitor,
                               .has_validation = run->val != NULL,
                               .multi_label = run->sets != NULL,
                               .epochs = run->options.epochs,
                               .manifest = run->manifest};
}

static gboolean
add_parsed(TsRun *run, const char *text, GError **error)
{
    TsEventSetting settings[MAX_SETTINGS];
    g_autofree char *command = ts_run_command_markdown(run);
    const TsTensorBoard tensorboard = {.folder = run->options.folder,
                                       .text = command,
                                       .histogram_epochs = run->options.histogram_epochs,
                                       .pr_epochs = 1,
                                       .settings = settings,
                                       .n_settings = list_settings(run, settings)};
    const TsCallbackContext context = context_of(run, &tensorboard);
    TsCallback *callback = ts_callback_parse(text, &context, error);
    if (callback == NULL)
        return FALSE;
    ts_trainer_add_callback(run->trainer, callback);
    return TRUE;
}

/* Those that --callback names so. */
static gboolean
add_named(TsRun *run, const char *name, GError **error)
{
    for (char *const *text = run->options.callbacks; text != NULL && *text != NULL; text++)
        if (ts_spec_is_named(*text, name) && !add_parsed(run, *text, error))
            return FALSE;
    return TRUE;
}

TsSchedule
ts_run_schedule(const TsRun *run)
{
    TsSchedule schedule = run->options.schedule;
    if (run->options.schedule_by_batch)
        schedule.steps_per_epoch = (double) ts_loader_n_batches(run->train);
    return schedule;
}

static void
add_schedule(TsRun *run)
{
    const TsMonitor monitor = {.name = run->options.monitor};
    const TsSchedule schedule = ts_run_schedule(run);
    ts_trainer_add_callback(run->trainer, schedule.kind == TS_SCHEDULE_PLATEAU
                                              ? ts_plateau_new(&schedule, &monitor)
                                              : ts_learning_rate_scheduler_new(&schedule));
}

/* Averages: --ema 0.999 or --ema decay=0.999,warmup=1; --swa from=5,lr=0.01. An update is averaged
 * before anything else keeps weights, and SWA comes behind EMA: it averages the weights in work, so
 * EMA's have to be out of the model again. */
static gboolean
add_averages(TsRun *run, GError **error)
{
    const TsRunOptions *options = &run->options;
    if (options->ema != NULL) {
        const char *key = strchr(options->ema, '=') != NULL ? "" : "decay=";
        g_autofree char *text = g_strconcat("ema:", key, options->ema, NULL);
        if (!add_parsed(run, text, error))
            return FALSE;
    }
    g_autofree char *text = g_strconcat("swa:", options->swa, NULL);
    return add_named(run, "ema", error) && (options->swa == NULL || add_parsed(run, text, error)) &&
           add_named(run, "swa", error);
}

/* What a run has unless the user names the same with settings of their own. */
static gboolean
add_logs(TsRun *run, GError **error)
{
    const TsRunOptions *options = &run->options;
    g_autofree char *csv = g_build_filename(options->folder, "history.csv", NULL);
    if (count_named(run, "progress") == 0)
        ts_trainer_add_callback(run->trainer, ts_progress_callback_new());
    if (options->tensorboard && count_named(run, "tensorboard") == 0 &&
        !add_parsed(run, "tensorboard", error))
        return FALSE;
    if (count_named(run, "csv") == 0)
        ts_trainer_add_callback(run->trainer, ts_csv_log_new(csv, ','));
    return TRUE;
}

/* model.safetensors is the best epoch's, or the last one's where nothing judges them. */
static gboolean
add_checkpoints(TsRun *run, GError **error)
{
    const TsModelCheckpoint checkpoint = {.path = run->model_path,
                                          .monitor = {.name = run->options.monitor},
                                          .best_only = !run->keeps_last,
                                          .every = 1};
    ts_trainer_add_callback(run->trainer, ts_model_checkpoint_new(&checkpoint));
    g_autofree char *text = g_strdup_printf("checkpoint:top=%u", run->options.keep_best);
    return run->options.keep_best == 0 || add_parsed(run, text, error);
}

/* Two of these would undo each other. */
static gboolean
check_single(const TsRun *run, GError **error)
{
    const struct {
        const char *name;
        gboolean option;
    } single[] = {
        {"ema", run->options.ema != NULL}, {"swa", run->options.swa != NULL}, {"rollback", FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(single); i++)
        if (count_named(run, single[i].name) + (single[i].option ? 1 : 0) > 1)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "callback '%s' is given twice",
                                single[i].name);
    return TRUE;
}

gboolean
ts_run_add_rates(TsRun *run, GError **error)
{
    if (!check_single(run, error))
        return FALSE;
    add_schedule(run);
    if (run->phases != NULL && !ts_run_add_phases(run, error))
        return FALSE;
    return add_averages(run, error);
}

gboolean
ts_run_add_callbacks(TsRun *run, GError **error)
{
    const TsRunOptions *options = &run->options;
    if (!ts_run_add_rates(run, error))
        return FALSE;
    if (!add_logs(run, error) || !add_checkpoints(run, error))
        return FALSE;
    if (options->patience > 0) {
        const TsEarlyStop early_stop = {
            .monitor = {.name = options->monitor, .min_delta = options->min_delta},
            .patience = options->patience};
        ts_trainer_add_callback(run->trainer, ts_early_stop_new(&early_stop));
    }
    /* The user's own come last: they see what the others made. A time limit ends the run when all
     * have seen the batch, or they would lack it after a resumption. */
    for (char *const *text = options->callbacks; text != NULL && *text != NULL; text++)
        if (!ts_spec_is_named(*text, "ema") && !ts_spec_is_named(*text, "swa") &&
            !ts_spec_is_named(*text, "time-limit") && !add_parsed(run, *text, error))
            return FALSE;
    return add_named(run, "time-limit", error);
}

guint
ts_run_n_averages(const TsRun *run)
{
    return count_named(run, "ema") + count_named(run, "swa") + (run->options.ema != NULL) +
           (run->options.swa != NULL);
}
