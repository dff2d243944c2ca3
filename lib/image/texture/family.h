/* What a family of texture features is, and what it sees of an image; inside of lib/image/texture.
 *
 * A family is a file that defines a TsTextureFamily; texture.c lists them. prepare() checks the
 * options, appends the names of its columns and makes a plan, which compute() only reads.
 */
#pragma once

#include "image/texture/distribution.h"
#include "image/texture/texture.h"

#include <math.h>

G_BEGIN_DECLS

typedef struct {
    const TsImage *image; /* without opacity */
    int width, height;
    TsSampleType type;    /* of the samples that grey was made of */
    const double *grey;   /* (height, width); not finite: not-a-number */
    const guint8 *counts; /* (height, width): 0 where a pixel does not; NULL: all do */
    guint64 n_counts;     /* pixels that do */
    const TsDistribution *distribution; /* of the grey of those */
} TsTextureImage;

typedef struct {
    const char *name;
    const char *summary;
    gboolean by_band; /* its columns depend on the number of bands */
    /* Append names (to be freed) and make a plan. */
    gboolean (*prepare)(const TsTextureOptions *options, GPtrArray *columns, gpointer *plan,
                        GError **error);
    /* Write as many values as there were names. */
    gboolean (*compute)(gconstpointer plan, const TsTextureImage *image, double *values,
                        GError **error);
    void (*free_plan)(gpointer plan); /* NULL: there is no plan */
} TsTextureFamily;

extern const TsTextureFamily ts_texture_first_order;
extern const TsTextureFamily ts_texture_entropy;
extern const TsTextureFamily ts_texture_laplacian;
extern const TsTextureFamily ts_texture_moments;
extern const TsTextureFamily ts_texture_glcm;
extern const TsTextureFamily ts_texture_lbp;
extern const TsTextureFamily ts_texture_gabor;

/* "0.1", "1e-3": as ts_format_double(), for names of columns. Free with g_free(). */
char *ts_texture_number(double value);

/* Which pixels of row `y` count; NULL: all. */
static inline const guint8 *
ts_texture_counts_of_row(const TsTextureImage *image, int y)
{
    return image->counts != NULL ? image->counts + (gsize) y * (gsize) image->width : NULL;
}

/* What a feature is that has no value. */
static inline double
ts_texture_none(void)
{
    return (double) NAN;
}

G_END_DECLS
