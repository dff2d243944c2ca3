/* Samples as floats between photometric changes; inside of lib/image/transform and lib/sample.
 *
 * A chain of changes runs on floats and is rounded once, at its end. Floats hold 8- and 16-bit
 * samples exactly, so a chain that changes nothing gives the same bytes back. Opacity is left out:
 * photometric changes do not touch it. Each change clamps integers to what their type holds; floats
 * are not clamped.
 *
 *     g_auto(TsPixels) pixels = {0};
 *     if (!ts_pixels_load(&pixels, image, error))
 *         return FALSE;
 *     ts_change_brightness(&pixels, 0.1);
 *     ts_pixels_store(&pixels, image);
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct {
    int width, height;
    int bands;       /* of colour, without opacity */
    int stride;      /* bands of the image, with opacity */
    float white;     /* largest integer of the type, 1 for floats */
    float low, high; /* what a sample is clamped to; infinite for floats */
    TsSampleType type;
    gboolean is_whole; /* samples are whole numbers still */
    gsize n;           /* samples: width * height * bands */
    float *data;       /* (height, width, bands) */
} TsPixels;

/* TRUE for 8-bit, 16-bit, signed 16-bit and float samples. */
gboolean ts_pixels_has_type(TsSampleType type);

/* Load an image. TS_ERROR_FORMAT for other types, TS_ERROR_NO_MEMORY. */
gboolean ts_pixels_load(TsPixels *pixels, const TsImage *image, GError **error);

/* Round half up and store into an image of the same size, type and bands. */
void ts_pixels_store(const TsPixels *pixels, TsImage *image);

void ts_pixels_clear(TsPixels *pixels);

/* Clamp all samples to low .. high. */
void ts_pixels_clamp(TsPixels *pixels);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsPixels, ts_pixels_clear)

G_END_DECLS
