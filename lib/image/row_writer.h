/* Image files made of rows that come top to bottom: .png, .jpg, .raw and .webp; for .tif there is a
 * TsTiffWriter.
 *
 * Rows are encoded and written as they come, so only those at hand are in memory; but WebP, which
 * holds at most 16383 pixels a side, is encoded from the whole image. The file appears whole or not
 * at all.
 *
 *     g_autoptr(TsRowWriter) writer =
 *         ts_row_writer_new("map.png", 90000, 70000, stripe, &options, FALSE, error);
 *     while (writer != NULL && next_stripe(stripe))
 *         if (!ts_row_writer_put(writer, stripe, error))
 *             return FALSE;
 *     return writer != NULL && ts_row_writer_commit(writer, error);
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct _TsRowWriter TsRowWriter;

/* Begin `path`, in the format of its suffix, for width x height pixels of the kind of `like`.
 * `options` may be NULL. TS_ERROR_ARGUMENT for what the format cannot hold, before any work;
 * TS_ERROR_IO if the file exists, unless `replace`. */
TsRowWriter *ts_row_writer_new(const char *path, int width, int height, const TsImage *like,
                               const TsEncodeOptions *options, gboolean replace, GError **error);

/* Append full-width rows of the kind announced, any number at a time. */
gboolean ts_row_writer_put(TsRowWriter *writer, const TsImage *rows, GError **error);

/* Make the file appear. TS_ERROR_RANGE if rows are missing. */
gboolean ts_row_writer_commit(TsRowWriter *writer, GError **error);

/* Free; without a commit nothing is left of the file. NULL is allowed. */
void ts_row_writer_free(TsRowWriter *writer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsRowWriter, ts_row_writer_free)

G_END_DECLS
