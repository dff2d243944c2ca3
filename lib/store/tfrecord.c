/* Framing of TFRecord files. */
#include "store/tfrecord.h"

#include "store/crc32c.h"

#include <string.h>

static guint32
masked_crc(const void *bytes, gsize n)
{
    return GUINT32_TO_LE(ts_crc32c_mask(ts_crc32c(0, bytes, n)));
}

/* Whether the masked checksum behind `n` bytes is theirs. */
static gboolean
crc_holds(const guint8 *bytes, gsize n)
{
    guint32 expected = masked_crc(bytes, n);
    return memcmp(bytes + n, &expected, sizeof expected) == 0;
}

void
ts_tfrecord_append(GByteArray *out, const void *bytes, gsize n)
{
    guint64 length = GUINT64_TO_LE((guint64) n);
    guint32 length_crc = masked_crc(&length, sizeof length);
    guint32 crc = masked_crc(bytes, n);
    g_byte_array_append(out, (const guint8 *) &length, sizeof length);
    g_byte_array_append(out, (const guint8 *) &length_crc, sizeof length_crc);
    g_byte_array_append(out, bytes, (guint) n);
    g_byte_array_append(out, (const guint8 *) &crc, sizeof crc);
}

TsTfrecordState
ts_tfrecord_check(const guint8 *bytes, gsize n, guint64 *length)
{
    *length = 0;
    if (n < TS_TFRECORD_HEADER)
        return TS_TFRECORD_SHORT;
    if (!crc_holds(bytes, sizeof *length))
        return TS_TFRECORD_BAD_LENGTH;
    memcpy(length, bytes, sizeof *length);
    *length = GUINT64_FROM_LE(*length);
    gsize rest = n - TS_TFRECORD_HEADER;
    if (rest < TS_TFRECORD_FOOTER || rest - TS_TFRECORD_FOOTER < *length)
        return TS_TFRECORD_SHORT;
    return crc_holds(bytes + TS_TFRECORD_HEADER, *length) ? TS_TFRECORD_WHOLE
                                                          : TS_TFRECORD_BAD_DATA;
}
