/* Prediction: a model over the rows of a data set, batch by batch, in order. */
#pragma once

#include "nn/model.h"
#include "sample/dataset.h"

G_BEGIN_DECLS

/* What to do with one sample: `i` counts through the dataset, `probabilities` (one a class, sum 1)
 * are borrowed for the call. */
typedef gboolean (*TsPredictFunc)(guint64 i, const double *probabilities, gpointer data,
                                  GError **error);

/* Call `func` for every sample of `dataset`, in its order. Batches are made ahead in threads. */
gboolean ts_predict(TsModel *model, TsDataset *dataset, guint batch_size, TsPredictFunc func,
                    gpointer data, GError **error);

G_END_DECLS
