/* Names in a table joined with the pictures that lie around it.
 *
 * Kaggle's tables name a picture by its file name, often without extension, and keep the pictures
 * in a folder of another name. A text means, in this order: the picture of that path below the
 * table's folder; one whose path without extension, base name, or base name without extension it
 * is. Where two pictures fit, one in a folder that begins as the table's name does (train.csv and
 * train_images/) wins; otherwise the text is refused.
 */
#include "layout/private.h"

#include "base/error.h"

#include <string.h>

typedef struct {
    GPtrArray *pictures; /* paths below the folder */
    GHashTable *exact;   /* path -> itself */
    GHashTable *names;   /* shorter name -> path, or AMBIGUOUS */
    const char *hint;    /* "train", "val", "test" or NULL */
} Join;

static char AMBIGUOUS[] = "";

static void
join_clear(Join *join)
{
    g_clear_pointer(&join->exact, g_hash_table_unref);
    g_clear_pointer(&join->names, g_hash_table_unref);
    g_clear_pointer(&join->pictures, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Join, join_clear)

static const char *
hint_of(const char *table_name)
{
    static const char *const hints[] = {"train", "val", "test"};
    g_autofree char *base = g_path_get_basename(table_name);
    for (gsize i = 0; i < G_N_ELEMENTS(hints); i++)
        if (g_ascii_strncasecmp(base, hints[i], strlen(hints[i])) == 0)
            return hints[i];
    return NULL;
}

static gboolean
is_preferred(const Join *join, const char *path)
{
    return join->hint != NULL && strchr(path, '/') != NULL &&
           g_ascii_strncasecmp(path, join->hint, strlen(join->hint)) == 0;
}

/* Takes `name`. */
static void
add_name(Join *join, char *name, char *path)
{
    char *other = g_hash_table_lookup(join->names, name);
    if (other == NULL) {
        g_hash_table_insert(join->names, name, path);
        return;
    }
    gboolean wins = other != AMBIGUOUS && is_preferred(join, other);
    if (other != path && wins == is_preferred(join, path))
        g_hash_table_replace(join->names, g_strdup(name), AMBIGUOUS);
    else if (!wins)
        g_hash_table_replace(join->names, g_strdup(name), path);
    g_free(name);
}

static void
add_picture(Join *join, char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    gsize n_base = (gsize) (strrchr(base, '.') - base);
    g_hash_table_add(join->exact, path);
    add_name(join, g_strdup(base), path);
    add_name(join, g_strndup(base, n_base), path);
    if (slash != NULL)
        add_name(join, g_strndup(path, (gsize) (base - path) + n_base), path);
}

static gboolean
join_init(Join *join, const char *folder, const char *table_name, GError **error)
{
    join->hint = hint_of(table_name);
    join->pictures = g_ptr_array_new_with_free_func(g_free);
    join->exact = g_hash_table_new(g_str_hash, g_str_equal);
    join->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!ts_scan_pictures(folder, join->pictures, error))
        return FALSE;
    for (guint i = 0; i < join->pictures->len; i++)
        add_picture(join, join->pictures->pdata[i]);
    return TRUE;
}

/* The path that `text` means; NULL with an error. */
static const char *
find_picture(const Join *join, const char *text, const char *folder, const char *where,
             GError **error)
{
    while (g_str_has_prefix(text, "./"))
        text += 2;
    const char *path = g_hash_table_lookup(join->exact, text);
    if (path == NULL)
        path = g_hash_table_lookup(join->names, text);
    if (path == NULL)
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: '%.200s' is the name of no picture below %s, with or without extension",
                     where, text, folder);
    else if (path == AMBIGUOUS)
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: '%.200s' is the name of more than one picture below %s; write their "
                     "folder in front",
                     where, text, folder);
    return path == AMBIGUOUS ? NULL : path;
}

TsTable *
ts_layout_join(const TsTable *table, guint column, const char *folder, const char *table_name,
               GError **error)
{
    g_auto(Join) join = {0};
    g_autoptr(TsTable) joined = ts_table_new();
    if (!join_init(&join, folder, table_name, error))
        return NULL;
    for (guint c = 0; c < ts_table_n_columns(table); c++)
        ts_table_add_column(joined, ts_table_column_name(table, c));
    for (guint64 row = 0; row < ts_table_n_rows(table); row++) {
        ts_table_begin_row(joined, ts_table_line(table, row));
        for (guint c = 0; c < ts_table_n_columns(table); c++) {
            const char *cell = ts_table_get(table, row, c);
            if (c == column && cell != NULL) {
                g_autofree char *where =
                    g_strdup_printf("%s:%" G_GUINT64_FORMAT, table_name, ts_table_line(table, row));
                cell = find_picture(&join, cell, folder, where, error);
                if (cell == NULL)
                    return NULL;
            }
            if (cell != NULL)
                ts_table_set(joined, c, cell, strlen(cell));
        }
    }
    return g_steal_pointer(&joined);
}
