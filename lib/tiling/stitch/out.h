/* Files that a canvas is written to from stripes, top to bottom.
 *
 * All are written in the memory of some rows: .tif and .tiff by a TsTiffWriter, .npy as it is, the
 * others by a TsRowWriter; only WebP holds the whole canvas until it is complete. The file appears
 * whole or not at all, at the commit.
 *
 *     g_autoptr(TsCanvasFile) file = ts_canvas_file_new("map.tif", &options, FALSE, error);
 *     if (file == NULL || !ts_stitch(&job, ts_canvas_file_put, file, error))
 *         return FALSE;
 *     return ts_canvas_file_commit(file, error);
 */
#pragma once

#include "image/tiff.h"

G_BEGIN_DECLS

typedef struct _TsCanvasFile TsCanvasFile;

typedef struct {
    TsTiffWriterOptions tiff; /* width, height and like count for all formats */
    TsEncodeOptions encode;   /* of the others */
} TsCanvasOptions;

/* Begin `path`, in the format of its suffix. What the format cannot hold is TS_ERROR_ARGUMENT,
 * before any work. */
TsCanvasFile *ts_canvas_file_new(const char *path, const TsCanvasOptions *options, gboolean replace,
                                 GError **error);

/* Append rows: a TsStripeFunc, `file` is a TsCanvasFile. */
gboolean ts_canvas_file_put(const TsImage *stripe, int y, gpointer file, GError **error);

/* Make the file appear. After it, only ts_canvas_file_free() may be called. */
gboolean ts_canvas_file_commit(TsCanvasFile *file, GError **error);

/* NULL is allowed. */
void ts_canvas_file_free(TsCanvasFile *file);

/* The differences between a canvas and the image that it should be. */
typedef struct _TsCanvasCheck TsCanvasCheck;

/* Begin to compare with the image in `path`, whose size and kind of pixels have to be those of a
 * canvas of width x height pixels like `kind`: TS_ERROR_FORMAT says what differs. If the canvas is
 * `scaled`, so is the image, as tile(1) does it. */
TsCanvasCheck *ts_canvas_check_new(const char *path, int width, int height, gboolean scaled,
                                   const TsImage *kind, GError **error);

/* Compare rows, bit by bit: a TsStripeFunc, `check` is a TsCanvasCheck. */
gboolean ts_canvas_check_put(const TsImage *stripe, int y, gpointer check, GError **error);

/* TRUE if no pixel was different; else TS_ERROR_FORMAT with their number and the first. */
gboolean ts_canvas_check_finish(const TsCanvasCheck *check, GError **error);

/* NULL is allowed. */
void ts_canvas_check_free(TsCanvasCheck *check);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsCanvasFile, ts_canvas_file_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsCanvasCheck, ts_canvas_check_free)

G_END_DECLS
