/* TensorBoard: the graph, the command line, scalars of epochs and iterations, distributions of
 * weights and gradients, pictures of samples, of mistakes and of the confusion matrix,
 * precision-recall curves. The two curves of one number stand in one chart, as their tags share a
 * prefix: loss/train and loss/val.
 */
#include "nn/callbacks/tensorboard.h"

#include "nn/callbacks/callbacks.h"
#include "nn/trainer.h"
#include "stats/histogram.h"

#include <stdlib.h>

typedef struct {
    TsCallback callback;
    TsTensorBoard options;
    TsEventWriter *writer;
    TsMosaic *samples, *mistakes;
    GString *list;      /* of the mistakes */
    TsPrCurves *curves; /* NULL: none */
} TensorBoard;

static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    TensorBoard *self = (TensorBoard *) callback;
    self->writer = ts_event_writer_new(self->options.folder, error);
    if (self->writer == NULL)
        return FALSE;
    self->samples = ts_mosaic_new(&trainer->model->preprocess);
    self->mistakes = ts_mosaic_new(&trainer->model->preprocess);
    self->list = g_string_new(NULL);
    if (self->options.pr_epochs > 0)
        self->curves = ts_pr_curves_new((const char *const *) trainer->model->classes);
    /* A resumed run repeats what came behind the checkpoint. */
    if (trainer->iteration > 0)
        return ts_event_writer_add_restart(self->writer, (gint64) trainer->iteration + 1, error);
    return ts_tensorboard_add_graph(self->writer, trainer->model->graph, error) &&
           (self->options.text == NULL ||
            ts_event_writer_add_text(self->writer, "command", 0, self->options.text, error)) &&
           (self->options.n_settings == 0 ||
            ts_event_writer_add_settings(self->writer, self->options.settings,
                                         self->options.n_settings, error));
}

/* What the run begins with, augmented as it is. */
static gboolean
batch_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    TensorBoard *self = (TensorBoard *) callback;
    if (trainer->iteration > 0)
        return TRUE;
    for (guint i = 0; i < MIN(trainer->batch_in_hand->n, TS_MOSAIC_MAX); i++) {
        const float *picture = ts_loader_picture(trainer->train, i, error);
        if (picture == NULL)
            return FALSE;
        ts_mosaic_add(self->samples, picture);
    }
    return ts_mosaic_write(self->samples, self->writer, "samples/train", 0, error);
}

static gboolean
batch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    return ts_event_writer_add_scalar(((TensorBoard *) callback)->writer, "batch/loss",
                                      (gint64) trainer->iteration, (float) trainer->batch_loss,
                                      error);
}

/* The class or the set of sample `i`, or what the logits make of it. */
static char *
name_labels(const TsModel *model, const TsBatch *batch, guint i, const float *logits)
{
    const guint n = g_strv_length(model->classes);
    const gsize at = (gsize) i * n;
    if (batch->targets == NULL)
        return g_strdup(model->classes[logits != NULL ? ts_loss_predicted_class(logits + at, n)
                                                      : (guint) batch->labels[i]]);
    GString *names = g_string_new(NULL);
    for (guint c = 0; c < n; c++)
        if (logits != NULL ? logits[at + c] >= 0 : batch->targets[at + c] >= 0.5f)
            g_string_append_printf(names, "%s%s", names->len > 0 ? ";" : "", model->classes[c]);
    return g_string_free(names, FALSE);
}

/* The first mistakes, in the order of the rows. */
static gboolean
validation_batch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    TensorBoard *self = (TensorBoard *) callback;
    const TsBatch *batch = trainer->batch_in_hand;
    if (self->curves != NULL)
        ts_pr_curves_add(self->curves, trainer->logits_in_hand, batch);
    for (guint i = 0; i < batch->n && self->mistakes->n < TS_MOSAIC_MAX; i++) {
        g_autofree char *label = name_labels(trainer->model, batch, i, NULL);
        g_autofree char *predicted = name_labels(trainer->model, batch, i, trainer->logits_in_hand);
        if (strcmp(label, predicted) == 0)
            continue;
        const float *picture = ts_loader_picture(trainer->val, i, error);
        if (picture == NULL)
            return FALSE;
        ts_mosaic_add(self->mistakes, picture);
        g_string_append_printf(self->list, "| %u | %" G_GUINT64_FORMAT " | %s | %s |\n",
                               self->mistakes->n, batch->rows[i] + 1, label, predicted);
    }
    return TRUE;
}

static gboolean
validation_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    TensorBoard *self = (TensorBoard *) callback;
    const gint64 step = (gint64) trainer->iteration;
    g_autofree char *table = g_strconcat(
        "| picture | row | class | predicted |\n|---|---|---|---|\n", self->list->str, NULL);
    gboolean ok = ts_mosaic_write(self->mistakes, self->writer, "mistakes/val", step, error) &&
                  ts_event_writer_add_text(self->writer, "mistakes/val", step, table, error) &&
                  (trainer->confusion == NULL ||
                   ts_tensorboard_add_confusion(self->writer, "confusion/val", step,
                                                trainer->confusion, error)) &&
                  (self->curves == NULL || trainer->epoch % self->options.pr_epochs != 0 ||
                   ts_pr_curves_write(self->curves, self->writer, step, error));
    if (self->curves != NULL)
        ts_pr_curves_clear(self->curves);
    ts_mosaic_clear(self->mistakes);
    g_string_truncate(self->list, 0);
    return ok;
}

