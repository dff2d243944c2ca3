/* Tar files read: one header after another, each checked before its member is passed over. */
#include "store/tar.h"

#include "base/error.h"
#include "store/mapped.h"
#include "store/tar_block.h"

#include <string.h>

/* Of a long name or a pax header; file systems stop at 4096. */
enum { MAX_EXTRA_BYTES = 1 << 20 };

struct _TsTarReader {
    GBytes *bytes;
    char *name;
    const guint8 *data;
    gsize n, at; /* `at` is the next header */
    gboolean ended;
    char *long_name; /* for the next member, or NULL */
    gboolean has_size;
    guint64 size; /* of the next member, if has_size */
    GString *member_name;
    TsTarMember member;
};

static gboolean
fail(const TsTarReader *self, GError **error, const char *what)
{
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: at byte %" G_GSIZE_FORMAT ": %s", self->name,
                        self->at, what);
}

/* Say what people mistake for a tar. */
static gboolean
check_is_plain(const guint8 *data, gsize n, const char *name, GError **error)
{
    static const struct {
        const char *magic, *program;
    } packed[] = {{"\x1f\x8b", "gunzip"},
                  {"BZh", "bunzip2"},
                  {"\xfd"
                   "7zXZ",
                   "unxz"},
                  {"\x28\xb5\x2f\xfd", "unzstd"}};
    for (gsize i = 0; i < G_N_ELEMENTS(packed); i++)
        if (n >= strlen(packed[i].magic) &&
            memcmp(data, packed[i].magic, strlen(packed[i].magic)) == 0)
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: is compressed, so that no member can be read alone; unpack it "
                                "with %s",
                                name, packed[i].program);
    return n >= TS_TAR_BLOCK ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s: is too short for a tar file", name);
}

TsTarReader *
ts_tar_reader_new(GBytes *bytes, const char *name, GError **error)
{
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    if (!check_is_plain(data, n, name, error))
        return NULL;
    TsTarReader *self = g_new0(TsTarReader, 1);
    self->bytes = g_bytes_ref(bytes);
    self->name = g_strdup(name);
    self->data = data;
    self->n = n;
    self->member_name = g_string_new(NULL);
    return self;
}

TsTarReader *
ts_tar_reader_open(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = ts_map_file(path, error);
    return bytes != NULL ? ts_tar_reader_new(bytes, path, error) : NULL;
}

void
ts_tar_reader_free(TsTarReader *self)
{
    if (self == NULL)
        return;
    g_bytes_unref(self->bytes);
    g_string_free(self->member_name, TRUE);
    g_free(self->long_name);
    g_free(self->name);
    g_free(self);
}

/* Spaces, octal digits, then spaces or NULs; or, with the top bit set, GNU's big-endian number. */
static gboolean
parse_number(const char *field, gsize n, guint64 *value)
{
    guint64 number = 0;
    gsize i = 0;
    if (((guint8) field[0] & 0x80) != 0) {
        if ((guint8) field[0] != 0x80)
            return FALSE; /* negative, or over 2^88 */
        for (i = 1; i < n; i++) {
            if (number > G_MAXUINT64 >> 8)
                return FALSE;
            number = number << 8 | (guint8) field[i];
        }
        *value = number;
        return TRUE;
    }
    while (i < n && field[i] == ' ')
        i++;
    for (; i < n && field[i] >= '0' && field[i] <= '7'; i++)
        number = number << 3 | (guint64) (field[i] - '0'); /* at most 36 bits */
    for (; i < n; i++)
        if (field[i] != ' ' && field[i] != '\0')
            return FALSE;
    *value = number;
    return TRUE;
}

static gboolean
is_empty_block(const guint8 *block)
{
    for (gsize i = 0; i < TS_TAR_BLOCK; i++)
        if (block[i] != 0)
            return FALSE;
    return TRUE;
}

static gboolean
read_header(TsTarReader *self, const TsTarHeader **header, GError **error)
{
    if (self->n - self->at < TS_TAR_BLOCK)
        return fail(self, error, "the end marker is missing, the file was cut short");
    *header = (const TsTarHeader *) (self->data + self->at);
    guint64 checksum;
    if (is_empty_block(self->data + self->at)) {
        self->ended = TRUE;
        return self->long_name == NULL && !self->has_size
                   ? TRUE
                   : fail(self, error, "a long name without a member behind it");
    }
    if (!parse_number((*header)->checksum, sizeof(*header)->checksum, &checksum) ||
        checksum != ts_tar_checksum(*header))
        return fail(self, error, "is not the header of a tar member, its checksum is wrong");
    return TRUE;
}

/* The payload of the header at `at`; moves behind it and its padding. */
static gboolean
take_payload(TsTarReader *self, guint64 size, const guint8 **data, GError **error)
{
    gsize begin = self->at + TS_TAR_BLOCK;
    if (size > self->n - begin)
        return fail(self, error, "the member is longer than the file");
    *data = self->data + begin;
    /* The padding of the last member may be missing together with the end marker: next says so. */
    guint64 whole = size + ts_tar_padding(size);
    self->at = whole > self->n - begin ? self->n : begin + (gsize) whole;
    return TRUE;
}

