/* Grey to RGB and back, opacity away, and mixtures of two images. */
#include "image/image.h"

#include "base/error.h"
#include "image/samples.h"

#include <math.h>
#include <string.h>

/* Red, green and blue in grey: ITU-R BT.601. */
static const double GREY[3] = {0.299, 0.587, 0.114};

/* Lay `n` pixels of `bands` over white; the last band is their opacity. Result (n, bands - 1), in
 * place. */
static void
flatten(double *pixels, gsize n, gsize bands, double white)
{
    for (gsize i = 0; i < n; i++) {
        double opacity = CLAMP(pixels[i * bands + bands - 1] / white, 0, 1);
        for (gsize b = 0; b < bands - 1; b++)
            pixels[i * (bands - 1) + b] = opacity * pixels[i * bands + b] + (1 - opacity) * white;
    }
}

/* (n, 3) to (n, 1), in place. */
static void
to_grey(double *pixels, gsize n)
{
    for (gsize i = 0; i < n; i++)
        pixels[i] =
            GREY[0] * pixels[3 * i] + GREY[1] * pixels[3 * i + 1] + GREY[2] * pixels[3 * i + 2];
}

/* (n, 1) to (n, 3), in place, from the end. */
static void
repeat_grey(double *pixels, gsize n)
{
    for (gsize i = n; i-- > 0;)
        pixels[3 * i] = pixels[3 * i + 1] = pixels[3 * i + 2] = pixels[i];
}

TsImage *
ts_image_convert_bands(const TsImage *image, int bands, GError **error)
{
    if (bands == image->bands)
        return ts_image_crop(image, 0, 0, image->width, image->height, error);
    int colours = image->bands - (image->has_alpha ? 1 : 0);
    if ((bands != 1 && bands != 3) || (colours != 1 && colours != 3)) {
        ts_error_set(error, TS_ERROR_FORMAT, "%d band%s%s cannot be turned into %d", image->bands,
                     image->bands == 1 ? "" : "s", image->has_alpha ? ", opacity included," : "",
                     bands);
        return NULL;
    }
    g_autoptr(TsImage) out = ts_image_new(image->width, image->height, bands, image->type, error);
    gsize n = (gsize) image->width;
    g_autofree double *row = out != NULL ? ts_try_alloc(n, 4 * sizeof *row, "row", error) : NULL;
    if (row == NULL)
        return NULL;
    for (int y = 0; y < image->height; y++) {
        memset(row, 0, n * 4 * sizeof *row);
        ts_samples_add(image->type, image->data + (gsize) y * ts_image_row_size(image),
                       n * (gsize) image->bands, 1, row);
        if (image->has_alpha)
            flatten(row, n, (gsize) image->bands, ts_sample_type_white(image->type));
        if (colours == 3 && bands == 1)
            to_grey(row, n);
        if (colours == 1 && bands == 3)
            repeat_grey(row, n);
        ts_samples_store(out->type, row, n * (gsize) bands, TS_ROUND_HALF_UP,
                         out->data + (gsize) y * ts_image_row_size(out));
    }
    return g_steal_pointer(&out);
}

gboolean
ts_image_to_u8(const TsImage *image, guint8 *out, GError **error)
{
    static const double lowest[] = {0, G_MININT8, 0, G_MININT16, 0, G_MININT32, 0, 0};
    gsize n = (gsize) image->width * (gsize) image->bands;
    if (image->type == TS_U8) {
        memcpy(out, image->data, (gsize) image->height * n);
        return TRUE;
    }
    double low = lowest[image->type];
    double scale = G_MAXUINT8 / (ts_sample_type_white(image->type) - low);
    g_autofree double *row = ts_try_alloc(n, sizeof *row, "row", error);
    if (row == NULL)
        return FALSE;
    for (int y = 0; y < image->height; y++) {
        for (gsize i = 0; i < n; i++)
            row[i] = -low * scale;
        ts_samples_add(image->type, image->data + (gsize) y * ts_image_row_size(image), n, scale,
                       row);
        for (gsize i = 0; i < n; i++)
            if (isnan(row[i]))
                return ts_error_set(error, TS_ERROR_FORMAT,
                                    "has pixels that are no numbers (NaN): give them a value, or "
                                    "leave the sample out");
        ts_samples_store(TS_U8, row, n, TS_ROUND_HALF_UP, out + (gsize) y * n);
    }
    return TRUE;
}

TsImage *
ts_image_mix(const TsImage *a, const TsImage *b, double lambda, GError **error)
{
    if (a->width != b->width || a->height != b->height || a->bands != b->bands ||
        a->type != b->type) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%d x %d pixels of %d %s bands cannot be mixed with %d x %d of %d %s bands",
                     a->width, a->height, a->bands, ts_sample_type_name(a->type), b->width,
                     b->height, b->bands, ts_sample_type_name(b->type));
        return NULL;
    }
    g_autoptr(TsImage) out = ts_image_new_like(a, a->width, a->height, error);
    gsize n = (gsize) a->width * (gsize) a->bands;
    g_autofree double *row = out != NULL ? ts_try_alloc(n, sizeof *row, "row", error) : NULL;
    if (row == NULL)
        return NULL;
    for (int y = 0; y < a->height; y++) {
        gsize offset = (gsize) y * ts_image_row_size(a);
        memset(row, 0, n * sizeof *row);
        ts_samples_add(a->type, a->data + offset, n, 1 - lambda, row);
        ts_samples_add(b->type, b->data + offset, n, lambda, row);
        ts_samples_store(out->type, row, n, TS_ROUND_HALF_EVEN, out->data + offset);
    }
    return g_steal_pointer(&out);
}
