/* The budget of large tables, and tables in files without a name. */
#include "base/memory.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static guint64 budget; /* 0: not set */

void
ts_memory_set(guint64 n_bytes)
{
    budget = n_bytes;
}

guint64
ts_memory_get(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (budget > 0)
        return budget;
    return pages > 0 && page > 0 ? (guint64) pages * (guint64) page / 2 : G_MAXUINT64;
}

gboolean
ts_memory_is_large(gsize n_bytes)
{
    return n_bytes > ts_memory_get() / 4;
}

void
ts_memory_release(gconstpointer data, gsize n_bytes)
{
    gsize page = (gsize) sysconf(_SC_PAGESIZE);
    gsize begin = (gsize) data / page * page;
    if (n_bytes > 0) /* a hint: where it fails, the pages stay */
        (void) madvise((gpointer) begin, (gsize) data + n_bytes - begin, MADV_DONTNEED); // NOLINT
}

/* A file that is gone with its last descriptor. */
static int
open_nameless_file(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "tessera-XXXXXX", NULL);
    int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        ts_error_set_errno(error, errno, "%s: no temporary file can be made there (TMPDIR)",
                           folder);
    else
        g_unlink(path);
    return fd;
}

/* The room is taken now: a disk that is full later would end the program. */
static gboolean
map_nameless_file(TsScratch *self, gsize n_bytes, const char *what, GError **error)
{
    const char *set = g_getenv("TMPDIR");
    const char *folder = set != NULL && set[0] != '\0' ? set : "/var/tmp";
    int fd = n_bytes <= G_MAXINT64 ? open_nameless_file(folder, error) : -1;
    if (fd < 0)
        return n_bytes <= G_MAXINT64
                   ? FALSE
                   : ts_error_set(error, TS_ERROR_NO_MEMORY,
                                  "%s: %" G_GSIZE_FORMAT " bytes are too many", what, n_bytes);
    int code = posix_fallocate(fd, 0, (off_t) n_bytes);
    gpointer data = MAP_FAILED;
    if (code == 0) {
        data = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        code = errno;
    }
    close(fd);
    if (data == MAP_FAILED) {
        ts_error_set_errno(error, code, "%s: no room for %" G_GSIZE_FORMAT " bytes in %s (TMPDIR)",
                           what, n_bytes, folder);
        return FALSE;
    }
    *self = (TsScratch){data, n_bytes, TRUE};
    return TRUE;
}

gboolean
ts_scratch_alloc(TsScratch *self, gsize n, gsize size, const char *what, GError **error)
{
    gsize n_bytes;
    *self = (TsScratch){NULL, 0, FALSE};
    if (g_size_checked_mul(&n_bytes, n, size) && ts_memory_is_large(n_bytes))
        return map_nameless_file(self, n_bytes, what, error);
    gpointer data = ts_try_alloc(n, size, what, error);
    if (data == NULL)
        return FALSE;
    *self = (TsScratch){data, n_bytes, FALSE};
    return TRUE;
}

void
ts_scratch_clear(TsScratch *self)
{
    if (self->in_file)
        munmap(self->data, self->n_bytes);
    else
        g_free(self->data);
    *self = (TsScratch){NULL, 0, FALSE};
}
