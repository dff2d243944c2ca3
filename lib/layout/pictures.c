/* Pictures of rows: linked, copied byte for byte, or rendered and encoded. */
#include "layout/job.h"

#include "base/error.h"
#include "base/outfile.h"
#include "base/threads.h"
#include "image/encoder.h"
#include "sample/render.h"
#include "store/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether the row's file is its picture as it is. */
static gboolean
is_file(const TsJob *job, guint64 i, gboolean whole, TsRecipe *recipe, gboolean *plain,
        GError **error)
{
    double lambda;
    g_autofree char *changes = ts_dataset_read_ops(job->dataset, i);
    if (!ts_dataset_read_recipe(job->dataset, i, recipe, error))
        return FALSE;
    *plain = (whole || !recipe->has_region) && !recipe->has_raw && changes == NULL &&
             ts_dataset_parent(job->dataset, i, &lambda) == TS_NO_PARENT;
    return TRUE;
}

/* The suffix of an encoded image by its first bytes; NULL: not known. */
static const char *
suffix_of_bytes(GBytes *bytes)
{
    static const struct {
        const char *magic;
        gsize n;
        const char *suffix;
    } kinds[] = {
        {"\x89PNG", 4, ".png"},   {"\xff\xd8\xff", 3, ".jpg"}, {"II*\0", 4, ".tif"},
        {"MM\0*", 4, ".tif"},     {"II+\0", 4, ".tif"},        {"MM\0+", 4, ".tif"},
        {"\x93NUMPY", 6, ".npy"}, {"BM", 2, ".bmp"},           {"P5", 2, ".pgm"},
        {"P6", 2, ".ppm"},        {"GIF8", 4, ".gif"},
    };
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (n >= kinds[i].n && memcmp(data, kinds[i].magic, kinds[i].n) == 0)
            return kinds[i].suffix;
    return n >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WEBP", 4) == 0 ? ".webp"
                                                                                       : NULL;
}

/* ".jpg" of "a/b.jpg", interned; ".img" if there is none. */
static const char *
suffix_of_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash != NULL ? slash : path, '.');
    return g_intern_string(dot != NULL && dot[1] != '\0' ? dot : ".img");
}

static GBytes *
copy_file(TsJob *job, guint64 i, const TsRecipe *recipe, const char **suffix, GError **error)
{
    g_autofree char *path = ts_manifest_path(job->manifest, i);
    GBytes *bytes = ts_sample_read_file(job->dataset, i, error);
    const char *found = bytes != NULL && recipe->has_range ? suffix_of_bytes(bytes) : NULL;
    *suffix = found != NULL       ? g_intern_string(found)
              : recipe->has_range ? ".img"
                                  : suffix_of_path(path);
    if (bytes != NULL)
        g_atomic_int_inc(&job->n_copied);
    return bytes;
}

TsImage *
ts_job_render(TsJob *job, guint64 i, GError **error)
{
    g_atomic_int_inc(&job->n_rendered);
    return ts_sample_render(job->dataset, i, error);
}

static GBytes *
render(TsJob *job, guint64 i, const char **suffix, GError **error)
{
    const guint8 *bytes;
    gsize n;
    g_autoptr(TsImage) image = ts_job_render(job, i, error);
    if (image == NULL)
        return NULL;
    TsEncoder *encoder = g_async_queue_try_pop(job->encoders);
    if (encoder == NULL)
        encoder = ts_encoder_new(job->options->suffix, &job->options->encode, error);
    if (encoder == NULL)
        return NULL;
    *suffix = g_intern_string(job->options->suffix);
    gboolean done = ts_encoder_encode(encoder, image, image->data, ts_image_row_size(image),
                                      image->width, image->height, &bytes, &n, error);
    GBytes *copy = done ? g_bytes_new(bytes, n) : NULL;
    g_async_queue_push(job->encoders, encoder);
    if (!done)
        ts_dataset_prefix_error(job->dataset, i, error);
    return copy;
}

