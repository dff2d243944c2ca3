/* What readers of other layouts need to make a manifest of them; used by lib/layout.
 *
 *     TsManifest *manifest = ts_manifest_parse(text, n, dataset, folder, error);
 *     if (manifest != NULL)
 *         ts_manifest_set_scanned(manifest);
 */
#pragma once

#include "manifest/manifest.h"

G_BEGIN_DECLS

/* Say that the rows have no lines of their own in a file: messages name them by their picture. */
void ts_manifest_set_scanned(TsManifest *manifest);

/* Take `names` (NULL-terminated, or NULL) as the class list of `manifest`. */
void ts_manifest_take_class_list(TsManifest *manifest, char **names);

/* Read classes.txt: a class a line, escaped like a cell. NULL without an error if `path` does not
 * exist. Free with g_strfreev(). */
char **ts_class_list_read(const char *path, GError **error);

/* TRUE if `name` ends like a picture: jpg, jpeg, png, ppm, bmp, pgm, tif, tiff, webp. */
gboolean ts_is_picture_name(const char *name);

/* The split that a folder of that name (n bytes) stands for: "train", "val" or "test"; NULL if it
 * is none. */
const char *ts_split_of_name(const char *name, gsize n);

/* Add the paths of all pictures below `folder`, relative to it, in byte order; free each with
 * g_free(). */
gboolean ts_scan_pictures(const char *folder, GPtrArray *paths, GError **error);

G_END_DECLS
