/* What is measured of one picture, in one look at its pixels.
 *
 * Measures are numbers, not verdicts: which of them is odd is decided later (verdict.h), so that
 * another threshold needs no second look. Definitions are those of cleanvision 0.3.7, on
 * 8-bit grey or RGB: see plain.h for what becomes of other images.
 *
 *     TsMeasures measures = {0};
 *     if (!ts_measures_compute(&measures, image, error))
 *         return FALSE;
 *     if (measures.bright_99 < 0.32)
 *         puts("dark");
 */
#pragma once

#include "check/container.h"
#include "check/phash.h"
#include "image/image.h"

G_BEGIN_DECLS

/* What became of reading it. */
typedef enum {
    TS_LOOK_NOT_YET,
    TS_LOOK_OK,
    TS_LOOK_MISSING,
    TS_LOOK_TRUNCATED,
    TS_LOOK_UNREADABLE
} TsLook;

typedef struct {
    TsLook look;
    char *message;         /* why there are no measures; NULL when there are */
    TsContainer container; /* what the file is by its first bytes; none where rows are parts of a
                              file */
    gboolean wrong_suffix; /* the file's name promises another kind */
    gboolean constant;     /* all pixels are the same */
    int width, height;
    guint8 digest[16];          /* MD5 of size, bands, type and pixels as decoded */
    guint64 hashes[TS_HASHES];  /* see phash.h */
    double bright_5, bright_99; /* percentiles of the brightness of pixels,
                                   sqrt(.241 R^2 + .691 G^2 + .068 B^2) / 255; of grey pixels the
                                   value / 255 */
    double entropy;             /* bits, of the histogram of all bands together */
    double edges;          /* deviation of the edges of the picture made at most 64 wide and high */
    double grey_deviation; /* of the 256 counts of grey values of that */
} TsMeasures;

/* Measure `image`: everything but what is told of the file. TS_ERROR_NO_MEMORY. */
gboolean ts_measures_compute(TsMeasures *measures, const TsImage *image, GError **error);

/* Free what it holds. */
void ts_measures_clear(TsMeasures *measures);

/* Scores of which cleanvision says that a picture below a threshold is odd. */
double ts_measures_darkness(const TsMeasures *measures);    /* bright_99 */
double ts_measures_lightness(const TsMeasures *measures);   /* 1 - bright_5 */
double ts_measures_sharpness(const TsMeasures *measures);   /* min(1, (1 - e^(-edges / 100)) +
                               (v > .18 ? v : 0)), v = 1 - e^(-grey_deviation / 100) */
double ts_measures_information(const TsMeasures *measures); /* min(1, entropy / 10) */
double ts_measures_aspect(const TsMeasures *measures);      /* shorter side / longer side */
double ts_measures_size(const TsMeasures *measures);        /* sqrt(width * height) */

G_END_DECLS
