/* Crops that are scaled: a rectangle of a picture as width x height pixels, antialiased.
 *
 * Weights are those of ts_image_resize(): a triangle (bilinear filter) centred where Pillow has it,
 * widened when shrinking, cut off at the rectangle's edges. So the result is what cutting out and
 * then resizing gives, as torchvision's RandomResizedCrop does with antialias; of 8-bit samples
 * within 1 of Pillow's, which rounds between its two passes.
 *
 * A plain JPEG is decoded only where the crop lies: rows above it are skipped, rows below not
 * reached, columns taken in whole MCUs, and all that at 1/2, 1/4 or 1/8 of the size (a DCT of fewer
 * points, whose pixels are about the means of those that they stand for) where the crop then still
 * has no fewer pixels than are wanted, along both sides.
 *
 *     g_autoptr(TsCropReader) reader = ts_crop_reader_open(bytes, n, "a.jpg");
 *     if (reader == NULL)
 *         ... no plain JPEG: ts_image_read_bytes(), ts_image_crop_scaled()
 *     ts_crop_reader_get_size(reader, &width, &height);
 *     g_autoptr(TsImage) crop = ts_crop_reader_read(reader, (TsCrop){10, 20, 300, 200}, 224, 224,
 *                                                   error);
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

/* In pixels after orientation. */
typedef struct {
    int x, y, width, height;
} TsCrop;

/* Return the crop scaled to width x height. TS_ERROR_RANGE if it is empty or not inside,
 * TS_ERROR_NO_MEMORY. */
TsImage *
ts_image_crop_scaled(const TsImage *image, TsCrop crop, int width, int height, GError **error);

typedef struct _TsCropReader TsCropReader;

/* Read the header of a file's bytes, which have to stay until the reader is freed; `name`,
 * borrowed, stands in messages. NULL if it is no plain JPEG (see jpeg_read.h). */
TsCropReader *ts_crop_reader_open(gconstpointer bytes, gsize n, const char *name);

/* The picture's size, oriented. */
void ts_crop_reader_get_size(const TsCropReader *reader, int *width, int *height);

/* Read one crop, scaled; a reader reads once. Damage that the crop does not need to be decoded is
 * not found. TS_ERROR_FORMAT, TS_ERROR_RANGE, TS_ERROR_NO_MEMORY. */
TsImage *
ts_crop_reader_read(TsCropReader *reader, TsCrop crop, int width, int height, GError **error);

/* NULL is allowed. */
void ts_crop_reader_free(TsCropReader *reader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsCropReader, ts_crop_reader_free)

G_END_DECLS
