/* Scores of a tile's pixels: one number each, for the manifest and for rules that drop tiles.
 *
 * Samples are divided by full scale (the largest integer of their type, 1 for floats, or a given
 * white), so an image has the same scores in 8 and in 16 bits. Opacity is never a colour. Grey is
 * 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601) of the first three bands, the band itself of one, the
 * mean of two; its level is that times 255, rounded and clamped to 0 .. 255 (signed types: -1 .. 1
 * is mapped to the levels).
 *
 * A pixel is data unless all its bands are the nodata value, a band is not-a-number, or it is
 * fully transparent. All scores but nodata and transparent are of the data alone; without any they
 * are not-a-number.
 *
 *     g_auto(TsFilters) filters = {0};
 *     filters.n = 1;
 *     filters.scores[0] = TS_SCORE_ENTROPY;
 *     double numbers[TS_N_SCORES];
 *     if (!ts_filters_measure(&filters, &pixels, -1, numbers, error))
 *         return FALSE;
 */
#pragma once

#include "image/image.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    TS_SCORE_RANGE,       /* largest difference of two samples of a band; 0: a constant tile */
    TS_SCORE_INK,         /* part of the pixels whose every sample is within tolerance of ink */
    TS_SCORE_NODATA,      /* part that is the nodata value or not-a-number */
    TS_SCORE_TRANSPARENT, /* part whose opacity is 0 */
    TS_SCORE_TISSUE,      /* part whose level is at most Otsu's threshold of the whole image */
    TS_SCORE_SATURATION,  /* mean S of HSV */
    TS_SCORE_GREYSPACE,   /* part with S < 0.05 (Slideflow) */
    TS_SCORE_WHITESPACE,  /* part whose mean of colours is over 230 / 255 (Slideflow) */
    TS_SCORE_BRIGHTNESS,  /* mean grey */
    TS_SCORE_CONTRAST,    /* standard deviation of grey, population */
    TS_SCORE_FOCUS,       /* variance of the Laplacian 0 1 0 / 1 -4 1 / 0 1 0 of 255 * grey, edges
                             reflected without repeating them (OpenCV's usual measure of blur) */
    TS_SCORE_ENTROPY,     /* Shannon, in bits, of the 256 levels */
    TS_N_SCORES
} TsScore;

enum { TS_MAX_BANDS_OF_INK = 64 };

/* What is measured; zeroed is nothing. */
typedef struct {
    TsScore scores[TS_N_SCORES]; /* the first n */
    guint n;
    gboolean ink_is_black;           /* else white, unless n_ink */
    double ink[TS_MAX_BANDS_OF_INK]; /* in sample units */
    guint n_ink;
    double tolerance; /* of full scale */
    gboolean has_nodata;
    double nodata; /* in sample units */
    double white;  /* full scale in sample units; 0: the type's */
} TsFilters;

/* Pixels somewhere in memory. */
typedef struct {
    const TsImage *like; /* bands, type, opacity; its size and data are not looked at */
    const guint8 *data;  /* (height, width, bands) */
    gsize stride;        /* bytes from one row to the next */
    int width, height;
} TsPixels;

/* The score's name, as in options and columns. */
const char *ts_score_name(TsScore score);

/* Find a score by its name. */
gboolean ts_score_find(const char *name, TsScore *score);

/* Add a score; FALSE if it was there already. */
gboolean ts_filters_add(TsFilters *filters, TsScore score);

/* Compute the numbers of all scores of `filters`, in their order, into `numbers` (n). `otsu` is the
 * level of ts_otsu_of_image(), -1: there is none. TS_ERROR_ARGUMENT if ink has another number of
 * bands than the image; TS_ERROR_NO_MEMORY. */
gboolean ts_filters_measure(const TsFilters *filters, const TsPixels *pixels, int otsu,
                            double *numbers, GError **error);

/* Count the levels of data pixels: histogram[level] is added to. */
gboolean ts_filters_histogram(const TsFilters *filters, const TsPixels *pixels,
                              guint64 histogram[256], GError **error);

/* Otsu's threshold: the level t, the lowest of equals, for which the classes "at most t" and "above
 * t" have the largest variance between them (Otsu, "A threshold selection method from gray-level
 * histograms", 1979). -1 if there are not two different levels. */
int ts_otsu(const guint64 histogram[256]);

/* Otsu's threshold of a thumbnail of a whole image, at most 1024 pixels a side. */
gboolean
ts_otsu_of_image(const char *path, const TsFilters *filters, int *threshold, GError **error);

G_END_DECLS
