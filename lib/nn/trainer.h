/* The training loop: epochs of iterations, validation, callbacks, checkpoints.
 *
 * An iteration is one update of the weights by one batch; an epoch is one pass over the training
 * rows. Everything random is keyed by (seed, epoch or iteration), and a checkpoint holds the rest,
 * so a run that was killed and resumed ends with the same bits as one that was not.
 *
 *     g_autoptr(TsTrainer) trainer = ts_trainer_new(model, &options, train, val, error);
 *     ts_trainer_add_callback(trainer, ts_early_stop_new(&early_stop));
 *     if (resume && !ts_trainer_resume(trainer, error)) ...
 *     if (!ts_trainer_run(trainer, error)) ...
 */
#pragma once

#include "nn/accumulate.h"
#include "nn/anchor.h"
#include "nn/callback.h"
#include "nn/clip.h"
#include "nn/features.h"
#include "nn/logs.h"
#include "nn/loss.h"
#include "nn/loss_sets.h"
#include "nn/model.h"
#include "nn/net.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"
#include "sample/loader.h"
#include "stats/confusion.h"
#include "stats/set_metrics.h"

G_BEGIN_DECLS

/* How the samples of a run are made and judged, as the user said it. */
typedef struct {
    const char *name, *value; /* "augment", "rotate=10" */
} TsTrainerSetting;

typedef struct {
    guint batch_size; /* samples of one pass forward and backward */
    guint accumulate; /* so many passes for one update, 0 as 1; the loader of training makes
                         batches of batch_size * accumulate */
    guint epochs;
    guint64 steps; /* updates after which the run ends, in the middle of an epoch too; 0: after the
                      epochs */
    guint64 seed;
    double learning_rate;
    TsLoss loss;              /* of training; validation has plain cross-entropy. Borrowed */
    guint class_weights_from; /* epochs, from 0, before it leave the loss's class weights out */
    TsOptimizerOptions optimizer;
    TsClip clip;
    const char *checkpoint; /* path of last.ckpt, written after each epoch and when a signal
                               arrives; NULL: none. Borrowed */
    const char *dataset;    /* fingerprint of the rows; a checkpoint of another set is refused */
    const TsTrainerSetting *settings; /* (n_settings), borrowed; a checkpoint in which one has
                                         another value is refused, too */
    guint n_settings;
} TsTrainerOptions;

struct _TsTrainer {
    TsModel *model; /* borrowed */
    TsTrainerOptions options;
    TsLoader *train; /* borrowed */
    TsLoader *val;   /* borrowed; NULL: no validation */
    TsOptimizer *optimizer;
    TsAccumulator *accumulator; /* NULL: an update for each pass */
    GPtrArray *callbacks;
    TsNet *net;      /* of a whole batch */
    TsNet *net_rest; /* of the last, smaller batch; NULL until there is one */
    TsNet *net_val;
    const TsFeatures *features; /* what nets begin with, the output of `first_layer`; borrowed.
                                   NULL: with pictures */
    guint first_layer;

    guint64 epoch;                /* that is running, from 0 */
    guint64 batch;                /* batches done in it */
    guint64 iteration;            /* updates done in all */
    double learning_rate;         /* of the schedule */
    double rate_scale;            /* times this: 1 until a callback lowers it */
    const TsBatch *batch_in_hand; /* in batch_begin, batch_end and validation_batch_end */
    const float *logits_in_hand;  /* (n, classes), in batch_end and validation_batch_end */
    TsConfusion *confusion;       /* of the last validation; NULL before, and with label sets */
    TsSetMetrics *set_metrics;    /* likewise, of label sets */
    double batch_loss;            /* of the last batch; may be infinite or NaN in batch_end */
    gboolean diverged;            /* that it is, and nobody has recovered */
    TsLossSums sums;              /* over the epoch so far */
    TsLogs *logs;                 /* of the epoch; complete at epoch_end */
    GPtrArray *history;           /* of TsLogs, one an epoch done */
    gboolean epoch_complete;      /* in evaluation_end: epoch_end has come and did not fail */
    gboolean save;                /* set by a callback in batch_end: write the checkpoint now */
    gboolean stop;
    char *stop_reason;
    TsProfile *profile;               /* where the time goes, or NULL; borrowed */
    const TsAnchor *anchor;           /* what weights decay towards; NULL: nothing. Borrowed */
    const struct _TsStepWatch *watch; /* of a step that is dumped, or NULL; borrowed */
};

