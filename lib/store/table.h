/* Tables of texts that other programs' formats are read into: CSV, JSON Lines, COCO.
 *
 * Columns appear as they are met; a cell that was not set has no value. Texts lie in one block, so
 * a cell costs eight bytes and its text. Parsers check everything (UTF-8, structure, limits) and
 * their errors begin with "NAME:LINE:".
 *
 *     g_autoptr(TsTable) table = ts_table_parse_csv(text, n, "labels.csv", error);
 *     int label = table != NULL ? ts_table_find_column(table, "label") : -1;
 *     for (guint64 row = 0; label >= 0 && row < ts_table_n_rows(table); row++)
 *         use(ts_table_get(table, row, label));
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsTable TsTable;

TsTable *ts_table_new(void);

/* NULL is allowed. */
void ts_table_free(TsTable *table);

/* The column of that name, added if there is none. */
guint ts_table_add_column(TsTable *table, const char *name);

/* The column of that name, -1 if there is none. */
int ts_table_find_column(const TsTable *table, const char *name);

/* Give a column another name, which no column has. */
void ts_table_rename_column(TsTable *table, guint column, const char *name);

guint ts_table_n_columns(const TsTable *table);
guint64 ts_table_n_rows(const TsTable *table);

/* Borrowed. */
const char *ts_table_column_name(const TsTable *table, guint column);

/* Begin a row that comes from `line` of its file. */
void ts_table_begin_row(TsTable *table, guint64 line);

/* Set a cell of the last row to `n` bytes of `text`, valid UTF-8 without NUL; once a cell. */
void ts_table_set(TsTable *table, guint column, const char *text, gsize n);
void ts_table_set_int(TsTable *table, guint column, gint64 value);

/* The text, borrowed until the next set; NULL: no value. */
const char *ts_table_get(const TsTable *table, guint64 row, guint column);

/* The line that the row comes from. */
guint64 ts_table_line(const TsTable *table, guint64 row);

/* TS_ERROR_FORMAT if next to none of the cells has a value: where each row brings names of its own,
 * rows times columns would be more than any memory, out of a small file. */
gboolean ts_table_check_size(const TsTable *table, const char *where, GError **error);

/* Read CSV as RFC 4180 has it: fields separated by commas, in double quotes where they hold a
 * comma, a quote (doubled) or a line end; lines end with LF or CRLF; a byte order mark is passed
 * over. The first line names the columns, distinct; one without a name (pandas' index) is called
 * unnamed_N. An empty field without quotes has no value. TS_ERROR_FORMAT. */
TsTable *ts_table_parse_csv(const char *text, gsize n, const char *name, GError **error);

/* Read JSON Lines: an object a line, its members the columns. Numbers are written in their shortest
 * form, null is no value, arrays and objects stay JSON text. Empty lines are passed over.
 * TS_ERROR_FORMAT. */
TsTable *ts_table_parse_jsonl(const char *text, gsize n, const char *name, GError **error);

/* Add the members of one JSON object to the last row; columns that have a value in it already are
 * left as they are. `where` begins messages. TS_ERROR_FORMAT, also of ts_table_check_size(). */
gboolean
ts_table_set_json(TsTable *table, const char *text, gsize n, const char *where, GError **error);

/* Read COCO's object {images, annotations, categories}: a row an annotation, with the columns
 * file_name, x, y, width, height, label and group. The region is the box widened to whole pixels
 * and cut at the image's edge where the image says its size; an annotation without a box is the
 * whole image. An image without annotations is a row without a label. Rows come in the order of the
 * images, then of the annotations; `group` is the image's file_name, so that boxes of one image
 * stay in one split. TS_ERROR_FORMAT. */
TsTable *ts_table_parse_coco(const char *text, gsize n, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTable, ts_table_free)

G_END_DECLS
