/* Folders as a whole, walked without following a link. */
#include "base/folder.h"

#include "base/error.h"
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST ".tessera-files"

static const char first_line[] = "tessera files 1";

gboolean
ts_folder_is_empty(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    return dir != NULL && g_dir_read_name(dir) == NULL;
}

/* Without slashes behind. */
static gsize
length_of(const char *path)
{
    gsize n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    return n;
}

static FTS *
open_walk(const char *path)
{
    g_autofree char *copy = g_strndup(path, length_of(path));
    char *roots[] = {copy, NULL};
    return fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
}

/* The next entry; folders are met when all in them has been. NULL at the end, or with `errno`. */
static FTSENT *
walk(FTS *fts)
{
    FTSENT *entry;
    do
        entry = fts_read(fts);
    while (entry != NULL && (entry->fts_info == FTS_D || entry->fts_info == FTS_DOT));
    if (entry != NULL && (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
                          entry->fts_info == FTS_NS || entry->fts_info == FTS_DC)) {
        errno = entry->fts_errno != 0 ? entry->fts_errno : EIO;
        return NULL;
    }
    return entry;
}

static gboolean
is_folder(const FTSENT *entry)
{
    return entry->fts_info == FTS_DP;
}

gboolean
ts_folder_remove(const char *path, GError **error)
{
    FTS *fts = open_walk(path);
    gboolean removed = fts != NULL;
    FTSENT *entry = NULL;
    while (removed && (entry = walk(fts)) != NULL)
        removed = (is_folder(entry) ? rmdir(entry->fts_path) : unlink(entry->fts_path)) == 0 ||
                  errno == ENOENT;
    int errnum = errno;
    removed = removed && (errnum == 0 || errnum == ENOENT);
    if (fts != NULL)
        fts_close(fts);
    return removed ? TRUE : ts_error_set_errno(error, errnum, "%s: cannot be removed", path);
}

gboolean
ts_folder_holds(const char *folder, const char *path)
{
    char *whole = realpath(folder, NULL), *inner = realpath(path, NULL);
    gsize n = whole != NULL && inner != NULL ? strlen(whole) : 0;
    gboolean holds =
        n > 0 && strncmp(inner, whole, n) == 0 && (inner[n] == '\0' || inner[n] == '/' || n == 1);
    free(whole);
    free(inner);
    return holds;
}

char *
ts_folder_resolve(const char *path)
{
    char *target = realpath(path, NULL);
    char *copy = target != NULL ? g_strdup(target) : g_canonicalize_filename(path, NULL);
    free(target);
    return copy;
}

/* A line of the list: the path below the folder, where a line end can be no part of it. */
static char *
format_line(const char *name)
{
    GString *line = g_string_new(NULL);
    for (; *name != '\0'; name++) {
        if (*name == '\\' || *name == '\n')
            g_string_append_c(line, '\\');
        g_string_append_c(line, *name == '\n' ? 'n' : *name);
    }
    return g_string_free(line, FALSE);
}

/* The lines of the folder's list as a set; empty if there is none. `text` holds them. */
static GHashTable *
read_list(const char *folder, char **text)
{
    struct stat status;
    g_autofree char *path = g_build_filename(folder, LIST, NULL);
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    *text = NULL;
    if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode) ||
        !g_file_get_contents(path, text, NULL, NULL))
        return names;
    char *rest = *text, *line = strsep(&rest, "\n");
    if (strcmp(line, first_line) != 0)
        return names;
    g_hash_table_add(names, (gpointer) LIST);
    while (rest != NULL && (line = strsep(&rest, "\n")) != NULL && *line != '\0')
        g_hash_table_add(names, line);
    return names;
}

static gboolean
is_listed(GHashTable *names, const FTSENT *entry, gsize n_folder)
{
    g_autofree char *line = format_line(entry->fts_path + n_folder + 1);
    return g_hash_table_contains(names, line);
}

gboolean
ts_folder_check_owned(const char *path, GError **error)
{
    g_autofree char *whole = ts_folder_resolve(path);
    g_autofree char *text = NULL, *other = NULL;
    g_autoptr(GHashTable) names = read_list(path, &text);
    const gsize n = length_of(whole);
    FTS *fts = open_walk(whole);
    FTSENT *entry = NULL;
    errno = 0;
    while (fts != NULL && other == NULL && (entry = walk(fts)) != NULL)
        if (!is_folder(entry) && !is_listed(names, entry, n))
            other = g_build_filename(path, entry->fts_path + n + 1, NULL);
    int errnum = errno;
    if (fts != NULL)
        fts_close(fts);
    if (other != NULL)
        return ts_error_set(error, TS_ERROR_IO,
                            "%s: is not replaced, since tessera did not write %s; move the one or "
                            "the other away",
                            path, other);
    return errnum == 0 || ts_error_set_errno(error, errnum, "%s: cannot be read", path);
}