static gboolean
set_long_name(TsTarReader *self, const guint8 *text, gsize n, GError **error)
{
    if (n == 0 || memchr(text, '\0', n) != NULL)
        return fail(self, error, "a long name is empty or has a NUL in it");
    g_free(self->long_name);
    self->long_name = g_strndup((const char *) text, n);
    return TRUE;
}

static gboolean
set_size(TsTarReader *self, const char *digits, gsize n, GError **error)
{
    g_autofree char *text = g_strndup(digits, n);
    self->has_size = g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &self->size, NULL);
    return self->has_size || fail(self, error, "a pax header has a size that is no number");
}

static gboolean
use_record(TsTarReader *self, const char *record, gsize n, GError **error)
{
    if (n > 5 && memcmp(record, "path=", 5) == 0)
        return set_long_name(self, (const guint8 *) record + 5, n - 5, error);
    if (n > 5 && memcmp(record, "size=", 5) == 0)
        return set_size(self, record + 5, n - 5, error);
    if (n > 11 && memcmp(record, "GNU.sparse.", 11) == 0)
        return fail(self, error, "is a sparse file, whose bytes do not lie together");
    return TRUE;
}

/* Records "LENGTH KEY=VALUE\n". */
static gboolean
read_pax(TsTarReader *self, const guint8 *data, gsize n, gboolean use, GError **error)
{
    const char *at = (const char *) data, *end = at + n;
    while (at < end && *at != '\0') {
        gsize length = 0;
        const char *text = at;
        for (; text < end && g_ascii_isdigit(*text) && length <= MAX_EXTRA_BYTES; text++)
            length = length * 10 + (gsize) (*text - '0');
        if (text == end || *text != ' ' || length > (gsize) (end - at) ||
            length < (gsize) (text - at) + 2 || at[length - 1] != '\n')
            return fail(self, error, "a pax header is malformed");
        text++;
        if (use && !use_record(self, text, length - (gsize) (text - at) - 1, error))
            return FALSE;
        at += length;
    }
    return TRUE;
}

/* Headers that say something of the next member. */
static gboolean
read_extra(TsTarReader *self, char type, guint64 size, GError **error)
{
    const guint8 *data = NULL;
    if (size > MAX_EXTRA_BYTES)
        return fail(self, error, "a header of more than 1 MiB");
    if (!take_payload(self, size, &data, error))
        return FALSE;
    if (type == 'x' || type == 'g')
        return read_pax(self, data, (gsize) size, type == 'x', error);
    while (size > 0 && data[size - 1] == '\0')
        size--;
    return type == 'K' || set_long_name(self, data, (gsize) size, error);
}

static void
set_member_name(TsTarReader *self, const TsTarHeader *header)
{
    GString *name = self->member_name;
    g_string_truncate(name, 0);
    if (self->long_name != NULL) {
        g_string_append(name, self->long_name);
        return;
    }
    /* GNU's old format keeps times where USTAR has the prefix; its magic has a space. */
    if (memcmp(header->magic, "ustar", 6) == 0 && header->prefix[0] != '\0') {
        gsize n = strnlen(header->prefix, sizeof header->prefix);
        g_string_append_len(name, header->prefix, (gssize) n);
        g_string_append_c(name, '/');
    }
    gsize n = strnlen(header->name, sizeof header->name);
    g_string_append_len(name, header->name, (gssize) n);
}

/* The member behind `header`; `found` says whether it is a regular file. */
static gboolean
read_member(TsTarReader *self, const TsTarHeader *header, guint64 size, gboolean *found,
            GError **error)
{
    if (header->type == 'S')
        return fail(self, error, "is a sparse file, whose bytes do not lie together");
    set_member_name(self, header);
    if (self->has_size)
        size = self->size;
    gboolean regular = header->type == '0' || header->type == '\0' || header->type == '7';
    /* Links, folders and devices have no payload, whatever their size says. */
    if (header->type >= '1' && header->type <= '6')
        size = 0;
    self->member = (TsTarMember){self->member_name->str, self->at + TS_TAR_BLOCK, size, NULL};
    if (!take_payload(self, size, &self->member.data, error))
        return FALSE;
    g_clear_pointer(&self->long_name, g_free);
    self->has_size = FALSE;
    *found = regular && self->member_name->len > 0 && !g_str_has_suffix(self->member.name, "/");
    return TRUE;
}

gboolean
ts_tar_reader_next(TsTarReader *self, const TsTarMember **member, GError **error)
{
    *member = NULL;
    while (!self->ended) {
        const TsTarHeader *header = NULL;
        guint64 size;
        gboolean found = FALSE;
        if (!read_header(self, &header, error))
            return FALSE;
        if (self->ended)
            return TRUE;
        if (!parse_number(header->size, sizeof header->size, &size) || size > G_MAXINT64)
            return fail(self, error, "the size of a member is no number");
        if (header->type != '\0' && strchr("xgLK", header->type) != NULL) {
            if (!read_extra(self, header->type, size, error))
                return FALSE;
        } else if (!read_member(self, header, size, &found, error)) {
            return FALSE;
        }
        if (found) {
            *member = &self->member;
            return TRUE;
        }
    }
    return TRUE;
}
