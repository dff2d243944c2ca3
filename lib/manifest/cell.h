/* One field of a manifest: borrowed bytes, escaped as they stand in the file.
 *
 * Linear TSV writes tab, LF, CR and backslash as \t \n \r \\ and a missing value as \N; there are
 * no quotes. A cell of a parsed manifest is valid UTF-8 and its escapes are sound. Cells are passed
 * by value, are not NUL-terminated and live as long as their manifest.
 *
 *     TsCell cell = ts_manifest_cell(manifest, row, column);
 *     if (!ts_cell_is_null(cell)) {
 *         g_autofree char *text = ts_cell_unescape(cell);
 */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

typedef struct {
    const char *text;
    gsize length;
} TsCell;

/* TRUE for \N, the missing value. An empty cell is not null: it is the empty text. */
static inline gboolean
ts_cell_is_null(TsCell cell)
{
    return cell.length == 2 && cell.text[0] == '\\' && cell.text[1] == 'N';
}

/* The text that the cell stands for, NULL for \N. Free with g_free(). */
char *ts_cell_unescape(TsCell cell);

/* TRUE if the cell stands for `text` (not escaped, NUL-terminated). */
gboolean ts_cell_equal(TsCell cell, const char *text);

/* Read all of the cell as a whole number; FALSE, `value` untouched, if it is none or out of range.
 */
gboolean ts_cell_to_int(TsCell cell, gint64 *value);

/* Read all of the cell as a finite number; FALSE, `value` untouched, if it is none. */
gboolean ts_cell_to_double(TsCell cell, double *value);

/* Write `text` (n bytes) escaped to `out`, which has room for 2 * n bytes; returns how many were
 * written. No NUL is added. */
gsize ts_escape_to(char *out, const char *text, gsize n);

/* Append `text` (n bytes) to `out`, escaped. */
void ts_escape_append(GString *out, const char *text, gsize n);

/* `text` escaped, for a message or a file. Free with g_free(). */
char *ts_escape(const char *text);

/* The order and the identity of cells by their raw bytes, for sorting and hash tables; equal raw
 * bytes are equal texts and the other way round, since every text has one escaped form. */
static inline gboolean
ts_cell_same(TsCell a, TsCell b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

guint ts_cell_hash(TsCell cell);

G_END_DECLS
