/* The batch loader: a ring of batches that workers fill ahead of the reader, in order.
 *
 * Batch b lives in slot b mod n_slots. Workers take batches in order, up to the end of the ring;
 * the reader holds at most one, batch `floor`, and gives its slot back by asking for the next.
 */
#include "sample/loader.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/rng.h"
#include "base/threads.h"
#include "sample/cache.h"
#include "sample/crops.h"
#include "sample/recipe.h"
#include "sample/render.h"

#include <string.h>

/* The reader looks for a signal this often while it waits, in microseconds. */
enum { INTERRUPT_PERIOD = 100000 };

typedef struct {
    TsBatch batch;
    guint8 *scratch; /* a sample that has no place in the cache */
    guint8 *changed; /* a sample after augmentation */
    gboolean ready;
    GError *error; /* ready, but failed */
} Slot;

struct _TsLoader {
    TsDataset *dataset;
    TsPreprocess how;
    TsLoaderOptions options;
    gsize n_sample; /* bytes of a preprocessed sample */
    TsSampleCache cache;
    TsCropSource *crops; /* instead of the cache: samples are cut out of what the files show */
    guint64 n_batches;
    guint64 epoch;
    guint64 n_drawn; /* samples in an epoch */
    guint64 *order;  /* (n_drawn), of this epoch */
    guint64 *keys;   /* (n_drawn), of their random streams */
    guint64 *seen;   /* (n samples), scratch */
    Slot *slots;     /* (n_slots) */
    guint n_slots;
    GThread **workers;
    guint n_workers;
    gint cancelled; /* atomic: workers drop what they do */

    GMutex lock; /* guards what follows, and the slots' ready */
    GCond changed;
    guint64 floor; /* the batch in hand, or the next one to be */
    guint64 next;  /* the next batch for a worker */
    guint64 end;   /* workers go so far */
    guint n_busy;
    gboolean in_hand, stopped;
    gboolean blind; /* batches come without pictures */
    TsLoaderCosts costs;
};

static void
add_costs(TsLoaderCosts *to, const TsLoaderCosts *from)
{
    to->n_read += from->n_read;
    to->read_ns += from->read_ns;
    to->n_decoded += from->n_decoded;
    to->decode_ns += from->decode_ns;
    to->n_augmented += from->n_augmented;
    to->augment_ns += from->augment_ns;
    to->n_filled += from->n_filled;
    to->fill_ns += from->fill_ns;
}

/* The bytes of sample `i`: from the cache, or made now, into the cache or into `scratch`. */
static const guint8 *
get_sample(TsLoader *self, guint64 i, guint8 *scratch, TsLoaderCosts *costs, GError **error)
{
    const guint8 *cached = ts_sample_cache_get(&self->cache, i);
    if (cached != NULL)
        return cached;
    guint8 *place = ts_sample_cache_place(&self->cache, i);
    guint8 *bytes = place != NULL ? place : scratch;
    const guint64 from = ts_now_ns();
    g_autoptr(TsImage) image = ts_sample_render(self->dataset, i, error);
    if (image == NULL)
        return NULL;
    if (!ts_preprocess_u8(image, &self->how, bytes, error)) {
        ts_dataset_prefix_error(self->dataset, ts_dataset_row(self->dataset, i), error);
        return NULL;
    }
    if (place != NULL)
        ts_sample_cache_set_filled(&self->cache, i);
    ts_count_since(from, &costs->n_decoded, &costs->decode_ns);
    return bytes;
}

/* `bytes` as they are, or changed at random: a matter of (seed, key) alone. */
static const guint8 *
augment(const TsLoader *self, guint64 i, guint64 key, const guint8 *bytes, Slot *slot,
        TsLoaderCosts *costs, GError **error)
{
    if (!ts_augment_is_active(&self->options.augment))
        return bytes;
    const guint64 from = ts_now_ns();
    if (ts_augment_u8(bytes, self->how.width, self->how.height, self->how.channels,
                      &self->options.augment, self->options.seed, key, slot->changed, error)) {
        ts_count_since(from, &costs->n_augmented, &costs->augment_ns);
        return slot->changed;
    }
    ts_dataset_prefix_error(self->dataset, ts_dataset_row(self->dataset, i), error);
    return NULL;
}

