/* Brightness, contrast, gamma. */
#include "image/transform/tone.h"

#include <math.h>

/* data = data * factor + offset, clamped. */
static void
scale_samples(TsPixels *pixels, float factor, float offset)
{
    float *restrict data = pixels->data;
    for (gsize i = 0; i < pixels->n; i++)
        data[i] = data[i] * factor + offset;
    pixels->is_whole = FALSE;
    ts_pixels_clamp(pixels);
}

void
ts_change_brightness(TsPixels *pixels, double change)
{
    if (change != 0)
        scale_samples(pixels, (float) (1 + change), 0);
}

/* Mean of the grey picture; row sums in double, in fixed order. */
static double
compute_mean(const TsPixels *pixels)
{
    const gsize n_row = (gsize) pixels->width * (gsize) pixels->bands;
    double sums[3] = {0};
    const gsize bands = pixels->bands == 3 ? 3 : 1;
    for (int y = 0; y < pixels->height; y++) {
        const float *row = pixels->data + (gsize) y * n_row;
        double of_row[3] = {0};
        for (gsize i = 0; i + bands <= n_row; i += bands)
            for (gsize b = 0; b < bands; b++)
                of_row[b] += (double) row[i + b];
        for (gsize b = 0; b < bands; b++)
            sums[b] += of_row[b];
    }
    if (bands == 1)
        return sums[0] / (double) pixels->n;
    return ((double) TS_GREY_RED * sums[0] + (double) TS_GREY_GREEN * sums[1] +
            (double) TS_GREY_BLUE * sums[2]) /
           ((double) pixels->n / 3);
}

void
ts_change_contrast(TsPixels *pixels, double change)
{
    if (change != 0)
        scale_samples(pixels, (float) (1 + change), (float) (-change * compute_mean(pixels)));
}

static inline float
apply_gamma(float value, float white, float exponent)
{
    float share = powf(fabsf(value) / white, exponent);
    return copysignf(white * share, value);
}

/* Whole numbers of a small range: each is computed once. */
static void
change_by_table(TsPixels *pixels, float exponent)
{
    const int low = (int) pixels->low, n = (int) pixels->high - low + 1;
    g_autofree float *table = g_new(float, (gsize) n);
    for (int i = 0; i < n; i++)
        table[i] = apply_gamma((float) (low + i), pixels->white, exponent);
    for (gsize i = 0; i < pixels->n; i++)
        pixels->data[i] = table[(int) pixels->data[i] - low];
}

void
ts_change_gamma(TsPixels *pixels, double exponent)
{
    if (exponent == 1)
        return;
    if (pixels->is_whole && pixels->n > (gsize) (pixels->high - pixels->low))
        change_by_table(pixels, (float) exponent);
    else
        for (gsize i = 0; i < pixels->n; i++)
            pixels->data[i] = apply_gamma(pixels->data[i], pixels->white, (float) exponent);
    pixels->is_whole = FALSE;
    ts_pixels_clamp(pixels);
}
