/* Distinct labels numbered, by byte order or by a list. */
#include "manifest/classes.h"

#include "base/error.h"
#include "manifest/private.h"

#include <errno.h>
#include <stdlib.h>

/* A GHashTable's key: cells in an array that does not move while the table lives. */
static guint
hash_cell(gconstpointer key)
{
    return ts_cell_hash(*(const TsCell *) key);
}

static gboolean
same_cell(gconstpointer a, gconstpointer b)
{
    return ts_cell_same(*(const TsCell *) a, *(const TsCell *) b);
}

static gboolean
check_label(const TsManifest *manifest, const char *column, guint64 row, TsCell cell,
            GError **error)
{
    if (cell.length > 0)
        return TRUE;
    g_autofree char *where = ts_manifest_where(manifest, row);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: empty %s, \\N means that there is none", where,
                        column);
}

static TsClasses *
classes_alloc(const TsManifest *manifest, GError **error)
{
    g_autoptr(TsClasses) self = g_new0(TsClasses, 1);
    self->of_row = ts_try_alloc(ts_manifest_n_rows(manifest), sizeof *self->of_row,
                                ts_manifest_name(manifest), error);
    return self->of_row != NULL ? g_steal_pointer(&self) : NULL;
}

static void
count_rows(TsClasses *self, guint64 n_rows)
{
    self->counts = g_new0(guint64, self->n + 1);
    for (guint64 row = 0; row < n_rows; row++) {
        if (self->of_row[row] >= 0)
            self->counts[self->of_row[row]]++;
        else
            self->n_unlabelled++;
    }
}

/* Number the labels in order of first appearance; `distinct` gets one cell for each. */
static gboolean
number_by_appearance(TsClasses *self, const TsManifest *manifest, const char *column, guint at,
                     GPtrArray *distinct, GError **error)
{
    g_autoptr(GHashTable) table = g_hash_table_new(hash_cell, same_cell);
    for (guint64 row = 0; row < ts_manifest_n_rows(manifest); row++) {
        TsCell cell = ts_manifest_cell(manifest, row, at);
        gpointer number;
        if (!check_label(manifest, column, row, cell, error))
            return FALSE;
        if (ts_cell_is_null(cell)) {
            self->of_row[row] = -1;
            continue;
        }
        if (!g_hash_table_lookup_extended(table, &cell, NULL, &number)) {
            if (distinct->len >= G_MAXINT32)
                return ts_error_set(error, TS_ERROR_RANGE, "%s: too many classes in column '%s'",
                                    ts_manifest_name(manifest), column);
            TsCell *key = g_memdup2(&cell, sizeof cell);
            number = GUINT_TO_POINTER(distinct->len);
            g_ptr_array_add(distinct, key);
            g_hash_table_insert(table, key, number);
        }
        self->of_row[row] = (gint32) GPOINTER_TO_UINT(number);
    }
    return TRUE;
}

typedef struct {
    char *name;
    guint appeared;
} NamedClass;

static int
compare_names(const void *a, const void *b)
{
    return strcmp(((const NamedClass *) a)->name, ((const NamedClass *) b)->name);
}

/* Renumber from order of appearance to byte order of the names. */
static void
sort_by_name(TsClasses *self, guint64 n_rows, const GPtrArray *distinct)
{
    self->n = distinct->len;
    g_autofree NamedClass *order = g_new(NamedClass, self->n + 1);
    for (guint i = 0; i < self->n; i++)
        order[i] = (NamedClass){ts_cell_unescape(*(const TsCell *) distinct->pdata[i]), i};
    qsort(order, self->n, sizeof *order, compare_names);
    g_autofree gint32 *number = g_new(gint32, self->n + 1);
    self->names = g_new0(char *, self->n + 1);
    for (guint i = 0; i < self->n; i++) {
        self->names[i] = order[i].name;
        number[order[i].appeared] = (gint32) i;
    }
    for (guint64 row = 0; row < n_rows; row++)
        if (self->of_row[row] >= 0)
            self->of_row[row] = number[self->of_row[row]];
}

