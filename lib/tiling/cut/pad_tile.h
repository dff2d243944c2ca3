/* A tile with its padding; inside of lib/tiling. See pad.h for the rules. */
#pragma once

#include "tiling/cut/open_input.h"

G_BEGIN_DECLS

/* Where the valid part of a tile lies, or all of it. */
typedef struct {
    const TsImage *like;
    const guint8 *pixels; /* borrowed */
    gsize stride;         /* bytes from one row to the next */
    int width, height;    /* of a preview that stands for them; 0: none does */
} TsTilePixels;

/* The first sample of a pixel; borrowed. */
const guint8 *ts_tile_pixel_at(const TsImage *image, int x, int y);

/* Fill `to`, of the tile's full size, with `value` and put the valid part, of the same kind, into
 * it. TS_ERROR_ARGUMENT for a value that the type cannot hold. */
gboolean ts_pad_tile_constant(TsImage *to, const TsTilePixels *from, const TsTile *tile,
                              double value, GError **error);

/* Turn the pixels of the valid part into those of the whole tile, of which other parts of the image
 * are in `band` (NULL: decoded). `*kept`, an image or NULL, holds them, and is used again while
 * kind and size stay. TS_ERROR_NO_MEMORY, errors of reading. */
gboolean ts_pad_tile(const TsPadding *padding, const TsOpenInput *open, const TsBand *band,
                     const TsTile *tile, TsTilePixels *pixels, TsImage **kept, GError **error);

G_END_DECLS
