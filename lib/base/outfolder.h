/* Output folders that appear whole or not at all.
 *
 * Files go to a temporary folder beside the final one; the commit waits for the disk and gives it
 * its name. Leaving the scope without a commit removes it with all that is in it.
 *
 *     g_autoptr(TsOutFolder) out = ts_out_folder_new("shapes", force, error);
 *     if (out == NULL || !write_all_into(ts_out_folder_path(out), error))
 *         return FALSE;
 *     return ts_out_folder_commit(out, error);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsOutFolder TsOutFolder;

/* Begin the folder `path`; of a link to a folder, that folder. ts_folder_check_target() says which
 * existing ones are replaced. */
TsOutFolder *ts_out_folder_new(const char *path, gboolean replace, GError **error);

/* Where to write; borrowed. It has as many folders above it as the final path. */
const char *ts_out_folder_path(const TsOutFolder *out);

/* Make the folder appear, with a list of its files, so that it can be replaced. After it, only
 * ts_out_folder_kept() and ts_out_folder_free() may be called. */
gboolean ts_out_folder_commit(TsOutFolder *out, GError **error);

/* Where files lie that came into the replaced folder meanwhile; NULL: there were none. Borrowed. */
const char *ts_out_folder_kept(const TsOutFolder *out);

/* Free; remove the temporary if there was no commit. NULL is allowed. */
void ts_out_folder_free(TsOutFolder *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsOutFolder, ts_out_folder_free)

G_END_DECLS
