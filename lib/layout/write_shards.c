/* WebDataset shards: pictures made in threads, members written in the order of rows, so that the
 * bytes do not depend on the number of threads. */
#include "layout/job.h"

#include "base/threads.h"
#include "store/json.h"
#include "store/tar.h"

#include <string.h>

enum { SAMPLES_PER_THREAD = 32 };

typedef struct {
    GBytes *picture;
    const char *suffix;
} Made;

typedef struct {
    TsJob *job;
    const int *kept;
    const gboolean *is_number;
    guint64 *rows; /* of the split */
    guint64 n;
    Made *made; /* of rows `first` and on */
    guint64 first;
    const char *prefix;
    TsTarWriter *tar;
    guint number;      /* of the next shard */
    guint64 n_samples; /* in this one */
} Shards;

static gboolean
make(guint64 k, gpointer data, GError **error)
{
    Shards *shards = data;
    Made *made = &shards->made[k];
    made->picture = ts_job_make_picture(shards->job, shards->rows[shards->first + k], FALSE,
                                        &made->suffix, error);
    ts_progress_add(shards->job->progress, 1);
    return made->picture != NULL;
}

static char *
shard_path(const Shards *shards, guint number, const char *suffix)
{
    return g_strdup_printf("%s/%s-%06u%s", shards->job->folder, shards->prefix, number, suffix);
}

static gboolean
end_shard(Shards *shards, GError **error)
{
    if (shards->tar == NULL)
        return TRUE;
    g_autofree char *index = shard_path(shards, shards->number - 1, ".index");
    gboolean done = ts_tar_writer_write_index(shards->tar, index, FALSE, error) &&
                    ts_tar_writer_commit(shards->tar, error);
    g_clear_pointer(&shards->tar, ts_tar_writer_free);
    return done;
}

/* Start a shard if there is none or a sample of about `n` bytes does not fit any more. */
static gboolean
begin_shard(Shards *shards, guint64 n, GError **error)
{
    const TsConvertOptions *options = shards->job->options;
    if (shards->tar != NULL &&
        (options->shard_samples == 0 || shards->n_samples < options->shard_samples) &&
        (options->shard_bytes == 0 ||
         ts_tar_writer_n_bytes(shards->tar) + n <= options->shard_bytes))
        return TRUE;
    if (!end_shard(shards, error))
        return FALSE;
    g_autofree char *path = shard_path(shards, shards->number++, ".tar");
    shards->tar = ts_tar_writer_new(path, FALSE, error);
    shards->n_samples = 0;
    if (shards->tar != NULL)
        ts_tar_writer_set_unsynced(shards->tar);
    return shards->tar != NULL;
}

/* {"label": "cat", ...}; NULL if there is nothing to say. */
static GString *
make_json(const Shards *shards, guint64 i)
{
    GString *json = g_string_new("{");
    const char *label = ts_job_label(shards->job, i);
    if (label != NULL) {
        g_string_append(json, "\"label\": ");
        ts_json_append_string(json, label);
    }
    gsize n = json->len;
    ts_job_append_members(shards->job, i, shards->kept, shards->is_number, json);
    if (label == NULL && json->len > n)
        g_string_erase(json, 1, 2); /* the comma behind nothing */
    return g_string_append(json, "}\n");
}

static gboolean
add_member(Shards *shards, const char *key, const char *suffix, gconstpointer bytes, gsize n,
           GError **error)
{
    g_autofree char *member = g_strconcat(key, suffix, NULL);
    return ts_tar_writer_add(shards->tar, member, bytes, n, NULL, error);
}

static gboolean
add_sample(Shards *shards, guint64 i, const Made *made, GError **error)
{
    enum { BLOCK = 512 };
    gsize n;
    const TsJob *job = shards->job;
    const guint8 *bytes = g_bytes_get_data(made->picture, &n);
    g_autoptr(GString) json = make_json(shards, i);
    const guint64 whole = n + json->len + 6 * BLOCK;
    gint32 class = job->classes != NULL ? job->classes->of_row[i] : -1;
    g_autofree char *cls = g_strdup_printf("%d", class);
    if (!begin_shard(shards, whole, error) ||
        !add_member(shards, job->names[i], made->suffix, bytes, n, error) ||
        (class >= 0 && !add_member(shards, job->names[i], ".cls", cls, strlen(cls), error)) ||
        (json->len > 3 && !add_member(shards, job->names[i], ".json", json->str, json->len, error)))
        return FALSE;
    shards->n_samples++;
    return TRUE;
}

static gboolean
write_batch(Shards *shards, guint64 n, GError **error)
{
    gboolean done = ts_parallel_for(n, make, shards, error);
    for (guint64 k = 0; k < n; k++) {
        Made *made = &shards->made[k];
        done = done && add_sample(shards, shards->rows[shards->first + k], made, error);
        g_clear_pointer(&made->picture, g_bytes_unref);
    }
    return done;
}

static gboolean
write_split(Shards *shards, GError **error)
{
    const guint64 batch = SAMPLES_PER_THREAD * (guint64) ts_threads_get();
    g_autofree Made *made = g_new0(Made, batch);
    shards->made = made;
    for (shards->first = 0; shards->first < shards->n; shards->first += batch) {
        if (!write_batch(shards, MIN(batch, shards->n - shards->first), error)) {
            g_clear_pointer(&shards->tar, ts_tar_writer_free);
            return FALSE;
        }
    }
    return end_shard(shards, error);
}

/* Without splits, one list of all rows; names are unique in each. */
static gboolean
write_rows_of(TsJob *job, const char *split, const int *kept, const gboolean *is_number,
              GError **error)
{
    Shards shards = {
        .job = job, .kept = kept, .is_number = is_number, .prefix = split != NULL ? split : "data"};
    g_autofree guint64 *rows = ts_manifest_select(job->manifest, "split", split, &shards.n);
    g_autoptr(TsJobNames) names = ts_job_names_new(job, TRUE);
    shards.rows = rows;
    for (guint64 k = 0; k < shards.n; k++)
        if (!ts_job_names_add(names, rows[k], "", FALSE, error))
            return FALSE;
    return write_split(&shards, error);
}

gboolean
ts_write_shards(TsJob *job, GError **error)
{
    if (!ts_job_check_splits(job, error))
        return FALSE;
    g_autofree int *kept = ts_job_kept_columns(job, NULL);
    g_autofree gboolean *is_number = ts_job_find_numbers(job, kept);
    if (job->splits == NULL && !write_rows_of(job, NULL, kept, is_number, error))
        return FALSE;
    for (guint s = 0; job->splits != NULL && s < job->splits->n; s++)
        if (job->splits->counts[s] > 0 &&
            !write_rows_of(job, job->splits->names[s], kept, is_number, error))
            return FALSE;
    return ts_job_write_classes(job, error);
}
