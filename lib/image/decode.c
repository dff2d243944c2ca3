/* Decoding: readers of ours for plain JPEG and PNG, else libvips. */
#include "image/decode.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "image/levels.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* Pixels are fetched in pieces of about this size. */
enum { PIECE_BYTES = 1 << 22 };

/* Say what is wrong with the file itself before libvips gets to see it. */
static gboolean
check_file(const char *path, GError **error)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be opened", path);
    if (S_ISDIR(status.st_mode))
        return ts_error_set(error, TS_ERROR_IO, "%s: is a folder, an image file was expected",
                            path);
    if (!S_ISREG(status.st_mode))
        return ts_error_set(error, TS_ERROR_IO, "%s: is not a regular file", path);
    if (status.st_size == 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is empty, an image was expected", path);
    if (g_access(path, R_OK) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be opened", path);
    return TRUE;
}

static void
take_info(TsDecoder *self, GBytes *icc)
{
    ts_levels_check_mpp(&self->info.mpp_x, &self->info.mpp_y);
    self->icc = icc != NULL ? g_bytes_ref(icc) : NULL;
}

/* Plain JPEG and PNG need nothing of libvips. FALSE without an error: it is something else. */
static gboolean
take_jpeg_reader(TsDecoder *self, TsJpegReader *reader)
{
    GBytes *icc;
    if (reader == NULL)
        return FALSE;
    self->jpeg = reader;
    ts_jpeg_reader_info(reader, &self->info, &icc);
    take_info(self, icc);
    return TRUE;
}

static gboolean
take_png_reader(TsDecoder *self, TsPngReader *reader)
{
    GBytes *icc;
    if (reader == NULL)
        return FALSE;
    self->png = reader;
    ts_png_reader_info(reader, &self->info, &icc);
    take_info(self, icc);
    return TRUE;
}

/* Through libvips. */
static gboolean
open_other(TsDecoder *self, gconstpointer bytes, gsize n, GError **error)
{
    TsVipsInput input = {.path = self->path, .bytes = bytes, .n = n, .level = self->level};
    TsVipsHeader header;
    self->vips = ts_vips_get(error);
    self->image = self->vips != NULL ? self->vips->open(&input, &header, error) : NULL;
    if (self->image == NULL)
        return FALSE;
    self->info = header.info;
    self->loader = header.loader;
    self->is_random = header.is_random;
    self->icc = header.icc;
    return TRUE;
}

gboolean
ts_decoder_open(TsDecoder *self, const char *path, GError **error)
{
    return ts_decoder_open_level(self, path, 0, error);
}

gboolean
ts_decoder_open_level(TsDecoder *self, const char *path, int level, GError **error)
{
    *self = (TsDecoder){.path = path, .level = level};
    if (!check_file(path, error))
        return FALSE;
    if (take_jpeg_reader(self, ts_jpeg_reader_open(path)) ||
        take_png_reader(self, ts_png_reader_open(path)))
        return TRUE;
    return open_other(self, NULL, 0, error);
}

gboolean
ts_decoder_open_bytes(TsDecoder *self, gconstpointer bytes, gsize n, const char *name,
                      GError **error)
{
    *self = (TsDecoder){.path = name};
    if (n == 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is empty, an image was expected", name);
    if (take_jpeg_reader(self, ts_jpeg_reader_open_bytes(bytes, n, name)) ||
        take_png_reader(self, ts_png_reader_open_bytes(bytes, n, name)))
        return TRUE;
    return open_other(self, bytes, n, error);
}

void
ts_decoder_close(TsDecoder *self)
{
    if (self->image != NULL)
        self->vips->free(g_steal_pointer(&self->image));
    g_clear_pointer(&self->jpeg, ts_jpeg_reader_free);
    g_clear_pointer(&self->png, ts_png_reader_free);
    g_clear_pointer(&self->icc, g_bytes_unref);
}

TsImage *
ts_decoder_new_image(const TsDecoder *self, int width, int height, GError **error)
{
    TsImage *image = ts_image_new(width, height, self->info.bands, self->info.type, error);
    if (image == NULL) {
        g_prefix_error(error, "%s: ", self->path);
        return NULL;
    }
    image->has_alpha = self->info.has_alpha;
    image->icc = self->icc != NULL ? g_bytes_ref(self->icc) : NULL;
    return image;
}

static gboolean
read_piece(const TsDecoder *self, TsRect piece, TsImage *to, int to_y, GError **error)
{
    guint8 *at = to->data + (gsize) to_y * ts_image_row_size(to);
    if (self->jpeg != NULL)
        return ts_jpeg_reader_read(self->jpeg, piece.y, piece.height, at, error);
    if (self->png != NULL)
        return ts_png_reader_read(self->png, piece.y, piece.height, at, error);
    return self->vips->read(self->image, self->path, piece, to, to_y, error);
}

gboolean
ts_decoder_read(const TsDecoder *self, TsRect rect, TsImage *to, int to_y, GError **error)
{
    gsize row = MAX(1, ts_image_row_size(to));
    int n_rows = (int) CLAMP(PIECE_BYTES / row, 1, (gsize) rect.height);
    for (int y = 0; y < rect.height; y += n_rows) {
        TsRect piece = {rect.x, rect.y + y, rect.width, MIN(n_rows, rect.height - y)};
        if (ts_interrupt_check(error) || !read_piece(self, piece, to, to_y + y, error))
            return FALSE;
    }
    return TRUE;
}
