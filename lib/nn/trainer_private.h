/* The parts of the training loop, shared by trainer.c (the loop), trainer_batch.c (one update),
 * trainer_statistics.c (batch norm, anew) and trainer_checkpoint.c. */
#pragma once

#include "nn/trainer.h"

G_BEGIN_DECLS

/* Forward, loss, backward, optimizer; adds to the sums of the epoch and counts. */
gboolean ts_trainer_train_batch(TsTrainer *self, const TsBatch *batch, GError **error);

/* The training net for a batch of `n`: the last of an epoch may be smaller. */
TsNet *ts_trainer_net_for(TsTrainer *self, guint n, GError **error);

/* How many passes the samples of a batch take, and those of one: a view of `batch`. */
guint ts_trainer_n_passes(const TsTrainer *self, const TsBatch *batch);
TsBatch ts_trainer_part_of_batch(const TsTrainer *self, const TsBatch *batch, guint pass);

/* Copy the pixels of `batch` into the net. */
void ts_trainer_fill_input(TsNet *net, const TsBatch *batch, const TsPreprocess *how);

/* Write last.ckpt, if the options have a path for it. */
gboolean ts_trainer_write_checkpoint(TsTrainer *self, GError **error);

G_END_DECLS
