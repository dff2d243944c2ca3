/* What augment writes: pictures, and the rows that name them or say how they are made. */
#include "augment.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/outfile.h"
#include "base/outfolder.h"
#include "base/threads.h"
#include "base/tool.h"
#include "manifest/folder.h"
#include "manifest/writer.h"
#include "sample/mask.h"
#include "sample/render.h"

#include <string.h>

/* "stem_0012_1.png": file, row and copy; masks, which have to be lossless, in a folder below. */
static char *
file_name(const AugmentJob *job, guint64 i, gboolean is_mask)
{
    const TsAugmentEntry *entry = &job->plan.entries[i];
    guint64 row = ts_dataset_row(job->dataset, entry->sample);
    g_autofree char *path = ts_manifest_path(job->manifest, row);
    g_autofree char *name = g_path_get_basename(path);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
    int digits = 1;
    for (guint64 rest = ts_manifest_n_rows(job->manifest); rest >= 10; rest /= 10)
        digits++;
    return g_strdup_printf("%s%s_%0*" G_GUINT64_FORMAT "_%u%s", is_mask ? "masks/" : "", name,
                           digits, row, entry->copy, is_mask ? ".png" : job->suffix);
}

/* A column of the manifest that is written, and its value in one row. */
typedef char *(*Value)(const AugmentJob *job, guint64 i);

static char *
value_none(const AugmentJob *job, guint64 i)
{
    return NULL;
}

static char *
value_file(const AugmentJob *job, guint64 i)
{
    return file_name(job, i, FALSE);
}

static char *
value_mask(const AugmentJob *job, guint64 i)
{
    return ts_sample_has_mask(job->dataset, job->plan.entries[i].sample) ? file_name(job, i, TRUE)
                                                                         : NULL;
}

static guint64
row_of(const AugmentJob *job, guint64 i)
{
    return ts_dataset_row(job->dataset, job->plan.entries[i].sample);
}

static char *
value_from(const AugmentJob *job, guint64 i)
{
    return ts_manifest_id(job->manifest, row_of(job, i));
}

/* The sample's id, with the number of the copy behind it: "cell-12~1". */
static char *
value_id(const AugmentJob *job, guint64 i)
{
    g_autofree char *id = ts_manifest_id(job->manifest, row_of(job, i));
    guint copy = job->plan.entries[i].copy;
    return copy == 0 || id == NULL ? g_steal_pointer(&id) : g_strdup_printf("%s~%u", id, copy);
}

static char *
value_step(const AugmentJob *job, guint64 i)
{
    return *job->steps[i] != '\0' ? g_strdup(job->steps[i]) : NULL;
}

/* The changes that the row has, and the new ones as a further step. */
static char *
value_op(const AugmentJob *job, guint64 i)
{
    int column = ts_manifest_find_column(job->manifest, "op");
    g_autofree char *before =
        column >= 0
            ? ts_cell_unescape(ts_manifest_cell(job->manifest, row_of(job, i), (guint) column))
            : NULL;
    if (before == NULL || *job->steps[i] == '\0')
        return before != NULL ? g_steal_pointer(&before) : value_step(job, i);
    return g_strdup_printf("%s|%s", before, job->steps[i]);
}

typedef struct {
    const char *name;
    Value value;
    gboolean is_added; /* also where the manifest that was read lacks it */
} Column;

static gboolean
write_rows(const AugmentJob *job, TsManifestWriter *out, const Column *const *columns, guint n,
           GError **error)
{
    g_autofree char **values = g_new0(char *, n + 1);
    for (guint64 i = 0; i < job->plan.n; i++) {
        if (ts_interrupt_check(error))
            return FALSE;
        for (guint k = 0; k < n; k++)
            values[k] = columns[k]->value(job, i);
        gboolean written = ts_manifest_writer_copy_row(out, job->manifest, row_of(job, i),
                                                       (const char *const *) values, error);
        for (guint k = 0; k < n; k++)
            g_clear_pointer(&values[k], g_free);
        if (!written)
            return FALSE;
    }
    return ts_manifest_writer_commit(out, error);
}

/* Copies of a sample have to stay in its split, so rows that have neither split nor group get one.
 */
static gboolean
is_written(const AugmentJob *job, const Column *column)
{
    if (strcmp(column->name, "group") == 0)
        return ts_manifest_find_column(job->manifest, "group") < 0 &&
               ts_manifest_find_column(job->manifest, "split") < 0;
    return column->is_added || ts_manifest_find_column(job->manifest, column->name) >= 0;
}

