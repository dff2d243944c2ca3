/* DEFLATE of filtered rows of pictures, inside of lib/image: runs of one byte and Huffman codes.
 *
 * What the PNG filters leave of a photograph repeats little beyond runs of equal bytes, and a
 * search for longer matches finds chance ones that cost more than they save: this is smaller than
 * libdeflate's level 1 there, and several times as fast. Pictures that repeat themselves (screens,
 * patterns) are the smaller with a real search: levels from 2 on. The bytes depend on nothing but
 * the input. Format: RFC 1951. Strategy: zlib's Z_RLE.
 *
 *     g_autofree TsPngDeflate *deflate = ts_png_deflate_new();
 *     guint8 *to = g_malloc(ts_png_deflate_bound(n));
 *     gsize n_packed = ts_png_deflate(deflate, bytes, n, to);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsPngDeflate TsPngDeflate;

/* Make the memory that calls work in, some 200 kB. Free with g_free(). */
TsPngDeflate *ts_png_deflate_new(void);

/* So many bytes of room are enough for `n` bytes, packed. */
gsize ts_png_deflate_bound(gsize n);

/* Pack `n` bytes to `to`, a whole DEFLATE stream (no zlib header); how many bytes it has. */
gsize ts_png_deflate(TsPngDeflate *self, const guint8 *bytes, gsize n, guint8 *to);

G_END_DECLS
