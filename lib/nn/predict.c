/* Prediction in inference mode. The last batch fills only a part of the net's input; what stands in
 * the rest does not matter, as samples do not see each other. */
#include "nn/predict.h"

#include "base/error.h"
#include "nn/loss.h"
#include "nn/net.h"
#include "sample/loader.h"

#include <math.h>
#include <string.h>

static gboolean
predict_batch(TsModel *model, TsNet *net, const TsBatch *batch, guint64 first, TsPredictFunc func,
              gpointer data, GError **error)
{
    const guint classes = g_strv_length(model->classes);
    g_autofree double *probabilities = g_new(double, classes);
    memcpy(ts_net_input(net), batch->images,
           batch->n * ts_preprocess_n_bytes(&model->preprocess) * sizeof(float));
    if (!ts_net_forward(net, 0, error))
        return FALSE;
    for (guint i = 0; i < batch->n; i++) {
        ts_softmax(ts_net_logits(net) + (gsize) i * classes, classes, probabilities);
        if (isnan(probabilities[0]))
            return ts_error_set(error, TS_ERROR_RANGE,
                                "the model's answer to sample %" G_GUINT64_FORMAT
                                " is no number: its weights are damaged, or it diverged in "
                                "training",
                                first + i + 1);
        if (!func(first + i, probabilities, data, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_predict(TsModel *model, TsDataset *dataset, guint batch_size, TsPredictFunc func, gpointer data,
           GError **error)
{
    const TsLoaderOptions options = {.batch_size = batch_size};
    g_autoptr(TsLoader) loader = ts_loader_new(dataset, &model->preprocess, &options, error);
    g_autoptr(TsNet) net =
        loader != NULL ? ts_net_new(model->graph, model->params, batch_size, TS_NET_FROZEN, error)
                       : NULL;
    if (net == NULL || !ts_loader_begin_epoch(loader, 0, 0, error))
        return FALSE;
    guint64 done = 0;
    GError *loader_error = NULL;
    const TsBatch *batch;
    while ((batch = ts_loader_next(loader, &loader_error)) != NULL) {
        if (!predict_batch(model, net, batch, done, func, data, error))
            return FALSE;
        done += batch->n;
    }
    if (loader_error != NULL) {
        g_propagate_error(error, loader_error);
        return FALSE;
    }
    return TRUE;
}
