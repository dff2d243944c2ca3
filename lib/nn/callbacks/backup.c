/* BackupAndRestore: last.ckpt every so many batches too, so that a kill costs less than an epoch.
 */
#include "nn/callbacks/callbacks.h"

#include "nn/trainer.h"

typedef struct {
    TsCallback callback;
    guint every;
} Backup;

static gboolean
batch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    if (!trainer->diverged && trainer->iteration % ((const Backup *) callback)->every == 0)
        trainer->save = TRUE;
    return TRUE;
}

static void
free_backup(TsCallback *callback)
{
    g_free(callback);
}

TsCallback *
ts_backup_new(guint every)
{
    Backup *self = g_new0(Backup, 1);
    self->every = every;
    self->callback = (TsCallback){.name = "backup", .batch_end = batch_end, .free = free_backup};
    return &self->callback;
}

TsCallback *
ts_backup_parse(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    int every;
    return ts_spec_int(spec, "every", 1, G_MAXINT, 1000, &every, error)
               ? ts_backup_new((guint) every)
               : NULL;
}
