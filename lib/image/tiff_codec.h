/* One tile or strip as the bytes that a TIFF holds for it, inside of lib/image.
 *
 * libtiff compresses only into an open file, one tile at a time. A codec is such a file in memory,
 * of one tile; so tiles can be compressed by several threads, each with a codec, and put into the
 * real file, or kept for later, as they are.
 */
#pragma once

#include "image/tiff_handle.h"

G_BEGIN_DECLS

typedef struct _TsTiffCodec TsTiffCodec;

/* Make a codec for tiles of this layout. `name` stands in messages. */
TsTiffCodec *ts_tiff_codec_new(const TsTiffLayout *layout, const char *name, GError **error);

/* Compress a tile of the layout's size, rows without gaps. *bytes is borrowed until the next call.
 */
gboolean ts_tiff_codec_encode(TsTiffCodec *codec, const guint8 *pixels, const guint8 **bytes,
                              gsize *n_bytes, GError **error);

/* Set the tag of `handle` that tiles of this layout need before the first of them is there: the
 * JPEG tables, which follow from the quality alone. */
gboolean ts_tiff_codec_set_tables(const TsTiffLayout *layout, TsTiffHandle *handle, GError **error);

/* Free. NULL is allowed. */
void ts_tiff_codec_free(TsTiffCodec *codec);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTiffCodec, ts_tiff_codec_free)

G_END_DECLS
