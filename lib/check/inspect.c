/* All pictures of a data set, looked at once. */
#include "check/inspect.h"

#include "base/error.h"
#include "base/progress.h"
#include "base/threads.h"
#include "check/cache.h"
#include "sample/recipe.h"
#include "sample/render.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    TsDataset *dataset;
    const TsManifest *manifest;
    TsInspection *out;
    TsCheckCache *cache; /* NULL: none */
    char **keys;         /* (n), NULL where there is none */
    gint64 started;      /* seconds */
    TsProgress *progress;
} Job;

static void
job_clear(Job *job)
{
    for (guint32 i = 0; job->keys != NULL && i < job->out->n; i++)
        g_free(job->keys[i]);
    g_free(job->keys);
    ts_check_cache_free(job->cache);
    ts_progress_free(job->progress);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

/* What makes the sample out of its file, as it stands in the row. */
static char *
recipe_text(const Job *job, guint64 row)
{
    static const char *const columns[] = {"x",      "y",      "width", "height",
                                          "offset", "length", "raw",   "op"};
    GString *text = g_string_new(NULL);
    for (guint c = 0; c < G_N_ELEMENTS(columns); c++) {
        const int column = ts_manifest_find_column(job->manifest, columns[c]);
        if (column < 0)
            continue;
        TsCell cell = ts_manifest_cell(job->manifest, row, (guint) column);
        g_string_append_printf(text, "%s=%.*s;", columns[c], (int) MIN(cell.length, G_MAXINT),
                               cell.text);
    }
    return g_string_free(text, FALSE);
}

/* What the cache knows a sample by; NULL where it is not to know it. */
static char *
make_key(const Job *job, guint64 i)
{
    struct stat status;
    double lambda;
    const guint64 row = ts_dataset_row(job->dataset, i);
    g_autofree char *path = ts_manifest_path(job->manifest, row);
    if (ts_dataset_parent(job->dataset, i, &lambda) != TS_NO_PARENT || path == NULL ||
        stat(path, &status) != 0 || status.st_mtim.tv_sec > job->started - 2)
        return NULL;
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autofree char *recipe = recipe_text(job, row);
    return ts_check_cache_key(
        absolute, (guint64) status.st_size,
        status.st_mtim.tv_sec * G_GINT64_CONSTANT(1000000000) + status.st_mtim.tv_nsec, recipe);
}

/* Whether the sample's file is the whole of the file that its row names. */
static gboolean
is_whole_file(const Job *job, guint64 row)
{
    TsRecipe recipe;
    return ts_dataset_read_recipe(job->dataset, row, &recipe, NULL) && !recipe.has_range &&
           !recipe.has_raw;
}

/* The kind of the file, by its first bytes. */
static TsContainer
detect(const char *path)
{
    guint8 bytes[16];
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return TS_CONTAINER_UNKNOWN;
    const gssize n = read(file, bytes, sizeof bytes);
    close(file);
    return n > 0 ? ts_container_detect(bytes, (gsize) n) : TS_CONTAINER_UNKNOWN;
}

/* Why a picture could not be read. */
static TsLook
find_cause(const Job *job, guint64 i, const char *path)
{
    gsize n;
    if (path == NULL || (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)))
        return TS_LOOK_MISSING;
    g_autoptr(GBytes) bytes = ts_sample_read_file(job->dataset, i, NULL);
    if (bytes == NULL)
        return TS_LOOK_UNREADABLE;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    return ts_container_is_cut(data, n) ? TS_LOOK_TRUNCATED : TS_LOOK_UNREADABLE;
}

static gboolean
look_up(guint64 i, gpointer data, GError **error)
{
    Job *job = data;
    TsMeasures *measures = &job->out->measures[i];
    job->keys[i] = make_key(job, i);
    if (job->keys[i] == NULL || !ts_check_cache_get(job->cache, job->keys[i], measures))
        return TRUE;
    g_autofree char *path = ts_manifest_path(job->manifest, ts_dataset_row(job->dataset, i));
    measures->wrong_suffix = ts_container_contradicts(measures->container, path);
    __atomic_add_fetch(&job->out->n_cached, 1, __ATOMIC_RELAXED);
    ts_progress_add(job->progress, 1);
    return TRUE;
}

