/* One conversion and what the writers of layouts share, inside of lib/layout. Samples are the rows
 * of the manifest, in order. */
#pragma once

#include "base/progress.h"
#include "layout/convert.h"
#include "manifest/classes.h"
#include "sample/recipe.h"

G_BEGIN_DECLS

typedef struct {
    const TsManifest *manifest;
    const TsConvertOptions *options;
    const char *folder; /* that everything is written into */
    guint64 n;
    TsDataset *dataset;
    TsClasses *classes, *splits; /* NULL: no such column */
    char **names;          /* (n) of each picture: path below `folder` without suffix; NULL: none */
    const char **suffixes; /* (n) once it is made; interned */
    GAsyncQueue *encoders;
    TsProgress *progress;
    gint n_copied, n_linked, n_rendered; /* atomic */
    guint64 n_renamed;
} TsJob;

/* The label or split of a row, NULL: none. Borrowed. */
const char *ts_job_label(const TsJob *job, guint64 i);
const char *ts_job_split(const TsJob *job, guint64 i);

/* Set an error with the row in front; always FALSE. */
gboolean ts_job_fail(const TsJob *job, guint64 i, GError **error, const char *what);

/* Check that every row has a label (a split, if there is a column of splits) that can name a
 * folder. */
gboolean ts_job_check_labels(const TsJob *job, GError **error);
gboolean ts_job_check_splits(const TsJob *job, GError **error);

/* Name the picture of row `i`: a name that no other picture of `below` ("" or a path that ends with
 * '/') has. `keyed`: without dots and white space, as WebDataset wants it. `whole`: it is named by
 * its file, not by the row that is a part of it. */
typedef struct _TsJobNames TsJobNames;
TsJobNames *ts_job_names_new(TsJob *job, gboolean keyed);
void ts_job_names_free(TsJobNames *names);
gboolean
ts_job_names_add(TsJobNames *names, guint64 i, const char *below, gboolean whole, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsJobNames, ts_job_names_free)

/* Write or link the pictures of all rows that have a name, in threads; folders are made. `whole`:
 * regions are not cut out. */
gboolean ts_job_place_pictures(TsJob *job, gboolean whole, GError **error);

/* The bytes of the picture of row `i` and its suffix, interned; g_bytes_unref(). Threads may call
 * it at the same time. */
GBytes *
ts_job_make_picture(TsJob *job, guint64 i, gboolean whole, const char **suffix, GError **error);

/* The pixels of row `i`, counted as rendered. */
TsImage *ts_job_render(TsJob *job, guint64 i, GError **error);

/* Columns that are no part of the recipe, nor label, split or one of `others` (NULL-terminated, or
 * NULL): numbers, ended by -1. g_free(). */
int *ts_job_kept_columns(const TsJob *job, const char *const *others);

/* Write `text` as `name` in the folder, whose own folders are made. */
gboolean ts_job_write_text(TsJob *job, const char *name, const GString *text, GError **error);

/* Write classes.txt. */
gboolean ts_job_write_classes(TsJob *job, GError **error);

/* The layouts. */
gboolean ts_write_folders(TsJob *job, gboolean yolo, GError **error);
gboolean ts_write_metadata(TsJob *job, gboolean jsonl, GError **error);
gboolean ts_write_csv(TsJob *job, GError **error);
gboolean ts_write_manifest(TsJob *job, GError **error);
gboolean ts_write_shards(TsJob *job, GError **error);
gboolean ts_write_idx(TsJob *job, GError **error);
gboolean ts_write_coco(TsJob *job, GError **error);

/* Append the members of a JSON object for the columns `kept` of a row that have a value, each
 * behind ", ". `is_number` (one a column of the manifest) tells which are numbers in every row. */
void ts_job_append_members(const TsJob *job, guint64 i, const int *kept, const gboolean *is_number,
                           GString *out);
gboolean *ts_job_find_numbers(const TsJob *job, const int *kept);

G_END_DECLS
