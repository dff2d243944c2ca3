/* Cutting one image into tile files, in threads.
 *
 * Where the format allows it, each tile is decoded alone. Elsewhere the image is decoded from the
 * top in bands one tile high, the next band while the tiles of this one are encoded, so memory
 * grows with the width of the image and not with its height. Each file appears whole or not at all
 * and has a name that depends on its position alone: STEM_Y_X.SUFFIX, padded with zeros so that
 * names sort as the image is read. The files are not synced; see ts_sync_folder().
 *
 *     TsCut cut = {.folder = "tiles", .stem = "slide", .suffix = ".png", .grid = &grid};
 *     if (!ts_cut_image("slide.tif", &cut, error))
 *         return FALSE;
 */
#pragma once

#include "base/progress.h"
#include "image/grid.h"
#include "image/image.h"

G_BEGIN_DECLS

typedef struct {
    const char *folder; /* has to exist */
    const char *stem;   /* how names begin */
    const char *suffix; /* ".png", ...: the format */
    const TsGrid *grid; /* of the image's size */
    TsEncodeOptions encode;
    gboolean replace;     /* existing files */
    TsProgress *progress; /* counts tiles; NULL: none */
} TsCut;

/* The name of a tile's file, without the folder. Free with g_free(). */
char *ts_cut_file_name(const TsCut *cut, const TsTile *tile);

/* Write all tiles of `path`. What lies beyond the image (TS_EDGE_PAD) is 0. TS_ERROR_FORMAT if the
 * image is not of the grid's size; else errors of reading and writing. Files that were complete
 * before an error stay. */
gboolean ts_cut_image(const char *path, const TsCut *cut, GError **error);

G_END_DECLS
