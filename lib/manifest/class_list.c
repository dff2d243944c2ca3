/* classes.txt: the classes of a folder, one a line, in the order that numbers them. It is a
 * manifest of one column without a header, and is checked as one. */
#include "manifest/private.h"

#include "base/error.h"

static gboolean
check_name(const char *name, GHashTable *earlier, const char *path, guint64 line, GError **error)
{
    if (name == NULL || name[0] == '\0')
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s:%" G_GUINT64_FORMAT ": empty, a class name was expected", path,
                            line);
    if (g_hash_table_contains(earlier, name))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s:%" G_GUINT64_FORMAT ": class '%s' is there twice", path, line,
                            name);
    return TRUE;
}

char **
ts_class_list_read(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize n;
    g_autoptr(GError) read_error = NULL;
    if (!g_file_get_contents(path, &text, &n, &read_error)) {
        if (!g_error_matches(read_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            ts_error_set(error, TS_ERROR_IO, "%s: cannot be read: %s", path, read_error->message);
        return NULL;
    }
    g_auto(TsRowIndex) index = {0};
    if (!ts_index_rows(&index, text, n, 0, 1, 1, path, error))
        return NULL;
    g_auto(GStrv) names = g_new0(char *, index.n_rows + 1);
    g_autoptr(GHashTable) earlier = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint64 i = 0; i < index.n_rows; i++) {
        guint64 from = index.base[i / TS_ROWS_PER_BASE] + index.start[i];
        guint64 next = index.base[(i + 1) / TS_ROWS_PER_BASE] + index.start[i + 1];
        g_autofree char *name = ts_cell_unescape((TsCell){text + from, next - 1 - from});
        if (!check_name(name, earlier, path, i + 1, error))
            return NULL;
        names[i] = g_steal_pointer(&name);
        g_hash_table_add(earlier, names[i]);
    }
    return g_steal_pointer(&names);
}
