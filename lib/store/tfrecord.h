/* The framing of TFRecord and event files: records of bytes, each with two checksums.
 *
 *     u64le length | u32le masked CRC-32C of those 8 bytes | payload | u32le masked CRC-32C of it
 *
 * A file may end within a record while its writer is still at work. That is not an error: reading
 * stops before the record, and can be tried again later from the same offset.
 *
 *     gsize length;
 *     switch (ts_tfrecord_check(bytes, n, &length)) {
 *     case TS_TFRECORD_WHOLE: use(bytes + TS_TFRECORD_HEADER, length); ...
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { TS_TFRECORD_HEADER = 12, TS_TFRECORD_FOOTER = 4 };

typedef enum {
    TS_TFRECORD_WHOLE,      /* a record whose checksums hold */
    TS_TFRECORD_SHORT,      /* the bytes end within the record */
    TS_TFRECORD_BAD_LENGTH, /* the length's checksum is wrong: nothing behind it can be found */
    TS_TFRECORD_BAD_DATA,   /* the payload's checksum is wrong; the next record can be read */
} TsTfrecordState;

/* Append the frame around `n` bytes (below 4 GiB) and the bytes themselves to `out`. */
void ts_tfrecord_append(GByteArray *out, const void *bytes, gsize n);

/* Look at a record that begins at `bytes`, of which `n` are there. `length` is that of the payload:
 * set in all states but BAD_LENGTH, and 0 if fewer than TS_TFRECORD_HEADER bytes are there. */
TsTfrecordState ts_tfrecord_check(const guint8 *bytes, gsize n, guint64 *length);

G_END_DECLS
