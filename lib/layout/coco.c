/* COCO files: boxes as regions. */
#include "layout/private.h"

#include "base/error.h"
#include "store/mapped.h"

#include <string.h>

/* Where the pictures of a COCO file lie, seen from its folder: beside it, in images/, or, as in
 * COCO itself (annotations/instances_train2017.json), in a folder beside its own. */
static char *
find_prefix(const char *path, const char *folder, const char *first)
{
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *stem = g_strndup(base, strlen(base) - strlen(".json"));
    const char *rest = strrchr(stem, '_');
    g_autofree char *sibling = g_strconcat("../", rest != NULL ? rest + 1 : stem, "/", NULL);
    g_autofree char *deeper = g_strconcat("../images/", rest != NULL ? rest + 1 : stem, "/", NULL);
    const char *const prefixes[] = {"", "images/", "../images/", sibling, deeper};
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        g_autofree char *picture = g_strconcat(folder, "/", prefixes[i], first, NULL);
        if (g_file_test(picture, G_FILE_TEST_EXISTS))
            return g_strdup(prefixes[i]);
    }
    return g_strdup("");
}

/* Append the rows of `part` with `prefix` before every file_name. */
static void
append_rows(TsTable *all, const TsTable *part, const char *prefix, const char *split)
{
    guint n = ts_table_n_columns(part);
    guint file = (guint) ts_table_find_column(part, "file_name");
    for (guint c = 0; c < n; c++)
        ts_table_add_column(all, ts_table_column_name(part, c));
    for (guint64 row = 0; row < ts_table_n_rows(part); row++) {
        ts_table_begin_row(all, ts_table_line(part, row));
        for (guint c = 0; c < n; c++) {
            const char *cell = ts_table_get(part, row, c);
            g_autofree char *text =
                cell != NULL ? g_strconcat(c == file ? prefix : "", cell, NULL) : NULL;
            if (text != NULL)
                ts_table_set(all, c, text, strlen(text));
        }
        if (split != NULL)
            ts_table_set(all, ts_table_add_column(all, "split"), split, strlen(split));
    }
}

/* Add the rows of one file. `below` is its folder, ending with '/', seen from where paths start. */
static gboolean
add_file(TsTable *all, const char *path, const char *below, const char *split, GError **error)
{
    gsize n;
    g_autoptr(GBytes) bytes = ts_map_file(path, error);
    if (bytes == NULL)
        return FALSE;
    const char *text = g_bytes_get_data(bytes, &n);
    g_autoptr(TsTable) table = ts_table_parse_coco(n > 0 ? text : "", n, path, error);
    if (table == NULL)
        return FALSE;
    g_autofree char *folder = g_path_get_dirname(path);
    guint file = ts_table_add_column(table, "file_name");
    const char *first = ts_table_n_rows(table) > 0 ? ts_table_get(table, 0, file) : "";
    g_autofree char *prefix = find_prefix(path, folder, first);
    gboolean up = below[0] != '\0' && g_str_has_prefix(prefix, "../");
    g_autofree char *whole = g_strconcat(up ? "" : below, prefix + (up ? 3 : 0), NULL);
    append_rows(all, table, whole, split);
    return TRUE;
}

TsManifest *
ts_layout_read_coco(const char *path, GError **error)
{
    g_autoptr(TsTable) table = ts_table_new();
    g_autofree char *folder = g_path_get_dirname(path);
    return add_file(table, path, "", NULL, error) ? ts_layout_from_table(table, path, folder, error)
                                                  : NULL;
}

static int
compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* annotations/instances_*.json of `folder`, in byte order. */
static GPtrArray *
list_instances(const char *folder)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *annotations = g_build_filename(folder, "annotations", NULL);
    g_autoptr(GDir) dir = g_dir_open(annotations, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_prefix(name, "instances_") && g_str_has_suffix(name, ".json"))
            g_ptr_array_add(paths, g_build_filename(annotations, name, NULL));
    g_ptr_array_sort(paths, compare_text);
    return paths;
}

/* The split of ".../instances_train2017.json". */
static const char *
split_of_instances(const char *path)
{
    const char *name = strrchr(path, '/') + strlen("/instances_");
    gsize n = 0;
    while (g_ascii_isalpha(name[n]))
        n++;
    return ts_split_of_name(name, n);
}

static char *
find_single(const char *folder)
{
    static const char *const names[] = {"_annotations.coco.json", "annotations.coco.json",
                                        "coco.json", "annotations.json"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

TsManifest *
ts_layout_read_coco_folder(const char *folder, gboolean *found, GError **error)
{
    g_autofree char *single = find_single(folder);
    g_autoptr(GPtrArray) paths = list_instances(folder);
    *found = single != NULL || paths->len > 0;
    if (single != NULL)
        return ts_layout_read_coco(single, error);
    g_autoptr(TsTable) table = ts_table_new();
    for (guint i = 0; i < paths->len; i++)
        if (!add_file(table, paths->pdata[i], "annotations/", split_of_instances(paths->pdata[i]),
                      error))
            return NULL;
    return *found ? ts_layout_from_table(table, folder, folder, error) : NULL;
}
