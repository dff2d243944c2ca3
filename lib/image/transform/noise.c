/* Noise, and rectangles of nothing. */
#include "image/transform/noise.h"

#include "base/rng.h"

#include <string.h>

void
ts_change_noise(TsPixels *pixels, double deviation, guint64 seed)
{
    TsRng rng;
    const float scale = (float) deviation * pixels->white;
    if (deviation == 0)
        return;
    ts_rng_init(&rng, seed, "noise", 0);
    for (gsize i = 0; i < pixels->n; i++)
        pixels->data[i] += scale * (float) ts_rng_normal(&rng);
    pixels->is_whole = FALSE;
    ts_pixels_clamp(pixels);
}

void
ts_change_poisson(TsPixels *pixels, double peak, guint64 seed)
{
    TsRng rng;
    const double to_counts = peak / (double) pixels->white;
    ts_rng_init(&rng, seed, "poisson", 0);
    for (gsize i = 0; i < pixels->n; i++) {
        double mean = (double) pixels->data[i] * to_counts;
        guint64 count = mean > 0 ? ts_rng_poisson(&rng, MIN(mean, 1e9)) : 0;
        pixels->data[i] = (float) ((double) count / to_counts);
    }
    pixels->is_whole = FALSE;
    ts_pixels_clamp(pixels);
}

void
ts_change_salt_pepper(TsPixels *pixels, double share, guint64 seed)
{
    TsRng rng;
    const gsize bands = (gsize) pixels->bands;
    ts_rng_init(&rng, seed, "salt-pepper", 0);
    for (gsize i = 0; i < pixels->n; i += bands) {
        double u = ts_rng_next(&rng) / 4294967296.0;
        if (u < share)
            for (gsize b = 0; b < bands; b++)
                pixels->data[i + b] = u < share / 2 ? 0 : pixels->white;
    }
}

void
ts_change_erase(TsPixels *pixels, int x, int y, int width, int height)
{
    const int right = x + MIN(width, pixels->width - x), end = y + MIN(height, pixels->height - y);
    const gsize bands = (gsize) pixels->bands;
    for (; y < end && x < right; y++)
        memset(pixels->data + ((gsize) y * (gsize) pixels->width + (gsize) x) * bands, 0,
               (gsize) (right - x) * bands * sizeof *pixels->data);
}
