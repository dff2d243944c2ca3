/* Cutting in threads: who reads the next band, who works on which tile. */
#include "tiling/cut/cut.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "tiling/cut/work.h"

#include <string.h>

/* Bands of one input that may be in memory: one is read while the tiles of the others are worked
 * on. And how much may wait for its turn to be written before inputs further on have to wait. */
enum { BANDS_AHEAD = 3, BACKLOG_BYTES = 64 << 20 };

/* Tiles that can be worked on. */
typedef struct {
    TsBand *band;      /* NULL: each tile is decoded alone */
    guint group, end;  /* groups whose tiles these are */
    guint64 next, n;   /* tiles of the input: the first that is not handed out, and the end */
    guint64 n_working; /* handed out, not done */
} Batch;

/* An input that is being cut. */
typedef struct {
    guint index;
    TsOpenInput *open;    /* NULL: still to be opened */
    TsBandReader *reader; /* NULL: no bands */
    guint next_group;     /* the first that no batch has */
    GQueue batches;       /* Batch *, the oldest first */
    gboolean is_busy;     /* a thread opens it or reads a band */
} Active;

typedef struct {
    const TsCut *cut;
    TsOrder *order;
    GMutex lock; /* guards what follows */
    GCond changed;
    GQueue active; /* Active *, in the order of the plan */
    guint next_input;
    GError *error; /* the first one */
    gboolean stop;
} Cutting;

static gboolean
is_read(const Active *active)
{
    return active->open != NULL && active->next_group >= active->open->input->groups->len;
}

static void
active_free(Active *active)
{
    for (Batch *batch; (batch = g_queue_pop_head(&active->batches)) != NULL;) {
        ts_band_unref(batch->band);
        g_free(batch);
    }
    ts_band_reader_free(active->reader);
    ts_open_input_free(active->open);
    g_free(active);
}

static const TsTileGroup *
get_group(const TsPlanInput *input, guint i)
{
    return &g_array_index(input->groups, TsTileGroup, i);
}

/* Rows that a band may have: as many as any tile needs; twice that for tiles at any place, so that
 * bands share less. */
static int
band_height(const TsPlanInput *input)
{
    int highest = 1;
    gboolean has_places = FALSE;
    for (guint i = 0; i < input->groups->len; i++)
        highest = MAX(highest, get_group(input, i)->height);
    for (guint i = 0; i < input->layouts->len; i++)
        has_places |= g_array_index(input->layouts, TsPlanLayout, i).places != NULL;
    return MIN(has_places && highest < G_MAXINT / 2 ? 2 * highest : highest, input->info.height);
}

static gint64
group_end(const TsTileGroup *group)
{
    return (gint64) group->y + group->height;
}

/* The groups from `first` on that one band serves, and its rows. */
static guint
find_batch_end(const TsPlanInput *input, guint first, int max_height, int *height)
{
    const TsTileGroup *top = get_group(input, first);
    gint64 end = group_end(top);
    guint i = first + 1;
    for (; i < input->groups->len; i++) {
        gint64 other = group_end(get_group(input, i));
        if (other > (gint64) top->y + max_height)
            break;
        end = MAX(end, other);
    }
    *height = (int) (end - top->y);
    return i;
}

static guint64
group_first(const TsPlanInput *input, guint i)
{
    return i < input->groups->len ? get_group(input, i)->first : input->n_tiles;
}

/* Open the input, if need be, and read its next band, or take all its tiles at once. */
static Batch *
make_batch(Cutting *self, Active *active, GError **error)
{
    const TsPlanInput *input = ts_plan_get_input(self->cut->plan, active->index);
    guint64 done = ts_order_first(self->order), first = active->next_group;
    if (active->open == NULL) {
        TsOpenInput *open = ts_open_input_new(self->cut, active->index, error);
        if (open == NULL)
            return NULL;
        if (ts_open_input_wants_bands(open))
            active->reader =
                ts_band_reader_new(open->sources + open->first_read,
                                   open->n_sources - open->first_read, band_height(input));
        active->open = open;
        /* What an earlier run has done need not be read. */
        while (first + 1 < input->groups->len &&
               input->first + group_first(input, (guint) first + 1) <= done)
            first++;
    }
    g_autofree Batch *batch = g_new0(Batch, 1);
    int height = 0;
    batch->group = (guint) first;
    batch->end = active->reader != NULL
                     ? find_batch_end(input, batch->group, band_height(input), &height)
                     : input->groups->len;
    batch->next = group_first(input, batch->group);
    batch->n = group_first(input, batch->end);
    if (done > input->first)
        batch->next = CLAMP(done - input->first, batch->next, batch->n);
    if (active->reader != NULL) {
        batch->band =
            ts_band_reader_next(active->reader, get_group(input, batch->group)->y, height, error);
        if (batch->band == NULL)
            return NULL;
    }
    return g_steal_pointer(&batch);
}

