/* Plain tar files: written so that equal members give equal bytes, read without trust.
 *
 * Written is USTAR with mtime 0, owner 0 and mode 0444, members in the order given; a name that
 * USTAR cannot hold (over 255 bytes, or no '/' where it would have to be cut) and a size of 8 GiB
 * or more get a pax header. The bytes of a member lie as they are in the file, so a program that
 * knows offset and length needs no tar reader; ts_tar_writer_write_index() notes them for NVIDIA's
 * DALI. Read are uncompressed tars of any dialect (V7, USTAR, GNU long names, pax); links, folders
 * and devices are passed over, and every number is checked before it is believed.
 *
 * libarchive is not used here: it does not tell where the bytes of a member begin, and what it
 * writes depends on its version.
 *
 *     g_autoptr(TsTarWriter) tar = ts_tar_writer_new("a-000000.tar", force, error);
 *     guint64 offset;
 *     if (tar == NULL || !ts_tar_writer_add(tar, "0001.jpg", bytes, n, &offset, error) ||
 *         !ts_tar_writer_write_index(tar, "a-000000.index", force, error))
 *         return FALSE;
 *     return ts_tar_writer_commit(tar, error);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsTarWriter TsTarWriter;

/* Begin `path`, which appears whole or not at all; "-" is standard output. An existing file is an
 * error unless `replace`. */
TsTarWriter *ts_tar_writer_new(const char *path, gboolean replace, GError **error);

/* Do not wait for the disk: the caller makes many files and calls ts_sync_folder(). */
void ts_tar_writer_set_unsynced(TsTarWriter *writer);

/* Append a member of `n` bytes. `offset`, unless NULL, is set to where its bytes begin in the file.
 * TS_ERROR_ARGUMENT for a name that is empty, absolute, ends with '/' or has a part "." or "..";
 * TS_ERROR_IO. */
gboolean ts_tar_writer_add(TsTarWriter *writer, const char *member, gconstpointer bytes, gsize n,
                           guint64 *offset, GError **error);

/* Bytes of the file if it ended now, end marker included; for deciding when a shard is full. */
guint64 ts_tar_writer_n_bytes(const TsTarWriter *writer);

/* Write the index of the members so far, as DALI's wds2idx does: a line "v1.2 N" and one line a
 * sample, "EXTENSION OFFSET LENGTH MEMBER" for each of its members. Neighbours whose names are
 * alike up to the first dot of the base name are one sample. TS_ERROR_ARGUMENT if there is no
 * member, or one has no dot or a white space in its name, which the format cannot hold. */
gboolean
ts_tar_writer_write_index(TsTarWriter *writer, const char *path, gboolean replace, GError **error);

/* Write the end marker and make the file appear. After it, only ts_tar_writer_free() and
 * ts_tar_writer_write_index() may be called. */
gboolean ts_tar_writer_commit(TsTarWriter *writer, GError **error);

/* Free; without a commit no file appears. NULL is allowed. */
void ts_tar_writer_free(TsTarWriter *writer);

typedef struct {
    const char *name;   /* any bytes but NUL, not empty */
    guint64 offset;     /* in the file */
    guint64 length;     /* bytes */
    const guint8 *data; /* (length) */
} TsTarMember;

typedef struct _TsTarReader TsTarReader;

/* Open `path`, a regular file. TS_ERROR_IO; TS_ERROR_FORMAT if it is compressed or no tar. */
TsTarReader *ts_tar_reader_open(const char *path, GError **error);

/* Read `bytes`, of which a reference is kept; `name` begins error messages. */
TsTarReader *ts_tar_reader_new(GBytes *bytes, const char *name, GError **error);

/* The next regular file; borrowed until the next call. `member` is set to NULL at the end.
 * TS_ERROR_FORMAT for a damaged header, a member that reaches over the end of the file, a sparse
 * file, or a missing end marker (the file was cut). */
gboolean ts_tar_reader_next(TsTarReader *reader, const TsTarMember **member, GError **error);

/* NULL is allowed. */
void ts_tar_reader_free(TsTarReader *reader);

/* Length of the part of a member's name that is the key of its sample: up to the first dot of the
 * base name. The name's length if there is none. */
gsize ts_tar_key_length(const char *member);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTarWriter, ts_tar_writer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTarReader, ts_tar_reader_free)

G_END_DECLS
