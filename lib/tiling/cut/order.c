/* Results in order: rows, rejects, shards, checkpoints. */
#include "tiling/cut/order.h"

#include "base/error.h"
#include "base/folder.h"
#include "base/interrupt.h"
#include "base/outfile.h"
#include "manifest/cell.h"
#include "manifest/folder.h"
#include "tiling/cut/order_state.h"
#include "tiling/cut/shards.h"
#include "tiling/cut/stage.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Seconds to the first checkpoint; each of the next ones waits twice as long, up to the last. */
enum { FIRST_WAIT = 1, LAST_WAIT = 16 };

#define REJECTS ".rejects.tsv"

struct _TsOrder {
    const TsCut *cut;
    TsRows *rows;
    TsStage *stage;      /* NULL for rows */
    char *manifest_name; /* of the manifest in the stage */
    FILE *manifest, *rejects;
    TsOutFile *out, *rejects_out; /* for rows: what the two streams belong to */
    TsShards *shards;
    guint64 first;
    GHashTable *reasons;  /* of dropped tiles, char * to guint64 * */
    guint64 vouched;      /* tiles that the last checkpoint covers */
    GThread *syncing;     /* makes a checkpoint while the work goes on; NULL: none */
    gint has_synced;      /* it is done */
    char *state;          /* what it notes */
    GError *sync_error;   /* its failure, looked at after joining it */
    gint64 due, interval; /* when the next checkpoint is made, in us */
    gboolean broken;      /* an error was met: nothing more is vouched for */

    GMutex lock;         /* guards what follows */
    GHashTable *waiting; /* number to TsTileResult * */
    guint64 next, backlog;
    gboolean is_writing; /* some thread is at it; all above is that thread's */
};

/* Cut the stream to the `n` bytes that are vouched for, which have to be there. */
static gboolean
cut_staged(FILE *stream, guint64 n, const char *path, GError **error)
{
    if (fseeko(stream, 0, SEEK_END) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be read", path);
    if ((guint64) ftello(stream) < n)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: is shorter than the journal beside it says; remove the folder and "
                            "start again",
                            path);
    if (ftruncate(fileno(stream), (off_t) n) != 0 || fseeko(stream, 0, SEEK_END) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be written", path);
    return TRUE;
}

/* A file of the stage, to be gone on with behind `n` bytes; written anew without any. */
static FILE *
open_staged(const TsOrder *self, const char *name, guint64 n, GError **error)
{
    g_autofree char *path = g_build_filename(ts_stage_folder(self->stage), name, NULL);
    FILE *stream = fopen(path, n > 0 ? "r+e" : "we");
    if (stream == NULL) {
        ts_error_set_errno(error, errno, "%s: cannot be written", path);
        return NULL;
    }
    if (cut_staged(stream, n, path, error))
        return stream;
    fclose(stream);
    return NULL;
}

/* Where rows go, for messages. */
static const char *
output_name(const TsCut *cut)
{
    return strcmp(cut->output, "-") == 0 ? "standard output" : cut->output;
}

static gboolean
flush_streams(TsOrder *self, GError **error)
{
    if ((self->manifest != NULL && fflush(self->manifest) != 0) ||
        (self->rejects != NULL && fflush(self->rejects) != 0))
        return ts_error_set_errno(error, errno, "%s: cannot be written", output_name(self->cut));
    return TRUE;
}

static gpointer
sync_stage(gpointer data)
{
    TsOrder *self = data;
    ts_stage_checkpoint(self->stage, self->state, &self->sync_error);
    g_atomic_int_set(&self->has_synced, TRUE);
    return NULL;
}

/* Wait for a checkpoint that is being made. */
static gboolean
end_checkpoint(TsOrder *self, GError **error)
{
    if (self->syncing == NULL)
        return TRUE;
    g_thread_join(g_steal_pointer(&self->syncing));
    g_clear_pointer(&self->state, g_free);
    self->interval = MIN(self->interval * 2, LAST_WAIT * G_USEC_PER_SEC);
    self->due = g_get_monotonic_time() + self->interval;
    if (self->sync_error == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&self->sync_error));
    return FALSE;
}

/* How far the run is now. */
static char *
format_state(const TsOrder *self)
{
    const TsOrderState state = {
        .n_done = self->next,
        .n_bytes = (guint64) ftello(self->manifest),
        .n_reject_bytes = self->rejects != NULL ? (guint64) ftello(self->rejects) : 0,
        .n_shards = self->shards != NULL ? ts_shards_n_ended(self->shards) : 0,
    };
    return ts_order_state_format(&state, self->reasons);
}

