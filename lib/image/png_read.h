/* Decoding of plain PNG, inside of lib/image: the whole stream at once, rows from top to bottom.
 *
 * Plain is grey or colour of 8 or 16 bits, with or without opacity, not interlaced, without a
 * colour that means transparent, and 64 MB of samples at most. Whatever else there is in a header
 * is for libvips, which then accepts or refuses it; a reader that was opened gives the same pixels,
 * and fails where they are damaged or truncated. Format: the PNG specification (ISO/IEC 15948).
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct _TsPngReader TsPngReader;

/* Open `path`, or bytes that have to stay; NULL if it is not plain. `name` is kept for messages,
 * borrowed. */
TsPngReader *ts_png_reader_open(const char *path);
TsPngReader *ts_png_reader_open_bytes(gconstpointer bytes, gsize n, const char *name);

/* Fill in what will be decoded, and the colour profile (borrowed) or NULL. */
void ts_png_reader_info(const TsPngReader *reader, TsImageInfo *info, GBytes **icc);

/* Decode rows y .. y + n - 1 to `to`, tight. TS_ERROR_FORMAT, TS_ERROR_NO_MEMORY. */
gboolean ts_png_reader_read(TsPngReader *reader, int y, int n, guint8 *to, GError **error);

/* Free. NULL is allowed. */
void ts_png_reader_free(TsPngReader *reader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPngReader, ts_png_reader_free)

G_END_DECLS
