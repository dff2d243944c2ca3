/* A ring of batches that workers fill, as in loader.c; but how many there will be is not known, and
 * the worker that takes the next batch reads its rows. */
#include "sample/feed.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "sample/recipe.h"
#include "sample/render.h"

#include <string.h>

/* The reader looks for a signal this often while it waits, in microseconds. */
enum { INTERRUPT_PERIOD = 100000 };

/* Rows with their recipes: of the whole table, or of one part of a stream. */
typedef struct {
    TsManifest *owned; /* or NULL */
    const TsManifest *manifest;
    guint64 n;
    guint64 *rows;      /* (n) */
    guint64 *sample;    /* (n) its number in the dataset, where it is sound */
    GError **errors;    /* (n) */
    TsDataset *dataset; /* of the sound rows */
    gboolean is_borrowed;
} Table;

typedef struct {
    TsFeedBatch batch;
    guint8 *pixels; /* (batch_size, views, H, W, C) */
    Table *table;
    guint64 first; /* row of the table */
    gboolean ready, is_end;
    GError *error; /* ready, but the feed ends here */
} Slot;

struct _TsFeed {
    TsPreprocess how;
    TsFeedOptions options;
    TsViews views;
    char *split;
    gsize n_sample; /* bytes of all views of a sample */
    TsSourcePool *pool;
    TsBytesPool *bytes;
    TsRowStream *stream; /* NULL: all rows are in `whole` */
    Table *whole;
    guint64 n_taken; /* of its rows */
    Slot *slots;
    guint n_slots;
    GThread **workers;
    guint n_workers;
    gint cancelled; /* atomic */

    GMutex reading; /* held by the worker that takes a batch: its number and its rows */
    guint64 next;
    gboolean at_end;

    GMutex lock; /* guards what follows, and the slots' ready */
    GCond changed;
    guint64 floor; /* the batch in hand, or the next one to be */
    gboolean in_hand, stopped;
};

/* ---- rows ---- */