/* The disk takes its time: the work goes on meanwhile. While one checkpoint is being made, no other
 * is begun; a later one covers what it does not. */
static gboolean
begin_checkpoint(TsOrder *self, GError **error)
{
    if (self->syncing != NULL && !g_atomic_int_get(&self->has_synced))
        return TRUE;
    if (!end_checkpoint(self, error) || !flush_streams(self, error))
        return FALSE;
    self->state = format_state(self);
    self->vouched = self->next;
    self->has_synced = FALSE;
    self->syncing = g_thread_new("ts-sync", sync_stage, self);
    return TRUE;
}

static gboolean
checkpoint(TsOrder *self, GError **error)
{
    return end_checkpoint(self, error) && begin_checkpoint(self, error) &&
           end_checkpoint(self, error);
}

static gboolean
write_headers(TsOrder *self, GError **error)
{
    g_autofree char *header = ts_rows_header(self->rows);
    g_autofree char *rejects = ts_rows_rejects_header(self->rows);
    if (fputs(header, self->manifest) < 0 ||
        (self->rejects != NULL && fputs(rejects, self->rejects) < 0))
        return ts_error_set_errno(error, errno, "%s: cannot be written", output_name(self->cut));
    return TRUE;
}

/* Tars and their manifest lie among other files, each is looked at alone. One that a killed run has
 * already given its name is no obstacle. */
static gboolean
check_tars(const TsOrder *self, const TsOrderState *state, GError **error)
{
    const char *prefix = self->cut->output;
    g_autofree char *tar = ts_shards_format(prefix, 0, ".tar");
    g_autofree char *manifest = g_strconcat(prefix, ".tsv", NULL);
    if (self->cut->replace || state->n_done == self->cut->plan->n_tiles)
        return TRUE;
    const char *there = g_file_test(manifest, G_FILE_TEST_EXISTS) ? manifest
                        : g_file_test(tar, G_FILE_TEST_EXISTS)    ? tar
                                                                  : NULL;
    if (there != NULL)
        return ts_error_set(error, TS_ERROR_IO, "%s: exists already; --force replaces it", there);
    return TRUE;
}

/* A folder that holds what is cut is no tiles of it. */
static gboolean
check_folder(const TsCut *cut, GError **error)
{
    if (!ts_folder_check_target(cut->output, cut->replace, error))
        return FALSE;
    for (guint i = 0; i < cut->plan->inputs->len; i++) {
        const char *path = ts_plan_get_input(cut->plan, i)->path;
        if (ts_folder_holds(cut->output, path))
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "%s: holds an image that is cut (%s) and is not replaced",
                                cut->output, path);
    }
    return TRUE;
}

static gboolean
open_stage(TsOrder *self, GError **error)
{
    const TsCut *cut = self->cut;
    g_autofree char *identity = ts_order_identity(cut);
    g_autofree char *name = g_path_get_basename(cut->output);
    TsOrderState state = {0};
    if (cut->kind == TS_CUT_FOLDER && !check_folder(cut, error))
        return FALSE;
    self->stage = ts_stage_open(cut->output, identity, cut->replace, error);
    if (self->stage == NULL)
        return FALSE;
    const char *line = ts_stage_state(self->stage);
    if (line != NULL &&
        (!ts_order_state_parse(line, &state, self->reasons) || state.n_done > cut->plan->n_tiles))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: its journal is damaged; remove the folder and start again",
                            ts_stage_folder(self->stage));
    gboolean is_tar = cut->kind == TS_CUT_TAR;
    if (is_tar && !check_tars(self, &state, error))
        return FALSE;
    self->first = self->next = self->vouched = state.n_done;
    self->manifest_name = is_tar ? g_strconcat(name, ".tsv", NULL) : g_strdup("manifest.tsv");
    self->manifest = open_staged(self, self->manifest_name, state.n_bytes, error);
    if (self->manifest == NULL)
        return FALSE;
    if (cut->rejects != NULL &&
        (self->rejects = open_staged(self, REJECTS, state.n_reject_bytes, error)) == NULL)
        return FALSE;
    if (is_tar)
        self->shards = ts_shards_new(ts_stage_folder(self->stage), name, state.n_shards,
                                     cut->shard_tiles, cut->shard_bytes);
    return state.n_bytes > 0 || write_headers(self, error);
}

