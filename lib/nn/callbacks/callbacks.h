/* The callbacks that tessera has, one file each. All are freed with ts_callback_free(), which the
 * trainer does for those that were added to it.
 */
#pragma once

#include "nn/callback.h"
#include "nn/callbacks/monitor.h"
#include "nn/schedule.h"

G_BEGIN_DECLS

/* Stop when the monitored number has not improved for `patience` epochs; Keras' EarlyStopping. */
typedef struct {
    TsMonitor monitor;
    guint patience;
    guint start_from_epoch; /* epochs, counted from 0, before it are not looked at */
    gboolean has_baseline;
    double baseline;       /* a value that has to be beaten for the wait to end */
    gboolean restore_best; /* at the end put back the weights of the best epoch */
} TsEarlyStop;

TsCallback *ts_early_stop_new(const TsEarlyStop *options);

/* Write the model to `path` after each epoch, or only when the monitored number improved
 * (best_only; strictly, by more than min_delta); Keras' ModelCheckpoint. A monitor that is missing
 * from the logs is warned of and the model written. */
TsCallback *ts_model_checkpoint_new(const char *path, const TsMonitor *monitor, gboolean best_only);

/* Set the learning rate at each epoch's begin, or at each batch's if the schedule has steps in an
 * epoch; Keras' LearningRateScheduler. */
TsCallback *ts_learning_rate_scheduler_new(const TsSchedule *schedule);

/* The schedule "plateau": warm up, then lower the rate each time that the monitored number no
 * longer improves; Keras' or PyTorch's ReduceLROnPlateau. delta is the schedule's. */
TsCallback *ts_plateau_new(const TsSchedule *schedule, const TsMonitor *monitor);

/* Write `path`: a header, then a line for each epoch, the whole file anew each time so that it is
 * never half written; Keras' CSVLogger. */
TsCallback *ts_csv_log_new(const char *path);

/* A progress bar for each epoch and a line when it has ended. */
TsCallback *ts_progress_callback_new(void);

/* Events for TensorBoard in `folder`: the graph and `text` (Markdown, or NULL) once; batch/loss by
 * iteration; by epoch loss/train, loss/val, accuracy/train, ..., learning_rate, pictures of the
 * first mistakes with a list of their rows, the confusion matrix, and each `histogram_epochs`
 * epochs (0: never) the distributions of weights and gradients. Steps are iterations. */
TsCallback *ts_tensorboard_new(const char *folder, const char *text, guint histogram_epochs);

/* Write `path`: a JSON object a line for each epoch, the whole file anew each time. */
TsCallback *ts_json_lines_new(const char *path);

/* End after the batch with which so many seconds have passed since training began, with
 * TS_ERROR_INTERRUPTED, as by a signal: the trainer saves its checkpoint. */
TsCallback *ts_time_limit_new(double seconds);

/* Run `command` by /bin/sh when training begins, after each epoch and when it ends. Its environment
 * holds TESSERA_EVENT (train_begin, epoch_end, train_end), TESSERA_RUN (`folder`), TESSERA_EPOCH
 * (epochs done), TESSERA_ITERATION, and TESSERA_ with each name of the logs in capitals. Status 3
 * stops the training, any other failure is warned of. */
TsCallback *ts_exec_new(const char *command, const char *folder);

/* The callback that `text` names: "jsonl", "time-limit:30m", "exec:COMMAND". `folder` is that of
 * the run. TS_ERROR_ARGUMENT for another name, which lists them. */
TsCallback *ts_callback_parse(const char *text, const char *folder, GError **error);

/* What they are, for --help. Borrowed. */
const char *ts_callback_help(void);

G_END_DECLS
