/* Saturation and hue. */
#include "image/transform/colour.h"

#include "image/transform/tone.h"

#include <math.h>

void
ts_change_saturation(TsPixels *pixels, double change)
{
    const float factor = (float) (1 + change), rest = (float) -change;
    float *restrict data = pixels->data;
    if (change == 0 || pixels->bands == 1)
        return;
    for (gsize i = 0; i < pixels->n; i += 3) {
        float grey =
            TS_GREY_RED * data[i] + TS_GREY_GREEN * data[i + 1] + TS_GREY_BLUE * data[i + 2];
        for (gsize k = 0; k < 3; k++)
            data[i + k] = data[i + k] * factor + grey * rest;
    }
    pixels->is_whole = FALSE;
    ts_pixels_clamp(pixels);
}

/* Position on the circle of hues, 0 to 6: red 0, green 2, blue 4. */
static inline float
hue_of(const float *rgb, float max, float chroma)
{
    float hue = max == rgb[0]   ? (rgb[1] - rgb[2]) / chroma
                : max == rgb[1] ? 2 + (rgb[2] - rgb[0]) / chroma
                                : 4 + (rgb[0] - rgb[1]) / chroma;
    return hue < 0 ? hue + 6 : hue;
}

/* How far below the largest a channel is at a hue, in chromas; `first` is 5 for red, 3 for green, 1
 * for blue. */
static inline float
depth_at(float hue, float first)
{
    float k = hue + first;
    k = k >= 6 ? k - 6 : k;
    float depth = k < 4 - k ? k : 4 - k;
    return CLAMP(depth, 0, 1);
}

void
ts_change_hue(TsPixels *pixels, double change)
{
    const float turn = (float) (6 * (change - floor(change)));
    float *data = pixels->data;
    if (turn == 0)
        return;
    for (gsize i = 0; i < pixels->n; i += 3) {
        float *rgb = data + i;
        const float max = MAX(MAX(rgb[0], rgb[1]), rgb[2]);
        const float chroma = max - MIN(MIN(rgb[0], rgb[1]), rgb[2]);
        if (!(chroma > 0))
            continue;
        float hue = hue_of(rgb, max, chroma) + turn;
        hue = hue >= 6 ? hue - 6 : hue;
        rgb[0] = max - chroma * depth_at(hue, 5);
        rgb[1] = max - chroma * depth_at(hue, 3);
        rgb[2] = max - chroma * depth_at(hue, 1);
    }
    pixels->is_whole = FALSE;
    ts_pixels_clamp(pixels);
}
