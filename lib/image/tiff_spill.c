/* Compressed tiles that wait on disk. */
#include "image/tiff_spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct _TsTiffSpill {
    char *path; /* of the output, for messages */
    FILE *stream;
    guint64 size;
    GByteArray *buffer;
};

TsTiffSpill *
ts_tiff_spill_new(const char *path, GError **error)
{
    g_autoptr(TsTiffSpill) self = g_new0(TsTiffSpill, 1);
    self->path = g_strdup(path);
    self->buffer = g_byte_array_new();
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_build_filename(folder, ".tessera-levels.XXXXXX", NULL);
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    if (fd < 0 || (self->stream = fdopen(fd, "w+")) == NULL) {
        int errnum = errno;
        if (fd >= 0)
            close(fd);
        ts_error_set_errno(error, errnum, "%s: no temporary file for the levels", path);
        return NULL;
    }
    return g_steal_pointer(&self);
}

gboolean
ts_tiff_spill_put(TsTiffSpill *self, const void *bytes, gsize n, TsTiffPiece *piece, GError **error)
{
    if (n > G_MAXUINT32 || fwrite(bytes, 1, n, self->stream) != n)
        return ts_error_set_errno(error, n > G_MAXUINT32 ? EFBIG : errno,
                                  "%s: the temporary file of levels cannot be written", self->path);
    *piece = (TsTiffPiece){.at = self->size, .n = (guint32) n};
    self->size += n;
    return TRUE;
}

const void *
ts_tiff_spill_get(TsTiffSpill *self, const TsTiffPiece *piece, GError **error)
{
    g_byte_array_set_size(self->buffer, MAX(piece->n, 1));
    if (fseeko(self->stream, (off_t) piece->at, SEEK_SET) == 0 &&
        fread(self->buffer->data, 1, piece->n, self->stream) == piece->n)
        return self->buffer->data;
    ts_error_set_errno(error, errno, "%s: the temporary file of levels cannot be read", self->path);
    return NULL;
}

void
ts_tiff_spill_free(TsTiffSpill *self)
{
    if (self == NULL)
        return;
    if (self->stream != NULL)
        fclose(self->stream);
    g_clear_pointer(&self->buffer, g_byte_array_unref);
    g_free(self->path);
    g_free(self);
}
