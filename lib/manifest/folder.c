/* Folders of files and descriptors; relative paths from one folder to another. */
#include "manifest/folder.h"

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

/* The way from `to` to `from` in parts: up as far as needed, then down. Folders that share nothing
 * but the root get the whole path, since such a relative path breaks sooner than it helps. */
void
ts_rebase_init(TsRebase *self, const char *from, const char *to)
{
    *self = (TsRebase){0};
    g_autofree char *source = canonicalize(from);
    g_autofree char *target = canonicalize(to);
    if (strcmp(source, target) == 0)
        return;
    g_auto(GStrv) down = g_strsplit(source + 1, "/", -1);
    g_auto(GStrv) up = g_strsplit(target + 1, "/", -1);
    guint shared = 0;
    while (down[shared] != NULL && up[shared] != NULL && strcmp(down[shared], up[shared]) == 0)
        shared++;
    if (shared == 0) {
        self->prefix = ts_escape(strcmp(source, "/") == 0 ? "" : source);
        return;
    }
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    for (guint i = shared; up[i] != NULL; i++)
        g_ptr_array_add(parts, (gpointer) "..");
    for (guint i = shared; down[i] != NULL; i++)
        g_ptr_array_add(parts, down[i]);
    g_ptr_array_add(parts, NULL);
    g_autofree char *joined = g_strjoinv("/", (char **) parts->pdata);
    self->prefix = ts_escape(joined);
    self->nested = TRUE;
}

void
ts_rebase_clear(TsRebase *self)
{
    g_clear_pointer(&self->prefix, g_free);
}

static gboolean
begins_with(TsCell path, const char *text)
{
    gsize n = strlen(text);
    return path.length >= n && memcmp(path.text, text, n) == 0;
}

/* The length of `prefix` without its last part; its own length if that part is `..`. */
static gsize
length_without_last(const char *prefix, gsize n)
{
    gsize from = n;
    while (from > 0 && prefix[from - 1] != '/')
        from--;
    if (n - from == 2 && memcmp(prefix + from, "..", 2) == 0)
        return n;
    return from > 0 ? from - 1 : 0;
}

void
ts_rebase_append(const TsRebase *self, GString *out, TsCell raw)
{
    if (self->prefix == NULL || begins_with(raw, "/")) {
        g_string_append_len(out, raw.text, (gssize) raw.length);
        return;
    }
    gsize n = strlen(self->prefix);
    gboolean moving = TRUE;
    while (moving) {
        gsize shorter = length_without_last(self->prefix, n);
        moving = FALSE;
        if (begins_with(raw, "./")) {
            raw = (TsCell){raw.text + 2, raw.length - 2};
            moving = TRUE;
        } else if (self->nested && n > 0 && shorter < n && begins_with(raw, "../")) {
            raw = (TsCell){raw.text + 3, raw.length - 3};
            n = shorter;
            moving = TRUE;
        }
    }
    g_string_append_len(out, self->prefix, (gssize) n);
    if (n > 0 || !self->nested)
        g_string_append_c(out, '/');
    g_string_append_len(out, raw.text, (gssize) raw.length);
}
