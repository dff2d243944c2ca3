/* Gaussian blur, one axis after the other, and sharpening. */
#include "image/transform/blur.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* Weights of distances 0 to radius, of which all but the first are used twice. */
static float *
make_kernel(double sigma, int radius)
{
    float *kernel = g_new(float, (gsize) radius + 1);
    double sum = 0;
    for (int i = -radius; i <= radius; i++)
        sum += exp(-0.5 * i * i / (sigma * sigma));
    for (int i = 0; i <= radius; i++)
        kernel[i] = (float) (exp(-0.5 * i * i / (sigma * sigma)) / sum);
    return kernel;
}

/* out = weight * (a + b), added to what is there. */
static void
add_pair(const float *restrict a, const float *restrict b, gsize n, float weight,
         float *restrict out)
{
    for (gsize i = 0; i < n; i++)
        out[i] += weight * (a[i] + b[i]);
}

static void
smooth_columns(const float *in, gsize n_row, int height, const float *kernel, int radius,
               float *out)
{
    for (int y = 0; y < height; y++) {
        const float *row = in + (gsize) y * n_row;
        float *to = out + (gsize) y * n_row;
        for (gsize i = 0; i < n_row; i++)
            to[i] = kernel[0] * row[i];
        for (int k = 1; k <= radius; k++)
            add_pair(in + (gsize) MAX(y - k, 0) * n_row,
                     in + (gsize) MIN(y + k, height - 1) * n_row, n_row, kernel[k], to);
    }
}

/* `padded` has room for the row with `radius` pixels on both sides. */
static void
smooth_row(const float *row, int width, gsize bands, const float *kernel, int radius, float *padded,
           float *out)
{
    const gsize n = (gsize) width * bands, margin = (gsize) radius * bands;
    for (gsize i = 0; i < margin; i++) {
        padded[i] = row[i % bands];
        padded[margin + n + i] = row[n - bands + i % bands];
    }
    float *middle = padded + margin;
    memcpy(middle, row, n * sizeof *row);
    for (gsize i = 0; i < n; i++)
        out[i] = kernel[0] * middle[i];
    for (gsize k = 1; k <= (gsize) radius; k++)
        add_pair(middle - k * bands, middle + k * bands, n, kernel[k], out);
}

gboolean
ts_smooth_gaussian(float *data, int width, int height, int bands, double sigma, GError **error)
{
    const int radius = (int) (4 * sigma + 0.5);
    if (radius < 1)
        return TRUE;
    const gsize n_row = (gsize) width * (gsize) bands;
    g_autofree float *columns =
        ts_try_alloc((gsize) height * n_row, sizeof *columns, "blur", error);
    g_autofree float *padded = columns != NULL
                                   ? ts_try_alloc(n_row + 2 * (gsize) radius * (gsize) bands,
                                                  sizeof *padded, "blur", error)
                                   : NULL;
    if (padded == NULL)
        return FALSE;
    g_autofree float *kernel = make_kernel(sigma, radius);
    smooth_columns(data, n_row, height, kernel, radius, columns);
    for (int y = 0; y < height; y++)
        smooth_row(columns + (gsize) y * n_row, width, (gsize) bands, kernel, radius, padded,
                   data + (gsize) y * n_row);
    return TRUE;
}

gboolean
ts_change_blur(TsPixels *pixels, double sigma, GError **error)
{
    if (sigma == 0)
        return TRUE;
    pixels->is_whole = FALSE;
    return ts_smooth_gaussian(pixels->data, pixels->width, pixels->height, pixels->bands, sigma,
                              error);
}

/* One row from the three around it, which are as they were before. */
static void
sharpen_row(const float *above, const float *row, const float *below, gsize first, gsize end,
            gsize bands, float amount, float *restrict out)
{
    for (gsize i = first; i < end; i++) {
        const float sides = row[i - bands] + row[i + bands] + above[i] + below[i];
        const float corners =
            above[i - bands] + above[i + bands] + below[i - bands] + below[i + bands];
        const float smooth = (sides + corners + 5 * row[i]) / 13;
        out[i] = row[i] + amount * (row[i] - smooth);
    }
}

gboolean
ts_change_sharpness(TsPixels *pixels, double amount, GError **error)
{
    const gsize bands = (gsize) pixels->bands, n_row = (gsize) pixels->width * bands;
    if (amount == 0 || pixels->width < 3 || pixels->height < 3)
        return TRUE;
    g_autofree float *before = ts_try_alloc(pixels->n, sizeof *before, "sharpening", error);
    if (before == NULL)
        return FALSE;
    memcpy(before, pixels->data, pixels->n * sizeof *before);
    for (gsize y = 1; y + 1 < (gsize) pixels->height; y++) {
        const float *row = before + y * n_row;
        sharpen_row(row - n_row, row, row + n_row, bands, n_row - bands, bands, (float) amount,
                    pixels->data + y * n_row);
    }
    pixels->is_whole = FALSE;
    ts_pixels_clamp(pixels);
    return TRUE;
}
