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

/* Let libvips' `loader` load level `level`, not 0, of `source`. TS_ERROR_ARGUMENT if there is none.
 */
gboolean ts_levels_load(const char *path, const char *loader, VipsSource *source, int level,
                        VipsImage **image, VipsForeignFlags *flags, GError **error);

/* Micrometres a pixel of level 0, as stored; zero where the file does not say. */
void ts_levels_read_mpp(const VipsImage *image, double *mpp_x, double *mpp_y);

/* Make both zero if they are such that they stand for no measure. */
void ts_levels_check_mpp(double *mpp_x, double *mpp_y);

G_END_DECLS