/* The bytes of the epoch's sample number `k`, as the network gets to see them. */
static const guint8 *
make_sample(TsLoader *self, guint64 k, Slot *slot, TsLoaderCosts *costs, GError **error)
{
    const guint64 i = self->order[k];
    if (self->crops != NULL)
        return ts_crop_source_make(self->crops, i, self->keys[k], slot->changed, costs, error)
                   ? slot->changed
                   : NULL;
    const guint8 *bytes = get_sample(self, i, slot->scratch, costs, error);
    return bytes != NULL ? augment(self, i, self->keys[k], bytes, slot, costs, error) : NULL;
}

/* Samples k and n - 1 - k have become `share` of themselves and the rest of the other. A target
 * counts with its row's weight: the loss is linear in both. */
static void
mix_targets(TsBatch *batch, guint k, double share)
{
    const guint other = batch->n - 1 - k, n = batch->n_targets;
    float *a = batch->targets + (gsize) k * n, *b = batch->targets + (gsize) other * n;
    const double weight_a = (double) batch->weights[k], weight_b = (double) batch->weights[other];
    const double sum_a = share * weight_a + (1 - share) * weight_b;
    const double sum_b = share * weight_b + (1 - share) * weight_a;
    for (guint c = 0; c < n && k != other; c++) {
        const double of_a = weight_a * (double) a[c], of_b = weight_b * (double) b[c];
        a[c] = sum_a > 0 ? (float) ((share * of_a + (1 - share) * of_b) / sum_a) : 0;
        b[c] = sum_b > 0 ? (float) ((share * of_b + (1 - share) * of_a) / sum_b) : 0;
    }
    batch->weights[k] = (float) sum_a;
    batch->weights[other] = (float) sum_b;
}

/* Mix a batch that is filled: a matter of (seed, epoch, its number) alone. */
static void
mix_batch(const TsLoader *self, guint64 b, TsBatch *batch)
{
    TsMixDraw draw;
    const guint n = batch->n;
    for (guint k = 0; k < n && batch->shares != NULL; k++)
        batch->shares[k] = 1;
    if (!ts_mix_draw(&self->options.mix, self->options.seed, self->epoch * self->n_batches + b,
                     self->how.width, self->how.height, &draw))
        return;
    ts_mix_images(&draw, batch->images, n, self->how.channels, self->how.width, self->how.height);
    if (batch->n_targets > 0) {
        for (guint k = 0; k < (n + 1) / 2; k++)
            mix_targets(batch, k, ts_mix_label_share(&draw, 1, 1));
        return;
    }
    for (guint k = 0; k < n; k++) {
        const gint32 label = batch->labels[k], other = batch->labels[n - 1 - k];
        batch->other_labels[k] = other;
        batch->other_weights[k] = batch->weights[n - 1 - k];
        batch->shares[k] = (float) ts_mix_label_share(&draw, self->options.counts[label],
                                                      self->options.counts[other]);
    }
}

/* Picture `k` of the batch in `slot`, the epoch's sample number `number`. */
static gboolean
fill_picture(TsLoader *self, guint64 number, guint k, Slot *slot, TsLoaderCosts *costs,
             GError **error)
{
    const guint8 *bytes = make_sample(self, number, slot, costs, error);
    if (bytes == NULL)
        return FALSE;
    const guint64 before = ts_now_ns();
    ts_preprocess_normalise(bytes, &self->how, slot->batch.images + k * self->n_sample);
    costs->fill_ns += ts_now_ns() - before;
    return TRUE;
}

