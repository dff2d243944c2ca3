/* Stripes to files: one set of functions a kind of file. */
#include "tiling/stitch/out.h"

#include "base/error.h"
#include "base/outfile.h"
#include "tiling/stitch/npy.h"

#include <string.h>

typedef enum { FILE_IMAGE, FILE_TIFF, FILE_NPY } Kind;

struct _TsCanvasFile {
    Kind kind;
    char *path;
    gboolean replace;
    TsEncodeOptions encode;
    TsImage *canvas;
    TsTiffWriter *tiff;
    TsOutFile *npy;
};

static const char *
suffix_of(const char *path)
{
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name != NULL ? name : path, '.');
    return dot != NULL ? dot : "";
}

static Kind
kind_of(const char *path)
{
    const char *suffix = suffix_of(path);
    if (g_ascii_strcasecmp(suffix, ".tif") == 0 || g_ascii_strcasecmp(suffix, ".tiff") == 0)
        return FILE_TIFF;
    return g_ascii_strcasecmp(suffix, ".npy") == 0 ? FILE_NPY : FILE_IMAGE;
}

static gboolean
begin_npy(TsCanvasFile *self, const TsTiffWriterOptions *what, GError **error)
{
    g_autoptr(GBytes) header = ts_npy_header(what->width, what->height, what->like);
    gsize n;
    const void *bytes = g_bytes_get_data(header, &n);
    self->npy = ts_out_file_new(self->path, self->replace, error);
    return self->npy != NULL && ts_out_file_write(self->npy, bytes, n, error);
}

/* The whole canvas in memory. An existing file is noticed before the work, not after it. */
static gboolean
begin_image(TsCanvasFile *self, const TsTiffWriterOptions *what, GError **error)
{
    if (!ts_image_check_format(suffix_of(self->path), what->like->bands, what->like->type, error)) {
        g_prefix_error(error, "%s: ", self->path);
        return FALSE;
    }
    if (!self->replace && g_file_test(self->path, G_FILE_TEST_IS_REGULAR))
        return ts_error_set(error, TS_ERROR_IO, "%s: exists already; --force replaces it",
                            self->path);
    self->canvas = ts_image_new_like(what->like, what->width, what->height, error);
    if (self->canvas == NULL)
        g_prefix_error(error, "%s: (a .tif file is written row by row) ", self->path);
    return self->canvas != NULL;
}

TsCanvasFile *
ts_canvas_file_new(const char *path, const TsCanvasOptions *options, gboolean replace,
                   GError **error)
{
    g_autoptr(TsCanvasFile) self = g_new0(TsCanvasFile, 1);
    gboolean begun;
    self->kind = kind_of(path);
    self->path = g_strdup(path);
    self->replace = replace;
    self->encode = options->encode;
    if (self->kind == FILE_TIFF)
        begun = (self->tiff = ts_tiff_writer_new(path, &options->tiff, replace, error)) != NULL;
    else if (self->kind == FILE_NPY)
        begun = begin_npy(self, &options->tiff, error);
    else
        begun = begin_image(self, &options->tiff, error);
    return begun ? g_steal_pointer(&self) : NULL;
}

gboolean
ts_canvas_file_put(const TsImage *stripe, int y, gpointer file, GError **error)
{
    TsCanvasFile *self = file;
    gsize n = (gsize) stripe->height * ts_image_row_size(stripe);
    if (self->kind == FILE_TIFF)
        return ts_tiff_writer_put_rows(self->tiff, stripe, error);
    if (self->kind == FILE_NPY)
        return ts_out_file_write(self->npy, stripe->data, n, error);
    memcpy(self->canvas->data + (gsize) y * ts_image_row_size(stripe), stripe->data, n);
    return TRUE;
}

gboolean
ts_canvas_file_commit(TsCanvasFile *self, GError **error)
{
    if (self->kind == FILE_TIFF)
        return ts_tiff_writer_commit(self->tiff, error);
    if (self->kind == FILE_NPY)
        return ts_out_file_commit(self->npy, error);
    return ts_image_write(self->canvas, self->path, &self->encode, self->replace, error);
}

void
ts_canvas_file_free(TsCanvasFile *self)
{
    if (self == NULL)
        return;
    ts_tiff_writer_free(self->tiff);
    ts_out_file_free(self->npy);
    ts_image_free(self->canvas);
    g_free(self->path);
    g_free(self);
}
