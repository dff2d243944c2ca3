/* IDX pairs (MNIST, Fashion-MNIST, EMNIST, KMNIST): each record of the file of images is a row that
 * names its bytes; labels come from the file beside it. */
#include "layout/private.h"

#include "base/error.h"
#include "sample/payload.h"
#include "store/gunzip.h"
#include "store/idx.h"

#include <string.h>

static const guint64 MAX_UNPACKED = G_GUINT64_CONSTANT(2) << 30;

gboolean
ts_layout_is_idx_name(const char *name)
{
    g_autofree char *base = g_path_get_basename(name);
    return strstr(base, "-ubyte") != NULL || strstr(base, "idx1") != NULL ||
           strstr(base, "idx3") != NULL || g_str_has_suffix(base, ".idx") ||
           g_str_has_suffix(base, ".idx.gz");
}

gboolean
ts_layout_is_idx_images(const char *name)
{
    return ts_layout_is_idx_name(name) && strstr(name, "images") != NULL;
}

/* The last `from` in the base name of `path` replaced, and the number of axes too. NULL if it is
 * not there. */
static char *
partner_of(const char *path, const char *from, const char *to)
{
    const char *slash = strrchr(path, '/');
    const char *found = strstr(slash != NULL ? slash : path, from);
    if (found == NULL)
        return NULL;
    GString *partner = g_string_new_len(path, found - path);
    g_string_append(partner, to);
    g_string_append(partner, found + strlen(from));
    gboolean to_labels = strcmp(to, "labels") == 0;
    g_string_replace(partner, to_labels ? "idx3" : "idx1", to_labels ? "idx1" : "idx3", 0);
    return g_string_free(partner, FALSE);
}

/* The labels of the images at `path`, packed or not; NULL: there are none. */
static char *
find_labels(const char *path)
{
    g_autofree char *labels = partner_of(path, "images", "labels");
    if (labels == NULL || g_file_test(labels, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&labels);
    gboolean packed = g_str_has_suffix(labels, ".gz");
    char *other = packed ? g_strndup(labels, strlen(labels) - 3) : g_strconcat(labels, ".gz", NULL);
    if (!g_file_test(other, G_FILE_TEST_EXISTS))
        g_clear_pointer(&other, g_free);
    return other;
}

/* "train-images-idx3-ubyte" is of train, "t10k-..." of test; NULL: the name does not say. */
static const char *
split_of(const char *path)
{
    static const char *const splits[][2] = {
        {"train", "train"}, {"t10k", "test"}, {"test", "test"}, {"val", "val"}};
    g_autofree char *base = g_path_get_basename(path);
    for (gsize i = 0; i < G_N_ELEMENTS(splits); i++)
        if (strstr(base, splits[i][0]) != NULL)
            return splits[i][1];
    return NULL;
}

typedef struct {
    char *path;
    const char *split;
    TsIdx images;
    GBytes *labels; /* the whole file, or NULL */
    const guint8 *label;
} Pair;

static void
pair_clear(Pair *pair)
{
    g_clear_pointer(&pair->path, g_free);
    g_clear_pointer(&pair->labels, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

static gboolean
open_labels(Pair *pair, GError **error)
{
    TsIdx idx;
    gsize n;
    g_autofree char *path = find_labels(pair->path);
    if (path == NULL)
        return TRUE;
    pair->labels = ts_map_or_gunzip(path, MAX_UNPACKED, error);
    if (pair->labels == NULL)
        return FALSE;
    const guint8 *data = g_bytes_get_data(pair->labels, &n);
    if (!ts_idx_parse(data, n, path, &idx, error))
        return FALSE;
    if (idx.rank != 1 || idx.shape[0] != pair->images.shape[0])
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: has %u labels, %s has %u images", path,
                            idx.rank == 1 ? idx.shape[0] : 0, pair->path, pair->images.shape[0]);
    pair->label = data + idx.offset;
    return TRUE;
}

/* Takes `path`. */
static gboolean
pair_open(Pair *pair, char *path, GError **error)
{
    gsize n;
    pair->path = path;
    pair->split = split_of(path);
    g_autoptr(GBytes) bytes = ts_map_or_gunzip(path, MAX_UNPACKED, error);
    if (bytes == NULL)
        return FALSE;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    if (!ts_idx_parse(data, n, path, &pair->images, error))
        return FALSE;
    if (pair->images.rank < 3)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: holds labels, and the file of images is not beside it", path);
    return open_labels(pair, error);
}

/* The digits of the largest label, so that the order of bytes is that of numbers. */
static int
n_digits(GPtrArray *pairs)
{
    guint8 largest = 0;
    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = pairs->pdata[i];
        for (guint32 k = 0; pair->label != NULL && k < pair->images.shape[0]; k++)
            largest = MAX(largest, pair->label[k]);
    }
    return largest > 99 ? 3 : largest > 9 ? 2 : 1;
}

static gboolean
append_label(GString *text, const Pair *pair, guint32 i, int digits, char **names, GError **error)
{
    if (pair->label == NULL) {
        g_string_append(text, "\t\\N");
        return TRUE;
    }
    guint8 label = pair->label[i];
    if (names == NULL) {
        g_string_append_printf(text, "\t%0*d", digits, label);
        return TRUE;
    }
    if (label >= g_strv_length(names))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: image %u has label %d, classes.txt beside it has %u names",
                            pair->path, i, label, g_strv_length(names));
    g_string_append_c(text, '\t');
    ts_escape_append(text, names[label], strlen(names[label]));
    return TRUE;
}

