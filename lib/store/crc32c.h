/* CRC-32C (Castagnoli), the checksum of TFRecord files, and its mask.
 *
 * Reflected polynomial 0x82f63b78, start and final inversion (RFC 3720, appendix B.4). The
 * processor's own instruction is used where there is one.
 *
 *     guint32 crc = ts_crc32c(0, "123456789", 9);         // 0xe3069283
 *     crc = ts_crc32c(crc, more, n);                      // goes on
 *     guint32 stored = ts_crc32c_mask(crc);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The checksum of what `crc` is the checksum of (0: of nothing), followed by these bytes. */
guint32 ts_crc32c(guint32 crc, const void *bytes, gsize n);

/* The same by table alone, to check the instruction against. */
guint32 ts_crc32c_plain(guint32 crc, const void *bytes, gsize n);

/* Rotate and add, so that the checksum of bytes that hold checksums stays useful (TFRecord). */
guint32 ts_crc32c_mask(guint32 crc);

G_END_DECLS