static gboolean
fill_batch(TsLoader *self, guint64 b, Slot *slot, TsLoaderCosts *costs, GError **error)
{
    TsBatch *batch = &slot->batch;
    guint64 first = b * self->options.batch_size;
    batch->n = (guint) MIN(self->options.batch_size, self->n_drawn - first);
    for (guint k = 0; k < batch->n; k++) {
        guint64 i = self->order[first + k];
        if (g_atomic_int_get(&self->cancelled) || ts_interrupt_check(error))
            return FALSE;
        if (!self->blind && !fill_picture(self, first + k, k, slot, costs, error))
            return FALSE;
        batch->labels[k] = ts_dataset_label(self->dataset, i);
        if (batch->n_targets > 0)
            ts_dataset_get_targets(self->dataset, i, batch->targets + (gsize) k * batch->n_targets);
        batch->weights[k] = self->options.equal_weights ? 1 : ts_dataset_weight(self->dataset, i);
        batch->rows[k] = ts_dataset_row(self->dataset, i);
    }
    const guint64 before = ts_now_ns();
    if (self->options.mix.n > 0)
        mix_batch(self, b, batch);
    ts_count_since(before, &costs->n_filled, &costs->fill_ns);
    return TRUE;
}

/* Wait for a batch that may be filled; FALSE when the loader ends. The lock is held. */
static gboolean
take_batch(TsLoader *self, guint64 *b)
{
    while (!self->stopped && (self->next >= self->end || self->next >= self->floor + self->n_slots))
        g_cond_wait(&self->changed, &self->lock);
    if (self->stopped)
        return FALSE;
    *b = self->next++;
    self->n_busy++;
    return TRUE;
}

static gpointer
work(gpointer data)
{
    TsLoader *self = data;
    guint64 b;
    ts_denormals_off();
    g_mutex_lock(&self->lock);
    while (take_batch(self, &b)) {
        Slot *slot = &self->slots[b % self->n_slots];
        GError *error = NULL;
        TsLoaderCosts costs = {0};
        g_mutex_unlock(&self->lock);
        (void) fill_batch(self, b, slot, &costs, &error);
        g_mutex_lock(&self->lock);
        add_costs(&self->costs, &costs);
        slot->error = error;
        slot->ready = TRUE;
        self->n_busy--;
        g_cond_broadcast(&self->changed);
    }
    g_mutex_unlock(&self->lock);
    return NULL;
}

static gboolean
allocate_mixtures(TsBatch *batch, gsize n, GError **error)
{
    batch->shares = ts_try_alloc(n, sizeof *batch->shares, "batch", error);
    batch->other_labels =
        batch->shares ? ts_try_alloc(n, sizeof *batch->other_labels, "batch", error) : NULL;
    batch->other_weights =
        batch->other_labels ? ts_try_alloc(n, sizeof *batch->other_weights, "batch", error) : NULL;
    return batch->other_weights != NULL;
}

/* Labels, and what there is for label sets and mixtures. */
static gboolean
allocate_labels(TsLoader *self, TsBatch *batch, gsize n, GError **error)
{
    batch->labels = ts_try_alloc(n, sizeof *batch->labels, "batch", error);
    batch->n_targets = ts_dataset_n_targets(self->dataset);
    if (batch->labels == NULL || batch->n_targets == 0)
        return batch->labels != NULL &&
               (self->options.mix.n == 0 || allocate_mixtures(batch, n, error));
    batch->targets = ts_try_alloc(n, batch->n_targets * sizeof *batch->targets, "batch", error);
    return batch->targets != NULL;
}

static gboolean
slot_init(TsLoader *self, Slot *slot, GError **error)
{
    gsize n = self->options.batch_size, bytes;
    if (!g_size_checked_mul(&bytes, self->n_sample, sizeof(float)))
        return ts_error_set(error, TS_ERROR_RANGE, "a sample is too large");
    TsBatch *batch = &slot->batch;
    batch->images = ts_try_alloc(n, bytes, "batch", error);
    batch->weights = batch->images ? ts_try_alloc(n, sizeof *batch->weights, "batch", error) : NULL;
    batch->rows = batch->weights ? ts_try_alloc(n, sizeof *batch->rows, "batch", error) : NULL;
    slot->scratch = batch->rows ? ts_try_alloc(self->n_sample, 1, "batch", error) : NULL;
    slot->changed = slot->scratch ? ts_try_alloc(self->n_sample, 1, "batch", error) : NULL;
    const gboolean done = slot->changed != NULL && allocate_labels(self, batch, n, error);
    if (!done)
        g_prefix_error(error,
                       "%u samples in a batch, fewer need less memory: ", self->options.batch_size);
    return done;
}

