/* What the files of this room share; nobody outside of lib/manifest includes it. */
#pragma once

#include "manifest/foreign.h"
#include "manifest/manifest.h"

G_BEGIN_DECLS

/* Where the rows of a text begin: a 64-bit base for every 256 rows and a 32-bit distance from it
 * for every row. Lines are limited to 16 MiB, so that the distance always fits. */
typedef struct {
    guint64 n_rows;
    guint64 *base;
    guint32 *start; /* n_rows + 1: the last is one past the last row's LF, real or not */
} TsRowIndex;

enum { TS_ROWS_PER_BASE = 256, TS_LINE_MAX = 16 << 20 };

/* Check the header line and split it into names (NULL-terminated). `header` is set to its length
 * without LF. */
char **
ts_index_read_header(const char *text, gsize n, const char *name, gsize *header, GError **error);

/* Check all lines from byte `from` on, the first being line `line` of the file `name`, and note
 * where they begin. Clear with ts_row_index_clear(), also on failure. */
gboolean ts_index_rows(TsRowIndex *index, const char *text, gsize n, gsize from, guint64 line,
                       guint n_columns, const char *name, GError **error);
void ts_row_index_clear(TsRowIndex *index);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsRowIndex, ts_row_index_clear)

/* As ts_manifest_parse(), for a header and a part of the rows, the first of which is line `line` of
 * the whole. */
TsManifest *ts_manifest_parse_part(char *text, gsize n, const char *name, const char *folder,
                                   guint64 line, GError **error);

/* The text of a manifest of the pictures under `folder`. `class_list` may name classes whose folder
 * is empty. */
GString *ts_scan_folder(const char *folder, const char *const *class_list, GError **error);

G_END_DECLS
