/* evaluate --model: the predictions, from the model itself. */
#include "base/error.h"
#include "base/progress.h"
#include "evaluate.h"
#include "manifest/classes.h"
#include "nn/predictor.h"
#include "sample/feed.h"

enum { BATCH = 64 };

/* Truth of the model's classes and room for its answers, of the labelled rows of the split. */
static TsPredictions *
begin(const TsModel *model, const TsManifest *manifest, const TsPredictionColumns *columns,
      GError **error)
{
    guint64 n, n_labelled = 0;
    g_autoptr(TsClasses) truth =
        ts_classes_new_with(manifest, columns->label, model->classes, error);
    if (truth == NULL)
        return NULL;
    g_autofree guint64 *rows = ts_manifest_select(manifest, "split", columns->split, &n);
    for (guint64 i = 0; i < n; i++)
        if (truth->of_row[rows[i]] >= 0)
            rows[n_labelled++] = rows[i];
    if (n_labelled == 0) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: no row%s%s has a label to compare with",
                     ts_manifest_name(manifest), columns->split != NULL ? " of split " : "",
                     columns->split != NULL ? columns->split : "");
        return NULL;
    }
    TsPredictions *self =
        ts_predictions_new(n_labelled, (const char *const *) model->classes, FALSE, TRUE, error);
    for (guint64 i = 0; self != NULL && i < n_labelled; i++) {
        self->rows[i] = rows[i];
        self->truth[i] = truth->of_row[rows[i]];
    }
    if (self != NULL)
        self->n_unlabelled = n - n_labelled;
    return self;
}

/* Copy the answers to a batch, whose first row is `done`. */
static gboolean
copy_answers(TsPredictions *self, guint64 done, const TsFeedBatch *batch, const TsAnswers *answers,
             GError **error)
{
    for (guint i = 0; i < batch->n; i++) {
        if (batch->errors[i] != NULL) {
            g_propagate_error(error, g_error_copy(batch->errors[i]));
            return FALSE;
        }
        if (!ts_answers_are_finite(answers, self->n_classes, i))
            return ts_error_set(error, TS_ERROR_RANGE,
                                "the model's answer to sample %" G_GUINT64_FORMAT
                                " is no number: its weights are damaged, or it diverged in "
                                "training",
                                done + i + 1);
    }
    memcpy(self->p + done * self->n_classes, answers->probabilities,
           (gsize) batch->n * self->n_classes * sizeof *self->p);
    return TRUE;
}

static gboolean
ask(TsModel *model, const TsManifest *manifest, TsPredictions *self, GError **error)
{
    const guint batch_size = (guint) MIN(BATCH, self->n);
    const TsPredictorOptions how = {.batch_size = batch_size, .n_views = 1, .temperature = 1};
    const TsFeedOptions options = {.batch_size = batch_size};
    g_autoptr(TsDataset) dataset = ts_dataset_new(manifest, self->rows, self->n, NULL, error);
    g_autoptr(TsPredictor) predictor =
        dataset != NULL ? ts_predictor_new(model, &how, error) : NULL;
    g_autoptr(TsFeed) feed = predictor != NULL
                                 ? ts_feed_new_dataset(dataset, &model->preprocess, &options, error)
                                 : NULL;
    if (feed == NULL)
        return FALSE;
    g_autoptr(TsProgress) progress = ts_progress_new("predict", self->n, "samples");
    GError *failure = NULL;
    const TsFeedBatch *batch;
    for (guint64 done = 0; (batch = ts_feed_next(feed, &failure)) != NULL; done += batch->n) {
        const TsAnswers *answers = ts_predictor_run(predictor, batch->pixels, batch->n, error);
        if (answers == NULL || !copy_answers(self, done, batch, answers, error))
            return FALSE;
        ts_progress_add(progress, batch->n);
    }
    if (failure != NULL)
        g_propagate_error(error, failure);
    return failure == NULL;
}

TsPredictions *
evaluate_predict(const char *path, const TsManifest *manifest, const TsPredictionColumns *columns,
                 GError **error)
{
    g_autoptr(TsModel) model = ts_model_map(path, error);
    if (model != NULL && model->multi_label) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "--model: %s tells several labels; take predict -p -m %s ... | evaluate "
                     "--multi-label",
                     path, path);
        return NULL;
    }
    g_autoptr(TsPredictions) self = model != NULL ? begin(model, manifest, columns, error) : NULL;
    if (self == NULL || !ask(model, manifest, self, error) ||
        (columns->positive != NULL && !ts_predictions_set_positive(self, columns->positive, error)))
        return NULL;
    ts_predictions_choose(self);
    return g_steal_pointer(&self);
}
