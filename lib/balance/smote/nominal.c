/* Categories, numbered. */
#include "balance/smote/nominal.h"

#include "base/error.h"

#include <string.h>

/* NULL, a missing value, stands last. */
static int
compare_texts(const void *a, const void *b)
{
    const char *x = *(char *const *) a, *y = *(char *const *) b;
    if (x == NULL || y == NULL)
        return (x == NULL) - (y == NULL);
    return strcmp(x, y);
}

/* Number texts as they appear; the distinct ones are moved to `names`. */
static void
number_texts(const TsManifest *manifest, const guint64 *rows, gsize n, TsNominalColumn *column,
             GPtrArray *names)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    guint missing = G_MAXUINT;
    for (gsize i = 0; i < n; i++) {
        g_autofree char *text =
            ts_cell_unescape(ts_manifest_cell(manifest, rows[i], column->number));
        gpointer found = NULL;
        if (text == NULL && missing != G_MAXUINT) {
            column->code[i] = missing;
        } else if (text != NULL && g_hash_table_lookup_extended(seen, text, NULL, &found)) {
            column->code[i] = GPOINTER_TO_UINT(found);
        } else {
            column->code[i] = names->len;
            if (text == NULL)
                missing = names->len;
            else
                g_hash_table_insert(seen, text, GUINT_TO_POINTER(names->len));
            g_ptr_array_add(names, g_steal_pointer(&text));
        }
    }
}

/* Numbers in the order of the texts. */
static void
sort_categories(TsNominalColumn *column, gsize n, GPtrArray *names)
{
    column->n_categories = names->len;
    column->name = g_new0(char *, names->len + 1);
    memcpy(column->name, names->pdata, names->len * sizeof(char *));
    qsort(column->name, names->len, sizeof(char *), compare_texts);
    g_autofree guint32 *place = g_new(guint32, names->len + 1);
    for (guint i = 0; i < names->len; i++) {
        char **at =
            bsearch(&names->pdata[i], column->name, names->len, sizeof(char *), compare_texts);
        place[i] = (guint32) (at - column->name);
    }
    for (gsize i = 0; i < n; i++)
        column->code[i] = place[column->code[i]];
}

TsNominal *
ts_nominal_new(const TsManifest *manifest, const guint64 *rows, gsize n, const guint *columns,
               guint n_columns, GError **error)
{
    g_autoptr(TsNominal) self = g_new0(TsNominal, 1);
    self->n = n;
    self->column = g_new0(TsNominalColumn, n_columns + 1);
    for (; self->n_columns < n_columns; self->n_columns++) {
        TsNominalColumn *column = &self->column[self->n_columns];
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        column->number = columns[self->n_columns];
        column->code = ts_try_alloc(MAX(n, 1), sizeof *column->code, "categories", error);
        if (column->code == NULL)
            return NULL;
        number_texts(manifest, rows, n, column, names);
        sort_categories(column, n, names);
    }
    return g_steal_pointer(&self);
}

void
ts_nominal_free(TsNominal *self)
{
    if (self == NULL)
        return;
    for (guint f = 0; f < self->n_columns; f++) {
        for (guint c = 0; c < self->column[f].n_categories; c++)
            g_free(self->column[f].name[c]);
        g_free(self->column[f].name);
        g_free(self->column[f].code);
    }
    g_free(self->column);
    g_free(self);
}
