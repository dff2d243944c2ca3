/* CRC-32C: a table of 256 entries, and SSE 4.2's instruction on processors that have it. */
#include "store/crc32c.h"

#include <string.h>

#if defined __x86_64__
#include <nmmintrin.h>
#endif

static const guint32 POLYNOMIAL = 0x82f63b78;

static guint32 *
table_get(void)
{
    static guint32 table[256];
    static gsize ready = 0;
    if (g_once_init_enter(&ready)) {
        for (guint i = 0; i < 256; i++) {
            guint32 crc = i;
            for (guint bit = 0; bit < 8; bit++)
                crc = crc >> 1 ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
            table[i] = crc;
        }
        g_once_init_leave(&ready, 1);
    }
    return table;
}

guint32
ts_crc32c_plain(guint32 crc, const void *bytes, gsize n)
{
    const guint32 *table = table_get();
    const guint8 *p = bytes;
    crc = ~crc;
    for (gsize i = 0; i < n; i++)
        crc = crc >> 8 ^ table[(crc ^ p[i]) & 255];
    return ~crc;
}

#if defined __x86_64__
__attribute__((target("sse4.2"))) static guint32
crc32c_sse42(guint32 crc, const guint8 *p, gsize n)
{
    guint64 sum = ~crc;
    for (; n >= 8; n -= 8, p += 8) {
        guint64 word;
        memcpy(&word, p, sizeof word);
        sum = _mm_crc32_u64(sum, word);
    }
    guint32 rest = (guint32) sum;
    for (; n > 0; n--, p++)
        rest = _mm_crc32_u8(rest, *p);
    return ~rest;
}
#endif

guint32
ts_crc32c(guint32 crc, const void *bytes, gsize n)
{
#if defined __x86_64__
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_sse42(crc, bytes, n);
#endif
    return ts_crc32c_plain(crc, bytes, n);
}

guint32
ts_crc32c_mask(guint32 crc)
{
    return (crc >> 15 | crc << 17) + 0xa282ead8;
}
