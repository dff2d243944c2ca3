/* Tar files written: USTAR headers without anything that depends on the machine or the day. */
#include "store/tar.h"

#include "base/error.h"
#include "base/outfile.h"
#include "store/tar_block.h"

#include <string.h>

static const guint64 MAX_OCTAL_SIZE = (G_GUINT64_CONSTANT(1) << 33) - 1; /* eleven octal digits */

struct _TsTarWriter {
    TsOutFile *out;
    guint64 n_bytes; /* written so far */
    gboolean unsynced;
    GString *index; /* the lines of the index, without the first; NULL: `unindexed` says why */
    char *unindexed;
    char *key; /* of the sample of the last member */
    guint64 n_samples;
};

TsTarWriter *
ts_tar_writer_new(const char *path, gboolean replace, GError **error)
{
    TsOutFile *out = ts_out_file_new(path, replace, error);
    if (out == NULL)
        return NULL;
    TsTarWriter *self = g_new0(TsTarWriter, 1);
    self->out = out;
    self->index = g_string_new(NULL);
    return self;
}

void
ts_tar_writer_free(TsTarWriter *self)
{
    if (self == NULL)
        return;
    ts_out_file_free(self->out);
    if (self->index != NULL)
        g_string_free(self->index, TRUE);
    g_free(self->unindexed);
    g_free(self->key);
    g_free(self);
}

void
ts_tar_writer_set_unsynced(TsTarWriter *self)
{
    self->unsynced = TRUE;
    ts_out_file_set_unsynced(self->out);
}

static gboolean
check_name(const char *name, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(name, "/", -1);
    gboolean sound = name[0] != '\0' && name[0] != '/' && !g_str_has_suffix(name, "/");
    for (guint i = 0; sound && parts[i] != NULL; i++)
        sound = strcmp(parts[i], ".") != 0 && strcmp(parts[i], "..") != 0;
    return sound ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "'%s': is no name for a member of a tar file, a relative path without "
                        "'.' and '..' was expected",
                        name);
}

static gboolean
put(TsTarWriter *self, gconstpointer bytes, gsize n, GError **error)
{
    static const guint8 zeros[TS_TAR_BLOCK];
    guint padding = ts_tar_padding(n);
    self->n_bytes += n + padding;
    return ts_out_file_write(self->out, bytes, n, error) &&
           ts_out_file_write(self->out, zeros, padding, error);
}

/* `prefix` is n_prefix bytes of a folder; `name` is at most 100 bytes, or cut to them. */
static gboolean
put_header(TsTarWriter *self, const char *prefix, gsize n_prefix, const char *name, char type,
           guint64 size, GError **error)
{
    TsTarHeader header = {.type = type, .magic = "ustar", .version = {'0', '0'}};
    memcpy(header.name, name, MIN(strlen(name), sizeof header.name));
    memcpy(header.prefix, prefix, n_prefix);
    memcpy(header.mode, "0000444", 8);
    memcpy(header.uid, "0000000", 8);
    memcpy(header.gid, "0000000", 8);
    memcpy(header.major, "0000000", 8);
    memcpy(header.minor, "0000000", 8);
    memcpy(header.mtime, "00000000000", 12);
    g_snprintf(header.size, sizeof header.size, "%011" G_GINT64_MODIFIER "o", size);
    g_snprintf(header.checksum, sizeof header.checksum, "%06o", ts_tar_checksum(&header));
    header.checksum[7] = ' ';
    return put(self, &header, sizeof header, error);
}

/* Where to cut a long name so that both parts fit; 0: it fits whole or cannot be cut. */
static gsize
find_cut(const char *name)
{
    const TsTarHeader *header = NULL;
    gsize n = strlen(name);
    if (n <= sizeof header->name)
        return 0;
    for (gsize cut = MIN(n - 2, sizeof header->prefix); cut > 0; cut--)
        if (name[cut] == '/')
            return n - cut - 1 <= sizeof header->name ? cut : 0;
    return 0;
}

