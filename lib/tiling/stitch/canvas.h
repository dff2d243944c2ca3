/* Where the tiles of a manifest lie on the canvas that they are put back on.
 *
 * Two kinds of manifest say so (see tile(1)): rows of tile files, with the image they were cut from
 * in `source` and the real pixels' place in it in src_x, src_y, src_width and src_height; and rows
 * of regions, with x, y, width and height in the image file_name. A canvas holds the rows of one
 * such image, ordered by y, x and row, so it does not depend on the order of the manifest. Where
 * the tiles were cut at a scale, the canvas is the scaled one (grid_x, grid_y, grid_width,
 * grid_height; scaled_width and scaled_height are then the size of the real pixels).
 *
 *     g_autoptr(TsCanvas) canvas = ts_canvas_new(manifest, NULL, 0, 0, error);
 *     if (canvas == NULL)
 *         return FALSE;
 *     for (guint64 i = 0; i < canvas->n; i++)
 *         use(canvas->pieces[i].x, canvas->pieces[i].y);
 */
#pragma once

#include "manifest/manifest.h"

G_BEGIN_DECLS

/* What one tile puts on the canvas. */
typedef struct {
    guint64 row;                 /* of the manifest */
    int x, y, width, height;     /* the part of the canvas */
    int left, top;               /* where that part begins in the tile */
    int tile_width, tile_height; /* of the tile at least: padding before, and real pixels */
    int max_width, max_height;   /* of the tile at most: more only by padding behind */
} TsPiece;

typedef struct {
    char *source;                /* path of the image that the tiles are from */
    int width, height;           /* of the canvas */
    double scale;                /* of the canvas against the source */
    int tile_width, tile_height; /* of a whole tile: the largest */
    TsPiece *pieces;             /* (n) */
    guint64 n;
} TsCanvas;

/* The images that the rows are from, as they stand in the manifest (unescaped), each once, in the
 * order of their first rows. TS_ERROR_FORMAT if the rows have no positions. g_strfreev(). */
char **ts_canvas_list_sources(const TsManifest *manifest, GError **error);

/* Lay out the rows of `source`, a name of ts_canvas_list_sources(); NULL: all rows are of one
 * image. The canvas is width x height; if they are 0, as large as the manifest or else the header
 * of the image says. TS_ERROR_FORMAT where rows contradict each other, lie outside of the canvas,
 * or hold tiles of several sizes of one pass of tile. */
TsCanvas *ts_canvas_new(const TsManifest *manifest, const char *source, int width, int height,
                        GError **error);

/* NULL is allowed. */
void ts_canvas_free(TsCanvas *canvas);

/* Check that no two rows put a tile of one size at one place. TS_ERROR_FORMAT names the two. */
gboolean
ts_canvas_check_distinct(const TsCanvas *canvas, const TsManifest *manifest, GError **error);

/* Half of what neighbours of a grid share, rounded down: of the longest step from one origin to the
 * next along each axis. */
void ts_canvas_compute_margin(const TsCanvas *canvas, int *across, int *down);

/* Cut `across` pixels off the left and right and `down` off the top and bottom of all pieces, but
 * not where they touch the border of the canvas. TS_ERROR_ARGUMENT if nothing is left of a tile. */
gboolean ts_canvas_crop(TsCanvas *canvas, int across, int down, GError **error);

typedef struct {
    guint64 n_pixels;        /* of the canvas without a tile */
    int x, y, width, height; /* a rectangle of them: the first in reading order */
    guint most;              /* tiles over one pixel, at most */
} TsHoles;

/* Count what no piece covers. TS_ERROR_INTERRUPTED. */
gboolean ts_canvas_find_holes(const TsCanvas *canvas, TsHoles *holes, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsCanvas, ts_canvas_free)

G_END_DECLS