static gboolean
write_manifest(const AugmentJob *job, const char *path, const Column *all, guint n_all,
               GError **error)
{
    g_autofree const Column **columns = g_new0(const Column *, n_all + 1);
    g_autofree const char **names = g_new0(const char *, n_all + 1);
    guint n = 0;
    for (guint i = 0; i < n_all; i++)
        if (is_written(job, &all[i])) {
            names[n] = all[i].name;
            columns[n++] = &all[i];
        }
    g_autoptr(TsManifestWriter) out =
        ts_manifest_writer_new_like(path, job->manifest, names, FALSE, error);
    return out != NULL && write_rows(job, out, columns, n, error);
}

static gboolean
check_rows(const AugmentJob *job, GError **error)
{
    int column = ts_manifest_find_column(job->manifest, "parent_b");
    for (guint64 row = 0; column >= 0 && row < ts_manifest_n_rows(job->manifest); row++) {
        if (!job->chosen[row] ||
            ts_cell_is_null(ts_manifest_cell(job->manifest, row, (guint) column)))
            continue;
        g_autofree char *where = ts_manifest_where(job->manifest, row);
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: is a mixture, whose column op would change one part alone; "
                            "-o DIR writes it as a file",
                            where);
    }
    return TRUE;
}

gboolean
augment_write_rows(const AugmentJob *job, GError **error)
{
    static const Column columns[] = {
        {"op", value_op, TRUE}, {"id", value_id, FALSE}, {"group", value_from, TRUE}};
    return check_rows(job, error) &&
           write_manifest(job, "-", columns, G_N_ELEMENTS(columns), error);
}

static gboolean
write_image(const AugmentJob *job, const TsImage *image, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(job->folder, name, NULL);
    return ts_image_write(image, path, &job->encode, FALSE, error);
}

static gboolean
write_one(guint64 i, gpointer data, GError **error)
{
    AugmentJob *job = data;
    const guint64 sample = job->plan.entries[i].sample;
    g_autofree char *name = file_name(job, i, FALSE);
    g_autoptr(TsImage) image = ts_sample_render_changed(job->dataset, sample, job->steps[i], error);
    if (image == NULL || !write_image(job, image, name, error))
        return FALSE;
    if (ts_sample_has_mask(job->dataset, sample)) {
        g_autofree char *mask_name = file_name(job, i, TRUE);
        g_autoptr(TsImage) mask =
            ts_sample_render_changed_mask(job->dataset, sample, job->steps[i], error);
        if (mask == NULL || !write_image(job, mask, mask_name, error))
            return FALSE;
    }
    ts_progress_add(job->progress, 1);
    return TRUE;
}

/* The folder that is filled has its masks in one of their own. */
static gboolean
write_into(AugmentJob *job, GError **error)
{
    static const Column columns[] = {{"file_name", value_file, TRUE},
                                     {"x", value_none, FALSE},
                                     {"y", value_none, FALSE},
                                     {"width", value_none, FALSE},
                                     {"height", value_none, FALSE},
                                     {"offset", value_none, FALSE},
                                     {"length", value_none, FALSE},
                                     {"raw", value_none, FALSE},
                                     {"parent_b", value_none, FALSE},
                                     {"lambda", value_none, FALSE},
                                     {"op", value_none, FALSE},
                                     {"mask", value_mask, FALSE},
                                     {"id", value_id, FALSE},
                                     {"augmented_from", value_from, TRUE},
                                     {"augmented_by", value_step, TRUE},
                                     {"group", value_from, TRUE}};
    g_autofree char *manifest = g_build_filename(job->folder, "manifest.tsv", NULL);
    g_autofree char *masks = g_build_filename(job->folder, "masks", NULL);
    if (ts_manifest_find_column(job->manifest, "mask") >= 0 && !ts_make_folder(masks, error))
        return FALSE;
    g_autoptr(TsProgress) progress = ts_progress_new("augment", job->plan.n, "samples");
    job->progress = progress;
    return ts_parallel_for(job->plan.n, write_one, job, error) &&
           write_manifest(job, manifest, columns, G_N_ELEMENTS(columns), error);
}

gboolean
augment_write_files(AugmentJob *job, const char *path, GError **error)
{
    if (!ts_manifest_check_elsewhere(job->manifest, path, error))
        return FALSE;
    g_autoptr(TsOutFolder) folder = ts_out_folder_new(path, ts_tool_force(), error);
    if (folder == NULL)
        return FALSE;
    job->folder = ts_out_folder_path(folder);
    if (!write_into(job, error) || !ts_out_folder_commit(folder, error))
        return FALSE;
    job->old_folder = g_strdup(ts_out_folder_kept(folder));
    return TRUE;
}
