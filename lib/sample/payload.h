/* From bytes to pixels: encoded images, NumPy arrays, bare samples.
 *
 * The bytes are a whole file or a part of one (a member of a tar, a record of an IDX file). What
 * they hold is told by themselves, but for bare samples, of which a manifest's column `raw` says
 * the shape: "28x28x1:u8" is width x height x bands and the type of a sample, little-endian, bands
 * interleaved, rows without gaps.
 *
 *     TsRaw raw;
 *     if (ts_raw_parse("28x28x1:u8", &raw))
 *         image = ts_payload_decode(bytes + 16, ts_raw_n_bytes(&raw), &raw, "a.idx", error);
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct {
    int width, height, bands;
    TsSampleType type;
} TsRaw;

/* Read "WxHxB:TYPE"; TYPE is u8, i8, u16, i16, u32, i32, f32 or f64. FALSE, `raw` untouched, if it
 * is none, or of more bytes than can be counted. */
gboolean ts_raw_parse(const char *text, TsRaw *raw);

/* The text of it. Free with g_free(). */
char *ts_raw_format(const TsRaw *raw);

/* Bytes of the samples. */
guint64 ts_raw_n_bytes(const TsRaw *raw);

/* Decode `n` bytes: bare samples if `raw` is not NULL, else an .npy file of shape (H, W) or (H, W,
 * C), else any format that ts_image_read() knows. `name` begins messages. TS_ERROR_FORMAT if the
 * bytes are not that, or not as many; TS_ERROR_RANGE over the limits of images. */
TsImage *
ts_payload_decode(const guint8 *bytes, gsize n, const TsRaw *raw, const char *name, GError **error);

G_END_DECLS
