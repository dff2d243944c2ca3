/* Output folders that appear whole or not at all: temporary beside the final one, sync, rename. */
#include "base/outfolder.h"

#include "base/error.h"
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct _TsOutFolder {
    char *path;
    char *temporary;
    gboolean replace;
};

static gboolean
is_empty(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    return dir != NULL && g_dir_read_name(dir) == NULL;
}

/* Whether `path` is the working folder or lies above it, both without links: $PWD may have some. */
static gboolean
holds_working_folder(const char *path)
{
    char *here = realpath(".", NULL), *real = realpath(path, NULL);
    gsize n = here != NULL && real != NULL ? strlen(real) : 0;
    gboolean holds =
        n > 0 && strncmp(here, real, n) == 0 && (here[n] == '\0' || here[n] == '/' || n == 1);
    free(here);
    free(real);
    return holds;
}

static gboolean
check_target(const char *path, gboolean replace, GError **error)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT || ts_error_set_errno(error, errno, "%s: cannot be written", path);
    if (!S_ISDIR(status.st_mode))
        return ts_error_set(error, TS_ERROR_IO, "%s: exists and is no folder", path);
    if (is_empty(path))
        return TRUE;
    if (!replace)
        return ts_error_set(error, TS_ERROR_IO,
                            "%s: exists already and is not empty; --force replaces it", path);
    return !holds_working_folder(path) ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "%s: is or holds the working folder, which is not replaced", path);
}

TsOutFolder *
ts_out_folder_new(const char *path, gboolean replace, GError **error)
{
    g_autofree char *trimmed = g_strdup(path);
    for (gsize n = strlen(trimmed); n > 1 && trimmed[n - 1] == '/'; n--)
        trimmed[n - 1] = '\0';
    if (!check_target(trimmed, replace, error))
        return NULL;
    g_autofree char *parent = g_path_get_dirname(trimmed);
    g_autofree char *name = g_path_get_basename(trimmed);
    g_autofree char *temporary = g_strdup_printf("%s/.%.200s.XXXXXX", parent, name);
    if (g_mkdtemp_full(temporary, 0777) == NULL) {
        ts_error_set_errno(error, errno, "%s: cannot be written", path);
        return NULL;
    }
    TsOutFolder *self = g_new0(TsOutFolder, 1);
    self->path = g_steal_pointer(&trimmed);
    self->temporary = g_steal_pointer(&temporary);
    self->replace = replace;
    return self;
}

const char *
ts_out_folder_path(const TsOutFolder *self)
{
    return self->temporary;
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void) remove(path);
    return 0;
}

static void
remove_tree(const char *path)
{
    enum { OPEN_FOLDERS = 16 };
    nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/* The old folder keeps its name until the new one has it, where the file system can do that. */
static gboolean
exchange(TsOutFolder *self)
{
    return renameat2(AT_FDCWD, self->temporary, AT_FDCWD, self->path, RENAME_EXCHANGE) == 0;
}

static gboolean
give_name(TsOutFolder *self, GError **error)
{
    if (rename(self->temporary, self->path) == 0)
        return TRUE;
    if ((errno != EEXIST && errno != ENOTEMPTY) || !self->replace)
        return ts_error_set_errno(error, errno, "%s: cannot be given its name", self->path);
    if (exchange(self)) {
        remove_tree(self->temporary);
        return TRUE;
    }
    remove_tree(self->path);
    if (rename(self->temporary, self->path) == 0)
        return TRUE;
    return ts_error_set_errno(error, errno, "%s: cannot be given its name", self->path);
}

gboolean
ts_out_folder_commit(TsOutFolder *self, GError **error)
{
    if (!ts_sync_folder(self->temporary, error) || !give_name(self, error))
        return FALSE;
    g_clear_pointer(&self->temporary, g_free);
    g_autofree char *parent = g_path_get_dirname(self->path);
    return ts_sync_folder(parent, error);
}

void
ts_out_folder_free(TsOutFolder *self)
{
    if (self == NULL)
        return;
    if (self->temporary != NULL)
        remove_tree(self->temporary);
    g_free(self->temporary);
    g_free(self->path);
    g_free(self);
}
