/* The members of a zip file, whole, in memory; by libarchive.
 *
 * Meant for files of weights: members are stored, not compressed, so what they say of their size is
 * checked against the file's before anything is allocated.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Read the members of `bytes` that `wanted` names, as name -> GBytes; free with
 * g_hash_table_unref(). `wanted` is asked once for each member; NULL: all. TS_ERROR_FORMAT for no
 * zip, a damaged one, compressed or encrypted members, a name that is there twice or not UTF-8;
 * `name` begins the message. */
GHashTable *ts_zip_read(GBytes *bytes, gboolean (*wanted)(const char *member), const char *name,
                        GError **error);

G_END_DECLS
