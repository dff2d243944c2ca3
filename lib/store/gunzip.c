/* gzip through GIO's converter, which is zlib. */
#include "store/gunzip.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "store/mapped.h"

#include <gio/gio.h>

enum { PIECE_BYTES = 1 << 18 };

gboolean
ts_is_gzip(const guint8 *bytes, gsize n)
{
    return n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/* Read all of `stream`. */
static gboolean
drain(GInputStream *stream, guint64 max_bytes, GByteArray *out, const char *name, GError **error)
{
    g_autofree guint8 *piece = g_malloc(PIECE_BYTES);
    g_autoptr(GError) reason = NULL;
    for (;;) {
        gssize n = g_input_stream_read(stream, piece, PIECE_BYTES, NULL, &reason);
        if (n == 0)
            return TRUE;
        if (n < 0)
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: is damaged gzip data: %s", name,
                                reason->message);
        if ((guint64) n > max_bytes - out->len || (guint64) n > G_MAXUINT32 - out->len)
            return ts_error_set(error, TS_ERROR_RANGE,
                                "%s: unpacks to more than %" G_GUINT64_FORMAT
                                " bytes; gunzip it first",
                                name, MIN(max_bytes, G_MAXUINT32));
        g_byte_array_append(out, piece, (guint) n);
        if (ts_interrupt_check(error))
            return FALSE;
    }
}

GBytes *
ts_gunzip(GBytes *bytes, guint64 max_bytes, const char *name, GError **error)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GInputStream) packed = g_memory_input_stream_new_from_bytes(bytes);
    g_autoptr(GZlibDecompressor) zlib = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    g_autoptr(GInputStream) stream = g_converter_input_stream_new(packed, G_CONVERTER(zlib));
    if (!drain(stream, max_bytes, out, name, error))
        return NULL;
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

GBytes *
ts_map_or_gunzip(const char *path, guint64 max_bytes, GError **error)
{
    gsize n;
    g_autoptr(GBytes) mapped = ts_map_file(path, error);
    if (mapped == NULL)
        return NULL;
    const guint8 *data = g_bytes_get_data(mapped, &n);
    if (!ts_is_gzip(data, n))
        return g_steal_pointer(&mapped);
    return ts_gunzip(mapped, max_bytes, path, error);
}
