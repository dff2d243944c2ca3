/* The progress bar of an epoch, and the line that is left of it. */
#include "nn/callbacks/callbacks.h"

#include "base/log.h"
#include "base/progress.h"
#include "nn/trainer.h"

typedef struct {
    TsCallback callback;
    TsProgress *bar;
    gint64 started;
} Progress;

static gboolean
epoch_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Progress *self = (Progress *) callback;
    g_autofree char *what = g_strdup_printf("epoch %" G_GUINT64_FORMAT "/%u", trainer->epoch + 1,
                                            trainer->options.epochs);
    guint64 n = ts_loader_n_batches(trainer->train);
    if (trainer->options.steps > 0)
        n = MIN(n, trainer->batch + trainer->options.steps - trainer->iteration);
    self->bar = ts_progress_new(what, n, "iterations");
    ts_progress_add(self->bar, trainer->batch);
    self->started = g_get_monotonic_time();
    return TRUE;
}

static gboolean
batch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Progress *self = (Progress *) callback;
    char note[64];
    g_snprintf(note, sizeof note, "loss %.4f", ts_loss_mean(&trainer->sums));
    ts_progress_set_note(self->bar, note);
    ts_progress_add(self->bar, 1);
    return TRUE;
}

static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Progress *self = (Progress *) callback;
    ts_progress_clear_line();
    g_clear_pointer(&self->bar, ts_progress_free);
    GString *line = g_string_new(NULL);
    g_string_printf(line, "epoch %" G_GUINT64_FORMAT "/%u", trainer->epoch + 1,
                    trainer->options.epochs);
    for (guint i = 0; i < ts_logs_n(trainer->logs); i++)
        g_string_append_printf(line, "  %s %.4g", ts_logs_name(trainer->logs, i),
                               ts_logs_value(trainer->logs, i));
    g_string_append_printf(line, "  %.1f s", (g_get_monotonic_time() - self->started) / 1e6);
    ts_info("%s", line->str);
    g_string_free(line, TRUE);
    return TRUE;
}

static void
free_progress(TsCallback *callback)
{
    ts_progress_free(((Progress *) callback)->bar);
    g_free(callback);
}

TsCallback *
ts_progress_callback_new(void)
{
    Progress *self = g_new0(Progress, 1);
    self->callback = (TsCallback){.name = "progress",
                                  .epoch_begin = epoch_begin,
                                  .batch_end = batch_end,
                                  .epoch_end = epoch_end,
                                  .free = free_progress};
    return &self->callback;
}