/* An input that could be read on. With the lock. */
static Active *
find_readable(Cutting *self)
{
    gboolean ahead = FALSE; /* of the input that results are waited for */
    gboolean full = ts_order_backlog(self->order) > BACKLOG_BYTES;
    for (GList *at = self->active.head; at != NULL; at = at->next, ahead = TRUE) {
        Active *active = at->data;
        if (!active->is_busy && !is_read(active) && active->batches.length < BANDS_AHEAD &&
            !(ahead && full))
            return active;
    }
    const TsPlan *plan = self->cut->plan;
    while (self->next_input < plan->inputs->len &&
           ts_plan_get_input(plan, self->next_input)->n_tiles == 0)
        self->next_input++;
    if (self->next_input >= plan->inputs->len || self->active.length >= ts_threads_get() ||
        (ahead && full))
        return NULL;
    Active *active = g_new0(Active, 1);
    active->index = self->next_input++;
    g_queue_init(&active->batches);
    g_queue_push_tail(&self->active, active);
    return active;
}

/* A batch with tiles that nobody works on. With the lock. */
static Batch *
find_workable(Cutting *self, Active **of)
{
    gboolean full = ts_order_backlog(self->order) > BACKLOG_BYTES;
    for (GList *at = self->active.head; at != NULL; at = at->next) {
        Active *active = *of = at->data;
        for (GList *it = active->batches.head; it != NULL; it = it->next) {
            Batch *batch = it->data;
            gboolean is_taken = batch->n_working > 0 && active->open->lossless != NULL &&
                                ts_lossless_is_serial(active->open->lossless);
            if (batch->next >= batch->n || is_taken)
                continue;
            guint64 number = ts_plan_get_input(self->cut->plan, active->index)->first + batch->next;
            return full && number != ts_order_next(self->order) ? NULL : batch;
        }
    }
    return NULL;
}

/* Keep the first error; all threads end. With the lock. */
static void
give_up(Cutting *self, GError *error)
{
    if (self->error == NULL)
        self->error = error;
    else
        g_clear_error(&error);
    self->stop = TRUE;
}

/* Drop batches, and an input, that are done. With the lock, which is given away meanwhile. */
static void
retire(Cutting *self, Active *active)
{
    for (GList *it = active->batches.head, *next; it != NULL; it = next) {
        Batch *batch = it->data;
        next = it->next;
        if (batch->next < batch->n || batch->n_working > 0)
            continue;
        ts_band_unref(batch->band);
        g_free(batch);
        g_queue_delete_link(&active->batches, it);
    }
    if (active->is_busy || !is_read(active) || active->batches.length > 0)
        return;
    GError *error = NULL;
    g_queue_remove(&self->active, active);
    if (!ts_plan_check_unchanged(ts_plan_get_input(self->cut->plan, active->index), &error))
        give_up(self, error);
    g_mutex_unlock(&self->lock);
    active_free(active);
    g_mutex_lock(&self->lock);
}

/* With the lock, which is given away meanwhile. */
static void
read_on(Cutting *self, Active *active)
{
    GError *error = NULL;
    active->is_busy = TRUE;
    g_mutex_unlock(&self->lock);
    Batch *batch = make_batch(self, active, &error);
    g_mutex_lock(&self->lock);
    active->is_busy = FALSE;
    if (batch == NULL) {
        give_up(self, error);
        return;
    }
    active->next_group = batch->end;
    g_queue_push_tail(&active->batches, batch);
    retire(self, active);
}

/* The group that tile `i` of the input, one of the batch's, lies in. */
static const TsTileGroup *
find_group(const TsPlanInput *input, const Batch *batch, guint64 i)
{
    guint low = batch->group, high = batch->end;
    while (high - low > 1) {
        guint middle = (low + high) / 2;
        if (get_group(input, middle)->first <= i)
            low = middle;
        else
            high = middle;
    }
    return get_group(input, low);
}

/* With the lock, which is given away meanwhile. */
static void
work_on(Cutting *self, TsWorker *worker, Active *active, Batch *batch)
{
    GError *error = NULL;
    guint64 i = batch->next++;
    batch->n_working++;
    g_mutex_unlock(&self->lock);
    const TsPlanInput *input = active->open->input;
    const TsTileGroup *group = find_group(input, batch, i);
    TsPlanTile tile = {.input = active->index};
    ts_plan_get_group_tile(input, group, i - group->first, &tile);
    TsTileResult *result = ts_worker_do(worker, active->open, batch->band, &tile, &error);
    gboolean done = result != NULL && ts_order_put(self->order, result, &error);
    if (done && self->cut->progress != NULL)
        ts_progress_add(self->cut->progress, 1);
    g_mutex_lock(&self->lock);
    batch->n_working--;
    if (!done)
        give_up(self, error);
    else if (batch->next >= batch->n && batch->n_working == 0)
        retire(self, active);
}