/* "LENGTH KEY=VALUE\n"; the length counts its own digits. */
static void
append_record(GString *records, const char *key, const char *value)
{
    gsize rest = strlen(key) + strlen(value) + 3, n = rest + 1;
    for (gsize before = 0; before != n;) {
        char digits[24];
        before = n;
        n = rest + (gsize) g_snprintf(digits, sizeof digits, "%" G_GSIZE_FORMAT, n);
    }
    g_string_append_printf(records, "%" G_GSIZE_FORMAT " %s=%s\n", n, key, value);
}

/* What the member's own header cannot hold, in one before it. */
static gboolean
put_pax(TsTarWriter *self, const char *name, guint64 size, gboolean long_name, GError **error)
{
    g_autoptr(GString) records = g_string_new(NULL);
    if (long_name)
        append_record(records, "path", name);
    if (size > MAX_OCTAL_SIZE) {
        g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, size);
        append_record(records, "size", digits);
    }
    if (records->len == 0)
        return TRUE;
    return put_header(self, "", 0, "PaxHeader", 'x', records->len, error) &&
           put(self, records->str, records->len, error);
}

gsize
ts_tar_key_length(const char *member)
{
    const char *slash = strrchr(member, '/');
    const char *dot = strchr(slash != NULL ? slash : member, '.');
    return dot != NULL ? (gsize) (dot - member) : strlen(member);
}

static void
note_for_index(TsTarWriter *self, const char *member, guint64 offset, gsize n)
{
    gsize length = ts_tar_key_length(member);
    gboolean keyed = length > 0 && member[length] == '.' && member[length - 1] != '/';
    if (self->index != NULL && (!keyed || strpbrk(member, " \t\n\r\v\f") != NULL)) {
        self->unindexed = g_strdup(member);
        g_string_free(g_steal_pointer(&self->index), TRUE);
    }
    if (self->index == NULL)
        return;
    g_autofree char *key = g_strndup(member, length);
    gboolean same = g_strcmp0(self->key, key) == 0;
    if (!same)
        self->n_samples++;
    if (self->index->len > 0)
        g_string_append_c(self->index, same ? ' ' : '\n');
    g_string_append_printf(self->index, "%s %" G_GUINT64_FORMAT " %" G_GSIZE_FORMAT " %s",
                           member + length + 1, offset, n, member);
    g_free(self->key);
    self->key = g_steal_pointer(&key);
}

gboolean
ts_tar_writer_add(TsTarWriter *self, const char *member, gconstpointer bytes, gsize n,
                  guint64 *offset, GError **error)
{
    const TsTarHeader *header = NULL;
    if (!check_name(member, error))
        return FALSE;
    gsize cut = find_cut(member);
    const char *name = cut > 0 ? member + cut + 1 : member;
    if (!put_pax(self, member, n, strlen(name) > sizeof header->name, error) ||
        !put_header(self, member, cut, name, '0', n <= MAX_OCTAL_SIZE ? n : 0, error))
        return FALSE;
    note_for_index(self, member, self->n_bytes, n);
    if (offset != NULL)
        *offset = self->n_bytes;
    return put(self, bytes, n, error);
}

guint64
ts_tar_writer_n_bytes(const TsTarWriter *self)
{
    return self->n_bytes + 2 * TS_TAR_BLOCK;
}

gboolean
ts_tar_writer_write_index(TsTarWriter *self, const char *path, gboolean replace, GError **error)
{
    if (self->index == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: the member '%s' has white space or no extension, an index cannot "
                            "hold it",
                            path, self->unindexed);
    if (self->n_samples == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: there is no member to be indexed", path);
    g_autoptr(TsOutFile) out = ts_out_file_new(path, replace, error);
    g_autofree char *first = g_strdup_printf("v1.2 %" G_GUINT64_FORMAT "\n", self->n_samples);
    if (out == NULL || !ts_out_file_write(out, first, strlen(first), error) ||
        !ts_out_file_write(out, self->index->str, self->index->len, error) ||
        !ts_out_file_write(out, "\n", 1, error))
        return FALSE;
    if (self->unsynced)
        ts_out_file_set_unsynced(out);
    return ts_out_file_commit(out, error);
}

gboolean
ts_tar_writer_commit(TsTarWriter *self, GError **error)
{
    static const guint8 end[2 * TS_TAR_BLOCK];
    return put(self, end, sizeof end, error) && ts_out_file_commit(self->out, error);
}
