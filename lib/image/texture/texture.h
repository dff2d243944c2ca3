/* Texture features of an image: numbers that say how its grey values are spread and arranged.
 *
 * A TsTexture is a choice of features with all their parameters. It knows the names of its columns,
 * which carry the parameters ("glcm_contrast_d1_a0"), before any image is seen, and quantisation is
 * fixed with it, so that features of different images can be compared. It does not change; threads
 * may share it.
 *
 *     TsTextureOptions options = ts_texture_defaults();
 *     g_autoptr(TsTexture) texture = ts_texture_new(&options, error);
 *     g_autofree double *values = g_new(double, MAX(1, ts_texture_n(texture)));
 *     if (!ts_texture_compute(texture, image, NULL, values, error))
 *         return FALSE;
 *     printf("%s: %g\n", ts_texture_columns(texture)[0], values[0]);
 *
 * Features other than the colour moments are of the grey image. Opacity goes first, by laying the
 * image over white; one band is taken as it is; three are weighted, and for integers rounded to
 * whole numbers of the same type.
 *
 * Pixels count where `mask` allows it and the sample is finite. Pairs of pixels count if both do;
 * responses of filters and local patterns count if the pixel at their centre does and no sample
 * under them is infinite or not a number. A feature that has no value (skewness of a constant
 * region, pairs of an image smaller than their offset) is not-a-number.
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef enum {
    TS_GREY_SKIMAGE, /* 0.2125 R + 0.7154 G + 0.0721 B, rounded half to even */
    TS_GREY_BT601,   /* 0.299 R + 0.587 G + 0.114 B, rounded half up, as Pillow's "L" */
} TsGreyRule;

/* Whose definitions of co-occurrence features hold: offsets, logarithms, names. */
typedef enum { TS_GLCM_SKIMAGE, TS_GLCM_MAHOTAS, TS_GLCM_IBSI } TsGlcmConvention;

/* What comes out of the matrices of several directions. */
typedef enum {
    TS_DIRECTIONS_EACH,  /* features of each */
    TS_DIRECTIONS_MEAN,  /* the mean of the features of all */
    TS_DIRECTIONS_MERGE, /* the features of the sum of the matrices */
} TsDirections;

/* Local binary patterns; names and codes of scikit-image. */
typedef enum {
    TS_LBP_DEFAULT,
    TS_LBP_ROR,
    TS_LBP_UNIFORM,
    TS_LBP_NRI_UNIFORM,
    TS_LBP_VAR,
} TsLbpMethod;

typedef struct {
    const char *features; /* names of families with commas between, see ts_texture_families() */
    TsGreyRule grey;
    int band;          /* take this band, from 0, as grey; -1: none, see above */
    int bands;         /* colour bands of the images, for features of each band; 0: not known */
    gint64 mask_class; /* pixels of this value in the mask count; -1: all but 0 */

    const double *percentiles; /* of first_order, each 0 to 100 */
    guint n_percentiles;

    TsGlcmConvention convention;
    const char *properties; /* with commas between; NULL: those usual with the convention; "all" */
    int levels;             /* 2 to TS_TEXTURE_MAX_LEVELS */
    gboolean has_range;     /* else the whole range of integers, and no floats */
    double low, high;       /* the range that is divided into levels; beyond it is clamped */
    gboolean symmetric;     /* count each pair both ways; mahotas and ibsi always do */
    TsDirections directions;
    const int *distances; /* each 1 or more */
    guint n_distances;
    const double *angles; /* degrees; 45 looks right and down, as in scikit-image */
    guint n_angles;
    const int *offsets; /* (n_offsets, 2): dx, dy; with any, distances and angles do not count */
    guint n_offsets;

    TsLbpMethod lbp;
    int lbp_points;    /* neighbours on the circle, 2 to 24 */
    double lbp_radius; /* of the circle, in pixels */

    const double *frequencies; /* of gabor, cycles a pixel, each above 0, at most 0.5 */
    guint n_frequencies;
    int orientations;       /* of gabor, 180 / orientations degrees from one to the next */
    double gabor_bandwidth; /* octaves */
} TsTextureOptions;

enum { TS_TEXTURE_MAX_LEVELS = 1024 };

typedef struct _TsTexture TsTexture;

/* The defaults of texture(1). */
TsTextureOptions ts_texture_defaults(void);

/* The families of features there are: name and one line, name and one line, ..., NULL. */
const char *const *ts_texture_families(void);

/* Choose features. What `options` points to is not kept. TS_ERROR_ARGUMENT naming the option of
 * texture(1) that is wrong. */
TsTexture *ts_texture_new(const TsTextureOptions *options, GError **error);

/* Free. NULL is allowed. */
void ts_texture_free(TsTexture *texture);

/* Number of features, and their names (NULL-terminated, borrowed). */
guint ts_texture_n(const TsTexture *texture);
const char *const *ts_texture_columns(const TsTexture *texture);

/* Whether the columns depend on options->bands. */
gboolean ts_texture_needs_bands(const TsTexture *texture);

/* Compute the features of `image` into `values`, ts_texture_n() of them. `mask`, one band of the
 * image's size, says which pixels count; NULL: all. TS_ERROR_FORMAT if the
 * mask does not fit or the image has other bands than the features need; TS_ERROR_ARGUMENT if the
 * options do not suit its type of samples; TS_ERROR_NO_MEMORY. */
gboolean ts_texture_compute(const TsTexture *texture, const TsImage *image, const TsImage *mask,
                            double *values, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTexture, ts_texture_free)

G_END_DECLS
