/* train and finetune: from options to a run, that is described, dumped or made. */
#include "train.h"

#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"
#include "nn/dump.h"

static gboolean
print_plan(TsRun *run, GError **error)
{
    g_autoptr(TsReport) report = ts_report_new();
    return ts_run_describe(run, report, error) && ts_report_print(report, ts_tool_format(), error);
}

/* A run that was stopped by a signal and could be saved ends with 3, so that a job script can put
 * itself into the queue again. */
static gboolean
train(TsRun *run, GError **error)
{
    GError *failure = NULL;
    if (ts_run_train(run, &failure)) {
        const TsTrainer *trainer = ts_run_trainer(run);
        g_autofree char *profile = ts_run_profile_table(run);
        if (profile != NULL)
            g_printerr("%s", profile);
        if (trainer->stop_reason != NULL)
            ts_info("stopped early: %s", trainer->stop_reason);
        if (trainer->history->len > 0)
            ts_info("%s/model.safetensors is the model of the %s epoch",
                    ts_run_options(run)->folder, ts_run_keeps_last(run) ? "last" : "best");
        else
            ts_warning("no epoch came to its end: there is no model");
        return TRUE;
    }
    if (!g_error_matches(failure, TS_ERROR, TS_ERROR_INTERRUPTED) || ts_run_trainer(run) == NULL) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    ts_warning("%s; the run is saved, the same command with --resume goes on", failure->message);
    g_error_free(failure);
    ts_tool_set_status(3);
    return TRUE;
}

gboolean
train_fill(TsRunOptions *options, GError **error)
{
    return train_hand_fill(options, error) && train_watch_fill(options, error) &&
           train_optimizer_fill(options, error) && train_rate_fill(options, error) &&
           train_loss_fill(options, error) && train_data_fill(options, error);
}

gboolean
train_run(const TsRunOptions *options, GError **error)
{
    g_autoptr(TsRun) training = ts_run_new(options, error);
    if (training == NULL)
        return FALSE;
    if (train_dump_folder() != NULL)
        return ts_run_dump(training, train_dump_folder(), ts_tool_force(), error);
    return train_is_dry_run() ? print_plan(training, error) : train(training, error);
}
