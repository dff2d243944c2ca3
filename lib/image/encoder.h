/* Encoding many images in a row: one TsEncoder a thread, its contexts and buffers reused from tile
 * to tile.
 *
 * JPEG goes straight to libjpeg-turbo, PNG to a coder of ours; their pixels are read where they
 * lie, a part of a larger image for one, without a copy. Numbers mean what they mean to libvips'
 * savers: the same JPEG quality gives the same coefficients (below 90 colour is kept at half the
 * resolution, from 90 on in full). PNG rows all have one filter, Up. The same pixels, options and
 * size give the same bytes on any thread.
 *
 *     g_autoptr(TsEncoder) encoder = ts_encoder_new(".jpg", &options, error);
 *     const guint8 *at = band->data + x * ts_image_pixel_size(band);
 *     if (encoder == NULL || !ts_encoder_encode(encoder, band, at, ts_image_row_size(band), 256,
 * 256, &bytes, &n, error)) return FALSE;
 */
#pragma once

#include "image/image.h"
#include "image/tiff_geo.h"

G_BEGIN_DECLS

typedef struct _TsEncoder TsEncoder;

/* Make an encoder for `suffix`: .png, .jpg, .jpeg, .tif, .tiff, .webp, .npy or .raw; `options` may
 * be NULL. TS_ERROR_ARGUMENT for another suffix or options out of their range. */
TsEncoder *ts_encoder_new(const char *suffix, const TsEncodeOptions *options, GError **error);

/* Encode width x height pixels at `pixels`, rows `stride` bytes apart, of the kind of `like`: its
 * bands, type, opacity and colour profile; its own pixels and size do not matter. `*bytes` is
 * borrowed until the next call. Errors as ts_image_encode(), without a name in front.
 *
 * .npy is a little-endian array of shape (height, width, bands), .raw are its samples alone. */
gboolean
ts_encoder_encode(TsEncoder *encoder, const TsImage *like, const guint8 *pixels, gsize stride,
                  int width, int height, const guint8 **bytes, gsize *n, GError **error);

/* Say where the next images lie and how many micrometres their pixels are wide and high (0:
 * unknown): what TIFF holds and the other formats do not. `geo`, or NULL, is borrowed until it is
 * set again. */
void ts_encoder_set_place(TsEncoder *encoder, const TsGeo *geo, double mpp_x, double mpp_y);

/* Free. NULL is allowed. */
void ts_encoder_free(TsEncoder *encoder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsEncoder, ts_encoder_free)

G_END_DECLS
