/* Levels of an opened image, inside of lib/image: pages or SubIFDs of a TIFF, levels of a slide. */
#pragma once

#include "image/decode.h"

G_BEGIN_DECLS

/* Which of libvips' names one level goes by. */
typedef struct {
    TsImageLevel size; /* as stored */
    int page, subifd;  /* TIFF; subifd is -1 for a page */
} TsLevelPlace;

/* Find the levels of `path`, which libvips opens with `loader` and whose level 0 is `image`: an
 * array of TsLevelPlace, at least one. */
GArray *
ts_levels_find(const char *path, const char *loader, const TsDecoder *decoder, GError **error);

/* Append a level; the first one is the image itself, which gives `downsample`. */
void ts_levels_add(GArray *levels, int width, int height, int page, int subifd);

/* Make both zero if they are such that they stand for no measure. */
void ts_levels_check_mpp(double *mpp_x, double *mpp_y);

G_END_DECLS
