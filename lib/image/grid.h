/* Where tiles lie in an image: pure arithmetic, no pixels.
 *
 * A grid is a product of two axes. Along one, of length W, tiles of length S start every `stride`:
 *
 *     cover   1 tile if W <= S, else ceil((W - S) / stride) + 1: every pixel is in a tile, unless
 *             the stride leaves gaps
 *     start   ceil(W / stride): a tile starts at every multiple of the stride inside the image
 *     drop    0 tiles if W < S, else floor((W - S) / stride) + 1: only whole tiles
 *
 * and a tile that reaches over the end is, by the edge rule, left out (drop), cut short (partial),
 * moved back inside (shift; cut short where the image is smaller than a tile), or filled up (pad);
 * with spread, origins are i * (W - S) / (n - 1), rounded half up, so that gaps are even. Shift and
 * spread take "start" as "cover", since more tiles would only repeat others. No two tiles are
 * equal. Rectangles are half-open, in pixels from the top left.
 *
 *     TsGridOptions options = {.tile_width = 256, .tile_height = 256, .edge = TS_EDGE_SHIFT};
 *     TsGrid grid;
 *     if (!ts_grid_init(&grid, &options, info->width, info->height, error))
 *         return FALSE;
 *     for (guint64 i = 0; i < ts_grid_n_tiles(&grid); i++)
 *         ts_grid_get_tile(&grid, i % grid.n_columns, i / grid.n_columns, &tile);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum { TS_COUNT_COVER, TS_COUNT_START, TS_COUNT_DROP } TsGridCount;

typedef enum {
    TS_EDGE_SHIFT,
    TS_EDGE_PARTIAL,
    TS_EDGE_DROP,
    TS_EDGE_PAD,
    TS_EDGE_SPREAD
} TsGridEdge;

typedef struct {
    int tile_width, tile_height; /* at least 1 */
    int stride_x, stride_y;      /* at least 1; 0: the tile's size */
    TsGridCount count;
    TsGridEdge edge;
    gboolean centred; /* TS_EDGE_PAD: as much padding before the image as behind it, or one less */
} TsGridOptions;

typedef struct {
    TsGridOptions options; /* strides filled in */
    int width, height;     /* of the image */
    guint64 n_columns, n_rows;
} TsGrid;

/* One tile. `width` x `height` pixels lie inside of the image at (x, y); with TS_EDGE_PAD, the tile
 * is full_width x full_height and the rest is padding, of which pad_left and pad_top pixels lie
 * before those of the image (0 unless centred); else both are the same. */
typedef struct {
    guint64 column, row;
    int x, y, width, height;
    int full_width, full_height;
    int pad_left, pad_top;
} TsTile;

/* Lay a grid over width x height pixels (at least 1 x 1). TS_ERROR_ARGUMENT if a size or stride is
 * not positive. No tiles at all is a result, not an error. */
gboolean
ts_grid_init(TsGrid *grid, const TsGridOptions *options, int width, int height, GError **error);

/* n_columns * n_rows. */
guint64 ts_grid_n_tiles(const TsGrid *grid);

/* Compute the tile at (column, row), both inside of the grid (asserted). */
void ts_grid_get_tile(const TsGrid *grid, guint64 column, guint64 row, TsTile *tile);

/* Number and origin of tiles along one axis, for tests and for grids of other shapes. */
guint64 ts_grid_axis_count(int length, int size, int stride, TsGridCount count, TsGridEdge edge);
int ts_grid_axis_origin(int length, int size, int stride, TsGridEdge edge, guint64 n, guint64 i);

G_END_DECLS
