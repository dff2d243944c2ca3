/* Cutting a plan's tiles, in threads, into a folder, into tar shards or into rows alone.
 *
 * Where a format allows it, each tile is decoded alone. Elsewhere an image is decoded from the top,
 * once, in full-width bands, while the tiles of earlier bands are judged, padded and encoded; so
 * memory grows with the width of an image and not with its height. Results are put in order before
 * they are written down: the same plan and options give the same bytes for any number of threads.
 *
 * Files are written into a stage (see stage.h), which is given its final name when all is done; the
 * same call after a kill goes on. Rows alone go to a file or to standard output as they come.
 *
 *     TsCut cut = {.kind = TS_CUT_FOLDER, .plan = plan, .names = names, .output = "tiles"};
 *     g_auto(TsCutReport) report = {0};
 *     if (!ts_cut_run(&cut, &report, error))
 *         return FALSE;
 */
#pragma once

#include "base/progress.h"
#include "manifest/manifest.h"
#include "tiling/cut/names.h"
#include "tiling/cut/pad.h"
#include "tiling/cut/plan.h"
#include "tiling/judge/judge.h"

G_BEGIN_DECLS

typedef enum {
    TS_CUT_ROWS,   /* a manifest of regions */
    TS_CUT_FOLDER, /* image files and manifest.tsv */
    TS_CUT_TAR,    /* shards of image files and a manifest */
} TsCutKind;

typedef struct {
    TsCutKind kind;
    const TsPlan *plan;
    const TsNames *names;      /* of files; NULL for rows */
    const TsJudge *judge;      /* NULL: every tile stays */
    const TsManifest *dataset; /* whose rows name the regions: label, split and group come along */
    const char *output; /* the manifest ("-": standard output), the folder, or the tars' prefix */
    TsEncodeOptions encode;
    TsPadding padding;
    gboolean check;       /* TS_CUT_ROWS: decode all tiles, for nothing but its errors */
    gboolean lossless;    /* tiles are copied as they are compressed, see lossless.h */
    const char *options;  /* all that the bytes depend on, "NAME\tVALUE\n" each; NULL: nothing */
    gboolean replace;     /* existing output */
    guint64 shard_tiles;  /* tiles in a tar at most, and */
    guint64 shard_bytes;  /* bytes at most, unless one tile has more */
    const char *rejects;  /* a manifest of the tiles that were dropped; NULL: none */
    TsProgress *progress; /* counts tiles; NULL: none */
} TsCut;

typedef struct {
    guint64 n_kept, n_dropped;
    guint64 n_resumed;   /* tiles that an earlier, killed run had done */
    GHashTable *reasons; /* char * to guint64 *: tiles dropped, by rule */
    char *old_folder;    /* where files lie that others put into a replaced folder, or NULL */
} TsCutReport;

void ts_cut_report_clear(TsCutReport *report);

/* Cut all tiles. Errors of reading, of encoding (with the tile's name) and of writing;
 * TS_ERROR_FORMAT if an input changed meanwhile. */
gboolean ts_cut_run(const TsCut *cut, TsCutReport *report, GError **error);

/* Bytes of pixels that cutting keeps in memory at once, at most. */
guint64 ts_cut_memory(const TsPlan *plan, guint n_threads);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsCutReport, ts_cut_report_clear)

G_END_DECLS
