/* Folders as a whole: which of them may be replaced, and how, so that nothing is lost.
 *
 * A folder that tessera wrote holds a file .tessera-files, the list of all others in it. Only such
 * a folder is ever replaced, and only if every file in it is on the list: what somebody else put
 * there is never removed. Links are files here, they are not followed.
 *
 *     if (!ts_folder_check_target("tiles", force, error))        // before any work
 *         return FALSE;
 *     ... write into ".tiles.new"
 *     return ts_folder_write_list(".tiles.new", error) &&
 *            ts_folder_give_name(".tiles.new", "tiles", force, &kept, error);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether `path` is a folder with nothing in it. */
gboolean ts_folder_is_empty(const char *path);

/* Remove the folder (or file) `path` with all in it; it need not be there. */
gboolean ts_folder_remove(const char *path, GError **error);

/* Whether `path` lies in `folder`, both as they are without links. FALSE if one is not there. */
gboolean ts_folder_holds(const char *folder, const char *path);

/* The absolute path; of a link to a folder, that folder's, so that the link stays. g_free(). */
char *ts_folder_resolve(const char *path);

/* Whether a folder can be given the name `path`: nothing is there, or an empty folder, or with
 * `replace` a folder that tessera wrote and nobody added to. TS_ERROR_IO says what is in the way;
 * TS_ERROR_ARGUMENT if the working folder is or lies in what would be replaced. */
gboolean ts_folder_check_target(const char *path, gboolean replace, GError **error);

/* Whether every file in `path` is on its list; TS_ERROR_IO names the first that is not. */
gboolean ts_folder_check_owned(const char *path, GError **error);

/* Write the list of all files in `path`, in byte order. */
gboolean ts_folder_write_list(const char *path, GError **error);

/* Rename the folder `from` to `to`, beside it, and wait for the disk to know. What is at `to` is
 * replaced as ts_folder_check_target() says; its files that are on its list are removed. Others,
 * which came after that check, stay: `*kept`, unless NULL, is then set to their folder's new name,
 * TO.old, or TO.old.2 and so on (g_free()). */
gboolean ts_folder_give_name(const char *from, const char *to, gboolean replace, char **kept,
                             GError **error);

G_END_DECLS
