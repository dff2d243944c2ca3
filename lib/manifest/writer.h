/* Manifests written: escapes, paths that stay right in another folder, files that appear whole.
 *
 * Relative paths in a manifest start at the folder of the manifest (for standard output: the folder
 * of the file it is redirected to, else the working folder). A row copied into another folder has
 * its file_name and mask rewritten, parent_b too (also as an extra column) where the rows have no
 * id column and are therefore named by their file, and source where the rows are tiles of it (there
 * is a column src_x).
 *
 *     const char *const extra[] = {"split", NULL};
 *     g_autoptr(TsManifestWriter) writer = ts_manifest_writer_new_like("-", manifest, extra, FALSE,
 *                                                                      error);
 *     for (row = 0; writer != NULL && row < n; row++)
 *         if (!ts_manifest_writer_copy_row(writer, manifest, row, &split[row], error))
 *             return FALSE;
 *     return writer != NULL && ts_manifest_writer_commit(writer, error);
 */
#pragma once

#include "manifest/manifest.h"

G_BEGIN_DECLS

typedef struct _TsManifestWriter TsManifestWriter;

/* Begin a manifest with the header `columns` (NULL-terminated, distinct). `path` "-" is standard
 * output; an existing file is an error unless `replace` (see base/outfile.h). */
TsManifestWriter *ts_manifest_writer_new(const char *path, const char *const *columns,
                                         gboolean replace, GError **error);

/* Write the next field. Every row gets one field a column, in order. */
void ts_manifest_writer_put(TsManifestWriter *writer, const char *text); /* NULL: \N */
void ts_manifest_writer_put_int(TsManifestWriter *writer, gint64 value);
void ts_manifest_writer_put_double(TsManifestWriter *writer, double value);
void ts_manifest_writer_put_cell(TsManifestWriter *writer, TsCell raw);

/* Write a path that is relative to the working folder (or absolute) as the next field, so that it
 * is right for readers of the manifest. */
void ts_manifest_writer_put_path(TsManifestWriter *writer, const char *path);

/* End the row. TS_ERROR_IO when the bytes cannot be written. */
gboolean ts_manifest_writer_end_row(TsManifestWriter *writer, GError **error);

/* Begin a manifest with the columns of `manifest` and the columns `extra` (NULL-terminated; NULL:
 * none) behind them; one that is there already is replaced in place. `manifest` must outlive the
 * writer. */
TsManifestWriter *
ts_manifest_writer_new_like(const char *path, const TsManifest *manifest, const char *const *extra,
                            gboolean replace, GError **error);

/* Copy `row` of the manifest given to ts_manifest_writer_new_like(), or of one with the same header
 * and folder, with `values`, one per `extra`
 * and not escaped (NULL: \N), as its extra columns; without `values` it keeps what it has in them,
 * and \N stands in those that it has not. */
gboolean ts_manifest_writer_copy_row(TsManifestWriter *writer, const TsManifest *manifest,
                                     guint64 row, const char *const *values, GError **error);

/* Hand on what was written so far: where the output is a pipe its reader has it now. */
gboolean ts_manifest_writer_flush(TsManifestWriter *writer, GError **error);

/* Make the file appear. After it, only ts_manifest_writer_free() may be called. */
gboolean ts_manifest_writer_commit(TsManifestWriter *writer, GError **error);

/* Free; without a commit no file appears. NULL is allowed. */
void ts_manifest_writer_free(TsManifestWriter *writer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsManifestWriter, ts_manifest_writer_free)

G_END_DECLS