static void
slot_clear(Slot *slot)
{
    g_clear_error(&slot->error);
    g_free(slot->scratch);
    g_free(slot->changed);
    g_free(slot->batch.images);
    g_free(slot->batch.labels);
    g_free(slot->batch.targets);
    g_free(slot->batch.weights);
    g_free(slot->batch.rows);
    g_free(slot->batch.shares);
    g_free(slot->batch.other_labels);
    g_free(slot->batch.other_weights);
}

static gboolean
allocate(TsLoader *self, GError **error)
{
    guint64 n = ts_dataset_n(self->dataset);
    if (ts_augment_crops(&self->options.augment))
        self->crops = ts_crop_source_new(self->dataset, &self->how, &self->options.augment,
                                         self->options.seed, self->options.cache_bytes, error);
    if (self->crops == NULL &&
        (ts_augment_crops(&self->options.augment) ||
         !ts_sample_cache_init(&self->cache, n, self->n_sample, self->options.cache_bytes, error)))
        return FALSE;
    self->order = ts_try_alloc(self->n_drawn, sizeof *self->order, "order of samples", error);
    self->keys = self->order == NULL
                     ? NULL
                     : ts_try_alloc(self->n_drawn, sizeof *self->keys, "order of samples", error);
    self->seen =
        self->keys == NULL ? NULL : ts_try_alloc(n, sizeof *self->seen, "order of samples", error);
    if (self->seen == NULL)
        return FALSE;
    for (guint i = 0; i < self->n_slots; i++)
        if (!slot_init(self, &self->slots[i], error))
            return FALSE;
    return TRUE;
}

TsLoader *
ts_loader_new(TsDataset *dataset, const TsPreprocess *how, const TsLoaderOptions *options,
              GError **error)
{
    if (!ts_preprocess_check(how, error) ||
        !ts_augment_check(&options->augment, how->channels, TS_U8, how->width, how->height, error))
        return NULL;
    if (options->batch_size < 1) {
        ts_error_set(error, TS_ERROR_ARGUMENT, "a batch of 0 samples cannot be made");
        return NULL;
    }
    guint n_threads = options->n_threads > 0 ? options->n_threads : ts_threads_get();
    guint n_prefetch = options->n_prefetch > 0 ? options->n_prefetch : n_threads + 1;
    g_autoptr(TsLoader) self = g_new0(TsLoader, 1);
    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    self->dataset = dataset;
    self->how = *how;
    self->options = *options;
    self->n_sample = ts_preprocess_n_bytes(how);
    self->n_drawn =
        options->sampler != NULL ? ts_sampler_n_drawn(options->sampler) : ts_dataset_n(dataset);
    self->n_batches =
        (self->n_drawn + (options->drop_last ? 0 : options->batch_size - 1)) / options->batch_size;
    self->n_slots = n_prefetch + 1;
    self->slots = g_new0(Slot, self->n_slots);
    if (!allocate(self, error))
        return NULL;
    self->workers = g_new0(GThread *, n_threads);
    for (; self->n_workers < n_threads; self->n_workers++)
        self->workers[self->n_workers] = g_thread_new("ts-loader", work, self);
    return g_steal_pointer(&self);
}

/* Make workers drop what they do, and wait until they did. The lock is held. */
static void
halt(TsLoader *self)
{
    self->end = 0;
    g_atomic_int_set(&self->cancelled, TRUE);
    while (self->n_busy > 0)
        g_cond_wait(&self->changed, &self->lock);
    g_atomic_int_set(&self->cancelled, FALSE);
}

void
ts_loader_free(TsLoader *self)
{
    if (self == NULL)
        return;
    g_mutex_lock(&self->lock);
    halt(self);
    self->stopped = TRUE;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    for (guint i = 0; i < self->n_workers; i++)
        g_thread_join(self->workers[i]);
    for (guint i = 0; i < self->n_slots; i++)
        slot_clear(&self->slots[i]);
    ts_sample_cache_clear(&self->cache);
    ts_crop_source_free(self->crops);
    g_free(self->slots);
    g_free(self->workers);
    g_free(self->order);
    g_free(self->keys);
    g_free(self->seen);
    g_cond_clear(&self->changed);
    g_mutex_clear(&self->lock);
    g_free(self);
}

