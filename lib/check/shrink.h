/* Scaling of 8-bit pixels, to the bit as Pillow's Image.resize does it: inside of lib/check.
 *
 * Scores and hashes of other programs are defined on pictures that Pillow made small, so theirs are
 * met only if every pixel is: weights in fixed point of 22 bits, rounded between the two passes;
 * across first, but down first where the height shrinks by more than twice as many pixels as the
 * width (since Pillow 13; only tall pictures differ before). lib/image's own ts_image_resize()
 * rounds once and is the better filter elsewhere.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum { TS_SHRINK_BICUBIC, TS_SHRINK_LANCZOS } TsShrinkFilter;

/* Scale `in` (height, width, bands) to `out` (out_height, out_width, bands). TS_ERROR_NO_MEMORY. */
gboolean ts_shrink(const guint8 *in, int width, int height, int bands, TsShrinkFilter filter,
                   guint8 *out, int out_width, int out_height, GError **error);

G_END_DECLS
