/* Decoding of plain JPEG through libjpeg-turbo, inside of lib/image: rows from top to bottom.
 *
 * Plain is grey or colour (not CMYK), 8 bits, one scan. Whatever else there is in a header is for
 * libvips, which then accepts or refuses it; a reader that was opened gives the same pixels, and
 * fails where libvips fails.
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct _TsJpegReader TsJpegReader;

/* Open `path`, or bytes that have to stay; NULL if it is not plain. `name` is kept for messages,
 * borrowed. */
TsJpegReader *ts_jpeg_reader_open(const char *path);
TsJpegReader *ts_jpeg_reader_open_bytes(gconstpointer bytes, gsize n, const char *name);

/* Open `path` so that it is decoded with its sides divided by 1, 2, 4 or 8, rounded up (through a
 * DCT of fewer points): the most that leaves the longer one no smaller than `min_side`. */
TsJpegReader *ts_jpeg_reader_open_reduced(const char *path, int min_side);

/* The same of bytes, divided by 1, 2, 4 or 8. */
TsJpegReader *
ts_jpeg_reader_open_bytes_reduced(gconstpointer bytes, gsize n, int divisor, const char *name);

/* Open bytes to decode a part of them: after this only the size and the info's orientation are
 * known. */
TsJpegReader *ts_jpeg_reader_open_part(gconstpointer bytes, gsize n, const char *name);

/* Decode with sides divided by 1, 2, 4 or 8, and of the rows then read only columns that hold *x ..
 * *x + *width - 1, all of the divided image: which ones is written back. They have the same samples
 * as in the whole. TS_ERROR_FORMAT. */
gboolean
ts_jpeg_reader_begin_part(TsJpegReader *reader, int divisor, int *x, int *width, GError **error);

/* Fill in what will be decoded (stored, `orientation` still to be applied), and the colour profile
 * (borrowed) or NULL. Returns by what the sides are divided. */
int ts_jpeg_reader_info(const TsJpegReader *reader, TsImageInfo *info, GBytes **icc);

/* The stored size, not divided. */
void ts_jpeg_reader_get_size(const TsJpegReader *reader, int *width, int *height);

/* EXIF's number of what was opened. */
int ts_jpeg_reader_orientation(const TsJpegReader *reader);

/* Decode rows y .. y + n - 1 to `to`, tight; `y` never goes back (asserted). TS_ERROR_FORMAT. */
gboolean ts_jpeg_reader_read(TsJpegReader *reader, int y, int n, guint8 *to, GError **error);

/* Free. NULL is allowed. */
void ts_jpeg_reader_free(TsJpegReader *reader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsJpegReader, ts_jpeg_reader_free)

G_END_DECLS
