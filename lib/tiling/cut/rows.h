/* The rows of tile's manifests: which columns, and what stands in them.
 *
 *     rows alone   file_name x y width height row col
 *     folder       file_name source src_x src_y src_width src_height row col source_width
 *                  source_height
 *     tar          the same, with offset and length behind file_name
 *
 * then, where they can differ from what goes without saying, raw (of .raw files), pad_left pad_top
 * (pixels of padding before those of the image), scale grid_x grid_y grid_width grid_height
 * scaled_width scaled_height (of a level of a pyramid, or a scaled image: where on it the tile
 * lies, its size, and the tile's; src_*, x and y are those of the image itself), size (of several),
 * orientation (of EXIF, by which images were turned upright, if it is not 1 for all of them), then
 * label, split and group of the dataset, the files of masks, and the columns of the judge.
 */
#pragma once

#include "tiling/cut/cut.h"

G_BEGIN_DECLS

typedef struct _TsRows TsRows;

/* Rows for a manifest that lies in `folder`. */
TsRows *ts_rows_new(const TsCut *cut, const char *folder);
void ts_rows_free(TsRows *rows);

/* The header with its line end; of the rejects' manifest: rows of regions, with a reason. */
char *ts_rows_header(const TsRows *rows);
char *ts_rows_rejects_header(const TsRows *rows);

/* The row of a tile with its line end; but for rows alone, without file_name (and offset and
 * length), which stand before it. `masks` are the files of its masks or NULL. Free with g_free().
 */
char *ts_rows_format(const TsRows *rows, const TsPlanTile *tile, char *const *masks,
                     const TsVerdict *verdict);

/* The row of a tile that was dropped, whole. Free with g_free(). */
char *ts_rows_format_reject(const TsRows *rows, const TsPlanTile *tile, const TsVerdict *verdict);

G_END_DECLS
