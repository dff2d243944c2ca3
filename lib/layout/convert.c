/* A conversion from beginning to end. */
#include "layout/convert.h"

#include "base/error.h"
#include "base/outfolder.h"
#include "image/encoder.h"
#include "layout/job.h"
#include "manifest/folder.h"

#include <string.h>

const char *const ts_layout_names[] = {"imagefolder", "yolo", "hf-csv", "hf-jsonl", "idx",
                                       "wds",         "coco", "csv",    "manifest", NULL};

static void
job_clear(TsJob *job)
{
    for (guint64 i = 0; job->names != NULL && i < job->n; i++)
        g_free(job->names[i]);
    g_clear_pointer(&job->names, g_free);
    g_clear_pointer(&job->suffixes, g_free);
    g_clear_pointer(&job->dataset, ts_dataset_free);
    g_clear_pointer(&job->classes, ts_classes_free);
    g_clear_pointer(&job->splits, ts_classes_free);
    g_clear_pointer(&job->encoders, g_async_queue_unref);
    g_clear_pointer(&job->progress, ts_progress_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsJob, job_clear)

static gboolean
read_classes(TsJob *job, GError **error)
{
    if (ts_manifest_find_column(job->manifest, "label") >= 0 &&
        (job->classes = ts_classes_new(job->manifest, "label", error)) == NULL)
        return FALSE;
    return ts_manifest_find_column(job->manifest, "split") < 0 ||
           (job->splits = ts_classes_new(job->manifest, "split", error)) != NULL;
}

static gboolean
job_open(TsJob *job, GError **error)
{
    g_autofree guint64 *rows = ts_manifest_select(job->manifest, NULL, NULL, &job->n);
    if (job->n == 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: has no row",
                            ts_manifest_name(job->manifest));
    job->dataset = ts_dataset_new(job->manifest, rows, job->n, NULL, error);
    if (job->dataset == NULL || !read_classes(job, error))
        return FALSE;
    job->names = ts_try_alloc(job->n, sizeof *job->names, "names", error);
    job->suffixes =
        job->names != NULL ? ts_try_alloc(job->n, sizeof *job->suffixes, "names", error) : NULL;
    job->encoders = g_async_queue_new_full((GDestroyNotify) ts_encoder_free);
    return job->suffixes != NULL;
}

static gboolean
write_layout(TsJob *job, GError **error)
{
    switch (job->options->layout) {
    case TS_LAYOUT_IMAGEFOLDER:
        return ts_write_folders(job, FALSE, error);
    case TS_LAYOUT_YOLO:
        return ts_write_folders(job, TRUE, error);
    case TS_LAYOUT_HF_CSV:
        return ts_write_metadata(job, FALSE, error);
    case TS_LAYOUT_HF_JSONL:
        return ts_write_metadata(job, TRUE, error);
    case TS_LAYOUT_IDX:
        return ts_write_idx(job, error);
    case TS_LAYOUT_WDS:
        return ts_write_shards(job, error);
    case TS_LAYOUT_COCO:
        return ts_write_coco(job, error);
    case TS_LAYOUT_CSV:
        return ts_write_csv(job, error);
    case TS_LAYOUT_MANIFEST:
        return ts_write_manifest(job, error);
    }
    return FALSE;
}

/* What of the rows is in none of the layout's files. */
static char *
list_left_columns(const TsJob *job)
{
    TsDatasetLayout layout = job->options->layout;
    g_autoptr(GString) list = g_string_new(NULL);
    g_autofree int *kept = ts_job_kept_columns(job, NULL);
    gboolean none = layout == TS_LAYOUT_IMAGEFOLDER || layout == TS_LAYOUT_YOLO ||
                    layout == TS_LAYOUT_IDX || layout == TS_LAYOUT_COCO;
    if (none)
        for (const int *c = kept; *c >= 0; c++)
            g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "",
                                   ts_manifest_column_name(job->manifest, (guint) *c));
    if (layout != TS_LAYOUT_MANIFEST && ts_manifest_find_column(job->manifest, "mask") >= 0)
        g_string_append_printf(list, "%smask", list->len > 0 ? ", " : "");
    return list->len > 0 ? g_string_free(g_steal_pointer(&list), FALSE) : NULL;
}

void
ts_convert_counts_clear(TsConvertCounts *counts)
{
    g_clear_pointer(&counts->left_columns, g_free);
    g_clear_pointer(&counts->old_folder, g_free);
}

gboolean
ts_layout_convert(const TsManifest *manifest, const TsConvertOptions *options, const char *out,
                  TsConvertCounts *counts, GError **error)
{
    g_auto(TsJob) job = {.manifest = manifest, .options = options};
    *counts = (TsConvertCounts){0};
    if (!job_open(&job, error) || !ts_manifest_check_elsewhere(manifest, out, error))
        return FALSE;
    g_autoptr(TsOutFolder) folder = ts_out_folder_new(out, options->replace, error);
    if (folder == NULL)
        return FALSE;
    job.folder = ts_out_folder_path(folder);
    job.progress = ts_progress_new("dataconv", job.n, "samples");
    if (!write_layout(&job, error) || !ts_out_folder_commit(folder, error))
        return FALSE;
    *counts = (TsConvertCounts){(guint64) job.n_copied,   (guint64) job.n_linked,
                                (guint64) job.n_rendered, job.n_renamed,
                                list_left_columns(&job),  g_strdup(ts_out_folder_kept(folder))};
    return TRUE;
}
