/* JPEG encoding by libjpeg-turbo, inside of lib/image: context and output buffer are reused. */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct _TsJpegEncoder TsJpegEncoder;

/* `quality` is 1 to 100. TS_ERROR_DEPENDENCY if libjpeg does not start. */
TsJpegEncoder *ts_jpeg_encoder_new(int quality, GError **error);

/* As ts_encoder_encode(); 1 or 3 bands of 8 bits, at most 65500 pixels a side (asserted). */
gboolean ts_jpeg_encoder_encode(TsJpegEncoder *encoder, const TsImage *like, const guint8 *pixels,
                                gsize stride, int width, int height, const guint8 **bytes, gsize *n,
                                GError **error);

/* Encode an image of `height` rows as they come, full-width, `y` being the first of `rows`; then
 * finish. Each time what the file has of them by now are `n` bytes, which are borrowed until the
 * next call, and may be none. */
gboolean ts_jpeg_encoder_put_rows(TsJpegEncoder *encoder, const TsImage *rows, int y, int height,
                                  const guint8 **bytes, gsize *n, GError **error);
gboolean
ts_jpeg_encoder_finish(TsJpegEncoder *encoder, const guint8 **bytes, gsize *n, GError **error);

/* Free. NULL is allowed. */
void ts_jpeg_encoder_free(TsJpegEncoder *encoder);

G_END_DECLS
