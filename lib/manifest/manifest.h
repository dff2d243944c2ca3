/* The table of samples that every tool reads: see tessera-manifest(5).
 *
 * A manifest is one block of TSV text and an index of its rows; cells are found by scanning the
 * row, so the whole costs the file's size and four bytes a row. All of the text is checked when it
 * is read (UTF-8, escapes, number of fields), so reading a cell cannot fail. Other layouts (a
 * folder of class folders) are turned into that text. A manifest does not change after it was read,
 * but for its folder, and may be read from several threads.
 *
 *     g_autoptr(TsManifest) manifest = ts_manifest_read("data/train.tsv", error);
 *     guint label;
 *     if (manifest == NULL || !ts_manifest_require_column(manifest, "label", &label, error))
 *         return FALSE;
 *     for (guint64 row = 0; row < ts_manifest_n_rows(manifest); row++)
 *         use(ts_manifest_cell(manifest, row, label));
 */
#pragma once

#include "manifest/cell.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsManifest TsManifest;

/* Read a manifest or a folder of pictures; tools call ts_layout_read() of layout/layout.h, which
 * reads every other layout too. `dataset` is a manifest (.tsv), "-" for a manifest on standard
 * input, or a folder: the manifest.tsv in it, else its class folders (ImageFolder), with or without
 * train, val and test above them, else its pictures, unlabelled. TS_ERROR_IO, TS_ERROR_FORMAT or
 * TS_ERROR_NO_MEMORY. */
TsManifest *ts_manifest_read(const char *dataset, GError **error);

/* Make a manifest of `text` (n bytes, from g_malloc()), which it takes, also on failure. `name`
 * stands in messages, relative file names start at `folder`; both are copied. */
TsManifest *
ts_manifest_parse(char *text, gsize n, const char *name, const char *folder, GError **error);

/* NULL is allowed. */
void ts_manifest_free(TsManifest *manifest);

guint64 ts_manifest_n_rows(const TsManifest *manifest);
guint ts_manifest_n_columns(const TsManifest *manifest);

/* The name, unescaped; borrowed. */
const char *ts_manifest_column_name(const TsManifest *manifest, guint column);

/* The column of that name, -1 if there is none. */
int ts_manifest_find_column(const TsManifest *manifest, const char *name);

/* Like find, but its absence is an error (TS_ERROR_FORMAT) that names the columns there are. */
gboolean ts_manifest_require_column(const TsManifest *manifest, const char *name, guint *column,
                                    GError **error);

/* What messages call it: the path as the user gave it, or "standard input". Borrowed. */
const char *ts_manifest_name(const TsManifest *manifest);

/* The line of `row` in the text, counted from 1 (the header is line 1). */
guint64 ts_manifest_line(const TsManifest *manifest, guint64 row);

/* How a message about `row` begins: "train.tsv:17", or the picture's path where the rows come from
 * another layout and have no line. Free with g_free(). */
char *ts_manifest_where(const TsManifest *manifest, guint64 row);

TsCell ts_manifest_cell(const TsManifest *manifest, guint64 row, guint column);

/* All n_columns cells of a row in one scan. */
void ts_manifest_row(const TsManifest *manifest, guint64 row, TsCell *cells);

/* The whole row as it stands in the text, without its LF. */
TsCell ts_manifest_raw_row(const TsManifest *manifest, guint64 row);

/* Where relative file names start: the manifest's folder; for standard input the folder of the file
 * it is redirected from, else the working folder. Borrowed. */
const char *ts_manifest_folder(const TsManifest *manifest);
void ts_manifest_set_folder(TsManifest *manifest, const char *folder);

/* The row's file_name resolved against the folder, NULL if there is no such column or it is \N.
 * Free with g_free(). */
char *ts_manifest_path(const TsManifest *manifest, guint64 row);

/* Any path that stands in a manifest (file_name, mask), resolved the same way. NULL for \N. */
char *ts_manifest_resolve(const TsManifest *manifest, TsCell path);

/* The row's stable name: its id; without one its file_name, "@offset" behind it if the row is a
 * part of the file's bytes, and "#x,y,width,height" if it is a region. NULL if it has neither. Free
 * with g_free(). */
char *ts_manifest_id(const TsManifest *manifest, guint64 row);

/* The rows, ascending, whose `column` is `value`; all rows if `value` is NULL; none if there is no
 * such column. `n` is set to their number. Free with g_free(). */
guint64 *
ts_manifest_select(const TsManifest *manifest, const char *column, const char *value, guint64 *n);

/* What stands in `column`, for messages about a value that no row has: "; there are: train, val",
 * the first few in the order of the rows. "" if there is no such column or no row. Free with
 * g_free(). */
char *ts_manifest_values_hint(const TsManifest *manifest, const char *column);

/* The names of classes.txt beside the manifest, which fix the classes of `label` and their order;
 * NULL if there is no such file. Borrowed, NULL-terminated. */
const char *const *ts_manifest_class_list(const TsManifest *manifest);

/* Bytes held: text and index. */
gsize ts_manifest_n_bytes(const TsManifest *manifest);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsManifest, ts_manifest_free)

G_END_DECLS