static void
table_free(Table *table)
{
    if (table == NULL)
        return;
    for (guint64 i = 0; table->errors != NULL && i < table->n; i++)
        g_clear_error(&table->errors[i]);
    if (!table->is_borrowed)
        ts_dataset_free(table->dataset);
    ts_manifest_free(table->owned);
    g_free(table->rows);
    g_free(table->sample);
    g_free(table->errors);
    g_free(table);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

/* Keep the rows that are sound by themselves; the others get their error. */
static guint64
sort_out(Table *table, guint64 *sound)
{
    guint64 n_sound = 0;
    for (guint64 i = 0; i < table->n; i++) {
        g_autoptr(TsDataset) alone =
            ts_dataset_new(table->manifest, &table->rows[i], 1, NULL, &table->errors[i]);
        table->sample[i] = n_sound;
        if (alone != NULL)
            sound[n_sound++] = table->rows[i];
    }
    return n_sound;
}

static gboolean
open_dataset(TsFeed *self, Table *table, GError **error)
{
    GError *failure = NULL;
    table->dataset = ts_dataset_new(table->manifest, table->rows, table->n, NULL, &failure);
    if (table->dataset == NULL && self->options.keep_going &&
        g_error_matches(failure, TS_ERROR, TS_ERROR_FORMAT) &&
        ts_manifest_find_column(table->manifest, "file_name") >= 0) {
        g_autofree guint64 *sound = ts_try_alloc(table->n, sizeof *sound, "rows", NULL);
        const guint64 n = sound != NULL ? sort_out(table, sound) : 0;
        if (sound != NULL) {
            g_clear_error(&failure);
            table->dataset = ts_dataset_new(table->manifest, sound, n, NULL, &failure);
        }
    }
    if (table->dataset == NULL) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    ts_dataset_borrow_pools(table->dataset, self->pool, self->bytes);
    return TRUE;
}

static gboolean
allocate_rows(Table *table, GError **error)
{
    table->sample = ts_try_alloc(table->n, sizeof *table->sample, "rows", error);
    table->errors =
        table->sample == NULL ? NULL : ts_try_alloc(table->n, sizeof *table->errors, "rows", error);
    for (guint64 i = 0; table->errors != NULL && i < table->n; i++)
        table->sample[i] = i;
    return table->errors != NULL;
}

/* `owned` is taken, or NULL and `manifest` is borrowed. */
static Table *
table_new(TsFeed *self, TsManifest *owned, const TsManifest *manifest, GError **error)
{
    g_autoptr(Table) table = g_new0(Table, 1);
    table->owned = owned;
    table->manifest = owned != NULL ? owned : manifest;
    table->rows = ts_manifest_select(table->manifest, "split", self->split, &table->n);
    if (!allocate_rows(table, error) || !open_dataset(self, table, error))
        return NULL;
    return g_steal_pointer(&table);
}

static Table *
table_new_dataset(TsDataset *dataset, GError **error)
{
    g_autoptr(Table) table = g_new0(Table, 1);
    table->manifest = ts_dataset_manifest(dataset);
    table->dataset = dataset;
    table->is_borrowed = TRUE;
    table->n = ts_dataset_n(dataset);
    table->rows = ts_try_alloc(table->n, sizeof *table->rows, "rows", error);
    if (table->rows == NULL || !allocate_rows(table, error))
        return NULL;
    for (guint64 i = 0; i < table->n; i++)
        table->rows[i] = ts_dataset_row(dataset, i);
    return g_steal_pointer(&table);
}

/* The next part of the stream with rows of the split; NULL at its end. */
static Table *
next_part(TsFeed *self, GError **error)
{
    for (;;) {
        TsManifest *part = ts_row_stream_next(self->stream, self->options.batch_size, error);
        Table *table = part != NULL ? table_new(self, part, NULL, error) : NULL;
        if (table == NULL || table->n > 0)
            return table;
        table_free(table);
    }
}

/* Set the rows of a batch; without any it is the end, or an error. */
static void
take_rows(TsFeed *self, Slot *slot, GError **error)
{
    if (self->stream != NULL) {
        g_clear_pointer(&slot->table, table_free);
        slot->table = next_part(self, error);
        slot->batch.n = slot->table != NULL ? (guint) slot->table->n : 0;
        slot->first = 0;
        return;
    }
    slot->table = self->whole;
    slot->first = self->n_taken;
    slot->batch.n = (guint) MIN(self->options.batch_size, self->whole->n - self->n_taken);
    self->n_taken += slot->batch.n;
}

/* ---- pixels ---- */

static gboolean
make_sample(TsFeed *self, Slot *slot, guint k, GError **error)
{
    TsDataset *dataset = slot->table->dataset;
    const guint64 i = slot->table->sample[slot->first + k];
    g_autoptr(TsImage) image = ts_sample_render(dataset, i, error);
    if (image == NULL)
        return FALSE;
    if (ts_views_make_u8(image, &self->how, &self->views, slot->pixels + k * self->n_sample, error))
        return TRUE;
    ts_dataset_prefix_error(dataset, ts_dataset_row(dataset, i), error);
    return FALSE;
}

static void
fill_batch(TsFeed *self, Slot *slot)
{
    Table *table = slot->table;
    for (guint k = 0; k < slot->batch.n; k++) {
        GError **error = &table->errors[slot->first + k];
        if (g_atomic_int_get(&self->cancelled) || ts_interrupt_check(&slot->error))
            return;
        if (*error != NULL || !make_sample(self, slot, k, error))
            memset(slot->pixels + k * self->n_sample, 0, self->n_sample);
    }
    slot->batch.manifest = table->manifest;
    slot->batch.rows = table->rows + slot->first;
    slot->batch.errors = table->errors + slot->first;
    slot->batch.pixels = slot->pixels;
}

/* ---- threads ---- */

/* Wait for the slot of batch `b` to be free; FALSE when the feed ends. */
static gboolean
wait_for_slot(TsFeed *self, guint64 b)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    while (!self->stopped && b >= self->floor + self->n_slots)
        g_cond_wait(&self->changed, &self->lock);
    return !self->stopped;
}

/* Take the next batch; NULL when there is none. */
static Slot *
take_batch(TsFeed *self)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->reading);
    if (self->at_end || !wait_for_slot(self, self->next))
        return NULL;
    Slot *slot = &self->slots[self->next++ % self->n_slots];
    take_rows(self, slot, &slot->error);
    slot->is_end = self->at_end = slot->batch.n == 0;
    return slot;
}

static gpointer
work(gpointer data)
{
    TsFeed *self = data;
    Slot *slot;
    ts_denormals_off();
    while ((slot = take_batch(self)) != NULL) {
        if (!slot->is_end)
            fill_batch(self, slot);
        g_mutex_lock(&self->lock);
        slot->ready = TRUE;
        g_cond_broadcast(&self->changed);
        g_mutex_unlock(&self->lock);
    }
    return NULL;
}

/* A feed without rows. */
static TsFeed *
feed_new(const TsPreprocess *how, const TsFeedOptions *options, GError **error)
{
    g_autoptr(TsFeed) self = g_new0(TsFeed, 1);
    g_mutex_init(&self->reading);
    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    self->how = *how;
    self->options = *options;
    self->split = g_strdup(options->split);
    self->pool = ts_dataset_source_pool_new();
    self->bytes = ts_dataset_bytes_pool_new();
    if (!ts_preprocess_check(how, error) || !ts_views_parse(NULL, how, &self->views, error))
        return NULL;
    if (options->views != NULL)
        self->views = *options->views;
    self->n_sample = ts_preprocess_n_bytes(how) * ts_views_n(&self->views);
    if (options->batch_size < 1) {
        ts_error_set(error, TS_ERROR_ARGUMENT, "a batch of 0 samples cannot be made");
        return NULL;
    }
    return g_steal_pointer(&self);
}

