/* Output folders that appear whole or not at all.
 *
 * Files go to a temporary folder beside the final one; the commit waits for the disk and gives it
 * its name. Leaving the scope without a commit removes it with all that is in it.
 *
 *     g_autoptr(TsOutFolder) out = ts_out_folder_new("shapes", force, error);
 *     g_autofree char *path = out != NULL ? g_build_filename(ts_out_folder_path(out), "a", NULL) :
 * 0; if (path == NULL || !ts_write_file(path, bytes, n, FALSE, error)) return FALSE; return
 * ts_out_folder_commit(out, error);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsOutFolder TsOutFolder;

/* Begin the folder `path`. An existing one that is not empty is an error (TS_ERROR_IO) unless
 * `replace`; then it is exchanged for the new one and removed. The working folder and the folders
 * above it are never replaced (TS_ERROR_ARGUMENT). */
TsOutFolder *ts_out_folder_new(const char *path, gboolean replace, GError **error);

/* Where to write; borrowed. It has as many folders above it as the final path. */
const char *ts_out_folder_path(const TsOutFolder *out);

/* Make the folder appear. After it, only ts_out_folder_free() may be called. */
gboolean ts_out_folder_commit(TsOutFolder *out, GError **error);

/* Free; remove the temporary if there was no commit. NULL is allowed. */
void ts_out_folder_free(TsOutFolder *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsOutFolder, ts_out_folder_free)

G_END_DECLS
