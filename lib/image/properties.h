/* What one image says about itself in a few numbers, and the moments of its channels.
 *
 * Properties are those that checks of data sets look at: does one of them predict the label? They
 * are computed from 8-bit samples (ts_image_to_u8()), channel moments from the samples themselves;
 * opacity takes no part in either. Sums of samples of up to 16 bits are exact, so the moments of an
 * image do not depend on any order.
 *
 *     TsImageProperties properties;
 *     if (!ts_image_properties_init(&properties, image, error))
 *         return FALSE;
 *     printf("brightness %g\n", properties.values[TS_PROPERTY_BRIGHTNESS]);
 *     ts_image_properties_clear(&properties);
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef enum {
    TS_PROPERTY_WIDTH, /* pixels */
    TS_PROPERTY_HEIGHT,
    TS_PROPERTY_AREA,
    TS_PROPERTY_ASPECT,     /* width / height */
    TS_PROPERTY_BRIGHTNESS, /* mean grey, 0 to 1; grey of RGB is that of BT.601, rounded to 8 bits,
                               that of other bands their mean */
    TS_PROPERTY_CONTRAST,   /* standard deviation of grey (RMS contrast), 0 to 0.5 */
    TS_PROPERTY_SHARPNESS,  /* variance of the Laplacian (4 neighbours) of grey, 0 to 255, over the
                               pixels that have them; NaN for an image without such */
    TS_PROPERTY_ENTROPY,    /* of the histogram of grey, in bits, 0 to 8 */
    TS_PROPERTY_RED,        /* share of the sum of R, G and B; NaN for a black image, or no RGB */
    TS_PROPERTY_GREEN,
    TS_PROPERTY_BLUE,
    TS_PROPERTY_SATURATION, /* mean of (max - min) / max of R, G, B (HSV's S), 0 to 1 */
    TS_N_PROPERTIES
} TsProperty;

/* Names in that order: "width", ... */
extern const char *const ts_property_names[TS_N_PROPERTIES];

/* Count, mean, sum of squared differences from it, least and greatest. n 0: of nothing. */
typedef struct {
    double n, mean, m2, min, max;
} TsMoments;

typedef struct {
    double values[TS_N_PROPERTIES];
    int n_channels;      /* bands without opacity */
    TsMoments *channels; /* (n_channels), of samples over the largest of their type (u8: v / 255),
                            floats as they are */
} TsImageProperties;

/* Compute. TS_ERROR_NO_MEMORY, or TS_ERROR_FORMAT for samples that are not finite. */
gboolean
ts_image_properties_init(TsImageProperties *properties, const TsImage *image, GError **error);

/* Safe on zeroed memory, and twice. */
void ts_image_properties_clear(TsImageProperties *properties);

/* Join the moments of two sets of samples (Chan, Golub and LeVeque, "Updating formulae and a
 * pairwise algorithm for computing sample variances", 1979). */
void ts_moments_add(TsMoments *moments, const TsMoments *more);

/* The standard deviation of all (divided by n); NaN of nothing. */
double ts_moments_sd(const TsMoments *moments);

G_END_DECLS
