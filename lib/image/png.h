/* PNG files, inside of lib/image: one fixed filter (Up), context and buffers reused. */
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

/* One file made of rows as they come; only these are in memory. */
typedef struct _TsPngRows TsPngRows;

TsPngRows *ts_png_rows_new(int level, int width, int height, GError **error);

/* Take full-width rows of 1 to 4 bands of 8 or 16 bits (asserted). What the file has of them by now
 * are `n` bytes, which are borrowed until the next call, and may be none. */
gboolean ts_png_rows_put(TsPngRows *png, const TsImage *rows, const guint8 **bytes, gsize *n,
                         GError **error);

/* The bytes that the file ends with; borrowed. */
gboolean ts_png_rows_finish(TsPngRows *png, const guint8 **bytes, gsize *n, GError **error);

/* Free. NULL is allowed. */
void ts_png_rows_free(TsPngRows *png);

G_END_DECLS
