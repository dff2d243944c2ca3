/* PNG by libdeflate, inside of lib/image: one fixed filter (Up), context and buffers
 * reused. */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct _TsPngEncoder TsPngEncoder;

/* `level` is 1 (fast) to 9 (small). TS_ERROR_NO_MEMORY. */
TsPngEncoder *ts_png_encoder_new(int level, GError **error);

/* As ts_encoder_encode(); 1 to 4 bands of 8 or 16 bits (asserted). TS_ERROR_NO_MEMORY. */
gboolean ts_png_encoder_encode(TsPngEncoder *encoder, const TsImage *like, const guint8 *pixels,
                               gsize stride, int width, int height, const guint8 **bytes, gsize *n,
                               GError **error);

/* Free. NULL is allowed. */
void ts_png_encoder_free(TsPngEncoder *encoder);

G_END_DECLS
