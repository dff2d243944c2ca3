/* Bands: full-width rows of an image, and of its masks, moving down from the top.
 *
 * A reader decodes each row once; rows that the next band needs again are copied from the last one.
 * Bands of one reader are as high as the highest of them, and their memory goes from band to band.
 * One thread at a time reads on; bands that were read may be looked at and given back by any.
 *
 *     TsBandReader *reader = ts_band_reader_new(sources, 1, 256, error);
 *     TsBand *band = ts_band_reader_next(reader, 0, 256, error);
 *     ... band->images[0]: row 0 is row band->y of the image
 *     ts_band_unref(band);
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct _TsBandReader TsBandReader;

typedef struct {
    TsBandReader *reader;
    gint n_refs;
    int y, height;
    TsImage **images; /* one for each source */
} TsBand;

/* Read bands of at most `max_height` rows from `sources` (n), which are borrowed and all of one
 * width and height. */
TsBandReader *ts_band_reader_new(TsImageSource *const *sources, guint n, int max_height);

/* After all its bands. NULL is allowed. */
void ts_band_reader_free(TsBandReader *reader);

/* Read rows y .. y + height - 1, not above those of the last band. */
TsBand *ts_band_reader_next(TsBandReader *reader, int y, int height, GError **error);

/* Give a band back. NULL is allowed. */
void ts_band_unref(TsBand *band);

/* Bytes of the largest band. */
guint64 ts_band_bytes(const TsImageInfo *info, int height);

G_END_DECLS
