/* A trainer of two inputs with every callback that remembers something, and no data: for tests of
 * checkpoints. */
#pragma once

#include "nn/callbacks/callbacks.h"
#include "nn/models/models.h"
#include "nn/trainer_private.h"

typedef struct {
    TsModel *model;
    TsTrainer *trainer;
} TinyTrainer;

/* `checkpoint`: the path of its checkpoint, which must outlive it. */
static inline TinyTrainer
tiny_trainer_new(const char *architecture, const char *checkpoint)
{
    static const char *const classes[] = {"a", "b", NULL};
    static const char *const callbacks[] = {"early-stopping:patience=2,restore_best=1",
                                            "reduce-lr:patience=1",
                                            "checkpoint:top=2",
                                            "ema:decay=0.9",
                                            "swa:from=0",
                                            "rollback:window=2"};
    const TsPreprocess how = {.width = 2, .height = 1, .channels = 1, .crop_pct = 1, .std = {1}};
    const TsCallbackContext context = {
        .folder = "/nowhere", .monitor = "val_loss", .has_validation = TRUE, .epochs = 9};
    const TsTrainerOptions options = {.batch_size = 2,
                                      .epochs = 9,
                                      .learning_rate = 0.1,
                                      .optimizer = ts_optimizer_defaults(TS_OPTIMIZER_ADAM),
                                      .checkpoint = checkpoint};
    TinyTrainer tiny = {.model = ts_model_new(architecture, classes, &how, NULL)};
    g_assert(tiny.model != NULL);
    ts_params_init(tiny.model->params, 1);
    tiny.trainer = ts_trainer_new(tiny.model, &options, NULL, NULL, NULL);
    g_assert(tiny.trainer != NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(callbacks); i++) {
        TsCallback *callback = ts_callback_parse(callbacks[i], &context, NULL);
        g_assert(callback != NULL);
        ts_trainer_add_callback(tiny.trainer, callback);
    }
    return tiny;
}

/* As if an epoch had been run, so that every callback has something to remember. */
static inline void
tiny_trainer_pretend(TinyTrainer *tiny)
{
    TsTrainer *trainer = tiny->trainer;
    TsLogs *logs = ts_logs_new();
    ts_logs_set(logs, "val_loss", 0.5);
    g_ptr_array_add(trainer->history, logs);
    trainer->logs = logs;
    trainer->epoch_complete = TRUE;
    for (guint i = 0; i < trainer->callbacks->len; i++) {
        TsCallback *callback = g_ptr_array_index(trainer->callbacks, i);
        g_assert(callback->train_begin == NULL || callback->train_begin(callback, trainer, NULL));
        g_assert(callback->batch_end == NULL || callback->batch_end(callback, trainer, NULL));
        if (!g_str_equal(callback->name, "checkpoint") && callback->epoch_end != NULL)
            g_assert(callback->epoch_end(callback, trainer, NULL));
        if (!g_str_equal(callback->name, "ema") && callback->evaluation_end != NULL)
            g_assert(callback->evaluation_end(callback, trainer, NULL));
    }
    trainer->epoch = 1;
}

static inline void
tiny_trainer_free(TinyTrainer *tiny)
{
    ts_trainer_free(tiny->trainer);
    ts_model_free(tiny->model);
}
