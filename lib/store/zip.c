/* Stored members of a zip, by libarchive. */
#include "store/zip.h"

#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

typedef struct archive Archive;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, archive_read_free)

static gboolean
fail(Archive *zip, const char *name, GError **error)
{
    const char *why = archive_error_string(zip);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: is no sound zip file: %s", name,
                        why != NULL ? why : "it is damaged");
}

/* Read the member that the archive stands at; `room` is what the file has bytes for. */
static GBytes *
read_member(Archive *zip, struct archive_entry *entry, const char *name, guint64 *room,
            GError **error)
{
    const char *member = archive_entry_pathname_utf8(entry);
    gint64 size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
    if (size < 0 || (guint64) size > *room) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: member '%s' declares more bytes than the file has; weights are stored "
                     "without compression",
                     name, member);
        return NULL;
    }
    *room -= (guint64) size;
    g_autofree guint8 *data = ts_try_alloc((gsize) size, 1, member, error);
    if (data == NULL)
        return NULL;
    la_ssize_t n_read = archive_read_data(zip, data, (size_t) size);
    if (n_read != size) {
        if (n_read < 0)
            fail(zip, name, error);
        else
            ts_error_set(error, TS_ERROR_FORMAT, "%s: member '%s' is cut off", name, member);
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&data), (gsize) size);
}

/* FALSE at the end too: without an error then. */
static gboolean
next_member(Archive *zip, struct archive_entry **entry, const char *name, GError **error)
{
    int status = archive_read_next_header(zip, entry);
    if (status == ARCHIVE_EOF)
        return FALSE;
    if (status != ARCHIVE_OK)
        return fail(zip, name, error);
    const char *member = archive_entry_pathname_utf8(*entry);
    if (member == NULL || !g_utf8_validate(member, -1, NULL))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: a member's name is not UTF-8", name);
    return archive_entry_is_encrypted(*entry) == 0 ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s: member '%s' is encrypted", name, member);
}

GHashTable *
ts_zip_read(GBytes *bytes, gboolean (*wanted)(const char *member), const char *name, GError **error)
{
    gsize n;
    const void *data = g_bytes_get_data(bytes, &n);
    guint64 room = n;
    g_autoptr(Archive) zip = archive_read_new();
    archive_read_support_format_zip_seekable(zip);
    if (archive_read_open_memory(zip, data, n) != ARCHIVE_OK) {
        fail(zip, name, error);
        return NULL;
    }
    g_autoptr(GHashTable) members =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
    struct archive_entry *entry;
    GError *failure = NULL;
    while (next_member(zip, &entry, name, &failure)) {
        const char *member = archive_entry_pathname_utf8(entry);
        if (wanted != NULL && !wanted(member))
            continue;
        if (g_hash_table_contains(members, member)) {
            ts_error_set(error, TS_ERROR_FORMAT, "%s: member '%s' is there twice", name, member);
            return NULL;
        }
        GBytes *content = read_member(zip, entry, name, &room, error);
        if (content == NULL)
            return NULL;
        g_hash_table_insert(members, g_strdup(member), content);
    }
    if (failure != NULL) {
        g_propagate_error(error, failure);
        return NULL;
    }
    return g_steal_pointer(&members);
}