TsClasses *
ts_classes_new(const TsManifest *manifest, const char *column, GError **error)
{
    const char *const *list = ts_manifest_class_list(manifest);
    if (list != NULL && strcmp(column, "label") == 0)
        return ts_classes_new_with(manifest, column, (char **) list, error);
    guint at;
    if (!ts_manifest_require_column(manifest, column, &at, error))
        return NULL;
    g_autoptr(TsClasses) self = classes_alloc(manifest, error);
    g_autoptr(GPtrArray) distinct = g_ptr_array_new_with_free_func(g_free);
    if (self == NULL || !number_by_appearance(self, manifest, column, at, distinct, error))
        return NULL;
    sort_by_name(self, ts_manifest_n_rows(manifest), distinct);
    count_rows(self, ts_manifest_n_rows(manifest));
    return g_steal_pointer(&self);
}

static gboolean
set_unknown_label(const TsManifest *manifest, guint64 row, TsCell cell, const TsClasses *self,
                  GError **error)
{
    g_autofree char *where = ts_manifest_where(manifest, row);
    g_autofree char *known = g_strjoinv(", ", self->names);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: label '%.*s' is not among the classes: %.400s",
                        where, (int) MIN(cell.length, 400), cell.text, known);
}

TsClasses *
ts_classes_new_with(const TsManifest *manifest, const char *column, char **names, GError **error)
{
    guint at;
    if (!ts_manifest_require_column(manifest, column, &at, error))
        return NULL;
    g_autoptr(TsClasses) self = classes_alloc(manifest, error);
    if (self == NULL)
        return NULL;
    self->names = g_strdupv(names);
    self->n = g_strv_length(names);
    g_auto(GStrv) raw = g_new0(char *, self->n + 1);
    g_autofree TsCell *keys = g_new(TsCell, self->n + 1);
    g_autoptr(GHashTable) table = g_hash_table_new(hash_cell, same_cell);
    for (guint i = 0; i < self->n; i++) {
        raw[i] = ts_escape(names[i]);
        keys[i] = (TsCell){raw[i], strlen(raw[i])};
        g_hash_table_insert(table, &keys[i], GUINT_TO_POINTER(i));
    }
    for (guint64 row = 0; row < ts_manifest_n_rows(manifest); row++) {
        TsCell cell = ts_manifest_cell(manifest, row, at);
        gpointer number = NULL;
        if (!check_label(manifest, column, row, cell, error))
            return NULL;
        gboolean null = ts_cell_is_null(cell);
        if (!null && !g_hash_table_lookup_extended(table, &cell, NULL, &number)) {
            set_unknown_label(manifest, row, cell, self, error);
            return NULL;
        }
        self->of_row[row] = null ? -1 : (gint32) GPOINTER_TO_UINT(number);
    }
    count_rows(self, ts_manifest_n_rows(manifest));
    return g_steal_pointer(&self);
}

int
ts_classes_find(const TsClasses *self, const char *name)
{
    for (guint i = 0; i < self->n; i++)
        if (strcmp(self->names[i], name) == 0)
            return (int) i;
    return -1;
}

gboolean
ts_classes_keep_split(TsClasses *self, const TsManifest *manifest, const char *name, GError **error)
{
    guint column;
    if (name == NULL && ts_manifest_find_column(manifest, "split") < 0)
        return TRUE;
    if (!ts_manifest_require_column(manifest, "split", &column, error))
        return FALSE;
    guint64 n_kept = 0;
    memset(self->counts, 0, self->n * sizeof *self->counts);
    for (guint64 row = 0; row < ts_manifest_n_rows(manifest); row++) {
        if (!ts_cell_equal(ts_manifest_cell(manifest, row, column), name ? name : "train")) {
            self->of_row[row] = -1;
            continue;
        }
        n_kept++;
        if (self->of_row[row] >= 0)
            self->counts[self->of_row[row]]++;
    }
    if (n_kept > 0)
        return TRUE;
    g_autofree char *hint = ts_manifest_values_hint(manifest, "split");
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: no row has the split '%s'%s; --split NAME chooses another one, "
                        "--all-splits all",
                        ts_manifest_name(manifest), name ? name : "train", hint);
}

void
ts_classes_free(TsClasses *self)
{
    if (self == NULL)
        return;
    g_strfreev(self->names);
    g_free(self->of_row);
    g_free(self->counts);
    g_free(self);
}