static gboolean
append_rows(GString *text, const Pair *pair, gboolean splits, int digits, char **names,
            GError **error)
{
    const guint32 *shape = pair->images.shape;
    TsRaw raw = {(int) shape[2], (int) shape[1], pair->images.rank == 4 ? (int) shape[3] : 1,
                 TS_U8};
    g_autofree char *format = ts_raw_format(&raw);
    g_autofree char *base = g_path_get_basename(pair->path);
    for (guint32 i = 0; i < shape[0]; i++) {
        ts_escape_append(text, base, strlen(base));
        g_string_append_printf(text, "\t%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT "\t%s",
                               pair->images.offset + i * pair->images.n_record,
                               pair->images.n_record, format);
        if (!append_label(text, pair, i, digits, names, error))
            return FALSE;
        if (splits)
            g_string_append_printf(text, "\t%s", pair->split != NULL ? pair->split : "\\N");
        g_string_append_c(text, '\n');
    }
    return TRUE;
}

static TsManifest *
make_manifest(GPtrArray *pairs, const char *name, const char *folder, GError **error)
{
    g_autofree char *list_path = g_build_filename(folder, "classes.txt", NULL);
    GError *reason = NULL;
    g_auto(GStrv) names = ts_class_list_read(list_path, &reason);
    if (reason != NULL) {
        g_propagate_error(error, reason);
        return NULL;
    }
    gboolean splits = FALSE;
    for (guint i = 0; i < pairs->len; i++)
        splits = splits || ((const Pair *) pairs->pdata[i])->split != NULL;
    g_autoptr(GString) text = g_string_new("file_name\toffset\tlength\traw\tlabel");
    g_string_append(text, splits ? "\tsplit\n" : "\n");
    int digits = n_digits(pairs);
    for (guint i = 0; i < pairs->len; i++)
        if (!append_rows(text, pairs->pdata[i], splits, digits, names, error))
            return NULL;
    gsize n = text->len;
    TsManifest *manifest =
        ts_manifest_parse(g_string_free(g_steal_pointer(&text), FALSE), n, name, folder, error);
    if (manifest == NULL)
        return NULL;
    ts_manifest_set_scanned(manifest);
    ts_manifest_take_class_list(manifest, g_steal_pointer(&names));
    return manifest;
}

static void
pair_free(gpointer data)
{
    pair_clear(data);
    g_free(data);
}

TsManifest *
ts_layout_read_idx(const char *path, GError **error)
{
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(pair_free);
    g_autofree char *images = partner_of(path, "labels", "images");
    g_autofree char *folder = g_path_get_dirname(path);
    gboolean is_labels = images != NULL && g_file_test(images, G_FILE_TEST_EXISTS);
    g_ptr_array_add(pairs, g_new0(Pair, 1));
    if (!pair_open(pairs->pdata[0], g_strdup(is_labels ? images : path), error))
        return NULL;
    return make_manifest(pairs, path, folder, error);
}

TsManifest *
ts_layout_read_idx_folder(const char *folder, GPtrArray *names, GError **error)
{
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(pair_free);
    for (guint i = 0; i < names->len; i++) {
        g_ptr_array_add(pairs, g_new0(Pair, 1));
        if (!pair_open(pairs->pdata[i], g_build_filename(folder, names->pdata[i], NULL), error))
            return NULL;
    }
    return make_manifest(pairs, folder, folder, error);
}
