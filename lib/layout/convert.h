/* A manifest written as a folder of another layout.
 *
 * Pictures are copied or linked where a row is a whole file (or a whole part of one, as a member of
 * a tar is), and rendered where it is a recipe: a region, a mixture, bare samples. Names come from
 * the rows' ids and files, in the order of rows, so equal input gives equal bytes whatever the
 * number of threads. The folder appears whole or not at all.
 *
 *     TsConvertOptions options = {.layout = TS_LAYOUT_WDS, .suffix = ".jpg"};
 *     g_auto(TsConvertCounts) counts = {0};
 *     if (!ts_layout_convert(manifest, &options, "shards", &counts, error))
 *         return FALSE;
 */
#pragma once

#include "image/image.h"
#include "manifest/manifest.h"

G_BEGIN_DECLS

typedef enum {
    TS_LAYOUT_IMAGEFOLDER,
    TS_LAYOUT_YOLO,
    TS_LAYOUT_HF_CSV,
    TS_LAYOUT_HF_JSONL,
    TS_LAYOUT_IDX,
    TS_LAYOUT_WDS,
    TS_LAYOUT_COCO,
    TS_LAYOUT_CSV,
    TS_LAYOUT_MANIFEST
} TsDatasetLayout;

/* Names of the layouts, in the order of the enumeration; NULL-terminated. */
extern const char *const ts_layout_names[];

typedef enum {
    TS_FILES_AUTO,   /* copied where they are files, rendered where they are recipes */
    TS_FILES_COPY,   /* copied; a recipe is an error */
    TS_FILES_HARD,   /* hard links; anything but a whole file is an error */
    TS_FILES_SYM,    /* symbolic links to absolute paths, likewise */
    TS_FILES_RENDER, /* every sample is decoded and encoded anew */
} TsFiles;

typedef struct {
    TsDatasetLayout layout;
    TsFiles files;
    const char *suffix;     /* of rendered pictures: ".png", ".jpg", ... */
    TsEncodeOptions encode; /* of rendered pictures */
    guint64 shard_samples;  /* WebDataset: at most so many samples a shard; 0: any number */
    guint64 shard_bytes;    /* and bytes, headers included, unless one sample is larger; likewise */
    gboolean replace;       /* an existing folder */
} TsConvertOptions;

typedef struct {
    guint64 n_copied, n_linked, n_rendered;
    guint64 n_renamed;  /* pictures that got -2, -3, ... behind a name that was taken */
    char *left_columns; /* names of columns that the layout does not keep; NULL: none */
    char *old_folder;   /* where files lie that others put into a replaced folder; NULL: none */
} TsConvertCounts;

void ts_convert_counts_clear(TsConvertCounts *counts);

/* Write `out`. TS_ERROR_ARGUMENT if rows are not what the layout or options.files can hold,
 * TS_ERROR_FORMAT, TS_ERROR_IO; the row is named. */
gboolean ts_layout_convert(const TsManifest *manifest, const TsConvertOptions *options,
                           const char *out, TsConvertCounts *counts, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsConvertCounts, ts_convert_counts_clear)

G_END_DECLS
