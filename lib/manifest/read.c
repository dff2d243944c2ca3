/* A DATASET argument turned into a manifest: file, standard input, or folder. */
#include "manifest/manifest.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "manifest/folder.h"
#include "manifest/private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPECTED                                                                                   \
    "a manifest (.tsv), a folder, - for a manifest on standard input, or another layout of "       \
    "tessera-manifest(5) was expected"

/* Have the system make the pages now: one by one, while they are read into, costs more. */
static void
populate(char *block, gsize n)
{
#ifdef MADV_POPULATE_WRITE
    gsize page = (gsize) sysconf(_SC_PAGESIZE);
    gsize skipped = (page - (guintptr) block % page) % page;
    if (n > skipped)
        (void) madvise(block + skipped, (n - skipped) / page * page, MADV_POPULATE_WRITE);
#else
    (void) block, (void) n;
#endif
}

/* All bytes of `fd`, in a block of their size; `size_hint` need not be right. */
static char *
read_all(int fd, gsize size_hint, const char *name, gsize *n, GError **error)
{
    gsize capacity = MAX(size_hint, 65535) + 1;
    g_autofree char *text = ts_try_alloc(1, capacity, name, error);
    *n = 0;
    if (text != NULL)
        populate(text, capacity);
    while (text != NULL) {
        gssize got = read(fd, text + *n, MIN(capacity - *n, 1 << 30));
        if (got == 0)
            return g_realloc(g_steal_pointer(&text), *n + 1);
        if (got < 0 && ts_interrupt_check(error))
            return NULL;
        if (got < 0 && errno != EINTR) {
            ts_error_set_errno(error, errno, "%s: cannot be read", name);
            return NULL;
        }
        *n += (gsize) MAX(got, 0);
        if (*n < capacity)
            continue;
        char *larger = capacity > G_MAXSIZE / 2 ? NULL : g_try_realloc(text, capacity * 2);
        if (larger == NULL) {
            ts_error_set(error, TS_ERROR_NO_MEMORY,
                         "%s: no memory for a manifest of more than %" G_GSIZE_FORMAT " bytes",
                         name, capacity);
            return NULL;
        }
        (void) g_steal_pointer(&text);
        text = larger;
        capacity *= 2;
    }
    return NULL;
}

static TsManifest *
read_descriptor(int fd, const char *name, const char *folder, GError **error)
{
    struct stat status;
    gsize hint = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? (gsize) status.st_size : 0;
    gsize n;
    g_autofree char *text = read_all(fd, hint, name, &n, error);
    if (text == NULL)
        return NULL;
    return ts_manifest_parse(g_steal_pointer(&text), n, name, folder, error);
}

static TsManifest *
read_standard_input(GError **error)
{
    if (isatty(STDIN_FILENO)) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "standard input is a terminal; name a DATASET or pipe a manifest in");
        return NULL;
    }
    g_autofree char *folder = ts_folder_of_descriptor(STDIN_FILENO);
    return read_descriptor(STDIN_FILENO, "standard input", folder, error);
}

/* Layouts that people have and that are no manifests: say so instead of complaining about bytes. */
static gboolean
check_is_no_other_form(const char *path, GError **error)
{
    static const struct {
        const char *suffix, *what;
    } forms[] = {
        {".parquet", "a Parquet table"}, {".zip", "a zip archive"},   {".gz", "a compressed file"},
        {".npy", "a NumPy array"},       {".safetensors", "a model"},
    };
    g_autofree char *lower = g_ascii_strdown(path, -1);
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++)
        if (g_str_has_suffix(lower, forms[i].suffix))
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: looks like %s, which is not read as a dataset; " EXPECTED,
                                path, forms[i].what);
    if (ts_is_picture_name(path))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: looks like a picture; " EXPECTED, path);
    return TRUE;
}

static TsManifest *
read_folder(const char *folder, GError **error)
{
    g_autofree char *list_path = g_build_filename(folder, "classes.txt", NULL);
    g_autofree char *manifest_path = g_build_filename(folder, "manifest.tsv", NULL);
    if (g_file_test(manifest_path, G_FILE_TEST_EXISTS))
        return ts_manifest_read(manifest_path, error);
    g_autoptr(GError) list_error = NULL;
    g_auto(GStrv) list = ts_class_list_read(list_path, &list_error);
    if (list_error != NULL) {
        g_propagate_error(error, g_steal_pointer(&list_error));
        return NULL;
    }
    GString *text = ts_scan_folder(folder, (const char *const *) list, error);
    if (text == NULL)
        return NULL;
    gsize n = text->len;
    TsManifest *manifest = ts_manifest_parse(g_string_free(text, FALSE), n, folder, folder, error);
    if (manifest == NULL)
        return NULL;
    ts_manifest_set_scanned(manifest);
    if (list != NULL)
        ts_manifest_take_class_list(manifest, g_steal_pointer(&list));
    return manifest;
}

/* Only manifest.tsv is the manifest *of* its folder, so only there classes.txt belongs to it. */
static gboolean
read_class_list_beside(TsManifest *manifest, const char *path, GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    if (strcmp(base, "manifest.tsv") != 0)
        return TRUE;
    g_autofree char *list_path =
        g_build_filename(ts_manifest_folder(manifest), "classes.txt", NULL);
    GError *list_error = NULL;
    char **list = ts_class_list_read(list_path, &list_error);
    if (list_error != NULL) {
        g_propagate_error(error, list_error);
        return FALSE;
    }
    ts_manifest_take_class_list(manifest, list);
    return TRUE;
}

static TsManifest *
read_file(int fd, const char *path, GError **error)
{
    if (!check_is_no_other_form(path, error))
        return NULL;
    g_autofree char *folder = ts_folder_of_file(path);
    g_autoptr(TsManifest) manifest = read_descriptor(fd, path, folder, error);
    if (manifest == NULL || !read_class_list_beside(manifest, path, error))
        return NULL;
    return g_steal_pointer(&manifest);
}

TsManifest *
ts_manifest_read(const char *dataset, GError **error)
{
    if (strcmp(dataset, "-") == 0)
        return read_standard_input(error);
    int fd = open(dataset, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        ts_error_set_errno(error, errno, "%s: cannot be read", dataset);
        return NULL;
    }
    struct stat status;
    gboolean is_folder = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
    TsManifest *manifest = is_folder ? NULL : read_file(fd, dataset, error);
    close(fd);
    return is_folder ? read_folder(dataset, error) : manifest;
}
