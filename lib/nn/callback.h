/* Callbacks: what happens around training, besides training.
 *
 * The trainer calls every callback at named points, in the order in which they were added. A point
 * that a callback does not care for is NULL. It may read everything in the trainer, change
 * `learning_rate`, add to `logs` at an epoch's end, and set `stop` with a reason. FALSE ends the
 * training with the error.
 *
 *     train_begin
 *       epoch_begin                            for each epoch
 *         batch_begin, batch_end               for each iteration (one update of the weights)
 *         validation_batch_end                 for each batch of the validation rows, if there are
 *         validation_end                       likewise
 *       epoch_end
 *     train_end                                also after an early stop
 *
 * What a callback remembers from epoch to epoch it saves in the checkpoint under keys that begin
 * with its name, so that a resumed run goes on as if it had never ended.
 */
#pragma once

#include "nn/state.h"

G_BEGIN_DECLS

typedef struct _TsTrainer TsTrainer;
typedef struct _TsCallback TsCallback;

typedef gboolean (*TsCallbackFunc)(TsCallback *self, TsTrainer *trainer, GError **error);

struct _TsCallback {
    const char *name;
    TsCallbackFunc train_begin;
    TsCallbackFunc epoch_begin;
    TsCallbackFunc batch_begin;
    TsCallbackFunc batch_end;
    TsCallbackFunc validation_batch_end;
    TsCallbackFunc validation_end;
    TsCallbackFunc epoch_end;
    TsCallbackFunc train_end;
    gboolean (*save)(const TsCallback *self, TsTrainer *trainer, TsState *state, GError **error);
    gboolean (*load)(TsCallback *self, TsTrainer *trainer, const TsState *state, GError **error);
    void (*free)(TsCallback *self);
};

void ts_callback_free(TsCallback *callback);

G_END_DECLS
