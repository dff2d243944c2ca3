/* One update of the weights by one batch. */
#include "nn/trainer_private.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

TsNet *
ts_trainer_net_for(TsTrainer *self, guint n, GError **error)
{
    if (n == self->options.batch_size)
        return self->net;
    if (self->net_rest != NULL && ts_net_batch(self->net_rest) != n)
        g_clear_pointer(&self->net_rest, ts_net_free);
    if (self->net_rest == NULL) {
        self->net_rest =
            ts_net_new(self->model->graph, self->model->params, n, TS_NET_TRAIN, error);
        if (self->net_rest != NULL)
            ts_net_set_seed(self->net_rest, self->options.seed);
    }
    return self->net_rest;
}

void
ts_trainer_fill_input(TsNet *net, const TsBatch *batch, const TsPreprocess *how)
{
    memcpy(ts_net_input(net), batch->images, batch->n * ts_preprocess_n_bytes(how) * sizeof(float));
}

static gboolean
clip_gradients(TsTrainer *self, GError **error)
{
    double norm;
    return self->options.clip.kind == TS_CLIP_NONE ||
           ts_clip_gradients(&self->options.clip, self->model->params, &norm, error);
}

/* Class weights may join later (deferred re-weighting). */
static TsLoss
loss_of_epoch(const TsTrainer *self)
{
    TsLoss loss = self->options.loss;
    if (self->epoch < self->options.class_weights_from)
        loss.class_weights = NULL;
    return loss;
}

gboolean
ts_trainer_train_batch(TsTrainer *self, const TsBatch *batch, GError **error)
{
    TsNet *net = ts_trainer_net_for(self, batch->n, error);
    if (net == NULL)
        return FALSE;
    TsLossSums sums = {0};
    ts_trainer_fill_input(net, batch, &self->model->preprocess);
    if (!ts_net_forward(net, self->iteration, error))
        return FALSE;
    const TsLoss loss = loss_of_epoch(self);
    ts_loss_compute(&loss, ts_net_logits(net), batch->labels, batch->weights, batch->n,
                    g_strv_length(self->model->classes), batch->n, ts_net_grad_logits(net), &sums);
    self->logits_in_hand = ts_net_logits(net);
    self->batch_loss = ts_loss_mean(&sums);
    self->diverged = sums.weight > 0 && !isfinite(sums.loss);
    self->batch++;
    self->iteration++;
    if (self->diverged)
        return TRUE;
    if (!ts_net_backward(net, error) || !clip_gradients(self, error))
        return FALSE;
    ts_optimizer_step(self->optimizer, ts_trainer_rate(self));
    self->sums.loss += sums.loss;
    self->sums.weight += sums.weight;
    self->sums.n += sums.n;
    self->sums.n_right += sums.n_right;
    return TRUE;
}
