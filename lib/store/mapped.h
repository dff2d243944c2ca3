/* Whole files as bytes, without reading what is not looked at. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Map the regular file `path`; TS_ERROR_IO on failure. g_bytes_unref(). A file that another program
 * cuts short meanwhile ends this one, as with every mapping; files that are replaced by a rename,
 * as ours are, are safe. */
GBytes *ts_map_file(const char *path, GError **error);

G_END_DECLS
