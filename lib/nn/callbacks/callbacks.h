/* The callbacks that tessera has, one file each. All are freed with ts_callback_free(), which the
 * trainer does for those that were added to it.
 */
#pragma once

#include "base/spec.h"
#include "manifest/manifest.h"
#include "nn/callback.h"
#include "nn/callbacks/monitor.h"
#include "nn/finetune.h"
#include "nn/logs.h"
#include "nn/schedule.h"
#include "store/tfevents.h"

G_BEGIN_DECLS

/* What a callback that is named on the command line finds in place: see ts_callback_parse(). */
typedef struct {
    const char *folder;      /* of the run; files of callbacks lie there */
    const char *monitor;     /* where none is named */
    gboolean has_validation; /* there are numbers that begin with val_ */
    gboolean multi_label;    /* rows have sets of labels */
    guint epochs;
    const TsManifest *manifest;               /* of the samples */
    const struct _TsTensorBoard *tensorboard; /* what its keys change */
} TsCallbackContext;

/* Stop when the monitored number has not improved for `patience` epochs; Keras' EarlyStopping. */
typedef struct {
    TsMonitor monitor;
    guint patience;
    guint start_from_epoch; /* epochs, counted from 0, before it are not looked at */
    gboolean has_baseline;
    double baseline;       /* a value that has to be beaten for the wait to end */
    gboolean restore_best; /* at the end put back the weights of the best epoch */
    const char *restored;  /* and write them to this path; NULL: do not */
} TsEarlyStop;

TsCallback *ts_early_stop_new(const TsEarlyStop *options);
TsCallback *ts_early_stop_parse(TsSpec *spec, const TsCallbackContext *context, GError **error);

/* Write the model; Keras' ModelCheckpoint, and the best `top` of Lightning's. `path` may hold
 * {epoch}, {batch} (both from 1) and any number of the logs, each with a format as in Python:
 * {epoch:03d}, {val_loss:.2f}. A monitor that is missing from the logs is warned of and the model
 * written. */
typedef struct {
    const char *path;
    TsMonitor monitor;
    gboolean best_only; /* only when the monitored number improved, by more than min_delta */
    guint top;          /* keep the files of so many best epochs; 0: of all */
    guint every;        /* so many epochs, or batches; at least 1 */
    gboolean by_batch;
} TsModelCheckpoint;

TsCallback *ts_model_checkpoint_new(const TsModelCheckpoint *options);
TsCallback *
ts_model_checkpoint_parse(TsSpec *spec, const TsCallbackContext *context, GError **error);

/* Write the trainer's model, as that of `epoch` (from 0), with `logs` as metadata. */
gboolean ts_model_checkpoint_write(const TsTrainer *trainer, guint64 epoch, const TsLogs *logs,
                                   const char *path, GError **error);

/* `path` with its placeholders filled in. TS_ERROR_ARGUMENT for a name that is not in the logs, or
 * a format that is none. Free with g_free(). */
char *ts_model_checkpoint_path(const char *path, guint64 epoch, guint64 batch, const TsLogs *logs,
                               GError **error);

/* The exponential moving average of the weights; timm's ModelEmaV3, torch.lerp() after each update:
 * the average moves by 1 - decay towards the weights. It is what is validated and kept. */
typedef struct {
    double decay;
    int warmup; /* 1: decay is at most 1 - (1 + step / gamma) ^ -power */
    double gamma, power;
    double min_decay;
    int after; /* updates that are copied before the average begins */
} TsEma;

TsCallback *ts_ema_new(const TsEma *options);
TsCallback *ts_ema_parse(TsSpec *spec, const TsCallbackContext *context, GError **error);

/* Stochastic weight averaging: the mean of the weights at the ends of the epochs from `from` (from
 * 0) on, written to `path` when training ends; PyTorch's AveragedModel, SWALR and update_bn(). */
typedef struct {
    guint from;
    gboolean has_rate; /* FALSE: the schedule goes on as it is */
    double rate;       /* after it has been reached, over `anneal` epochs */
    double anneal;
    gboolean linear; /* along a line, not half a cosine */
} TsSwa;

TsCallback *ts_swa_new(const TsSwa *options, const char *path);
TsCallback *ts_swa_parse(TsSpec *spec, const TsCallbackContext *context, GError **error);

/* Stop at once, without an error, when a batch's loss is infinite or no number; Keras'
 * TerminateOnNaN. */
TsCallback *ts_terminate_on_nan_new(void);

/* A loss that spikes takes the run back to the last good state, lowers the rate for good and names
 * the batch's samples in a table at `path`. TS_ERROR_RANGE once it has gone back `max` times. */
typedef struct {
    guint window;     /* losses that a new one is compared with; fewer seen: no spike by z */
    double z;         /* standard deviations above their mean that are a spike */
    double threshold; /* a loss above it is one; 0: none */
    double factor;    /* of the rate */
    guint every;      /* so many batches the state is put aside */
    guint max;
    const TsManifest *manifest; /* of the samples; borrowed */
} TsRollback;

TsCallback *ts_rollback_new(const TsRollback *options, const char *path);
TsCallback *ts_rollback_parse(TsSpec *spec, const TsCallbackContext *context, GError **error);

