/* The levels of a TIFF: its image and the smaller copies of it, inside of lib/image. */
#pragma once

#include "image/tiff_handle.h"

G_BEGIN_DECLS

typedef struct {
    int width, height; /* pixels as stored */
    guint64 directory; /* its offset in the file */
    int page, subifd;  /* libvips' names of it; subifd is -1 for a page */
} TsTiffLevel;

/* Find the levels, the first of them the first page, each smaller than the one before and of the
 * same proportions: TsTiffLevel in a new array. TS_ERROR_FORMAT if the first page cannot be read.
 */
GArray *ts_tiff_find_levels(TsTiffHandle *handle, GError **error);

G_END_DECLS