GBytes *
ts_job_make_picture(TsJob *job, guint64 i, gboolean whole, const char **suffix, GError **error)
{
    TsRecipe recipe;
    gboolean plain;
    if (!is_file(job, i, whole, &recipe, &plain, error))
        return NULL;
    if (job->options->files == TS_FILES_RENDER)
        return render(job, i, suffix, error);
    if (plain)
        return copy_file(job, i, &recipe, suffix, error);
    if (job->options->files == TS_FILES_AUTO)
        return render(job, i, suffix, error);
    ts_job_fail(job, i, error,
                "is a part of a picture, a mixture or bare samples and can be neither copied nor "
                "linked; --materialize renders it");
    return NULL;
}

static gboolean
write_bytes(const char *path, GBytes *bytes, GError **error)
{
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return ts_error_set_errno(error, errno, "%s: cannot be written", path);
    gboolean written = ts_write_all(fd, data, n);
    int errnum = errno;
    if (close(fd) != 0 && written) {
        written = FALSE;
        errnum = errno;
    }
    return written || ts_error_set_errno(error, errnum, "%s: cannot be written", path);
}

/* `to` has no suffix yet. */
static gboolean
make_link(TsJob *job, guint64 i, gboolean whole, const char *to, GError **error)
{
    TsRecipe recipe;
    gboolean plain;
    gboolean hard = job->options->files == TS_FILES_HARD;
    if (!is_file(job, i, whole, &recipe, &plain, error))
        return FALSE;
    if (!plain || recipe.has_range)
        return ts_job_fail(job, i, error,
                           "is a part of a file or a mixture and cannot be linked; without --link "
                           "it is copied or rendered");
    g_autofree char *from = ts_manifest_path(job->manifest, i);
    job->suffixes[i] = suffix_of_path(from);
    g_autofree char *path = g_strconcat(to, job->suffixes[i], NULL);
    char *real = realpath(from, NULL);
    gboolean linked = real != NULL && (hard ? link(real, path) : symlink(real, path)) == 0;
    int errnum = errno;
    free(real);
    g_atomic_int_inc(&job->n_linked);
    return linked || ts_error_set_errno(error, errnum, "%s: cannot be linked to%s", from,
                                        errnum == EXDEV ? " (--link sym or --copy can)" : "");
}

typedef struct {
    TsJob *job;
    gboolean whole;
} Placing;

static gboolean
place(guint64 i, gpointer data, GError **error)
{
    const Placing *placing = data;
    TsJob *job = placing->job;
    ts_progress_add(job->progress, 1);
    if (job->names[i] == NULL)
        return TRUE;
    g_autofree char *to = g_build_filename(job->folder, job->names[i], NULL);
    if (job->options->files == TS_FILES_HARD || job->options->files == TS_FILES_SYM)
        return make_link(job, i, placing->whole, to, error);
    g_autoptr(GBytes) bytes = ts_job_make_picture(job, i, placing->whole, &job->suffixes[i], error);
    g_autofree char *path = bytes != NULL ? g_strconcat(to, job->suffixes[i], NULL) : NULL;
    return bytes != NULL && write_bytes(path, bytes, error);
}

/* Folders of all names, each made once. */
static gboolean
make_folders(TsJob *job, GError **error)
{
    g_autoptr(GHashTable) made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint64 i = 0; i < job->n; i++) {
        char *below = job->names[i] != NULL ? g_path_get_dirname(job->names[i]) : NULL;
        if (below == NULL || g_hash_table_contains(made, below)) {
            g_free(below);
            continue;
        }
        g_autofree char *path = g_build_filename(job->folder, below, NULL);
        g_hash_table_add(made, below);
        if (!ts_make_folder(path, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_job_place_pictures(TsJob *job, gboolean whole, GError **error)
{
    Placing placing = {job, whole};
    return make_folders(job, error) && ts_parallel_for(job->n, place, &placing, error);
}
