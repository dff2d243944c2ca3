/* The error domain, and allocation whose failure is an error instead of an abort. */
#include "base/error.h"

#include <errno.h>

G_DEFINE_QUARK(ts - error - quark, ts_error)

gboolean
ts_error_set_errno(GError **error, int errnum, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, TS_ERROR, TS_ERROR_IO, "%s: %s", message, g_strerror(errnum));
    return FALSE;
}

gboolean
ts_error_set(GError **error, TsError code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, TS_ERROR, code, message);
    return FALSE;
}

gpointer
ts_try_alloc(gsize n, gsize size, const char *what, GError **error)
{
    gsize bytes;
    if (!g_size_checked_mul(&bytes, n, size)) {
        ts_error_set(error, TS_ERROR_NO_MEMORY, "%s: %" G_GSIZE_FORMAT " items are too many", what,
                     n);
        return NULL;
    }
    gpointer block = g_try_malloc0(MAX(bytes, 1));
    if (block == NULL)
        ts_error_set(error, TS_ERROR_NO_MEMORY, "%s: no memory for %" G_GSIZE_FORMAT " bytes", what,
                     bytes);
    return block;
}
