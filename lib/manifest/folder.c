/* Folders of files and descriptors; relative paths from one folder to another. */
#include "manifest/folder.h"

#include "base/error.h"
#include "base/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* `path` (absolute) as seen from the working folder: what messages and joined paths show. */
static char *
shorten(const char *path)
{
    g_autofree char *here = g_get_current_dir();
    gsize n = strlen(here);
    if (strcmp(path, here) == 0)
        return g_strdup(".");
    if (n > 1 && strncmp(path, here, n) == 0 && path[n] == '/')
        return g_strdup(path + n + 1);
    return g_strdup(path);
}

char *
ts_folder_of_descriptor(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink == 0)
        return g_strdup(".");
    char link[64];
    g_snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    g_autofree char *file = g_file_read_link(link, NULL);
    if (file == NULL || file[0] != '/')
        return g_strdup(".");
    g_autofree char *folder = g_path_get_dirname(file);
    return shorten(folder);
}

/* /dev/stdin, /dev/fd/3 and the like stand for a file elsewhere. */
char *
ts_folder_of_file(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return g_strdup(".");
    if (g_str_has_prefix(path, "/dev/") || g_str_has_prefix(path, "/proc/")) {
        char *target = realpath(path, NULL);
        g_autofree char *folder = g_path_get_dirname(target != NULL ? target : path);
        free(target);
        return shorten(folder);
    }
    return g_path_get_dirname(path);
}

gboolean
ts_manifest_check_elsewhere(const TsManifest *manifest, const char *folder, GError **error)
{
    int columns[] = {ts_manifest_find_column(manifest, "file_name"),
                     ts_manifest_find_column(manifest, "mask")};
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR) || ts_folder_is_empty(folder))
        return TRUE;
    for (gsize k = 0; k < G_N_ELEMENTS(columns); k++)
        for (guint64 row = 0; columns[k] >= 0 && row < ts_manifest_n_rows(manifest); row++) {
            TsCell cell = ts_manifest_cell(manifest, row, (guint) columns[k]);
            g_autofree char *path = ts_manifest_resolve(manifest, cell);
            if (path != NULL && ts_folder_holds(folder, path))
                return ts_error_set(error, TS_ERROR_ARGUMENT,
                                    "%s: holds pictures of the data set (%s) and is not replaced",
                                    folder, path);
        }
    return TRUE;
}

/* Without links where it exists, so that `..` means what it says. */
static char *
canonicalize(const char *folder)
{
    char *real = realpath(folder, NULL);
    if (real == NULL)
        return g_canonicalize_filename(folder, NULL);
    char *copy = g_strdup(real);
    free(real);
    return copy;
}

/* "/" is empty, so that a '/' and a name can follow in every case. */
static char *
canonicalize_escaped(const char *folder)
{
    g_autofree char *whole = canonicalize(folder);
    return ts_escape(strcmp(whole, "/") == 0 ? "" : whole);
}

static gboolean
skip(TsCell *path, const char *text)
{
    gsize n = strlen(text);
    if (path->length < n || memcmp(path->text, text, n) != 0)
        return FALSE;
    *path = (TsCell){path->text + n, path->length - n};
    return TRUE;
}

/* Append `raw` as seen from the root: `..` at its beginning takes parts of the folder away, which
 * is right because the folder has no links. */
static void
append_whole(const TsRebase *self, GString *out, TsCell raw)
{
    gsize n = strlen(self->from);
    gboolean moving = TRUE;
    while (moving) {
        moving = skip(&raw, "./");
        if (!moving && skip(&raw, "../")) {
            while (n > 0 && self->from[--n] != '/')
                ;
            moving = TRUE;
        }
    }
    g_string_append_len(out, self->from, (gssize) n);
    g_string_append_c(out, '/');
    g_string_append_len(out, raw.text, (gssize) raw.length);
}

/* How many bytes at the beginning of both are the same whole parts. */
static gsize
shared_parts(const char *path, const char *folder)
{
    gsize shared = 0;
    for (gsize i = 0;; i++) {
        gboolean folder_part_ends = folder[i] == '/' || folder[i] == '\0';
        if (path[i] == '/' && folder_part_ends)
            shared = i;
        if (path[i] != folder[i] || path[i] == '\0')
            return shared;
    }
}

/* Up from the target as far as needed, then down. A path that shares nothing but the root with the
 * folder stays whole, since a relative one would break sooner than help. */
static void
append_relative(const TsRebase *self, GString *out, TsCell raw)
{
    gsize begin = out->len;
    append_whole(self, out, raw);
    gsize shared = shared_parts(out->str + begin, self->to);
    if (shared == 0)
        return;
    g_string_erase(out, (gssize) begin, (gssize) shared + 1);
    for (const char *up = self->to + shared; *up != '\0'; up++)
        if (*up == '/')
            g_string_insert_len(out, (gssize) begin, "../", 3);
}

/* Unless the target lies below the source, a path that does not begin with `.` gets the same prefix
 * whatever it is. */
static char *
constant_prefix(const TsRebase *self)
{
    if (g_str_has_prefix(self->to, self->from))
        return NULL;
    GString *prefix = g_string_new(NULL);
    append_relative(self, prefix, (TsCell){"", 0});
    return g_string_free(prefix, FALSE);
}

void
ts_rebase_init(TsRebase *self, const char *from, const char *to)
{
    *self = (TsRebase){canonicalize_escaped(from), canonicalize_escaped(to), NULL};
    if (strcmp(self->from, self->to) == 0)
        ts_rebase_clear(self);
    else
        self->prefix = constant_prefix(self);
}

void
ts_rebase_clear(TsRebase *self)
{
    g_clear_pointer(&self->from, g_free);
    g_clear_pointer(&self->to, g_free);
    g_clear_pointer(&self->prefix, g_free);
}

void
ts_rebase_append(const TsRebase *self, GString *out, TsCell raw)
{
    char first = raw.length > 0 ? raw.text[0] : '\0';
    gboolean stays = self->from == NULL || first == '/' || raw.length == 0;
    if (!stays && (self->prefix == NULL || first == '.')) {
        append_relative(self, out, raw);
        return;
    }
    if (!stays)
        g_string_append(out, self->prefix);
    g_string_append_len(out, raw.text, (gssize) raw.length);
}