guint64
ts_loader_n_batches(const TsLoader *self)
{
    return self->n_batches;
}

static void
compute_order(TsLoader *self)
{
    if (self->options.sampler != NULL) {
        ts_sampler_draw(self->options.sampler, self->options.seed, self->epoch, self->order);
        return;
    }
    for (guint64 i = 0; i < self->n_drawn; i++)
        self->order[i] = i;
    if (!self->options.shuffle)
        return;
    TsRng rng;
    ts_rng_init(&rng, self->options.seed, "shuffle", self->epoch);
    ts_rng_shuffle(&rng, self->order, self->n_drawn);
}

/* A sample's changes follow from the epoch, its number, and how often it came already. */
static void
compute_keys(TsLoader *self)
{
    const guint64 n = ts_dataset_n(self->dataset);
    memset(self->seen, 0, n * sizeof *self->seen);
    for (guint64 k = 0; k < self->n_drawn; k++) {
        guint64 i = self->order[k];
        self->keys[k] =
            self->epoch * n + i + self->seen[i]++ * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
    }
}

gboolean
ts_loader_begin_epoch(TsLoader *self, guint64 epoch, guint64 first_batch, GError **error)
{
    if (first_batch > self->n_batches)
        return ts_error_set(error, TS_ERROR_RANGE,
                            "batch %" G_GUINT64_FORMAT " is beyond the %" G_GUINT64_FORMAT
                            " batches of an epoch",
                            first_batch, self->n_batches);
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    halt(self);
    for (guint i = 0; i < self->n_slots; i++) {
        self->slots[i].ready = FALSE;
        g_clear_error(&self->slots[i].error);
    }
    self->epoch = epoch;
    compute_order(self);
    compute_keys(self);
    self->in_hand = FALSE;
    self->floor = self->next = first_batch;
    self->end = self->n_batches;
    g_cond_broadcast(&self->changed);
    return TRUE;
}

/* Give the slot of the batch in hand back to the workers. */
static void
release(TsLoader *self)
{
    if (!self->in_hand)
        return;
    self->slots[self->floor % self->n_slots].ready = FALSE;
    self->floor++;
    self->in_hand = FALSE;
    g_cond_broadcast(&self->changed);
}

const TsBatch *
ts_loader_next(TsLoader *self, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    release(self);
    if (self->floor >= self->end)
        return NULL;
    Slot *slot = &self->slots[self->floor % self->n_slots];
    const guint64 from = ts_now_ns();
    while (!slot->ready) {
        if (ts_interrupt_check(error))
            return NULL;
        g_cond_wait_until(&self->changed, &self->lock, g_get_monotonic_time() + INTERRUPT_PERIOD);
    }
    ts_count_since(from, &self->costs.n_waits, &self->costs.wait_ns);
    if (slot->error != NULL) {
        if (error != NULL)
            *error = g_error_copy(slot->error);
        return NULL;
    }
    self->in_hand = TRUE;
    return &slot->batch;
}

void
ts_loader_set_pictures(TsLoader *self, gboolean wanted)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    halt(self);
    self->in_hand = FALSE;
    self->floor = self->next = self->end = 0;
    self->blind = !wanted;
}

const float *
ts_loader_picture(TsLoader *self, guint k, GError **error)
{
    /* Nobody else changes the batch in hand, its number or the order. */
    const guint64 b = self->floor;
    Slot *slot = &self->slots[b % self->n_slots];
    TsLoaderCosts costs = {0};
    g_assert(self->in_hand && k < slot->batch.n);
    if (self->blind &&
        !fill_picture(self, b * self->options.batch_size + k, k, slot, &costs, error))
        return NULL;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    add_costs(&self->costs, &costs);
    return slot->batch.images + k * self->n_sample;
}

TsLoaderCosts
ts_loader_costs(TsLoader *self)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    return self->costs;
}

guint64
ts_loader_n_decoded(TsLoader *self)
{
    return ts_loader_costs(self).n_decoded;
}
