/* Grey values in doubles: weights are whole thousandths, so that sums of integers are exact and
 * ties are seen as ties. */
#include "image/texture/grey.h"

#include "base/error.h"
#include "image/samples.h"

#include <math.h>
#include <string.h>

typedef struct {
    double red, green, blue, all;
} Weights;

static const Weights weights_of[] = {
    [TS_GREY_SKIMAGE] = {2125, 7154, 721, 10000},
    [TS_GREY_BT601] = {299, 587, 114, 1000},
};

/* To the nearest whole number, half to even, for |value| < 2^51; rint() is a call on older
 * processors. */
static inline double
round_even(double value)
{
    const double shift = 6755399441055744.0; /* 1.5 * 2^52: no bits are left for a fraction */
    return (value + shift) - shift;
}

static inline double
round_up(double value)
{
    double whole = round_even(value + 0.5);
    return whole > value + 0.5 ? whole - 1 : whole;
}

/* (n, 3) to (n). */
static void
weigh(const double *restrict pixels, gsize n, TsGreyRule rule, gboolean whole,
      double *restrict grey)
{
    const Weights w = weights_of[rule];
    for (gsize i = 0; i < n; i++)
        grey[i] =
            (w.red * pixels[3 * i] + w.green * pixels[3 * i + 1] + w.blue * pixels[3 * i + 2]) /
            w.all;
    if (whole && rule == TS_GREY_SKIMAGE)
        for (gsize i = 0; i < n; i++)
            grey[i] = round_even(grey[i]);
    if (whole && rule == TS_GREY_BT601)
        for (gsize i = 0; i < n; i++)
            grey[i] = round_up(grey[i]);
}

static gboolean
check_bands(const TsImage *image, int band, GError **error)
{
    if (band >= image->bands)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "has %d band%s beside opacity, there is no band %d (they count from 0)",
                            image->bands, image->bands == 1 ? "" : "s", band);
    if (band < 0 && image->bands != 1 && image->bands != 3)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%d bands are neither grey nor RGB; choose one of them with --band",
                            image->bands);
    return TRUE;
}

double *
ts_grey_compute(const TsImage *image, TsGreyRule rule, int band, GError **error)
{
    const gsize w = (gsize) image->width, bands = (gsize) image->bands;
    const gboolean whole = image->type != TS_F32 && image->type != TS_F64;
    if (!check_bands(image, band, error))
        return NULL;
    g_autofree double *row = ts_try_alloc(w * bands, sizeof *row, "row", error);
    g_autofree double *grey =
        row != NULL ? ts_try_alloc(w * (gsize) image->height, sizeof *grey, "grey", error) : NULL;
    for (int y = 0; grey != NULL && y < image->height; y++) {
        double *out = grey + (gsize) y * w;
        const guint8 *samples = image->data + (gsize) y * ts_image_row_size(image);
        memset(row, 0, w * bands * sizeof *row);
        ts_samples_add(image->type, samples, w * bands, 1, bands == 1 ? out : row);
        if (band < 0 && bands == 3)
            weigh(row, w, rule, whole, out);
        else if (bands > 1)
            for (gsize x = 0; x < w; x++)
                out[x] = row[x * bands + (gsize) MAX(band, 0)];
        for (gsize x = 0; !whole && x < w; x++)
            if (!isfinite(out[x]))
                out[x] = (double) NAN;
    }
    return g_steal_pointer(&grey);
}

gboolean
ts_grey_flatten(const TsImage *image, TsImage **flat, GError **error)
{
    *flat = NULL;
    if (!image->has_alpha || image->bands == 1)
        return TRUE;
    *flat = ts_image_convert_bands(image, image->bands - 1, error);
    return *flat != NULL;
}

/* Clear `counts` where the mask does not allow a pixel. */
static gboolean
apply_mask(const TsImage *mask, const TsImage *image, gint64 mask_class, guint8 *counts,
           GError **error)
{
    const gsize w = (gsize) image->width;
    if (mask->bands != 1)
        return ts_error_set(error, TS_ERROR_FORMAT, "the mask has %d bands, 1 was expected",
                            mask->bands);
    if (mask->width != image->width || mask->height != image->height)
        return ts_error_set(error, TS_ERROR_FORMAT, "the mask is %d x %d pixels, the image %d x %d",
                            mask->width, mask->height, image->width, image->height);
    g_autofree double *row = ts_try_alloc(w, sizeof *row, "row", error);
    for (int y = 0; row != NULL && y < mask->height; y++) {
        memset(row, 0, w * sizeof *row);
        ts_samples_add(mask->type, mask->data + (gsize) y * ts_image_row_size(mask), w, 1, row);
        for (gsize x = 0; x < w; x++)
            counts[(gsize) y * w + x] =
                mask_class < 0 ? row[x] != 0 : row[x] == (double) mask_class;
    }
    return row != NULL;
}

gboolean
ts_grey_count(const double *grey, const TsImage *image, const TsImage *mask, gint64 mask_class,
              guint8 **counts, guint64 *n, GError **error)
{
    const gsize all = (gsize) image->width * (gsize) image->height;
    const gboolean whole = image->type != TS_F32 && image->type != TS_F64;
    *counts = NULL;
    *n = all;
    if (mask == NULL && whole)
        return TRUE;
    g_autofree guint8 *out = ts_try_alloc(all, 1, "mask", error);
    if (out == NULL)
        return FALSE;
    memset(out, 1, all);
    if (mask != NULL && !apply_mask(mask, image, mask_class, out, error))
        return FALSE;
    *n = 0;
    for (gsize i = 0; i < all; i++) {
        out[i] &= !isnan(grey[i]);
        *n += out[i];
    }
    if (*n < all)
        *counts = g_steal_pointer(&out);
    return TRUE;
}