/* ---- an epoch ---- */

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

static gboolean
add_scalars(const TensorBoard *self, const TsTrainer *trainer, GError **error)
{
    for (guint i = 0; i < ts_logs_n(trainer->logs); i++) {
        g_autofree char *tag = tag_of(ts_logs_name(trainer->logs, i));
        if (!ts_event_writer_add_scalar(self->writer, tag, (gint64) trainer->iteration,
                                        (float) ts_logs_value(trainer->logs, i), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
add_histogram(const TensorBoard *self, const char *kind, const TsParam *param, const float *stored,
              gint64 step, GError **error)
{
    g_autofree char *tag = g_strdup_printf("%s/%s", kind, param->spec->name);
    float *plain = ts_aligned_floats(param->n, error);
    if (plain == NULL)
        return FALSE;
    g_autoptr(TsHistogram) histogram = ts_histogram_new();
    gboolean ok = ts_param_get_plain(param, stored, plain, error);
    if (ok) {
        ts_histogram_add(histogram, plain, param->n);
        TsEventHistogram event = {histogram->min, histogram->max, histogram->n, histogram->sum,
                                  histogram->sum_of_squares};
        event.n_bins = ts_histogram_bins(histogram, &event.limit, &event.count);
        ok = event.n_bins == 0 ||
             ts_event_writer_add_histogram(self->writer, tag, step, &event, error);
    }
    free(plain);
    return ok;
}

/* Gradients are those of the epoch's last batch. */
static gboolean
add_histograms(const TensorBoard *self, const TsTrainer *trainer, GError **error)
{
    const TsParams *params = trainer->model->params;
    const gint64 step = (gint64) trainer->iteration;
    if (self->options.histogram_epochs == 0 || trainer->epoch % self->options.histogram_epochs != 0)
        return TRUE;
    for (guint i = 0; i < params->n; i++) {
        const TsParam *param = &params->param[i];
        if (ts_param_is_learned(param) &&
            (!add_histogram(self, "weights", param, param->data, step, error) ||
             !add_histogram(self, "gradients", param, param->grad, step, error)))
            return FALSE;
    }
    return TRUE;
}

/* The step of an epoch's numbers is its last iteration, so that all curves have one axis. */
static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const TensorBoard *self = (const TensorBoard *) callback;
    return add_scalars(self, trainer, error) && add_histograms(self, trainer, error) &&
           ts_event_writer_flush(self->writer, error);
}

static gboolean
train_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    TsEventWriter *writer = ((TensorBoard *) callback)->writer;
    return ts_event_writer_add_end(writer, !trainer->diverged, error) &&
           ts_event_writer_close(writer, error);
}

static void
free_settings(TsTensorBoard *options)
{
    for (guint i = 0; i < options->n_settings; i++) {
        g_free((char *) options->settings[i].name);
        g_free((char *) options->settings[i].text);
    }
    g_free((TsEventSetting *) options->settings);
}

static void
free_tensorboard(TsCallback *callback)
{
    TensorBoard *self = (TensorBoard *) callback;
    ts_event_writer_free(self->writer);
    ts_mosaic_free(self->samples);
    ts_mosaic_free(self->mistakes);
    ts_pr_curves_free(self->curves);
    if (self->list != NULL)
        g_string_free(self->list, TRUE);
    free_settings(&self->options);
    g_free((char *) self->options.folder);
    g_free((char *) self->options.text);
    g_free(self);
}

static TsEventSetting *
copy_settings(const TsTensorBoard *options)
{
    TsEventSetting *copy = g_new0(TsEventSetting, options->n_settings + 1);
    for (guint i = 0; i < options->n_settings; i++)
        copy[i] =
            (TsEventSetting){g_strdup(options->settings[i].name),
                             g_strdup(options->settings[i].text), options->settings[i].number};
    return copy;
}

TsCallback *
ts_tensorboard_new(const TsTensorBoard *options)
{
    TensorBoard *self = g_new0(TensorBoard, 1);
    self->options = *options;
    self->options.folder = g_strdup(options->folder);
    self->options.text = g_strdup(options->text);
    self->options.settings = copy_settings(options);
    self->callback = (TsCallback){.name = "tensorboard",
                                  .train_begin = train_begin,
                                  .batch_begin = batch_begin,
                                  .batch_end = batch_end,
                                  .validation_batch_end = validation_batch_end,
                                  .validation_end = validation_end,
                                  .epoch_end = epoch_end,
                                  .train_end = train_end,
                                  .free = free_tensorboard};
    return &self->callback;
}

TsCallback *
ts_tensorboard_parse(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    TsTensorBoard options = *context->tensorboard;
    int histograms, curves;
    if (!ts_spec_int(spec, "histograms", 0, G_MAXINT, (int) options.histogram_epochs, &histograms,
                     error) ||
        !ts_spec_int(spec, "pr_curves", 0, G_MAXINT, (int) options.pr_epochs, &curves, error))
        return NULL;
    options.histogram_epochs = (guint) histograms;
    options.pr_epochs = (guint) curves;
    return ts_tensorboard_new(&options);
}