static TsFeed *
start(TsFeed *feed, GError **error)
{
    g_autoptr(TsFeed) self = feed;
    const guint n_threads = ts_threads_get();
    self->n_slots = n_threads + 2;
    self->slots = g_new0(Slot, self->n_slots);
    for (guint i = 0; i < self->n_slots; i++) {
        Slot *slot = &self->slots[i];
        slot->pixels = ts_try_alloc(self->options.batch_size, self->n_sample, "batch", error);
        if (slot->pixels == NULL) {
            g_prefix_error(
                error, "%u samples in a batch, fewer need less memory: ", self->options.batch_size);
            return NULL;
        }
    }
    self->workers = g_new0(GThread *, n_threads);
    for (; self->n_workers < n_threads; self->n_workers++)
        self->workers[self->n_workers] = g_thread_new("ts-feed", work, self);
    return g_steal_pointer(&self);
}

TsFeed *
ts_feed_new_table(const TsManifest *manifest, const TsPreprocess *how, const TsFeedOptions *options,
                  GError **error)
{
    g_autoptr(TsFeed) self = feed_new(how, options, error);
    if (self == NULL || (self->whole = table_new(self, NULL, manifest, error)) == NULL)
        return NULL;
    return start(g_steal_pointer(&self), error);
}

TsFeed *
ts_feed_new_dataset(TsDataset *dataset, const TsPreprocess *how, const TsFeedOptions *options,
                    GError **error)
{
    g_autoptr(TsFeed) self = feed_new(how, options, error);
    if (self == NULL || (self->whole = table_new_dataset(dataset, error)) == NULL)
        return NULL;
    return start(g_steal_pointer(&self), error);
}

TsFeed *
ts_feed_new_stream(TsRowStream *stream, const TsPreprocess *how, const TsFeedOptions *options,
                   GError **error)
{
    g_autoptr(TsFeed) self = feed_new(how, options, error);
    if (self == NULL)
        return NULL;
    if (ts_manifest_find_column(ts_row_stream_head(stream), "parent_b") < 0) {
        self->stream = stream;
        return start(g_steal_pointer(&self), error);
    }
    TsManifest *rest = ts_row_stream_rest(stream, error);
    self->whole = rest != NULL ? table_new(self, rest, NULL, error) : NULL;
    return self->whole != NULL ? start(g_steal_pointer(&self), error) : NULL;
}

static void
slot_clear(TsFeed *self, Slot *slot)
{
    if (self->stream != NULL)
        table_free(slot->table);
    g_clear_error(&slot->error);
    g_free(slot->pixels);
}

void
ts_feed_free(TsFeed *self)
{
    if (self == NULL)
        return;
    g_atomic_int_set(&self->cancelled, TRUE);
    if (self->stream != NULL)
        ts_row_stream_cancel(self->stream);
    g_mutex_lock(&self->lock);
    self->stopped = TRUE;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    for (guint i = 0; i < self->n_workers; i++)
        g_thread_join(self->workers[i]);
    for (guint i = 0; self->slots != NULL && i < self->n_slots; i++)
        slot_clear(self, &self->slots[i]);
    table_free(self->whole);
    ts_source_pool_free(self->pool);
    ts_bytes_pool_free(self->bytes);
    g_free(self->split);
    g_free(self->slots);
    g_free(self->workers);
    g_cond_clear(&self->changed);
    g_mutex_clear(&self->lock);
    g_mutex_clear(&self->reading);
    g_free(self);
}

const TsFeedBatch *
ts_feed_next(TsFeed *self, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    if (self->in_hand) {
        self->slots[self->floor % self->n_slots].ready = FALSE;
        self->floor++;
        self->in_hand = FALSE;
        g_cond_broadcast(&self->changed);
    }
    Slot *slot = &self->slots[self->floor % self->n_slots];
    while (!slot->ready) {
        if (ts_interrupt_check(error))
            return NULL;
        g_cond_wait_until(&self->changed, &self->lock, g_get_monotonic_time() + INTERRUPT_PERIOD);
    }
    if (slot->error != NULL && error != NULL)
        *error = g_error_copy(slot->error);
    if (slot->error != NULL || slot->is_end)
        return NULL;
    self->in_hand = TRUE;
    return &slot->batch;
}
