/* Which layout a DATASET has: told by its name, or by what the folder holds. */
#include "layout/layout.h"

#include "base/error.h"
#include "layout/private.h"

#include <string.h>

typedef struct {
    GPtrArray *idx, *tars;    /* names, in byte order */
    GPtrArray *csv;           /* names, in byte order */
    gboolean pictures, below; /* there are pictures, folders */
} Contents;

static void
contents_clear(Contents *contents)
{
    g_clear_pointer(&contents->idx, g_ptr_array_unref);
    g_clear_pointer(&contents->tars, g_ptr_array_unref);
    g_clear_pointer(&contents->csv, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Contents, contents_clear)

static int
compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static gboolean
look_into(const char *folder, Contents *contents, GError **error)
{
    GError *reason = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &reason);
    contents->idx = g_ptr_array_new_with_free_func(g_free);
    contents->tars = g_ptr_array_new_with_free_func(g_free);
    contents->csv = g_ptr_array_new_with_free_func(g_free);
    if (dir == NULL) {
        ts_error_set(error, TS_ERROR_IO, "%s: cannot be read: %s", folder, reason->message);
        g_error_free(reason);
        return FALSE;
    }
    const char *name;
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (name[0] == '.')
            continue;
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            contents->below = TRUE;
        else if (g_str_has_suffix(name, ".tar"))
            g_ptr_array_add(contents->tars, g_steal_pointer(&path));
        else if (g_str_has_suffix(name, ".csv"))
            g_ptr_array_add(contents->csv, g_strdup(name));
        else if (ts_layout_is_idx_images(name))
            g_ptr_array_add(contents->idx, g_strdup(name));
        else if (ts_is_picture_name(name))
            contents->pictures = TRUE;
    }
    g_ptr_array_sort(contents->idx, compare_text);
    g_ptr_array_sort(contents->tars, compare_text);
    g_ptr_array_sort(contents->csv, compare_text);
    return TRUE;
}

/* A packed and an unpacked copy of one file would be read twice. */
static void
drop_packed_twins(GPtrArray *names)
{
    for (guint i = names->len; i-- > 1;) {
        const char *name = names->pdata[i], *before = names->pdata[i - 1];
        if (g_str_has_prefix(name, before) && strcmp(name + strlen(before), ".gz") == 0)
            g_ptr_array_remove_index(names, i);
    }
}

static TsManifest *
read_shards_of_folder(const char *folder, GPtrArray *tars, GError **error)
{
    g_autofree char *list_path = g_build_filename(folder, "classes.txt", NULL);
    GError *reason = NULL;
    g_auto(GStrv) list = ts_class_list_read(list_path, &reason);
    if (reason != NULL) {
        g_propagate_error(error, reason);
        return NULL;
    }
    g_ptr_array_add(tars, NULL);
    TsManifest *manifest = ts_layout_read_shards(folder, (char **) tars->pdata, error);
    if (manifest != NULL)
        ts_manifest_take_class_list(manifest, g_steal_pointer(&list));
    return manifest;
}

/* Leave the tables whose pictures are in a folder of their own beside them: NAME.csv with NAME/,
 * labels.csv with images/. A folder with folders in it is one of classes. */
static gboolean
keep_tables_of_pictures(const char *folder, GPtrArray *csv, GError **error)
{
    for (guint i = csv->len; i-- > 0;) {
        const char *name = csv->pdata[i];
        g_auto(Contents) beside = {0};
        g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".csv"));
        const char *below = strcmp(stem, "labels") == 0 ? "images" : stem;
        g_autofree char *pictures = g_build_filename(folder, below, NULL);
        gboolean is_folder = g_file_test(pictures, G_FILE_TEST_IS_DIR);
        if (is_folder && !look_into(pictures, &beside, error))
            return FALSE;
        if (!beside.pictures || beside.below)
            g_ptr_array_remove_index(csv, i);
    }
    return TRUE;
}

/* Without this, a folder of tables would be taken for one of classes, all of the class "images". */
static TsManifest *
read_csv_of_folder(const char *folder, GPtrArray *csv, GError **error)
{
    if (csv->len > 1) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: has %s and %s, each a data set of its own; name one of these files",
                     folder, (char *) csv->pdata[0], (char *) csv->pdata[1]);
        return NULL;
    }
    g_autofree char *path = g_build_filename(folder, csv->pdata[0], NULL);
    return ts_layout_read_rows(path, FALSE, error);
}

static TsManifest *
read_folder(const char *folder, GError **error)
{
    gboolean found;
    g_auto(Contents) contents = {0};
    g_autofree char *manifest_path = g_build_filename(folder, "manifest.tsv", NULL);
    if (g_file_test(manifest_path, G_FILE_TEST_EXISTS))
        return ts_manifest_read(folder, error);
    TsManifest *manifest = ts_layout_read_metadata(folder, &found, error);
    if (found)
        return manifest;
    manifest = ts_layout_read_coco_folder(folder, &found, error);
    if (found)
        return manifest;
    if (!look_into(folder, &contents, error))
        return NULL;
    drop_packed_twins(contents.idx);
    if (contents.idx->len > 0)
        return ts_layout_read_idx_folder(folder, contents.idx, error);
    if (contents.tars->len > 0 && !contents.pictures && !contents.below)
        return read_shards_of_folder(folder, contents.tars, error);
    if (!keep_tables_of_pictures(folder, contents.csv, error))
        return NULL;
    if (contents.csv->len > 0)
        return read_csv_of_folder(folder, contents.csv, error);
    return ts_manifest_read(folder, error);
}

static TsManifest *
read_pattern(const char *pattern, GError **error)
{
    g_auto(GStrv) shards = ts_layout_expand(pattern, error);
    return shards != NULL ? ts_layout_read_shards(pattern, shards, error) : NULL;
}

static gboolean
ends_with(const char *text, const char *suffix)
{
    gsize n = strlen(text), m = strlen(suffix);
    return n >= m && g_ascii_strcasecmp(text + n - m, suffix) == 0;
}

TsManifest *
ts_layout_read(const char *dataset, GError **error)
{
    gboolean exists = g_file_test(dataset, G_FILE_TEST_EXISTS);
    if (g_file_test(dataset, G_FILE_TEST_IS_DIR))
        return read_folder(dataset, error);
    if (ends_with(dataset, ".tar") && (exists || strpbrk(dataset, "{*?[") != NULL))
        return read_pattern(dataset, error);
    if (!exists)
        return ts_manifest_read(dataset, error);
    if (ends_with(dataset, ".csv"))
        return ts_layout_read_rows(dataset, FALSE, error);
    if (ends_with(dataset, ".jsonl"))
        return ts_layout_read_rows(dataset, TRUE, error);
    if (ends_with(dataset, ".json"))
        return ts_layout_read_coco(dataset, error);
    if (!ends_with(dataset, ".tsv") && ts_layout_is_idx_name(dataset))
        return ts_layout_read_idx(dataset, error);
    return ts_manifest_read(dataset, error);
}
