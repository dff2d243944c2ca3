/* Prediction: a model over the rows of a data set, batch by batch, in order. */
#pragma once

#include "nn/model.h"
#include "nn/predictor.h"
#include "sample/dataset.h"
#include "sample/feed.h"

G_BEGIN_DECLS

/* What to do with one sample: `i` counts through the dataset, `probabilities` (one a class, sum 1)
 * are borrowed for the call. */
typedef gboolean (*TsPredictFunc)(guint64 i, const double *probabilities, gpointer data,
                                  GError **error);

/* Call `func` for every sample of `dataset`, in its order. Batches are made ahead in threads. */
gboolean ts_predict(TsModel *model, TsDataset *dataset, guint batch_size, TsPredictFunc func,
                    gpointer data, GError **error);

/* Ask about the next batch of a feed, whose batches are not larger than the predictor's samples.
 * TRUE with `answers` NULL: the feed is at its end. A sample that cannot be made is an error. */
gboolean
ts_predict_next(TsFeed *feed, TsPredictor *predictor, const TsAnswers **answers, GError **error);

G_END_DECLS
