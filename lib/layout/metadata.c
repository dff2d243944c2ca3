/* Tables whose rows name pictures: Hugging Face's metadata files, Kaggle's CSV and their kin. */
#include "layout/private.h"

#include "base/error.h"
#include "store/mapped.h"

#include <string.h>

TsTable *
ts_layout_parse_file(const char *path, gboolean jsonl, GError **error)
{
    g_autoptr(GBytes) bytes = ts_map_file(path, error);
    if (bytes == NULL)
        return NULL;
    gsize n;
    const char *text = g_bytes_get_data(bytes, &n);
    return jsonl ? ts_table_parse_jsonl(n > 0 ? text : "", n, path, error)
                 : ts_table_parse_csv(n > 0 ? text : "", n, path, error);
}

/* The first of `names` that a column has, whatever its case; -1: none. */
static int
find_any(const TsTable *table, const char *const *names)
{
    for (; *names != NULL; names++)
        for (guint c = 0; c < ts_table_n_columns(table); c++)
            if (g_ascii_strcasecmp(ts_table_column_name(table, c), *names) == 0)
                return (int) c;
    return -1;
}

/* Which column names the picture and which the class; of two columns without a known name, the
 * first and the second. */
static gboolean
choose_columns(const TsTable *table, const char *path, int *file, int *label, GError **error)
{
    static const char *const files[] = {
        "file_name",  "filename", "file", "image",    "image_id", "imageid", "image_name",
        "image_path", "img",      "path", "filepath", "id",       NULL};
    static const char *const labels[] = {"label",    "class",  "class_name",
                                         "category", "target", NULL};
    guint n = ts_table_n_columns(table);
    *file = find_any(table, files);
    *label = find_any(table, labels);
    if (*file < 0 && n <= 2)
        *file = *label == 0 ? (int) n - 1 : 0;
    if (*file >= 0 && *label < 0 && n == 2)
        *label = 1 - *file;
    if (*file >= 0 && *file != *label)
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s:1: no column names the pictures; file_name, filename, file, image, "
                        "image_id, path or id was expected",
                        path);
}

static gboolean
rename(TsTable *table, int column, const char *name, const char *path, GError **error)
{
    if (column < 0 || strcmp(ts_table_column_name(table, (guint) column), name) == 0)
        return TRUE;
    if (ts_table_find_column(table, name) >= 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s:1: has columns '%s' and '%s'", path,
                            ts_table_column_name(table, (guint) column), name);
    ts_table_rename_column(table, (guint) column, name);
    return TRUE;
}

/* file_name with an extension says where the picture is; anything else may be only its name. */
static gboolean
needs_join(const TsTable *table, guint file)
{
    const char *first = ts_table_n_rows(table) > 0 ? ts_table_get(table, 0, file) : NULL;
    return first != NULL && (strcmp(ts_table_column_name(table, file), "file_name") != 0 ||
                             !ts_is_picture_name(first));
}

TsManifest *
ts_layout_read_rows(const char *path, gboolean jsonl, GError **error)
{
    int file, label;
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(TsTable) table = ts_layout_parse_file(path, jsonl, error);
    if (table == NULL || !choose_columns(table, path, &file, &label, error))
        return NULL;
    if (needs_join(table, (guint) file)) {
        TsTable *joined = ts_layout_join(table, (guint) file, folder, path, error);
        if (joined == NULL)
            return NULL;
        ts_table_free(table);
        table = joined;
    }
    if (!rename(table, file, "file_name", path, error) ||
        !rename(table, label, "label", path, error))
        return NULL;
    return ts_layout_from_table(table, path, folder, error);
}

/* The metadata file of `folder`; NULL without an error if there is none. */
static char *
find_metadata(const char *folder, gboolean *jsonl, GError **error)
{
    char *csv = g_build_filename(folder, "metadata.csv", NULL);
    char *lines = g_build_filename(folder, "metadata.jsonl", NULL);
    gboolean has_csv = g_file_test(csv, G_FILE_TEST_EXISTS);
    *jsonl = g_file_test(lines, G_FILE_TEST_EXISTS);
    if (has_csv && *jsonl)
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: has metadata.csv and metadata.jsonl, one of them "
                     "was expected; or name the file",
                     folder);
    char *found = has_csv == *jsonl ? NULL : g_strdup(has_csv ? csv : lines);
    g_free(csv);
    g_free(lines);
    return found;
}

/* Append the rows of a split's own table. */
static gboolean
append_split(TsTable *all, const TsTable *part, const char *below, const char *path, GError **error)
{
    int file = ts_table_find_column(part, "file_name");
    if (file < 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s:1: no column 'file_name'", path);
    const char *split = ts_split_of_name(below, strlen(below));
    guint split_column = ts_table_add_column(all, "split");
    for (guint64 row = 0; row < ts_table_n_rows(part); row++) {
        ts_table_begin_row(all, ts_table_line(part, row));
        ts_table_set(all, split_column, split, strlen(split));
        for (guint c = 0; c < ts_table_n_columns(part); c++) {
            const char *name = ts_table_column_name(part, c);
            const char *cell = ts_table_get(part, row, c);
            g_autofree char *moved = (int) c == file && cell != NULL
                                         ? g_build_filename(below, cell, NULL)
                                         : g_strdup(cell);
            if (strcmp(name, "split") != 0 && moved != NULL)
                ts_table_set(all, ts_table_add_column(all, name), moved, strlen(moved));
        }
    }
    return TRUE;
}

static int
compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Folders whose name is that of a split, in byte order. */
static GPtrArray *
list_splits(const char *folder)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (ts_split_of_name(name, strlen(name)) != NULL)
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_text);
    return names;
}

static TsManifest *
read_splits(const char *folder, gboolean *found, GError **error)
{
    g_autoptr(GPtrArray) names = list_splits(folder);
    g_autoptr(TsTable) all = ts_table_new();
    ts_table_add_column(all, "file_name");
    *found = FALSE;
    for (guint i = 0; i < names->len; i++) {
        gboolean jsonl;
        GError *reason = NULL;
        g_autofree char *below = g_build_filename(folder, names->pdata[i], NULL);
        g_autofree char *path = find_metadata(below, &jsonl, &reason);
        *found = *found || path != NULL || reason != NULL;
        if (reason != NULL) {
            g_propagate_error(error, reason);
            return NULL;
        }
        g_autoptr(TsTable) part = path != NULL ? ts_layout_parse_file(path, jsonl, error) : NULL;
        if (path != NULL &&
            (part == NULL || !append_split(all, part, names->pdata[i], path, error)))
            return NULL;
    }
    return *found ? ts_layout_from_table(all, folder, folder, error) : NULL;
}

TsManifest *
ts_layout_read_metadata(const char *folder, gboolean *found, GError **error)
{
    gboolean jsonl;
    GError *reason = NULL;
    g_autofree char *path = find_metadata(folder, &jsonl, &reason);
    *found = path != NULL || reason != NULL;
    if (reason != NULL) {
        g_propagate_error(error, reason);
        return NULL;
    }
    return path != NULL ? ts_layout_read_rows(path, jsonl, error)
                        : read_splits(folder, found, error);
}
