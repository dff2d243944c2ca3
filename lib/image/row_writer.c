/* Rows to files: an encoder for each format, whose bytes go to the file at once. */
#include "image/row_writer.h"

#include "base/error.h"
#include "base/outfile.h"
#include "image/encode.h"
#include "image/jpeg_encode.h"
#include "image/png.h"

#include <string.h>

struct _TsRowWriter {
    char *path;
    gboolean replace;
    int width, height, y; /* rows above y have come */
    const TsFormat *format;
    TsEncodeOptions options;
    TsPngRows *png; /* one of these, or none for bare samples */
    TsJpegEncoder *jpeg;
    TsImage *whole;
    TsOutFile *file; /* not of the whole one */
};

void
ts_row_writer_free(TsRowWriter *self)
{
    if (self == NULL)
        return;
    ts_png_rows_free(self->png);
    ts_jpeg_encoder_free(self->jpeg);
    ts_image_free(self->whole);
    ts_out_file_free(self->file);
    g_free(self->path);
    g_free(self);
}

/* An existing file is noticed before the work, not after it. */
static gboolean
begin_whole(TsRowWriter *self, const TsImage *like, GError **error)
{
    if (!self->replace && g_file_test(self->path, G_FILE_TEST_IS_REGULAR))
        return ts_error_set(error, TS_ERROR_IO, "%s: exists already; --force replaces it",
                            self->path);
    self->whole = ts_image_new_like(like, self->width, self->height, error);
    if (self->whole == NULL)
        g_prefix_error(error, "%s: (a .tif file is written row by row) ", self->path);
    return self->whole != NULL;
}

static gboolean
begin(TsRowWriter *self, const TsImage *like, GError **error)
{
    if (self->format->kind == TS_FORMAT_WEBP)
        return begin_whole(self, like, error);
    if (self->format->kind == TS_FORMAT_PNG)
        self->png =
            ts_png_rows_new(ts_encode_level(&self->options), self->width, self->height, error);
    else if (self->format->kind == TS_FORMAT_JPEG)
        self->jpeg = ts_jpeg_encoder_new(ts_encode_quality(&self->options), error);
    if (self->format->kind != TS_FORMAT_RAW && self->png == NULL && self->jpeg == NULL)
        return FALSE;
    self->file = ts_out_file_new(self->path, self->replace, error);
    return self->file != NULL;
}

/* TIFF and .npy have writers of their own. */
static gboolean
check(const TsRowWriter *self, const char *suffix, const TsImage *like, GError **error)
{
    if (self->format == NULL)
        return FALSE;
    if (self->format->kind == TS_FORMAT_TIFF || self->format->kind == TS_FORMAT_NPY)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s is not written in rows here", suffix);
    return ts_format_check(self->format, like->bands, like->type, error) &&
           ts_format_check_sides(self->format, self->width, self->height, error);
}

TsRowWriter *
ts_row_writer_new(const char *path, int width, int height, const TsImage *like,
                  const TsEncodeOptions *options, gboolean replace, GError **error)
{
    g_autoptr(TsRowWriter) self = g_new0(TsRowWriter, 1);
    g_autofree char *name = g_path_get_basename(path);
    const char *suffix = strrchr(name, '.') != NULL ? strrchr(name, '.') : "";
    self->path = g_strdup(path);
    self->width = width;
    self->height = height;
    self->replace = replace;
    self->options = options != NULL ? *options : (TsEncodeOptions){0};
    self->format = ts_format_find(suffix, error);
    if (!check(self, suffix, like, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    return begin(self, like, error) ? g_steal_pointer(&self) : NULL;
}

gboolean
ts_row_writer_put(TsRowWriter *self, const TsImage *rows, GError **error)
{
    gsize n = (gsize) rows->height * ts_image_row_size(rows);
    const guint8 *bytes = rows->data;
    g_assert(rows->width == self->width && rows->height <= self->height - self->y);
    int y = self->y;
    self->y += rows->height;
    if (self->whole != NULL) {
        memcpy(self->whole->data + (gsize) y * ts_image_row_size(rows), rows->data, n);
        return TRUE;
    }
    if ((self->png != NULL && !ts_png_rows_put(self->png, rows, &bytes, &n, error)) ||
        (self->jpeg != NULL &&
         !ts_jpeg_encoder_put_rows(self->jpeg, rows, y, self->height, &bytes, &n, error))) {
        g_prefix_error(error, "%s: ", self->path);
        return FALSE;
    }
    return ts_out_file_write(self->file, bytes, n, error);
}

gboolean
ts_row_writer_commit(TsRowWriter *self, GError **error)
{
    const guint8 *bytes = NULL;
    gsize n = 0;
    if (self->y != self->height)
        return ts_error_set(error, TS_ERROR_RANGE, "%s: has %d rows of %d", self->path, self->y,
                            self->height);
    if (self->whole != NULL)
        return ts_image_write(self->whole, self->path, &self->options, self->replace, error);
    if ((self->png != NULL && !ts_png_rows_finish(self->png, &bytes, &n, error)) ||
        (self->jpeg != NULL && !ts_jpeg_encoder_finish(self->jpeg, &bytes, &n, error))) {
        g_prefix_error(error, "%s: ", self->path);
        return FALSE;
    }
    return ts_out_file_write(self->file, bytes, n, error) && ts_out_file_commit(self->file, error);
}