static gboolean
open_streams(TsOrder *self, GError **error)
{
    const TsCut *cut = self->cut;
    self->out = ts_out_file_new(cut->output, cut->replace, error);
    if (self->out == NULL)
        return FALSE;
    self->manifest = ts_out_file_stream(self->out);
    if (cut->rejects != NULL) {
        self->rejects_out = ts_out_file_new(cut->rejects, cut->replace, error);
        if (self->rejects_out == NULL)
            return FALSE;
        self->rejects = ts_out_file_stream(self->rejects_out);
    }
    return write_headers(self, error);
}

/* The folder that the manifest's paths start at. */
static char *
manifest_folder(const TsCut *cut)
{
    if (cut->kind == TS_CUT_FOLDER)
        return g_strdup(cut->output);
    if (cut->kind == TS_CUT_ROWS && strcmp(cut->output, "-") == 0)
        return ts_folder_of_descriptor(STDOUT_FILENO);
    return g_path_get_dirname(cut->output);
}

TsOrder *
ts_order_new(const TsCut *cut, GError **error)
{
    g_autoptr(TsOrder) self = g_new0(TsOrder, 1);
    g_autofree char *folder = manifest_folder(cut);
    g_mutex_init(&self->lock);
    self->cut = cut;
    self->reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->waiting = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
                                          (GDestroyNotify) ts_tile_result_free);
    self->interval = FIRST_WAIT * G_USEC_PER_SEC;
    self->due = g_get_monotonic_time() + self->interval;
    self->rows = ts_rows_new(cut, folder);
    gboolean opened =
        cut->kind == TS_CUT_ROWS ? open_streams(self, error) : open_stage(self, error);
    return opened ? g_steal_pointer(&self) : NULL;
}

void
ts_order_free(TsOrder *self)
{
    if (self == NULL)
        return;
    end_checkpoint(self, NULL);
    if (self->stage != NULL && self->manifest != NULL)
        fclose(self->manifest);
    if (self->stage != NULL && self->rejects != NULL)
        fclose(self->rejects);
    ts_out_file_free(self->out);
    ts_out_file_free(self->rejects_out);
    ts_shards_free(self->shards);
    ts_stage_free(self->stage);
    ts_rows_free(self->rows);
    g_hash_table_unref(self->reasons);
    g_hash_table_unref(self->waiting);
    g_mutex_clear(&self->lock);
    g_free(self->manifest_name);
    g_free(self);
}

const char *
ts_order_folder(const TsOrder *self)
{
    return self->stage != NULL ? ts_stage_folder(self->stage) : NULL;
}

const TsRows *
ts_order_rows(const TsOrder *self)
{
    return self->rows;
}

guint64
ts_order_first(const TsOrder *self)
{
    return self->first;
}

/* The members of a tile; where the first of them lies. */
static gboolean
write_members(TsOrder *self, const TsTileResult *result, guint64 *offset, GError **error)
{
    guint64 at;
    /* A member costs its header and at most a block of filling beside its bytes. */
    guint64 n_bytes = ts_tile_result_bytes(result) + result->members->len * (guint64) 512;
    if (ts_shards_is_full(self->shards, n_bytes) &&
        (!ts_shards_end(self->shards, error) || !begin_checkpoint(self, error)))
        return FALSE;
    if (!ts_shards_begin_tile(self->shards, error))
        return FALSE;
    for (guint i = 0; i < result->members->len; i += 2)
        if (!ts_shards_add(self->shards, g_ptr_array_index(result->members, i),
                           g_ptr_array_index(result->members, i + 1), i == 0 ? offset : &at, error))
            return FALSE;
    return TRUE;
}

static gboolean
write_kept(TsOrder *self, const TsTileResult *result, GError **error)
{
    int n;
    if (self->shards != NULL) {
        guint64 offset = 0;
        if (!write_members(self, result, &offset, error))
            return FALSE;
        n = fprintf(self->manifest, "%s\t%" G_GUINT64_FORMAT "\t%" G_GSIZE_FORMAT "%s",
                    ts_shards_file(self->shards), offset,
                    g_bytes_get_size(g_ptr_array_index(result->members, 1)), result->row);
    } else if (result->name != NULL) {
        g_autofree char *name = ts_escape(result->name);
        n = fprintf(self->manifest, "%s%s", name, result->row);
    } else {
        n = fputs(result->row, self->manifest);
    }
    if (n < 0)
        return ts_error_set_errno(error, errno, "%s: cannot be written", output_name(self->cut));
    return TRUE;
}

static gboolean
write_result(TsOrder *self, const TsTileResult *result, GError **error)
{
    if (result->reason == NULL) {
        if (!write_kept(self, result, error))
            return FALSE;
    } else {
        ts_reasons_count(self->reasons, result->reason, 1);
        if (self->rejects != NULL && fputs(result->row, self->rejects) < 0)
            return ts_error_set_errno(error, errno, "%s: cannot be written", self->cut->rejects);
    }
    return TRUE;
}