/* What each training row was like to learn, anew after each epoch, in a table at `path`: line, id,
 * label, seen, right, forgotten, loss, confidence, variability, margin; samples.c says what they
 * are. `manifest`, of the rows, is borrowed. */
TsCallback *ts_samples_new(const TsManifest *manifest, const char *path);
TsCallback *ts_samples_parse(TsSpec *spec, const TsCallbackContext *context, GError **error);

/* The user's own callback: FILE.so[:ARGUMENTS], which is loaded; see nn/callback.h. TS_ERROR_IO if
 * it cannot be, TS_ERROR_FORMAT if it is none or made for another tessera. */
TsCallback *ts_plugin_parse(const char *text, GError **error);

/* Ask the trainer for its checkpoint every so many batches; Keras' BackupAndRestore. */
TsCallback *ts_backup_new(guint every);
TsCallback *ts_backup_parse(TsSpec *spec, const TsCallbackContext *context, GError **error);

/* Set the learning rate at each epoch's begin, or at each batch's if the schedule has steps in an
 * epoch; Keras' LearningRateScheduler. */
TsCallback *ts_learning_rate_scheduler_new(const TsSchedule *schedule);

/* Another phase of fine-tuning begins: set up what learns. */
typedef gboolean (*TsPhaseFunc)(TsTrainer *trainer, const TsPhase *phase, gpointer data,
                                GError **error);

/* The phases of fine-tuning (finetune.h), of TsPhase; they and `data` must outlive the callback. It
 * comes behind the schedule. */
TsCallback *ts_phases_callback_new(const GArray *phases, TsPhaseFunc enter, gpointer data);

/* The schedule "plateau": warm up, then lower the rate each time that the monitored number no
 * longer improves; Keras' or PyTorch's ReduceLROnPlateau. delta is the schedule's. */
TsCallback *ts_plateau_new(const TsSchedule *schedule, const TsMonitor *monitor);

/* The same beside another schedule, whose rate it scales. */
TsCallback *ts_reduce_rate_parse(TsSpec *spec, const TsCallbackContext *context, GError **error);

/* Write `path`: a header, then a line for each epoch, the whole file anew each time so that it is
 * never half written; Keras' CSVLogger. `separator` is one character. */
TsCallback *ts_csv_log_new(const char *path, char separator);
TsCallback *ts_csv_log_parse(TsSpec *spec, const TsCallbackContext *context, GError **error);

/* A progress bar for each epoch and a line when it has ended. */
TsCallback *ts_progress_callback_new(void);

/* Events for TensorBoard in `folder`: the graph, `text` and the settings once; batch/loss by
 * iteration; by epoch loss/train, loss/val, accuracy/train, ..., learning_rate, pictures of the
 * first mistakes with a list of their rows, the confusion matrix, a precision-recall curve of each
 * class (of at most 100 classes), and the distributions of weights and gradients. Steps are
 * iterations. */
typedef struct _TsTensorBoard {
    const char *folder;
    const char *text;       /* Markdown, or NULL */
    guint histogram_epochs; /* distributions each so many epochs; 0: never */
    guint pr_epochs;        /* likewise curves */
    const TsEventSetting *settings;
    guint n_settings;
} TsTensorBoard;

TsCallback *ts_tensorboard_new(const TsTensorBoard *options);
TsCallback *ts_tensorboard_parse(TsSpec *spec, const TsCallbackContext *context, GError **error);

/* Write `path`: a JSON object a line for each epoch, the whole file anew each time. */
TsCallback *ts_json_lines_new(const char *path);
TsCallback *ts_json_lines_parse(TsSpec *spec, const TsCallbackContext *context, GError **error);

/* End after the batch with which so many seconds have passed since training began, with
 * TS_ERROR_INTERRUPTED, as by a signal: the trainer saves its checkpoint. */
TsCallback *ts_time_limit_new(double seconds);

/* Run `command` by /bin/sh when training begins, after each epoch and when it ends. Its environment
 * holds TESSERA_EVENT (train_begin, epoch_end, train_end), TESSERA_RUN (`folder`), TESSERA_EPOCH
 * (epochs done), TESSERA_ITERATION, and TESSERA_ with each name of the logs in capitals. Status 3
 * stops the training, any other failure is warned of. */
TsCallback *ts_exec_new(const char *command, const char *folder);

/* The callback that `text` names: NAME, NAME:KEY=VALUE,... or, for some, NAME:ARGUMENT.
 * TS_ERROR_ARGUMENT for another name, which lists them, and for keys and values that do not fit. */
TsCallback *ts_callback_parse(const char *text, const TsCallbackContext *context, GError **error);

/* Read the keys monitor and mode (auto, min, max) of a callback. The name is borrowed from spec or
 * context. */
gboolean ts_monitor_parse(TsSpec *spec, const TsCallbackContext *context, TsMonitor *monitor,
                          GError **error);

/* The path of the file that key `file` names, `fallback` without it, in the run's folder unless it
 * is absolute. Free with g_free(). */
char *ts_callback_file(TsSpec *spec, const TsCallbackContext *context, const char *fallback);

/* What they are, for --help. Borrowed. */
const char *ts_callback_help(void);

G_END_DECLS