/* One step, or a wait for what others do. With the lock. FALSE: there is nothing more. */
static gboolean
step(Cutting *self, TsWorker *worker)
{
    GError *error = NULL;
    if (ts_interrupt_check(&error))
        give_up(self, error);
    if (self->stop)
        return FALSE;
    Active *active = find_readable(self);
    if (active != NULL) {
        read_on(self, active);
        g_cond_broadcast(&self->changed);
        return TRUE;
    }
    Batch *batch = find_workable(self, &active);
    if (batch != NULL) {
        gboolean is_last = batch->next + 1 == batch->n;
        work_on(self, worker, active, batch);
        if (is_last || self->stop || self->active.length == 0)
            g_cond_broadcast(&self->changed);
        return TRUE;
    }
    if (self->active.length == 0)
        return FALSE;
    g_cond_wait_until(&self->changed, &self->lock, g_get_monotonic_time() + 2000);
    return TRUE;
}

static gpointer
work(gpointer data)
{
    Cutting *self = data;
    GError *error = NULL;
    ts_denormals_off();
    TsWorker *worker = ts_worker_new(self->cut, self->order, &error);
    g_mutex_lock(&self->lock);
    if (worker == NULL)
        give_up(self, error);
    while (worker != NULL && step(self, worker))
        continue;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    ts_worker_free(worker);
    return NULL;
}

/* Inputs that an earlier run has done are not opened again. */
static guint
first_input(const TsPlan *plan, guint64 done)
{
    guint i = 0;
    while (i < plan->inputs->len) {
        const TsPlanInput *input = ts_plan_get_input(plan, i);
        if (input->first + input->n_tiles > done)
            break;
        i++;
    }
    return i;
}

static gboolean
cut_in_threads(const TsCut *cut, TsOrder *order, GError **error)
{
    Cutting self = {.cut = cut, .order = order};
    guint n = ts_threads_get();
    g_autofree GThread **threads = g_new0(GThread *, n);
    g_mutex_init(&self.lock);
    g_cond_init(&self.changed);
    g_queue_init(&self.active);
    self.next_input = first_input(cut->plan, ts_order_first(order));
    for (guint i = 1; i < n; i++)
        threads[i] = g_thread_new("ts-tile", work, &self);
    work(&self);
    for (guint i = 1; i < n; i++)
        g_thread_join(threads[i]);
    for (Active *active; (active = g_queue_pop_head(&self.active)) != NULL;)
        active_free(active);
    g_mutex_clear(&self.lock);
    g_cond_clear(&self.changed);
    if (self.error != NULL)
        g_propagate_error(error, self.error);
    return self.error == NULL;
}

/* Rows that nobody judges need no pixel. */
static gboolean
list_rows(const TsCut *cut, TsOrder *order, GError **error)
{
    for (guint64 i = 0; i < cut->plan->n_tiles; i++) {
        TsPlanTile tile;
        if (ts_interrupt_check(error))
            return FALSE;
        ts_plan_get_tile(cut->plan, i, &tile);
        TsTileResult *result = g_new0(TsTileResult, 1);
        result->number = i;
        result->row = ts_rows_format(ts_order_rows(order), &tile, NULL, NULL);
        if (!ts_order_put(order, result, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_cut_run(const TsCut *cut, TsCutReport *report, GError **error)
{
    g_autoptr(TsOrder) order = ts_order_new(cut, error);
    if (order == NULL)
        return FALSE;
    if (cut->progress != NULL)
        ts_progress_add(cut->progress, ts_order_first(order));
    gboolean lists = cut->kind == TS_CUT_ROWS && cut->judge == NULL && !cut->check;
    if (lists ? !list_rows(cut, order, error) : !cut_in_threads(cut, order, error)) {
        ts_order_give_up(order);
        return FALSE;
    }
    return ts_order_finish(order, report, error);
}

void
ts_cut_report_clear(TsCutReport *report)
{
    g_clear_pointer(&report->reasons, g_hash_table_unref);
    g_clear_pointer(&report->old_folder, g_free);
}

guint64
ts_cut_memory(const TsPlan *plan, guint n_threads)
{
    guint64 most = 0;
    for (guint i = 0; i < plan->inputs->len; i++) {
        const TsPlanInput *input = ts_plan_get_input(plan, i);
        guint64 pixel = (guint64) input->info.bands * ts_sample_type_size(input->info.type);
        guint64 tile = 0;
        for (guint k = 0; k < input->layouts->len; k++) {
            const TsGridOptions *size =
                &g_array_index(input->layouts, TsPlanLayout, k).grid.options;
            tile = MAX(tile, (guint64) size->tile_width * (guint64) size->tile_height * pixel);
        }
        guint64 bands = (BANDS_AHEAD + 1) * ts_band_bytes(&input->info, band_height(input));
        /* Sums of the rows that scaled ones are made of, before they are that. */
        if (input->is_scaled)
            bands += 16 * (guint64) input->width * (guint64) input->info.bands * sizeof(double);
        most = MAX(most, bands + 3 * n_threads * tile);
    }
    return most;
}