gboolean
ts_folder_check_target(const char *path, gboolean replace, GError **error)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        if (errno != ENOENT)
            return ts_error_set_errno(error, errno, "%s: cannot be written", path);
        return lstat(path, &status) != 0 ||
               ts_error_set(error, TS_ERROR_IO, "%s: is a link to what is not there", path);
    }
    if (!S_ISDIR(status.st_mode))
        return ts_error_set(error, TS_ERROR_IO, "%s: exists and is no folder", path);
    if (ts_folder_is_empty(path))
        return TRUE;
    if (!replace)
        return ts_error_set(error, TS_ERROR_IO,
                            "%s: exists already and is not empty; --force replaces it", path);
    if (ts_folder_holds(path, "."))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: is or holds the working folder, which is not replaced", path);
    return ts_folder_check_owned(path, error);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

gboolean
ts_folder_write_list(const char *path, GError **error)
{
    g_autofree char *list = g_build_filename(path, LIST, NULL);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) text = g_string_new(first_line);
    const gsize n = length_of(path);
    FTS *fts = open_walk(path);
    FTSENT *entry = NULL;
    errno = 0;
    while (fts != NULL && (entry = walk(fts)) != NULL)
        if (!is_folder(entry) && strcmp(entry->fts_path + n + 1, LIST) != 0)
            g_ptr_array_add(lines, format_line(entry->fts_path + n + 1));
    int errnum = errno;
    if (fts != NULL)
        fts_close(fts);
    if (errnum != 0)
        return ts_error_set_errno(error, errnum, "%s: cannot be read", path);
    g_ptr_array_sort(lines, compare_names);
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(text, "\n%s", (const char *) lines->pdata[i]);
    g_string_append_c(text, '\n');
    return ts_write_file(list, text->str, text->len, TRUE, error);
}

/* Remove the files of the folder that are on its list, last of all the list, and what folders are
 * empty then. Whether it is gone; an error is none here, the rest is kept. */
static gboolean
remove_listed(const char *path)
{
    g_autofree char *text = NULL;
    g_autofree char *list = g_build_filename(path, LIST, NULL);
    g_autoptr(GHashTable) names = read_list(path, &text);
    const gsize n = length_of(path);
    FTS *fts = open_walk(path);
    FTSENT *entry = NULL;
    while (fts != NULL && (entry = walk(fts)) != NULL) {
        if (is_folder(entry) && entry->fts_level > 0)
            (void) rmdir(entry->fts_path);
        else if (!is_folder(entry) && strcmp(entry->fts_path, list) != 0 &&
                 is_listed(names, entry, n))
            (void) unlink(entry->fts_path);
    }
    if (fts != NULL)
        fts_close(fts);
    if (g_hash_table_size(names) > 0)
        (void) unlink(list);
    return rmdir(path) == 0;
}

/* Give a folder the name TO.old, or TO.old.2 and so on, whichever is free: an empty folder takes
 * the name first, since renaming to one cannot remove anything. NULL with `errno`. */
static char *
set_aside(const char *path, const char *to)
{
    enum { MAX_OLD = 1000 };
    g_autofree char *old = g_strconcat(to, ".old", NULL);
    for (int i = 2; mkdir(old, 0777) != 0; i++) {
        if (errno != EEXIST || i > MAX_OLD)
            return NULL;
        g_free(old);
        old = g_strdup_printf("%s.old.%d", to, i);
    }
    if (rename(path, old) == 0)
        return g_steal_pointer(&old);
    int errnum = errno;
    (void) rmdir(old);
    errno = errnum;
    return NULL;
}

/* Put `from` in the place of `to`, and say where the old folder is now. NULL with `errno`. */
static char *
exchange(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0)
        return g_strdup(from);
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return NULL;
    g_autofree char *old = set_aside(to, to); /* not every file system can exchange names */
    if (old == NULL || rename(from, to) == 0)
        return g_steal_pointer(&old);
    int errnum = errno;
    (void) rename(old, to);
    errno = errnum;
    return NULL;
}

static gboolean
replace_folder(const char *from, const char *to, char **kept, GError **error)
{
    g_autofree char *old = exchange(from, to);
    if (old == NULL)
        return ts_error_set_errno(error, errno, "%s: cannot be exchanged with %s", to, from);
    if (remove_listed(old))
        return TRUE;
    g_autofree char *rest = strcmp(old, from) == 0 ? set_aside(old, to) : g_steal_pointer(&old);
    if (rest == NULL)
        return ts_error_set_errno(error, errno, "%s: cannot be renamed to %s.old", from, to);
    if (kept != NULL)
        *kept = g_steal_pointer(&rest);
    return TRUE;
}

gboolean
ts_folder_give_name(const char *from, const char *to, gboolean replace, char **kept, GError **error)
{
    if (rename(from, to) != 0) {
        if (errno != EEXIST && errno != ENOTEMPTY)
            return ts_error_set_errno(error, errno, "%s: cannot be given its name", to);
        if (!replace)
            return ts_error_set(error, TS_ERROR_IO,
                                "%s: exists already and is not empty; --force replaces it", to);
        if (!replace_folder(from, to, kept, error))
            return FALSE;
    }
    return ts_sync_folder_of(to, error);
}
