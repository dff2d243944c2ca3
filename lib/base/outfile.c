/* Output files that appear whole or not at all: temporary in the same folder, fsync, rename. */
#include "base/outfile.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 18 };

struct _TsOutFile {
    char *path;
    char *temporary; /* NULL: `path` is written directly */
    FILE *stream;
    gboolean replace;
    gboolean unsynced;
    gboolean committed;
};

/* Where the rename has to happen: the file that a chain of links ends at, so that a link stays. */
static char *
resolve_links(const char *path)
{
    char *target = realpath(path, NULL);
    if (target == NULL)
        return g_strdup(path);
    char *copy = g_strdup(target);
    free(target);
    return copy;
}

/* The process' mask can only be learned by setting it, and between the two calls another thread
 * would take the wrong one for its own: it is asked for once. */
static mode_t
file_mode(void)
{
    static gsize mode;
    if (g_once_init_enter(&mode)) {
        mode_t mask = umask(0);
        umask(mask);
        g_once_init_leave(&mode, S_IFREG | (0666 & ~(gsize) mask)); /* never 0 */
    }
    return (mode_t) (mode & 0666);
}

static gboolean
open_temporary(TsOutFile *self, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(self->path);
    g_autofree char *name = g_path_get_basename(self->path);
    self->temporary = g_strdup_printf("%s/.%.200s.XXXXXX", folder, name);
    int fd = mkostemp(self->temporary, O_CLOEXEC);
    if (fd < 0) {
        int errnum = errno;
        g_clear_pointer(&self->temporary, g_free);
        return ts_error_set_errno(error, errnum, "%s: cannot be written", self->path);
    }
    if (fchmod(fd, file_mode()) != 0 || (self->stream = fdopen(fd, "w")) == NULL) {
        int errnum = errno;
        close(fd);
        return ts_error_set_errno(error, errnum, "%s: cannot be written", self->path);
    }
    return TRUE;
}

static gboolean
open_directly(TsOutFile *self, GError **error)
{
    self->stream = fopen(self->path, "we");
    if (self->stream == NULL)
        return ts_error_set_errno(error, errno, "%s: cannot be written", self->path);
    return TRUE;
}

gboolean
ts_out_file_check(const char *path, gboolean replace, GError **error)
{
    struct stat status;
    if (strcmp(path, "-") == 0 || stat(path, &status) != 0)
        return TRUE;
    if (S_ISDIR(status.st_mode))
        return ts_error_set(error, TS_ERROR_IO, "%s: is a folder, a file is to be written", path);
    return replace || !S_ISREG(status.st_mode) ||
           ts_error_set(error, TS_ERROR_IO, "%s: exists already; --force replaces it", path);
}

TsOutFile *
ts_out_file_new(const char *path, gboolean replace, GError **error)
{
    g_autoptr(TsOutFile) self = g_new0(TsOutFile, 1);
    self->replace = replace;
    if (strcmp(path, "-") == 0) {
        self->path = g_strdup("standard output");
        self->stream = stdout;
        return g_steal_pointer(&self);
    }
    if (!ts_out_file_check(path, replace, error))
        return NULL;
    struct stat status;
    gboolean special = stat(path, &status) == 0 && !S_ISREG(status.st_mode);
    self->path = resolve_links(path);
    if (special ? !open_directly(self, error) : !open_temporary(self, error))
        return NULL;
    setvbuf(self->stream, NULL, _IOFBF, BUFFER_BYTES);
    return g_steal_pointer(&self);
}

gboolean
ts_out_file_write(TsOutFile *self, const void *bytes, gsize n, GError **error)
{
    if (n > 0 && fwrite(bytes, 1, n, self->stream) != n)
        return ts_error_set_errno(error, errno, "%s: cannot be written", self->path);
    return TRUE;
}

gboolean
ts_out_file_flush(TsOutFile *self, GError **error)
{
    return fflush(self->stream) == 0 ||
           ts_error_set_errno(error, errno, "%s: cannot be written", self->path);
}

gboolean
ts_out_file_rewind(TsOutFile *self, GError **error)
{
    return fseek(self->stream, 0, SEEK_SET) == 0 ||
           ts_error_set_errno(error, errno, "%s: cannot be written from its beginning again",
                              self->path);
}

