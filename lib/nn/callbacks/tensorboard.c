/* TensorBoard: scalars of epochs and iterations. The two curves of one number stand in one chart,
 * as their tags share a prefix: loss/train and loss/val. */
#include "nn/callbacks/callbacks.h"

#include "nn/trainer.h"
#include "store/tfevents.h"

typedef struct {
    TsCallback callback;
    char *folder;
    TsEventWriter *writer;
} TensorBoard;

static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    TensorBoard *self = (TensorBoard *) callback;
    self->writer = ts_event_writer_new(self->folder, error);
    if (self->writer == NULL)
        return FALSE;
    /* A resumed run repeats what came behind the checkpoint. */
    return trainer->iteration == 0 ||
           ts_event_writer_add_restart(self->writer, (gint64) trainer->iteration + 1, error);
}

static gboolean
batch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    return ts_event_writer_add_scalar(((TensorBoard *) callback)->writer, "batch/loss",
                                      (gint64) trainer->iteration, (float) trainer->batch_loss,
                                      error);
}

/* "val_loss" to "loss/val", "loss" to "loss/train"; the learning rate has no two sides. */
static char *
tag_of(const char *name)
{
    if (g_str_has_prefix(name, "val_"))
        return g_strdup_printf("%s/val", name + 4);
    if (g_str_equal(name, "learning_rate"))
        return g_strdup(name);
    return g_strdup_printf("%s/train", name);
}

/* The step of an epoch's numbers is its last iteration, so that all curves have one axis. */
static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    TensorBoard *self = (TensorBoard *) callback;
    for (guint i = 0; i < ts_logs_n(trainer->logs); i++) {
        g_autofree char *tag = tag_of(ts_logs_name(trainer->logs, i));
        if (!ts_event_writer_add_scalar(self->writer, tag, (gint64) trainer->iteration,
                                        (float) ts_logs_value(trainer->logs, i), error))
            return FALSE;
    }
    return ts_event_writer_flush(self->writer, error);
}

static gboolean
train_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    return ts_event_writer_close(((TensorBoard *) callback)->writer, error);
}

static void
free_tensorboard(TsCallback *callback)
{
    TensorBoard *self = (TensorBoard *) callback;
    ts_event_writer_free(self->writer);
    g_free(self->folder);
    g_free(self);
}

TsCallback *
ts_tensorboard_new(const char *folder)
{
    TensorBoard *self = g_new0(TensorBoard, 1);
    self->folder = g_strdup(folder);
    self->callback = (TsCallback){.name = "tensorboard",
                                  .train_begin = train_begin,
                                  .batch_end = batch_end,
                                  .epoch_end = epoch_end,
                                  .train_end = train_end,
                                  .free = free_tensorboard};
    return &self->callback;
}
