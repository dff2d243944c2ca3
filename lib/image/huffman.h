/* Huffman codes as DEFLATE has them, inside of lib/image (RFC 1951, 3.2.2). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { TS_HUFFMAN_SYMBOLS = 288 }; /* at most */

/* The lengths in bits of an optimal prefix code for `counts`, then made no longer than `longest`
 * (near to optimal), for `n` symbols of which at least two have a count; 0 for those without.
 * Counts add up to less than 2^32, n <= TS_HUFFMAN_SYMBOLS <= 2^longest. The code is complete. */
void ts_huffman_lengths(const guint32 *counts, guint n, guint longest, guint8 *lengths);

/* The code of each symbol, its first bit lowest, as it stands in the stream. Lengths up to 15. */
void ts_huffman_codes(const guint8 *lengths, guint n, guint16 *codes);

G_END_DECLS
