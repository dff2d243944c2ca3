/* A feed of samples and a predictor, one after the other. */
#include "nn/predict.h"

#include "base/error.h"

static gboolean
pass_on(const TsAnswers *answers, guint n_classes, guint64 first, TsPredictFunc func, gpointer data,
        GError **error)
{
    for (guint i = 0; i < answers->n; i++) {
        if (!ts_answers_are_finite(answers, n_classes, i))
            return ts_error_set(error, TS_ERROR_RANGE,
                                "the model's answer to sample %" G_GUINT64_FORMAT
                                " is no number: its weights are damaged, or it diverged in "
                                "training",
                                first + i + 1);
        if (!func(first + i, answers->probabilities + (gsize) i * n_classes, data, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_predict_next(TsFeed *feed, TsPredictor *predictor, const TsAnswers **answers, GError **error)
{
    GError *failure = NULL;
    const TsFeedBatch *batch = ts_feed_next(feed, &failure);
    *answers = NULL;
    for (guint i = 0; batch != NULL && failure == NULL && i < batch->n; i++)
        if (batch->errors[i] != NULL)
            failure = g_error_copy(batch->errors[i]);
    if (failure != NULL) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (batch == NULL)
        return TRUE;
    *answers = ts_predictor_run(predictor, batch->pixels, batch->n, error);
    return *answers != NULL;
}

gboolean
ts_predict(TsModel *model, TsDataset *dataset, guint batch_size, TsPredictFunc func, gpointer data,
           GError **error)
{
    const TsPredictorOptions how = {.batch_size = batch_size, .n_views = 1, .temperature = 1};
    const TsFeedOptions rows = {.batch_size = batch_size};
    g_autoptr(TsFeed) feed = ts_feed_new_dataset(dataset, &model->preprocess, &rows, error);
    g_autoptr(TsPredictor) predictor = feed != NULL ? ts_predictor_new(model, &how, error) : NULL;
    const TsAnswers *answers;
    guint64 done = 0;
    if (predictor == NULL)
        return FALSE;
    while (ts_predict_next(feed, predictor, &answers, error)) {
        if (answers == NULL)
            return TRUE;
        if (!pass_on(answers, g_strv_length(model->classes), done, func, data, error))
            return FALSE;
        done += answers->n;
    }
    return FALSE;
}
