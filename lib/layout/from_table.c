/* A table of texts as a manifest. */
#include "layout/private.h"

#include "base/error.h"

#include <string.h>

static gboolean
has_all(const TsTable *table, const char *const *names)
{
    for (; *names != NULL; names++)
        if (ts_table_find_column(table, *names) < 0)
            return FALSE;
    return TRUE;
}

/* A column that is part of a recipe only together with others, which are not there. */
static gboolean
is_foreign(const TsTable *table, const char *name)
{
    static const char *const region[] = {"x", "y", "width", "height", NULL};
    static const char *const range[] = {"offset", "length", NULL};
    static const char *const mixture[] = {"parent_b", "lambda", NULL};
    static const char *const *const sets[] = {region, range, mixture};
    for (gsize i = 0; i < G_N_ELEMENTS(sets); i++)
        if (g_strv_contains(sets[i], name))
            return !has_all(table, sets[i]);
    return FALSE;
}

static gboolean
append_header(const TsTable *table, GString *text, const char *name, GError **error)
{
    for (guint c = 0; c < ts_table_n_columns(table); c++) {
        const char *column = ts_table_column_name(table, c);
        g_autofree char *prefixed = g_strconcat("meta_", column, NULL);
        gboolean foreign = is_foreign(table, column);
        if (foreign && ts_table_find_column(table, prefixed) >= 0)
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: has columns %s and %s", name, column,
                                prefixed);
        const char *shown = foreign ? prefixed : column;
        if (c > 0)
            g_string_append_c(text, '\t');
        ts_escape_append(text, shown, strlen(shown));
    }
    g_string_append_c(text, '\n');
    return TRUE;
}

static void
append_rows(const TsTable *table, GString *text)
{
    for (guint64 row = 0; row < ts_table_n_rows(table); row++) {
        for (guint c = 0; c < ts_table_n_columns(table); c++) {
            const char *cell = ts_table_get(table, row, c);
            if (c > 0)
                g_string_append_c(text, '\t');
            if (cell != NULL)
                ts_escape_append(text, cell, strlen(cell));
            else
                g_string_append(text, "\\N");
        }
        g_string_append_c(text, '\n');
    }
}

TsManifest *
ts_layout_from_table(const TsTable *table, const char *name, const char *folder, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (!ts_table_check_size(table, name, error) || !append_header(table, text, name, error))
        return NULL;
    append_rows(table, text);
    gsize n = text->len;
    TsManifest *manifest =
        ts_manifest_parse(g_string_free(g_steal_pointer(&text), FALSE), n, name, folder, error);
    if (manifest != NULL)
        ts_manifest_set_scanned(manifest);
    return manifest;
}
