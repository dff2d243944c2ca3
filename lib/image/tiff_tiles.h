/* The compressed tiles of a JPEG-compressed TIFF, as JPEG files of their own, without decoding.
 *
 * A TIFF keeps the tables that its JPEG tiles share in one tag; each tile is a stream that refers
 * to them. Put together they are a complete JPEG file whose pixels are those that decoding the TIFF
 * gives, at the cost of reading it. What a file declares is checked before it is believed: sizes,
 * markers, tables, and that each tile ends.
 *
 * TIFFs that agree: tiles, compression 7 (JPEG), 8 bits, pixels interleaved, one band of grey or
 * three of RGB or YCbCr, orientation 1. One TsTiffTiles may be read by several threads at once.
 *
 *     g_autoptr(TsTiffTiles) tiles = ts_tiff_tiles_open("slide.tif", 0, error);
 *     g_autoptr(GByteArray) jpeg = g_byte_array_new();
 *     if (tiles == NULL || !ts_tiff_tiles_get_jpeg(tiles, column, row, jpeg, error))
 *         return FALSE;
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    int width, height;           /* pixels */
    int tile_width, tile_height; /* pixels; every tile has so many, those at the edges too */
    int n_across, n_down;        /* tiles */
    int bands;                   /* 1 or 3 */
    gboolean is_rgb;             /* three bands are stored as RGB, not as YCbCr */
} TsTiffTilesInfo;

typedef struct _TsTiffTiles TsTiffTiles;

/* Open a level of a file; 0 is the image itself, see ts_image_source_n_levels(). TS_ERROR_ARGUMENT,
 * saying what does not agree, if its tiles are no such JPEG streams; TS_ERROR_FORMAT if the file is
 * no TIFF or lies. */
TsTiffTiles *ts_tiff_tiles_open(const char *path, int level, GError **error);

/* What the tags say; borrowed. */
const TsTiffTilesInfo *ts_tiff_tiles_info(const TsTiffTiles *tiles);

/* Make a complete JPEG file of the tile in column and row, counted from 0, with the colour profile
 * of the TIFF and, unless it is RGB, its resolution. `jpeg` is emptied first. A tile at the right
 * or lower edge has its full size, with whatever its writer put beyond the edge. TS_ERROR_FORMAT if
 * the tile is missing, damaged or truncated. */
gboolean ts_tiff_tiles_get_jpeg(const TsTiffTiles *tiles, int column, int row, GByteArray *jpeg,
                                GError **error);

/* Free. NULL is allowed. */
void ts_tiff_tiles_free(TsTiffTiles *tiles);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTiffTiles, ts_tiff_tiles_free)

G_END_DECLS
