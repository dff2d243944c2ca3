/* COCO files: boxes as regions. */
#include "layout/private.h"

#include "base/error.h"
#include "store/mapped.h"

#include <string.h>

char *
ts_layout_find_coco(const char *folder)
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

/* Put `prefix` before every file_name. */
static TsTable *
move_files(const TsTable *table, guint column, const char *prefix)
{
    TsTable *moved = ts_table_new();
    for (guint c = 0; c < ts_table_n_columns(table); c++)
        ts_table_add_column(moved, ts_table_column_name(table, c));
    for (guint64 row = 0; row < ts_table_n_rows(table); row++) {
        ts_table_begin_row(moved, ts_table_line(table, row));
        for (guint c = 0; c < ts_table_n_columns(table); c++) {
            const char *cell = ts_table_get(table, row, c);
            g_autofree char *text =
                cell != NULL ? g_strconcat(c == column ? prefix : "", cell, NULL) : NULL;
            if (text != NULL)
                ts_table_set(moved, c, text, strlen(text));
        }
    }
    return moved;
}

TsManifest *
ts_layout_read_coco(const char *path, GError **error)
{
    gsize n;
    g_autoptr(GBytes) bytes = ts_map_file(path, error);
    if (bytes == NULL)
        return NULL;
    const char *text = g_bytes_get_data(bytes, &n);
    g_autoptr(TsTable) table = ts_table_parse_coco(n > 0 ? text : "", n, path, error);
    if (table == NULL)
        return NULL;
    g_autofree char *folder = g_path_get_dirname(path);
    guint file = ts_table_add_column(table, "file_name");
    const char *first = ts_table_n_rows(table) > 0 ? ts_table_get(table, 0, file) : "";
    g_autofree char *prefix = find_prefix(path, folder, first);
    g_autoptr(TsTable) moved = move_files(table, file, prefix);
    return ts_layout_from_table(moved, path, folder, error);
}
