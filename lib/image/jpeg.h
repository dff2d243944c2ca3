/* JPEG files as they are stored: what a header says, and crops without decoding.
 *
 * A crop takes the quantised DCT coefficients of whole blocks from one file to another: no pixel is
 * decoded, none is rounded again. Its origin has to lie on the grid of MCUs (8 x 8 pixels, 16 x 16
 * where colour is kept at half the resolution: see TsJpegInfo); its size may be any. Every decoder
 * gets the same coefficients from the crop as from the source. Where colour is at full resolution,
 * or absent, it gets the same pixels too; where it is not, decoders smooth chroma over the edges of
 * blocks, so that a crop's outermost pixels may differ a little from those of the whole.
 *
 *     g_autoptr(TsJpegCrop) crop = ts_jpeg_crop_open("slide.jpg", error);
 *     if (crop == NULL || !ts_jpeg_crop_write(crop, 512, 256, 256, 256, &bytes, &n, error))
 *         return FALSE;
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    int width, height;         /* as stored */
    int components;            /* 1 grey, 3 colour, 4 CMYK */
    int mcu_width, mcu_height; /* pixels */
    gboolean progressive; /* or in several scans otherwise: not to be read from top to bottom */
    int orientation;      /* EXIF's number, 1 to 8 */
} TsJpegInfo;

/* Read the header of `path`. TS_ERROR_IO; TS_ERROR_FORMAT if it is no JPEG, damaged, or of a kind
 * that libjpeg-turbo does not read (12 bits, lossless). */
gboolean ts_jpeg_probe(const char *path, TsJpegInfo *info, GError **error);

typedef struct _TsJpegCrop TsJpegCrop;

/* Open `path` for crops. Errors as ts_jpeg_probe(); TS_ERROR_ARGUMENT if the pixels are to be
 * turned (orientation 2 to 8); TS_ERROR_RANGE if a progressive file is over the limits of
 * ts_image_set_limits() with 2 bytes a coefficient. */
TsJpegCrop *ts_jpeg_crop_open(const char *path, GError **error);

/* What the header says; borrowed. */
const TsJpegInfo *ts_jpeg_crop_info(const TsJpegCrop *crop);

/* Make a baseline JPEG of the region, with the colour profile of the source but no other metadata;
 * `*bytes` is borrowed until the next call. Crops are cheap in order of y: the file is then read
 * once, and coefficients are kept from the last crop's y on, as far down as a crop has reached. A
 * smaller y starts again from the top. Progressive files are kept whole, at 2 bytes a coefficient.
 *
 * TS_ERROR_RANGE if the region is empty or not inside; TS_ERROR_ARGUMENT if its origin is not on
 * the grid of MCUs; TS_ERROR_FORMAT if the file is truncated or anything in it is damaged, be it
 * such that decoders would only warn of it. */
gboolean ts_jpeg_crop_write(TsJpegCrop *crop, int x, int y, int width, int height,
                            const guint8 **bytes, gsize *n, GError **error);

/* Free. NULL is allowed. */
void ts_jpeg_crop_free(TsJpegCrop *crop);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsJpegCrop, ts_jpeg_crop_free)

G_END_DECLS
