/* Output files that appear whole or not at all.
 *
 * Bytes go to a temporary file in the same folder; ts_out_file_commit() syncs it, gives it its name
 * and syncs the folder. Leaving the scope without a commit removes it. So a kill, a full disk or a
 * Ctrl-C never leaves half a file under the final name, and an old file stays until the new one is
 * complete.
 *
 *     g_autoptr(TsOutFile) out = ts_out_file_new("model.safetensors", force, error);
 *     if (out == NULL || !ts_out_file_write(out, bytes, n, error))
 *         return FALSE;
 *     return ts_out_file_commit(out, error);
 */
#pragma once

#include <glib.h>
#include <stdio.h>

G_BEGIN_DECLS

typedef struct _TsOutFile TsOutFile;

/* Begin `path`. "-" is standard output; devices and pipes are written directly. An existing regular
 * file is an error (TS_ERROR_IO) unless `replace`. Missing folders are not made. */
TsOutFile *ts_out_file_new(const char *path, gboolean replace, GError **error);

/* The errors of ts_out_file_new() for what is there already, before long work is begun. */
gboolean ts_out_file_check(const char *path, gboolean replace, GError **error);

/* Append bytes. */
gboolean ts_out_file_write(TsOutFile *out, const void *bytes, gsize n, GError **error);

/* Hand what was written so far to the system, so that the reader of a pipe has it. */
gboolean ts_out_file_flush(TsOutFile *out, GError **error);

/* Go on writing at the beginning of the file. TS_ERROR_IO for pipes and the like. */
gboolean ts_out_file_rewind(TsOutFile *out, GError **error);

/* The stdio stream, for fprintf(); borrowed. Its errors are reported by the commit. */
FILE *ts_out_file_stream(TsOutFile *out);

/* The temporary's path, for libraries that write by name; NULL where there is none (standard
 * output, devices). What such a library writes replaces what the stream wrote. */
const char *ts_out_file_temporary(TsOutFile *out);

/* Do not wait for the disk in ts_out_file_commit(). For many small files: the caller makes them all
 * and calls ts_sync_folder() once, before the file that says they are complete. */
void ts_out_file_set_unsynced(TsOutFile *out);

/* Make the file appear. After it, only ts_out_file_free() may be called. */
gboolean ts_out_file_commit(TsOutFile *out, GError **error);

/* Free; remove the temporary if there was no commit. NULL is allowed. */
void ts_out_file_free(TsOutFile *out);

/* Write `n` bytes to `path` in one go. */
gboolean
ts_write_file(const char *path, const void *bytes, gsize n, gboolean replace, GError **error);

/* Write all `n` bytes to a descriptor, going on after signals and after a part of them was taken.
 * FALSE with errno. */
gboolean ts_write_all(int fd, const void *bytes, gsize n);

/* Wait until the disk knows the name `path`: sync the folder that it lies in. */
gboolean ts_sync_folder_of(const char *path, GError **error);

/* Wait until all files of the file system that `path`, a folder, lies on have reached the disk. */
gboolean ts_sync_folder(const char *path, GError **error);

/* Make the folder `path` and its missing parents. */
gboolean ts_make_folder(const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsOutFile, ts_out_file_free)

G_END_DECLS
