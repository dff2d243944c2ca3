/* Files as bytes, gzip taken off. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* TRUE if the bytes begin as gzip does. */
gboolean ts_is_gzip(const guint8 *bytes, gsize n);

/* Unpack gzip `bytes`. TS_ERROR_FORMAT if they are damaged, TS_ERROR_RANGE if more than `max_bytes`
 * come out, so that a small file cannot fill the memory. `name` begins messages. */
GBytes *ts_gunzip(GBytes *bytes, guint64 max_bytes, const char *name, GError **error);

/* The bytes of the regular file `path`: mapped (see mapped.h), or, where the file is gzip,
 * unpacked. Errors of both. */
GBytes *ts_map_or_gunzip(const char *path, guint64 max_bytes, GError **error);

G_END_DECLS
