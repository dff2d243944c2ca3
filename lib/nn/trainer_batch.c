/* One update of the weights by one batch. */
#include "nn/trainer_private.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

static TsNet *
ensure_net(TsTrainer *self, TsNet **net, guint n, GError **error)
{
    if (*net == NULL) {
        *net = ts_net_new_above(self->model->graph, self->model->params, n, TS_NET_TRAIN,
                                self->first_layer, error);
        if (*net != NULL) {
            ts_net_set_seed(*net, self->options.seed);
            ts_net_set_profile(*net, self->profile);
        }
    }
    return *net;
}

TsNet *
ts_trainer_net_for(TsTrainer *self, guint n, GError **error)
{
    if (n == self->options.batch_size)
        return ensure_net(self, &self->net, n, error);
    if (self->net_rest != NULL && ts_net_batch(self->net_rest) != n)
        g_clear_pointer(&self->net_rest, ts_net_free);
    return ensure_net(self, &self->net_rest, n, error);
}

void
ts_trainer_fill_input(const TsTrainer *self, TsNet *net, const TsBatch *batch)
{
    float *input = ts_net_input(net);
    if (self->features == NULL) {
        memcpy(input, batch->images,
               batch->n * ts_preprocess_n_bytes(&self->model->preprocess) * sizeof(float));
        return;
    }
    const gsize n = ts_features_n_numbers(self->features);
    for (guint k = 0; k < batch->n; k++)
        memcpy(input + k * n, ts_features_get(self->features, batch->rows[k]), n * sizeof(float));
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

static void
add_sums(TsLossSums *all, const TsLossSums *more)
{
    all->loss += more->loss;
    all->weight += more->weight;
    all->n += more->n;
    all->n_right += more->n_right;
}

static gboolean
tell(const TsTrainer *self, TsStepStage stage, GError **error)
{
    const TsStepWatch *watch = self->watch;
    return watch == NULL || watch->stage(stage, watch->data, error);
}

static gboolean
forward(const TsTrainer *self, TsNet *net, guint64 key, GError **error)
{
    const TsStepWatch *watch = self->watch;
    ts_profile_enter(self->profile, TS_PROFILE_FORWARD);
    return watch == NULL ? ts_net_forward(net, key, error)
                         : ts_net_forward_traced(net, key, watch->layer, watch->data, error);
}

static gboolean
backward(const TsTrainer *self, TsNet *net, GError **error)
{
    const TsStepWatch *watch = self->watch;
    ts_profile_enter(self->profile, TS_PROFILE_BACKWARD);
    return watch == NULL ? ts_net_backward(net, error)
                         : ts_net_backward_traced(net, watch->layer, watch->data, error);
}

/* From gradients to new weights. */
static gboolean
update(TsTrainer *self, GError **error)
{
    if (self->anchor != NULL)
        ts_anchor_add(self->anchor, self->model->params);
    if (!tell(self, TS_STEP_GRADIENTS, error) || !clip_gradients(self, error))
        return FALSE;
    if (self->options.clip.kind != TS_CLIP_NONE && !tell(self, TS_STEP_CLIPPED, error))
        return FALSE;
    ts_optimizer_step(self->optimizer, ts_trainer_rate(self));
    ts_profile_count_iteration(self->profile);
    return tell(self, TS_STEP_END, error);
}

/* Forward and backward, which sets the gradients. A loss that is no finite number ends it. */
static gboolean
run_pass(TsTrainer *self, const TsBatch *batch, guint64 key, TsLossSums *sums, GError **error)
{
    TsNet *net = ts_trainer_net_for(self, batch->n, error);
    if (net == NULL)
        return FALSE;
    ts_profile_enter(self->profile, TS_PROFILE_INPUT);
    ts_trainer_fill_input(self, net, batch);
    if (!forward(self, net, key, error))
        return FALSE;
    ts_profile_enter(self->profile, TS_PROFILE_LOSS);
    const TsLoss loss = loss_of_epoch(self);
    const guint classes = g_strv_length(self->model->classes);
    const TsLossTargets targets = {batch->labels, batch->weights, batch->shares,
                                   batch->other_labels, batch->other_weights};
    if (batch->targets != NULL)
        ts_loss_compute_sets(&loss, ts_net_logits(net), batch->targets, batch->weights, batch->n,
                             classes, batch->n, ts_net_grad_logits(net), sums);
    else
        ts_loss_compute_targets(&loss, ts_net_logits(net), &targets, batch->n, classes, batch->n,
                                ts_net_grad_logits(net), sums);
    self->logits_in_hand = ts_net_logits(net);
    self->diverged = sums->weight > 0 && !isfinite(sums->loss);
    return self->diverged || backward(self, net, error);
}

guint
ts_trainer_n_passes(const TsTrainer *self, const TsBatch *batch)
{
    return (batch->n + self->options.batch_size - 1) / self->options.batch_size;
}

TsBatch
ts_trainer_part_of_batch(const TsTrainer *self, const TsBatch *batch, guint pass)
{
    const gsize from = (gsize) pass * self->options.batch_size;
    TsBatch part = *batch;
    part.n = (guint) MIN(batch->n - from, self->options.batch_size);
    part.images += from * ts_preprocess_n_bytes(&self->model->preprocess);
    part.labels += from;
    part.rows += from;
    if (part.targets != NULL)
        part.targets += from * part.n_targets;
    if (part.weights != NULL)
        part.weights += from;
    if (part.shares != NULL) {
        part.shares += from;
        part.other_labels += from;
        part.other_weights += from;
    }
    return part;
}

/* The gradients of the batch in several passes. */
static gboolean
accumulate(TsTrainer *self, const TsBatch *batch, TsLossSums *sums, GError **error)
{
    const guint n_passes = ts_trainer_n_passes(self, batch);
    ts_accumulator_begin(self->accumulator);
    for (guint k = 0; k < n_passes && !self->diverged; k++) {
        const TsBatch part = ts_trainer_part_of_batch(self, batch, k);
        const guint64 key = self->iteration * self->options.accumulate + k;
        TsLossSums of_part = {0};
        if (!run_pass(self, &part, key, &of_part, error))
            return FALSE;
        ts_accumulator_add(self->accumulator, self->model->params, of_part.weight,
                           self->logits_in_hand, part.n);
        add_sums(sums, &of_part);
    }
    ts_accumulator_finish(self->accumulator, self->model->params);
    self->logits_in_hand = ts_accumulator_logits(self->accumulator);
    return TRUE;
}

static gboolean
train_batch(TsTrainer *self, const TsBatch *batch, GError **error)
{
    TsLossSums sums = {0};
    if (!tell(self, TS_STEP_BEGIN, error))
        return FALSE;
    if (!(self->accumulator != NULL ? accumulate(self, batch, &sums, error)
                                    : run_pass(self, batch, self->iteration, &sums, error)))
        return FALSE;
    self->batch_loss = ts_loss_mean(&sums);
    self->batch++;
    self->iteration++;
    if (!tell(self, TS_STEP_LOSS, error))
        return FALSE;
    if (self->diverged)
        return TRUE;
    ts_profile_enter(self->profile, TS_PROFILE_UPDATE);
    if (!update(self, error))
        return FALSE;
    add_sums(&self->sums, &sums);
    return TRUE;
}

gboolean
ts_trainer_train_batch(TsTrainer *self, const TsBatch *batch, GError **error)
{
    const TsProfilePart before = ts_profile_enter(self->profile, TS_PROFILE_OTHER);
    const gboolean done = train_batch(self, batch, error);
    ts_profile_enter(self->profile, before);
    return done;
}
