/* The parts of the training loop, shared by trainer.c (the loop), trainer_batch.c (one update),
 * trainer_statistics.c (batch norm, anew) and trainer_checkpoint.c. */
#pragma once

#include "nn/trace.h"
#include "nn/trainer.h"

G_BEGIN_DECLS

/* Who wants to see a step in all its parts, see nn/dump.h: called for each layer, and at stages. */
typedef enum {
    TS_STEP_BEGIN,     /* the batch is there */
    TS_STEP_LOSS,      /* its loss is known */
    TS_STEP_GRADIENTS, /* those of the parameters are known, */
    TS_STEP_CLIPPED,   /* and clipped, if the options want that */
    TS_STEP_END,       /* the weights are updated */
} TsStepStage;

typedef struct _TsStepWatch {
    TsTraceFunc layer;
    gboolean (*stage)(TsStepStage stage, gpointer data, GError **error);
    gpointer data;
} TsStepWatch;

/* The update that comes next, and nothing behind it: no validation, epoch's end or checkpoint. */
gboolean ts_trainer_run_step(TsTrainer *self, GError **error);

/* Forward, loss, backward, optimizer; adds to the sums of the epoch and counts. */
gboolean ts_trainer_train_batch(TsTrainer *self, const TsBatch *batch, GError **error);

/* The training net for a batch of `n`: the last of an epoch may be smaller. */
TsNet *ts_trainer_net_for(TsTrainer *self, guint n, GError **error);

/* How many passes the samples of a batch take, and those of one: a view of `batch`. */
guint ts_trainer_n_passes(const TsTrainer *self, const TsBatch *batch);
TsBatch ts_trainer_part_of_batch(const TsTrainer *self, const TsBatch *batch, guint pass);

/* Copy the pixels or features of `batch` into the net. */
void ts_trainer_fill_input(const TsTrainer *self, TsNet *net, const TsBatch *batch);

/* Write last.ckpt, if the options have a path for it. */
gboolean ts_trainer_write_checkpoint(TsTrainer *self, GError **error);

G_END_DECLS