FILE *
ts_out_file_stream(TsOutFile *self)
{
    return self->stream;
}

const char *
ts_out_file_temporary(TsOutFile *self)
{
    return self->temporary;
}

gboolean
ts_sync_folder_of(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ts_error_set_errno(error, errno, "%s: cannot be opened", folder);
    /* Some file systems have no fsync for folders and say EINVAL. */
    gboolean synced = fsync(fd) == 0 || errno == EINVAL;
    int errnum = errno;
    close(fd);
    return synced ? TRUE : ts_error_set_errno(error, errnum, "%s: cannot be synced", folder);
}

/* Sync by name: a library may have written the temporary behind the stream's back. */
static gboolean
sync_file(TsOutFile *self, GError **error)
{
    int fd = open(self->temporary, O_RDONLY | O_CLOEXEC);
    gboolean synced = fd >= 0 && fsync(fd) == 0;
    int errnum = errno;
    if (fd >= 0)
        close(fd);
    return synced ? TRUE : ts_error_set_errno(error, errnum, "%s: cannot be synced", self->path);
}

/* link() fails where rename() would replace a file that appeared in the meantime. */
static gboolean
give_name(TsOutFile *self, GError **error)
{
    if (!self->replace && link(self->temporary, self->path) == 0) {
        unlink(self->temporary);
        return TRUE;
    }
    if (!self->replace && errno == EEXIST)
        return ts_error_set(error, TS_ERROR_IO, "%s: exists already; --force replaces it",
                            self->path);
    if (rename(self->temporary, self->path) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be given its name", self->path);
    return TRUE;
}

void
ts_out_file_set_unsynced(TsOutFile *self)
{
    self->unsynced = TRUE;
}

gboolean
ts_out_file_commit(TsOutFile *self, GError **error)
{
    FILE *stream = g_steal_pointer(&self->stream);
    gboolean failed = ferror(stream) != 0;
    errno = failed ? EIO : 0;
    if (fflush(stream) != 0)
        failed = TRUE;
    int errnum = errno;
    if (stream != stdout && fclose(stream) != 0 && !failed) {
        failed = TRUE;
        errnum = errno;
    }
    if (failed)
        return ts_error_set_errno(error, errnum, "%s: cannot be written", self->path);
    if (self->temporary != NULL) {
        if ((!self->unsynced && !sync_file(self, error)) || !give_name(self, error))
            return FALSE;
        self->committed = TRUE;
        return self->unsynced || ts_sync_folder_of(self->path, error);
    }
    self->committed = TRUE;
    return TRUE;
}

void
ts_out_file_free(TsOutFile *self)
{
    if (self == NULL)
        return;
    if (self->stream != NULL && self->stream != stdout)
        fclose(self->stream);
    if (self->temporary != NULL && !self->committed)
        unlink(self->temporary);
    g_free(self->temporary);
    g_free(self->path);
    g_free(self);
}

gboolean
ts_write_file(const char *path, const void *bytes, gsize n, gboolean replace, GError **error)
{
    g_autoptr(TsOutFile) out = ts_out_file_new(path, replace, error);
    return out != NULL && ts_out_file_write(out, bytes, n, error) && ts_out_file_commit(out, error);
}

gboolean
ts_write_all(int fd, const void *bytes, gsize n)
{
    const guint8 *at = bytes;
    while (n > 0) {
        gssize written = write(fd, at, n);
        if (written < 0 && errno != EINTR)
            return FALSE;
        at += MAX(written, 0);
        n -= (gsize) MAX(written, 0);
    }
    return TRUE;
}

gboolean
ts_sync_folder(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ts_error_set_errno(error, errno, "%s: cannot be opened", path);
    gboolean synced = syncfs(fd) == 0;
    int errnum = errno;
    close(fd);
    return synced ? TRUE : ts_error_set_errno(error, errnum, "%s: cannot be synced", path);
}

gboolean
ts_make_folder(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0777) != 0)
        return ts_error_set_errno(error, errno, "%s: folder cannot be made", path);
    return TRUE;
}
