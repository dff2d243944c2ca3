/* Prediction batch by batch: what a feed reads, a predictor answers. */
#pragma once

#include "nn/predictor.h"
#include "sample/feed.h"

G_BEGIN_DECLS

/* Ask about the next batch of a feed, whose batches are not larger than the predictor's samples.
 * TRUE with `answers` NULL: the feed is at its end. A sample that cannot be made is an error. */
gboolean
ts_predict_next(TsFeed *feed, TsPredictor *predictor, const TsAnswers **answers, GError **error);

G_END_DECLS