/* Compile the model and set up its optimizer. Model and loaders must outlive the trainer. */
TsTrainer *ts_trainer_new(TsModel *model, const TsTrainerOptions *options, TsLoader *train,
                          TsLoader *val, GError **error);
void ts_trainer_free(TsTrainer *trainer);

/* Add a callback, which is taken. */
void ts_trainer_add_callback(TsTrainer *trainer, TsCallback *callback);

/* Measure where the time goes; `profile` is of the model's graph, and borrowed. */
void ts_trainer_set_profile(TsTrainer *trainer, TsProfile *profile);

/* End after the running epoch, or at once where the loss is not finite; `reason` is copied. */
void ts_trainer_stop(TsTrainer *trainer, const char *reason);

/* Learning rate, and momentum where the schedule has one, of time t. */
void ts_trainer_follow(TsTrainer *trainer, const TsSchedule *schedule, double t);

/* Other parameters are trained from now on: nets are compiled anew when they are needed. Not while
 * a batch is in work. */
void ts_trainer_drop_nets(TsTrainer *trainer);

/* Train and validate the layers above `layer` alone, on its features of all rows, which are
 * borrowed; NULL and 0: the whole network. Not while a batch is in work. */
void ts_trainer_use_features(TsTrainer *trainer, const TsFeatures *features, guint layer);

/* The rate of the step in work: the schedule's, scaled. */
double ts_trainer_rate(const TsTrainer *trainer);

/* In batch_end: a loss that is not finite has been dealt with, go on. */
void ts_trainer_recover(TsTrainer *trainer);

/* TRUE in the first epoch of a training loss that is another than before: a best value that was
 * seen before does not compare. */
gboolean ts_trainer_loss_changes(const TsTrainer *trainer);

/* Weights, optimizer and the callbacks that follow the weights, into a state and back: what a
 * rollback goes back to. */
gboolean ts_trainer_save_weights(TsTrainer *trainer, TsState *state, GError **error);
gboolean ts_trainer_load_weights(TsTrainer *trainer, const TsState *state, GError **error);

/* Go on from the checkpoint of the options; call it after the callbacks are added. TS_ERROR_FORMAT
 * or TS_ERROR_ARGUMENT if it belongs to another model, data set or optimizer. */
gboolean ts_trainer_resume(TsTrainer *trainer, GError **error);

/* All that a checkpoint holds, into a state and back. */
gboolean ts_trainer_save(TsTrainer *trainer, TsState *state, GError **error);
gboolean ts_trainer_load(TsTrainer *trainer, const TsState *state, GError **error);

/* Forward passes in training mode over the training rows of `epoch`: running statistics of batch
 * norm become the mean of the batches', as torch.optim.swa_utils.update_bn() has it. */
gboolean ts_trainer_update_statistics(TsTrainer *trainer, guint64 epoch, GError **error);

/* TRUE if the run has its epochs, or its steps. */
gboolean ts_trainer_is_complete(const TsTrainer *trainer);

/* Train. On TS_ERROR_INTERRUPTED the checkpoint has been written, if there is a path for it. */
gboolean ts_trainer_run(TsTrainer *trainer, GError **error);

/* Loss and accuracy of the model, in inference mode, over the validation rows, into val_loss and
 * val_accuracy of `logs`; and val_balanced_accuracy, or of label sets, whose accuracy is the share
 * of the sets that are right as a whole, val_macro_f1, val_micro_f1 and val_map. */
gboolean ts_trainer_log_validation(TsTrainer *trainer, TsLogs *logs, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTrainer, ts_trainer_free)

G_END_DECLS
