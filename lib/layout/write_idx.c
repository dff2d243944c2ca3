/* IDX pairs: all pictures of one size, bytes, one file of images and one of labels a split. */
#include "layout/job.h"

#include "base/error.h"
#include "base/outfile.h"
#include "base/threads.h"
#include "sample/render.h"
#include "store/idx.h"

#include <string.h>

enum { SAMPLES_PER_THREAD = 64, MAX_CLASSES = 256 };

typedef struct {
    TsJob *job;
    const guint64 *rows;
    guint64 n, first;
    TsImage **images; /* of rows `first` and on */
    TsRaw shape;      /* of every picture; width 0: not known yet */
    TsOutFile *out;
} Pair;

static gboolean
render(guint64 k, gpointer data, GError **error)
{
    Pair *pair = data;
    pair->images[k] = ts_job_render(pair->job, pair->rows[pair->first + k], error);
    ts_progress_add(pair->job->progress, 1);
    return pair->images[k] != NULL;
}

static gboolean
check_shape(Pair *pair, guint64 i, const TsImage *image, GError **error)
{
    TsRaw shape = {image->width, image->height, image->bands, image->type};
    if (pair->shape.width == 0)
        pair->shape = shape;
    if (memcmp(&shape, &pair->shape, sizeof shape) == 0 && image->type == TS_U8)
        return TRUE;
    g_autofree char *is = ts_raw_format(&shape), *others = ts_raw_format(&pair->shape);
    g_autofree char *what =
        image->type == TS_U8
            ? g_strdup_printf("is %s, pictures before it are %s; IDX holds one size", is, others)
            : g_strdup_printf("has %s samples, IDX holds 8-bit ones",
                              ts_sample_type_name(image->type));
    return ts_job_fail(pair->job, i, error, what);
}

/* The header needs the size, so it is written with the first picture. */
static gboolean
write_image(Pair *pair, guint64 i, const TsImage *image, GError **error)
{
    gboolean first = pair->shape.width == 0;
    if (!check_shape(pair, i, image, error))
        return FALSE;
    if (first) {
        guint8 header[TS_IDX_MAX_HEADER];
        guint32 shape[] = {(guint32) pair->n, (guint32) image->height, (guint32) image->width,
                           (guint32) image->bands};
        gsize n = ts_idx_header(image->bands == 1 ? 3 : 4, shape, header);
        if (!ts_out_file_write(pair->out, header, n, error))
            return FALSE;
    }
    return ts_out_file_write(pair->out, image->data,
                             ts_image_row_size(image) * (gsize) image->height, error);
}

static gboolean
write_batch(Pair *pair, guint64 n, GError **error)
{
    gboolean done = ts_parallel_for(n, render, pair, error);
    for (guint64 k = 0; k < n; k++) {
        done = done && write_image(pair, pair->rows[pair->first + k], pair->images[k], error);
        g_clear_pointer(&pair->images[k], ts_image_free);
    }
    return done;
}

static gboolean
write_images(Pair *pair, const char *path, GError **error)
{
    const guint64 batch = SAMPLES_PER_THREAD * (guint64) ts_threads_get();
    g_autofree TsImage **images = g_new0(TsImage *, batch);
    g_autoptr(TsOutFile) out = ts_out_file_new(path, FALSE, error);
    if (out == NULL)
        return FALSE;
    pair->images = images;
    pair->out = out;
    for (pair->first = 0; pair->first < pair->n; pair->first += batch)
        if (!write_batch(pair, MIN(batch, pair->n - pair->first), error))
            return FALSE;
    return ts_out_file_commit(out, error);
}

static gboolean
write_labels(const Pair *pair, const char *path, GError **error)
{
    guint8 header[TS_IDX_MAX_HEADER];
    guint32 shape[] = {(guint32) pair->n};
    gsize n = ts_idx_header(1, shape, header);
    g_autofree guint8 *labels = g_malloc(pair->n + 1);
    for (guint64 k = 0; k < pair->n; k++)
        labels[k] = (guint8) pair->job->classes->of_row[pair->rows[k]];
    g_autoptr(TsOutFile) out = ts_out_file_new(path, FALSE, error);
    return out != NULL && ts_out_file_write(out, header, n, error) &&
           ts_out_file_write(out, labels, pair->n, error) && ts_out_file_commit(out, error);
}

static gboolean
write_pair(TsJob *job, const char *split, GError **error)
{
    Pair pair = {.job = job};
    g_autofree guint64 *rows = ts_manifest_select(job->manifest, "split", split, &pair.n);
    const char *prefix = split == NULL ? "train" : strcmp(split, "test") == 0 ? "t10k" : split;
    g_autofree char *images = g_strdup_printf("%s/%s-images-idx3-ubyte", job->folder, prefix);
    g_autofree char *labels = g_strdup_printf("%s/%s-labels-idx1-ubyte", job->folder, prefix);
    pair.rows = rows;
    if (pair.n > G_MAXUINT32)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "more than 2^32 - 1 pictures of a split");
    return write_images(&pair, images, error) && write_labels(&pair, labels, error);
}

gboolean
ts_write_idx(TsJob *job, GError **error)
{
    if (job->options->files != TS_FILES_AUTO && job->options->files != TS_FILES_RENDER)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--to idx renders every picture; --copy and --link make no sense");
    if (!ts_job_check_labels(job, error) || !ts_job_check_splits(job, error))
        return FALSE;
    if (job->classes->n > MAX_CLASSES)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%u classes, IDX labels have a byte: 256",
                            job->classes->n);
    if (job->splits == NULL && !write_pair(job, NULL, error))
        return FALSE;
    for (guint s = 0; job->splits != NULL && s < job->splits->n; s++)
        if (job->splits->counts[s] > 0 && !write_pair(job, job->splits->names[s], error))
            return FALSE;
    return ts_job_write_classes(job, error);
}
