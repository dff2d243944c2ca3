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
 *         evaluation_begin                     the weights to be judged and kept may be put in
 *           validation_batch_end               for each batch of the validation rows, if there are
 *           validation_end                     likewise
 *           epoch_end
 *         evaluation_end                       the weights in work are put back; also on a failure
 *     train_end                                also after an early stop
 *
 * batch_end also comes where the loss is not finite: then nothing was updated, and the training
 * fails unless a callback stops it or calls ts_trainer_recover().
 *
 * What a callback remembers from epoch to epoch it saves in the checkpoint under keys that begin
 * with ts_callback_key(), so that a resumed run goes on as if it had never ended.
 *
 * A callback of the user's own is a shared object that exports the two names below, for
 * --callback plugin:mine.so:ARGUMENTS; train(1) shows a whole one:
 *
 *     #include <tessera.h>
 *     const int tessera_callback_abi = TS_CALLBACK_ABI;
 *     TsCallback *tessera_callback_new(const char *arguments, GError **error) ...
 *
 *     cc -shared -fPIC -o mine.so mine.c $(pkg-config --cflags tessera)
 */
#pragma once

#include "nn/state.h"

G_BEGIN_DECLS

/* Counted up when TsCallback or TsTrainer change: what was compiled against another is refused. */
#define TS_CALLBACK_ABI 2

typedef struct _TsTrainer TsTrainer;
typedef struct _TsCallback TsCallback;

typedef gboolean (*TsCallbackFunc)(TsCallback *self, TsTrainer *trainer, GError **error);

struct _TsCallback {
    const char *name;
    const char *key; /* the name, or NAME.2, ... for others of it: set when the callback is added */
    gboolean of_weights; /* what it saves belongs to the weights, and goes back when they do */
    TsCallbackFunc train_begin;
    TsCallbackFunc epoch_begin;
    TsCallbackFunc batch_begin;
    TsCallbackFunc batch_end;
    TsCallbackFunc evaluation_begin;
    TsCallbackFunc validation_batch_end;
    TsCallbackFunc validation_end;
    TsCallbackFunc epoch_end;
    TsCallbackFunc evaluation_end;
    TsCallbackFunc train_end;
    gboolean (*save)(const TsCallback *self, TsTrainer *trainer, TsState *state, GError **error);
    gboolean (*load)(TsCallback *self, TsTrainer *trainer, const TsState *state, GError **error);
    void (*free)(TsCallback *self);
};

/* What a shared object exports beside `tessera_callback_abi`. `arguments` is what stands behind the
 * file's name and a colon, or "". NULL and an error if it cannot be. */
typedef TsCallback *(*TsCallbackNew)(const char *arguments, GError **error);

void ts_callback_free(TsCallback *callback);

/* What its keys in a checkpoint begin with. */
const char *ts_callback_key(const TsCallback *callback);

G_END_DECLS
