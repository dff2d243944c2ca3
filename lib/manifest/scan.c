/* Folders of pictures as manifests: class folders (ImageFolder), split folders with class folders
 * in them, or pictures alone. Rows come in byte order of file_name, so a scan is the same on every
 * file system. */
#include "manifest/private.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PICTURES "jpg, jpeg, png, ppm, bmp, pgm, tif, tiff, webp"

gboolean
ts_is_picture_name(const char *name)
{
    static const char *const suffixes[] = {"jpg", "jpeg", "png",  "ppm", "bmp",
                                           "pgm", "tif",  "tiff", "webp"};
    const char *dot = strrchr(name, '.');
    if (dot == NULL || strchr(dot, '/') != NULL)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++)
        if (g_ascii_strcasecmp(dot + 1, suffixes[i]) == 0)
            return TRUE;
    return FALSE;
}

/* The pictures and folders of one folder, hidden ones left out; paths start at the root. */
typedef struct {
    GPtrArray *folders, *pictures;
} Listing;

static void
listing_clear(Listing *listing)
{
    g_clear_pointer(&listing->folders, g_ptr_array_unref);
    g_clear_pointer(&listing->pictures, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Listing, listing_clear)

static int
compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Links are followed; one that leads nowhere counts as a file, so that reading it names it. */
static gboolean
is_folder(DIR *dir, const struct dirent *entry)
{
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return entry->d_type == DT_DIR;
    struct stat status;
    return fstatat(dirfd(dir), entry->d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

static gboolean
list_folder(const char *root, const char *below, Listing *listing, GError **error)
{
    listing->folders = g_ptr_array_new_with_free_func(g_free);
    listing->pictures = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = g_build_filename(root, below, NULL);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return ts_error_set_errno(error, errno, "%s: cannot be read", path);
    const struct dirent *entry;
    errno = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        gboolean folder = is_folder(dir, entry);
        if (folder || ts_is_picture_name(entry->d_name))
            g_ptr_array_add(folder ? listing->folders : listing->pictures,
                            below[0] != '\0' ? g_strconcat(below, "/", entry->d_name, NULL)
                                             : g_strdup(entry->d_name));
        errno = 0;
    }
    int errnum = errno;
    closedir(dir);
    if (errnum != 0)
        return ts_error_set_errno(error, errnum, "%s: cannot be read", path);
    g_ptr_array_sort(listing->folders, compare_text);
    return !ts_interrupt_check(error);
}

static void
move_all(GPtrArray *from, GPtrArray *to)
{
    for (guint i = 0; i < from->len; i++)
        g_ptr_array_add(to, g_steal_pointer(&from->pdata[i]));
}

/* The folders above the one that is being read, to notice a link that leads back. */
typedef struct Above {
    const struct Above *next;
    struct stat status;
} Above;

static gboolean
check_no_loop(const char *path, Above *here, GError **error)
{
    if (stat(path, &here->status) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be read", path);
    for (const Above *above = here->next; above != NULL; above = above->next)
        if (above->status.st_ino == here->status.st_ino &&
            above->status.st_dev == here->status.st_dev)
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: link that leads back to a folder above it", path);
    return TRUE;
}

/* Add all pictures below a class folder. */
static gboolean
collect(const char *root, const char *below, const Above *above, GPtrArray *pictures,
        GError **error)
{
    g_autofree char *path = g_build_filename(root, below, NULL);
    Above here = {.next = above};
    g_auto(Listing) listing = {0};
    if (!check_no_loop(path, &here, error) || !list_folder(root, below, &listing, error))
        return FALSE;
    move_all(listing.pictures, pictures);
    for (guint i = 0; i < listing.folders->len; i++)
        if (!collect(root, listing.folders->pdata[i], &here, pictures, error))
            return FALSE;
    return TRUE;
}

gboolean
ts_scan_pictures(const char *folder, GPtrArray *paths, GError **error)
{
    if (!collect(folder, "", NULL, paths, error))
        return FALSE;
    g_ptr_array_sort(paths, compare_text);
    return TRUE;
}

typedef struct {
    const char *root;
    const char *const *class_list;
    GPtrArray *pictures; /* paths from the root */
} Scan;

static gboolean
collect_class(Scan *scan, const char *below, GError **error)
{
    guint before = scan->pictures->len;
    if (!collect(scan->root, below, NULL, scan->pictures, error))
        return FALSE;
    const char *slash = strrchr(below, '/');
    const char *name = slash != NULL ? slash + 1 : below;
    if (scan->pictures->len > before ||
        (scan->class_list != NULL && g_strv_contains(scan->class_list, name)))
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s/%s: class folder without a picture (%s); put some in, remove it, or "
                        "list the classes in %s/classes.txt, one a line",
                        scan->root, below, PICTURES, scan->root);
}

/* Class folders with nothing but class folders beside them. */
static gboolean
collect_classes(Scan *scan, const Listing *listing, GError **error)
{
    if (listing->pictures->len > 0) {
        g_ptr_array_sort(listing->pictures, compare_text);
        const char *first = listing->pictures->pdata[0];
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s/%s: picture beside folders; in a folder of classes every picture "
                            "lies in the folder of its class",
                            scan->root, first);
    }
    for (guint i = 0; i < listing->folders->len; i++)
        if (!collect_class(scan, listing->folders->pdata[i], error))
            return FALSE;
    return TRUE;
}

const char *
ts_split_of_name(const char *name, gsize n)
{
    static const char *const names[][2] = {
        {"train", "train"}, {"training", "train"},  {"val", "val"},   {"valid", "val"},
        {"dev", "val"},     {"validation", "val"},  {"test", "test"}, {"testing", "test"},
        {"eval", "test"},   {"evaluation", "test"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (strlen(names[i][0]) == n && g_ascii_strncasecmp(names[i][0], name, n) == 0)
            return names[i][1];
    return NULL;
}

static gboolean
all_are_splits(const GPtrArray *folders)
{
    for (guint i = 0; i < folders->len; i++)
        if (ts_split_of_name(folders->pdata[i], strlen(folders->pdata[i])) == NULL)
            return FALSE;
    return folders->len > 0;
}

/* A split holds class folders, or pictures whose class is not known. */
static gboolean
collect_split(Scan *scan, const char *below, gboolean *labelled, GError **error)
{
    g_auto(Listing) listing = {0};
    if (!list_folder(scan->root, below, &listing, error))
        return FALSE;
    if (listing.folders->len == 0 && listing.pictures->len == 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s/%s: empty, class folders with pictures (%s) were expected",
                            scan->root, below, PICTURES);
    if (listing.folders->len > 0) {
        *labelled = TRUE;
        return collect_classes(scan, &listing, error);
    }
    move_all(listing.pictures, scan->pictures);
    return TRUE;
}

/* One row: the class is the folder at the top, or the one below the split if there is one. */
static gboolean
append_row(GString *text, const char *path, gboolean split, gboolean labelled, GError **error)
{
    if (!g_utf8_validate(path, -1, NULL)) {
        g_autofree char *shown = g_filename_display_name(path);
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: file name that is not UTF-8, rename it",
                            shown);
    }
    ts_escape_append(text, path, strlen(path));
    const char *at = path;
    const char *slash = strchr(at, '/');
    const char *split_name = split ? ts_split_of_name(path, (gsize) (slash - path)) : NULL;
    if (split) {
        at = slash + 1;
        slash = strchr(at, '/');
    }
    if (labelled) {
        g_string_append_c(text, '\t');
        if (slash != NULL)
            ts_escape_append(text, at, (gsize) (slash - at));
        else
            g_string_append(text, "\\N");
    }
    if (split) {
        g_string_append_c(text, '\t');
        g_string_append(text, split_name);
    }
    g_string_append_c(text, '\n');
    return TRUE;
}

static gboolean
collect_all(Scan *scan, gboolean *split, gboolean *labelled, GError **error)
{
    g_auto(Listing) top = {0};
    if (!list_folder(scan->root, "", &top, error))
        return FALSE;
    *split = top.pictures->len == 0 && all_are_splits(top.folders);
    *labelled = !*split && top.folders->len > 0;
    if (top.folders->len == 0 && top.pictures->len == 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: neither manifest.tsv, nor class folders, nor pictures (%s) in it",
                            scan->root, PICTURES);
    if (*labelled)
        return collect_classes(scan, &top, error);
    move_all(top.pictures, scan->pictures);
    for (guint i = 0; i < top.folders->len; i++)
        if (!collect_split(scan, top.folders->pdata[i], labelled, error))
            return FALSE;
    return TRUE;
}

GString *
ts_scan_folder(const char *folder, const char *const *class_list, GError **error)
{
    g_autoptr(GPtrArray) pictures = g_ptr_array_new_with_free_func(g_free);
    Scan scan = {.root = folder, .class_list = class_list, .pictures = pictures};
    gboolean split, labelled;
    if (!collect_all(&scan, &split, &labelled, error))
        return NULL;
    g_ptr_array_sort(pictures, compare_text);
    g_autoptr(GString) text = g_string_new("file_name");
    g_string_append(text, labelled ? "\tlabel" : "");
    g_string_append(text, split ? "\tsplit\n" : "\n");
    for (guint i = 0; i < pictures->len; i++)
        if (!append_row(text, pictures->pdata[i], split, labelled, error)) {
            g_prefix_error(error, "%s/", folder);
            return NULL;
        }
    return g_steal_pointer(&text);
}
