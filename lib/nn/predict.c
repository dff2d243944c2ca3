/* A feed of samples and a predictor, one after the other. */
#include "nn/predict.h"

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