/* Floats that are no numbers become no pixel that a network could learn from. */
static gboolean
check_numbers(const TsImage *image, GError **error)
{
    const gsize n = (gsize) image->width * (gsize) image->bands;
    guint64 n_bad = 0;
    if (image->type != TS_F32 && image->type != TS_F64)
        return TRUE;
    for (int y = 0; y < image->height; y++) {
        const void *row = image->data + (gsize) y * ts_image_row_size(image);
        for (gsize i = 0; i < n; i++)
            n_bad += image->type == TS_F32 ? !isfinite(((const float *) row)[i])
                                           : !isfinite(((const double *) row)[i]);
    }
    return n_bad == 0 ||
           ts_error_set(error, TS_ERROR_FORMAT,
                        "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " values are NaN or infinite",
                        n_bad, (guint64) n * (guint64) image->height);
}

static gboolean
look(guint64 i, gpointer data, GError **error)
{
    Job *job = data;
    TsMeasures *measures = &job->out->measures[i];
    if (measures->look != TS_LOOK_NOT_YET)
        return TRUE;
    const guint64 row = ts_dataset_row(job->dataset, i);
    g_autofree char *path = ts_manifest_path(job->manifest, row);
    if (path != NULL && is_whole_file(job, row)) {
        measures->container = detect(path);
        measures->wrong_suffix = ts_container_contradicts(measures->container, path);
    }
    g_autoptr(GError) problem = NULL;
    g_autoptr(TsImage) image = ts_sample_render(job->dataset, i, &problem);
    if (image != NULL && check_numbers(image, &problem) &&
        ts_measures_compute(measures, image, &problem)) {
        measures->look = TS_LOOK_OK;
    } else if (g_error_matches(problem, TS_ERROR, TS_ERROR_INTERRUPTED)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    } else {
        measures->message = g_strdup(problem->message);
        measures->look = find_cause(job, i, path);
    }
    ts_progress_add(job->progress, 1);
    return TRUE;
}

static gboolean
open_cache(Job *job, const char *path, GError **error)
{
    job->cache = ts_check_cache_read(path, error);
    job->keys = job->cache != NULL
                    ? ts_try_alloc((gsize) job->out->n + 1, sizeof(char *), "keys", error)
                    : NULL;
    if (job->keys == NULL)
        return FALSE;
    job->out->n_rejected = ts_check_cache_n_rejected(job->cache);
    return ts_parallel_for(job->out->n, look_up, job, error);
}

TsInspection *
ts_inspect(TsDataset *dataset, const char *cache, GError **error)
{
    const guint64 n = ts_dataset_n(dataset);
    if (n > G_MAXINT32) {
        ts_error_set(error, TS_ERROR_RANGE, "%" G_GUINT64_FORMAT " pictures are too many", n);
        return NULL;
    }
    g_autoptr(TsInspection) out = g_new0(TsInspection, 1);
    out->measures = ts_try_alloc((gsize) n + 1, sizeof *out->measures, "measures", error);
    if (out->measures == NULL)
        return NULL;
    out->n = (guint32) n;
    g_auto(Job) job = {.dataset = dataset,
                       .manifest = ts_dataset_manifest(dataset),
                       .out = out,
                       .started = g_get_real_time() / G_USEC_PER_SEC,
                       .progress = ts_progress_new("datacheck", n, "pictures")};
    if (cache != NULL && !open_cache(&job, cache, error))
        return NULL;
    const gboolean done = ts_parallel_for(n, look, &job, error);
    if (cache != NULL &&
        !ts_check_cache_write(cache, job.keys, out->measures, out->n, done ? error : NULL))
        return NULL;
    return done ? g_steal_pointer(&out) : NULL;
}

void
ts_inspection_free(TsInspection *inspection)
{
    if (inspection == NULL)
        return;
    for (guint32 i = 0; inspection->measures != NULL && i < inspection->n; i++)
        ts_measures_clear(&inspection->measures[i]);
    g_free(inspection->measures);
    g_free(inspection);
}
