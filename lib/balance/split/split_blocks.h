/* Spatial blocks: tiles of one picture that lie near each other go to one split, and none of
 * another split comes nearer to them than a gap.
 *
 * A picture is cut into blocks of one size. Tiles whose centre lies in a block are of that block,
 * and blocks are dealt as groups. Then every tile that reaches, with half the gap around it, into a
 * block of another split is taken out. What is left of two splits is therefore apart by the gap at
 * least, along x or along y, however the tiles overlap. (A block in which no tile has its centre
 * belongs to the split whose tile reaches into it first, in the order of the rows.)
 *
 *     g_autoptr(TsBlocks) blocks = ts_blocks_new(2048, 2048, 256);
 *     for (row = 0; row < n; row++)
 *         if (!ts_blocks_add(blocks, picture[row], x, y, width, height, &block_of_row[row], error))
 *             return FALSE;
 *     ... ts_split_by_groups(), with block_of_row and ts_blocks_n(blocks) ...
 *     ts_blocks_guard(blocks, split_of_row, &n_across, &n_near);
 */
#pragma once

#include "balance/split/split.h"

G_BEGIN_DECLS

typedef struct _TsBlocks TsBlocks;

/* Blocks of width x height pixels, each at least 1, and a gap of 0 pixels or more. */
TsBlocks *ts_blocks_new(gint64 width, gint64 height, gint64 gap);
void ts_blocks_free(TsBlocks *blocks);

/* Add the tile of the next row: its rectangle in picture number `picture`. Its block is set.
 * TS_ERROR_RANGE if the rectangle is empty, farther out than 2^40 pixels, or, with the gap, larger
 * than a block. */
gboolean ts_blocks_add(TsBlocks *blocks, gint32 picture, gint64 x, gint64 y, gint64 width,
                       gint64 height, gint32 *block, GError **error);

/* How many blocks have a tile. */
guint ts_blocks_n(const TsBlocks *blocks);

/* Set the split of every row that comes too near to another split to TS_SPLIT_NONE. Rows of one
 * block have one split. Rows that reach into a block of another split are counted in `n_across`,
 * those that only their gap does in `n_near`. */
void ts_blocks_guard(TsBlocks *blocks, guint32 *split_of_row, guint64 *n_across, guint64 *n_near);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsBlocks, ts_blocks_free)

G_END_DECLS
