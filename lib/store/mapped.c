/* Files as bytes. */
#include "store/mapped.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A mapping of a pipe or a device would be of no known length. */
static GMappedFile *
map_descriptor(int fd, const char *path, GError **error)
{
    g_autoptr(GError) reason = NULL;
    struct stat status;
    if (fstat(fd, &status) != 0) {
        ts_error_set_errno(error, errno, "%s: cannot be read", path);
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        ts_error_set(error, TS_ERROR_IO, "%s: is not a regular file", path);
        return NULL;
    }
    GMappedFile *file = g_mapped_file_new_from_fd(fd, FALSE, &reason);
    if (file == NULL)
        ts_error_set(error, TS_ERROR_IO, "%s: cannot be read: %s", path, reason->message);
    return file;
}

GBytes *
ts_map_file(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        ts_error_set_errno(error, errno, "%s: cannot be read", path);
        return NULL;
    }
    g_autoptr(GMappedFile) file = map_descriptor(fd, path, error);
    close(fd);
    return file != NULL ? g_mapped_file_get_bytes(file) : NULL;
}
