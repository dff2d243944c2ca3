/* A manifest read as it arrives, a few rows at a time.
 *
 * What comes back is a manifest of the header and the next rows, so that everything that works on
 * manifests works on it, and memory does not grow with the table. Lines keep their numbers. Rows
 * cannot name rows of another part (parent_b).
 *
 *     g_autoptr(TsRowStream) stream = ts_row_stream_new(STDIN_FILENO, "standard input", error);
 *     while (stream != NULL && (part = ts_row_stream_next(stream, 64, &failure)) != NULL)
 *         use(part);
 */
#pragma once

#include "manifest/manifest.h"

G_BEGIN_DECLS

typedef struct _TsRowStream TsRowStream;

/* Begin with the header, for which this waits; `fd` stays the caller's. `name` stands in messages.
 * TS_ERROR_IO, TS_ERROR_FORMAT, TS_ERROR_INTERRUPTED. */
TsRowStream *ts_row_stream_new(int fd, const char *name, GError **error);

/* The manifest without any row, for its columns and folder; borrowed. */
const TsManifest *ts_row_stream_head(const TsRowStream *stream);

/* Relative names start at `folder`. */
void ts_row_stream_set_folder(TsRowStream *stream, const char *folder);

/* Return the next 1 to `max_rows` rows: as many as have arrived, waiting for the first. NULL
 * without an error: the end. Errors as above. */
TsManifest *ts_row_stream_next(TsRowStream *stream, guint64 max_rows, GError **error);

/* All rows that are left. */
TsManifest *ts_row_stream_rest(TsRowStream *stream, GError **error);

/* Make a call of ts_row_stream_next() in another thread return with TS_ERROR_INTERRUPTED soon. */
void ts_row_stream_cancel(TsRowStream *stream);

/* NULL is allowed. */
void ts_row_stream_free(TsRowStream *stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsRowStream, ts_row_stream_free)

G_END_DECLS
