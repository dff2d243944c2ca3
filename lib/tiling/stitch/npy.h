/* Arrays as images, inside of lib/tiling. */
#pragma once

#include "image/image.h"
#include "store/npy.h"

G_BEGIN_DECLS

/* Make an image of an array of (H, W, C), (H, W), (C): one pixel, or none: one number. Booleans
 * become 8 bits, halves floats, and integers of 64 bits those of 32, if they fit. TS_ERROR_FORMAT
 * otherwise; `name` stands in messages. */
TsImage *ts_npy_to_image(const TsTensor *array, const char *name, GError **error);

/* The header of a .npy file, version 1.0, of (height, width, bands) samples like those of `kind`,
 * or of (height, width) with one band. g_bytes_unref(). */
GBytes *ts_npy_header(int width, int height, const TsImage *kind);

G_END_DECLS
