/* The running statistics of batch norm, computed anew for weights that were averaged. */
#include "nn/trainer_private.h"

#include "base/interrupt.h"

#include <string.h>

/* By which share of a batch's statistics the running ones move: 0 for what is learned. */
static double *
momentum_of_params(const TsTrainer *self)
{
    const TsGraph *graph = self->model->graph;
    double *momentum = g_new0(double, self->model->params->n + 1);
    for (guint i = 0; i < graph->nodes->len; i++) {
        const TsNode *node = ts_graph_node(graph, i);
        for (gsize slot = 0; slot < G_N_ELEMENTS(node->param); slot++)
            if (node->param[slot] >= 0 &&
                !ts_param_is_learned(&self->model->params->param[node->param[slot]]) &&
                !self->model->params->param[node->param[slot]].frozen)
                momentum[node->param[slot]] = node->rate;
    }
    return momentum;
}

/* Running statistics begin at zero here, so that they are momentum times those of the batch. */
static gboolean
add_statistics(TsTrainer *self, const TsBatch *batch, const double *momentum, double **sums,
               guint64 key, GError **error)
{
    TsParams *params = self->model->params;
    TsNet *net = ts_trainer_net_for(self, batch->n, error);
    if (net == NULL)
        return FALSE;
    for (guint i = 0; i < params->n; i++)
        if (sums[i] != NULL)
            memset(params->param[i].data, 0, params->param[i].n_stored * sizeof(float));
    ts_trainer_fill_input(self, net, batch);
    if (!ts_net_forward(net, key, error))
        return FALSE;
    for (guint i = 0; i < params->n; i++)
        for (gsize k = 0; sums[i] != NULL && k < params->param[i].n_stored; k++)
            sums[i][k] += params->param[i].data[k] / momentum[i];
    return TRUE;
}

static gboolean
sum_statistics(TsTrainer *self, guint64 epoch, const double *momentum, double **sums,
               guint64 *n_batches, GError **error)
{
    if (!ts_loader_begin_epoch(self->train, epoch, 0, error))
        return FALSE;
    GError *loader_error = NULL;
    const TsBatch *batch;
    while ((batch = ts_loader_next(self->train, &loader_error)) != NULL)
        for (guint k = 0; k < ts_trainer_n_passes(self, batch); k++, (*n_batches)++) {
            const TsBatch part = ts_trainer_part_of_batch(self, batch, k);
            if (!add_statistics(self, &part, momentum, sums, self->iteration + *n_batches, error) ||
                ts_interrupt_check(error))
                return FALSE;
        }
    if (loader_error != NULL)
        g_propagate_error(error, loader_error);
    return loader_error == NULL;
}

gboolean
ts_trainer_update_statistics(TsTrainer *self, guint64 epoch, GError **error)
{
    TsParams *params = self->model->params;
    g_autofree double *momentum = momentum_of_params(self);
    g_autoptr(GPtrArray) sums = g_ptr_array_new_with_free_func(g_free);
    guint n_sums = 0;
    for (guint i = 0; i < params->n; i++) {
        g_ptr_array_add(sums, momentum[i] > 0 ? g_new0(double, params->param[i].n_stored) : NULL);
        n_sums += momentum[i] > 0 ? 1 : 0;
    }
    guint64 n_batches = 0;
    if (n_sums == 0)
        return TRUE;
    if (!sum_statistics(self, epoch, momentum, (double **) sums->pdata, &n_batches, error))
        return FALSE;
    for (guint i = 0; i < params->n; i++) {
        const double *sum = g_ptr_array_index(sums, i);
        for (gsize k = 0; sum != NULL && k < params->param[i].n_stored; k++)
            params->param[i].data[k] = (float) (sum[k] / (double) n_batches);
    }
    return TRUE;
}
