/* Posterize, solarize, autocontrast, equalize, sharpness, as Pillow defines them. */
#include "image/transform/histogram.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

enum { LEVELS = 256 };

/* Whole numbers, where changes before have left fractions. */
static void
round_samples(TsPixels *pixels)
{
    for (gsize i = 0; !pixels->is_whole && i < pixels->n; i++)
        pixels->data[i] = floorf(pixels->data[i] + 0.5F);
    pixels->is_whole = TRUE;
}

void
ts_change_bits(TsPixels *pixels, int bits)
{
    const int mask = (0xff << (8 - bits)) & 0xff;
    round_samples(pixels);
    for (gsize i = 0; i < pixels->n; i++)
        pixels->data[i] = (float) ((int) pixels->data[i] & mask);
}

void
ts_change_solarize(TsPixels *pixels, double share)
{
    const float threshold = (float) (share * (double) pixels->white);
    for (gsize i = 0; i < pixels->n; i++)
        if (pixels->data[i] >= threshold)
            pixels->data[i] = pixels->white - pixels->data[i];
    ts_pixels_clamp(pixels);
}

static void
stretch_band(TsPixels *pixels, gsize band)
{
    float *data = pixels->data + band;
    const gsize step = (gsize) pixels->bands;
    float low = INFINITY, high = -INFINITY;
    for (gsize i = 0; i + band < pixels->n; i += step) {
        low = MIN(low, data[i]);
        high = MAX(high, data[i]);
    }
    const float scale = pixels->white / (high - low);
    for (gsize i = 0; high > low && i + band < pixels->n; i += step)
        data[i] = (data[i] - low) * scale;
}

void
ts_change_autocontrast(TsPixels *pixels)
{
    for (gsize band = 0; band < (gsize) pixels->bands; band++)
        stretch_band(pixels, band);
    pixels->is_whole = FALSE;
    ts_pixels_clamp(pixels);
}

static void
equalize_band(TsPixels *pixels, gsize band)
{
    float *data = pixels->data + band;
    const gsize step = (gsize) pixels->bands;
    guint64 counts[LEVELS] = {0}, n = 0, last = 0;
    for (gsize i = 0; i + band < pixels->n; i += step)
        counts[(int) data[i]]++;
    for (int v = 0; v < LEVELS; v++) {
        n += counts[v];
        last = counts[v] > 0 ? counts[v] : last;
    }
    const guint64 each = (n - last) / (LEVELS - 1);
    float table[LEVELS];
    n = each / 2;
    for (int v = 0; each > 0 && v < LEVELS; v++) {
        table[v] = (float) MIN(n / each, LEVELS - 1);
        n += counts[v];
    }
    for (gsize i = 0; each > 0 && i + band < pixels->n; i += step)
        data[i] = table[(int) data[i]];
}

void
ts_change_equalize(TsPixels *pixels)
{
    round_samples(pixels);
    for (gsize band = 0; band < (gsize) pixels->bands; band++)
        equalize_band(pixels, band);
}

gboolean
ts_change_enhanced_sharpness(TsPixels *pixels, double change, GError **error)
{
    const gsize bands = (gsize) pixels->bands, row = (gsize) pixels->width * bands;
    if (change == 0 || pixels->width < 3 || pixels->height < 3)
        return TRUE;
    g_autofree float *before = ts_try_alloc(pixels->n, sizeof *before, "pixels", error);
    if (before == NULL)
        return FALSE;
    memcpy(before, pixels->data, pixels->n * sizeof *before);
    for (gsize y = 1; y + 1 < (gsize) pixels->height; y++) {
        const float *middle = before + y * row, *above = middle - row, *below = middle + row;
        float *out = pixels->data + y * row;
        for (gsize i = bands; i + bands < row; i++) {
            const gsize l = i - bands, r = i + bands;
            const float sum = above[l] + above[i] + above[r] + middle[l] + 5 * middle[i] +
                              middle[r] + below[l] + below[i] + below[r];
            out[i] = sum / 13 + (float) (1 + change) * (middle[i] - sum / 13);
        }
    }
    pixels->is_whole = FALSE;
    ts_pixels_clamp(pixels);
    return TRUE;
}