/* Tars are vouched for one by one, as they end. */
static gboolean
is_checkpoint_due(const TsOrder *self)
{
    return self->stage != NULL && self->shards == NULL && g_get_monotonic_time() >= self->due;
}

/* Write what is due. Called with the lock, which is given away while a result is written. */
static gboolean
write_due(TsOrder *self, GError **error)
{
    TsTileResult *result;
    gboolean done = !self->broken;
    self->is_writing = TRUE;
    while (done && (result = g_hash_table_lookup(self->waiting, &self->next)) != NULL) {
        g_hash_table_steal(self->waiting, &self->next);
        self->backlog -= ts_tile_result_bytes(result);
        g_mutex_unlock(&self->lock);
        done = write_result(self, result, error);
        ts_tile_result_free(result);
        g_mutex_lock(&self->lock);
        self->next += done;
        if (done && is_checkpoint_due(self)) {
            g_mutex_unlock(&self->lock);
            done = begin_checkpoint(self, error);
            g_mutex_lock(&self->lock);
        }
    }
    self->is_writing = FALSE;
    self->broken |= !done;
    return done;
}

gboolean
ts_order_put(TsOrder *self, TsTileResult *result, GError **error)
{
    gboolean done = TRUE;
    g_mutex_lock(&self->lock);
    g_hash_table_insert(self->waiting, &result->number, result);
    self->backlog += ts_tile_result_bytes(result);
    if (!self->is_writing && !self->broken)
        done = write_due(self, error);
    g_mutex_unlock(&self->lock);
    return done;
}

guint64
ts_order_next(TsOrder *self)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    return self->next;
}

guint64
ts_order_backlog(TsOrder *self)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    return self->backlog;
}

static gboolean
close_stream(FILE **stream, const char *name, GError **error)
{
    FILE *closing = g_steal_pointer(stream);
    if (closing != NULL && fclose(closing) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be written", name);
    return TRUE;
}

/* The list of rejects lies beside, not in the output. A run that was killed here has it already. */
static gboolean
deliver_rejects(TsOrder *self, GError **error)
{
    if (self->cut->rejects == NULL)
        return TRUE;
    gboolean replace = self->cut->replace || self->first == self->cut->plan->n_tiles;
    g_autofree char *path = g_build_filename(ts_stage_folder(self->stage), REJECTS, NULL);
    g_autofree char *text = NULL;
    gsize n;
    return g_file_get_contents(path, &text, &n, error) &&
           ts_write_file(self->cut->rejects, text, n, replace, error);
}

static gboolean
finish_stage(TsOrder *self, TsCutReport *report, GError **error)
{
    gboolean replace = self->cut->replace;
    if (!end_checkpoint(self, error))
        return FALSE;
    if (self->shards != NULL && (!ts_shards_end(self->shards, error) || !checkpoint(self, error)))
        return FALSE;
    if (!close_stream(&self->manifest, output_name(self->cut), error) ||
        !close_stream(&self->rejects, output_name(self->cut), error) ||
        !deliver_rejects(self, error))
        return FALSE;
    if (self->shards == NULL) {
        g_autofree char *rejects = g_build_filename(self->cut->output, REJECTS, NULL);
        gboolean done = ts_stage_finish(self->stage, replace, &report->old_folder, error);
        g_unlink(rejects);
        return done;
    }
    if (replace)
        ts_shards_remove_later(self->cut->output, ts_shards_n_ended(self->shards));
    return ts_stage_finish_files(self->stage, self->manifest_name, replace, error);
}

gboolean
ts_order_finish(TsOrder *self, TsCutReport *report, GError **error)
{
    g_assert(self->next == self->cut->plan->n_tiles);
    report->n_dropped = ts_reasons_total(self->reasons);
    report->n_kept = self->next - report->n_dropped;
    report->n_resumed = self->first;
    report->reasons = g_hash_table_ref(self->reasons);
    if (self->stage != NULL)
        return finish_stage(self, report, error);
    return (self->rejects_out == NULL || ts_out_file_commit(self->rejects_out, error)) &&
           ts_out_file_commit(self->out, error);
}

void
ts_order_give_up(TsOrder *self)
{
    if (!end_checkpoint(self, NULL))
        return;
    if (self->stage != NULL && self->shards == NULL && !self->broken && self->next > self->vouched)
        checkpoint(self, NULL);
}
