/* A window of the picture's size that may reach over its edges, as training of small pictures has
 * it: torchvision's RandomCrop with padding. */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef enum {
    TS_PADDING_ZERO,    /* nothing: samples of 0 */
    TS_PADDING_REFLECT, /* the picture mirrored at its outermost pixels, which stand once */
    TS_PADDING_EDGE,    /* the outermost pixels again and again */
} TsPadding;

/* Return the window of the image's size that begins at (x, y), both of any sign.
 * TS_ERROR_NO_MEMORY.
 */
TsImage *
ts_image_padded_crop(const TsImage *image, int x, int y, TsPadding padding, GError **error);

G_END_DECLS
