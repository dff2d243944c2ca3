/* Stripes to files: one set of functions a kind of file. */
#include "tiling/stitch/out.h"

#include "base/error.h"
#include "base/outfile.h"
#include "image/row_writer.h"
#include "tiling/stitch/npy.h"

#include <string.h>

typedef enum { FILE_ROWS, FILE_TIFF, FILE_NPY } Kind;

struct _TsCanvasFile {
    Kind kind;
    TsTiffWriter *tiff;
    TsOutFile *npy;
    TsRowWriter *rows;
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
    return g_ascii_strcasecmp(suffix, ".npy") == 0 ? FILE_NPY : FILE_ROWS;
}

static gboolean
begin_npy(TsCanvasFile *self, const char *path, const TsTiffWriterOptions *what, gboolean replace,
          GError **error)
{
    g_autoptr(GBytes) header = ts_npy_header(what->width, what->height, what->like);
    gsize n;
    const void *bytes = g_bytes_get_data(header, &n);
    self->npy = ts_out_file_new(path, replace, error);
    return self->npy != NULL && ts_out_file_write(self->npy, bytes, n, error);
}

TsCanvasFile *
ts_canvas_file_new(const char *path, const TsCanvasOptions *options, gboolean replace,
                   GError **error)
{
    g_autoptr(TsCanvasFile) self = g_new0(TsCanvasFile, 1);
    gboolean begun;
    const TsTiffWriterOptions *what = &options->tiff;
    self->kind = kind_of(path);
    if (self->kind == FILE_TIFF)
        begun = (self->tiff = ts_tiff_writer_new(path, what, replace, error)) != NULL;
    else if (self->kind == FILE_NPY)
        begun = begin_npy(self, path, what, replace, error);
    else
        begun = (self->rows = ts_row_writer_new(path, what->width, what->height, what->like,
                                                &options->encode, replace, error)) != NULL;
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
    return ts_row_writer_put(self->rows, stripe, error);
}

gboolean
ts_canvas_file_commit(TsCanvasFile *self, GError **error)
{
    if (self->kind == FILE_TIFF)
        return ts_tiff_writer_commit(self->tiff, error);
    if (self->kind == FILE_NPY)
        return ts_out_file_commit(self->npy, error);
    return ts_row_writer_commit(self->rows, error);
}

void
ts_canvas_file_free(TsCanvasFile *self)
{
    if (self == NULL)
        return;
    ts_tiff_writer_free(self->tiff);
    ts_out_file_free(self->npy);
    ts_row_writer_free(self->rows);
    g_free(self);
}
