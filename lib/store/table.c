/* A table of texts: one block of text, one array of where each cell's text begins. */
#include "store/table.h"

#include "base/error.h"

#include <string.h>

#define NO_VALUE G_MAXSIZE

struct _TsTable {
    GPtrArray *names;   /* of columns */
    GHashTable *lookup; /* name (that of `names`) -> column */
    GString *texts;     /* NUL behind each */
    GArray *cells;      /* gsize: where in `texts`, or NO_VALUE; rows end with their last value */
    GArray *begins;     /* guint64: of each row in `cells` */
    GArray *lines;      /* guint64: of each row */
};

TsTable *
ts_table_new(void)
{
    TsTable *self = g_new0(TsTable, 1);
    self->names = g_ptr_array_new_with_free_func(g_free);
    self->lookup = g_hash_table_new(g_str_hash, g_str_equal);
    self->texts = g_string_new(NULL);
    self->cells = g_array_new(FALSE, FALSE, sizeof(gsize));
    self->begins = g_array_new(FALSE, FALSE, sizeof(guint64));
    self->lines = g_array_new(FALSE, FALSE, sizeof(guint64));
    return self;
}

void
ts_table_free(TsTable *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->lookup);
    g_ptr_array_unref(self->names);
    g_string_free(self->texts, TRUE);
    g_array_unref(self->cells);
    g_array_unref(self->begins);
    g_array_unref(self->lines);
    g_free(self);
}

int
ts_table_find_column(const TsTable *self, const char *name)
{
    gpointer column;
    gboolean found = g_hash_table_lookup_extended(self->lookup, name, NULL, &column);
    return found ? GPOINTER_TO_INT(column) : -1;
}

guint
ts_table_add_column(TsTable *self, const char *name)
{
    int found = ts_table_find_column(self, name);
    if (found >= 0)
        return (guint) found;
    g_ptr_array_add(self->names, g_strdup(name));
    guint column = self->names->len - 1;
    g_hash_table_insert(self->lookup, self->names->pdata[column], GINT_TO_POINTER((int) column));
    return column;
}

void
ts_table_rename_column(TsTable *self, guint column, const char *name)
{
    g_assert(ts_table_find_column(self, name) < 0);
    g_hash_table_remove(self->lookup, self->names->pdata[column]);
    g_free(self->names->pdata[column]);
    self->names->pdata[column] = g_strdup(name);
    g_hash_table_insert(self->lookup, self->names->pdata[column], GINT_TO_POINTER((int) column));
}

guint
ts_table_n_columns(const TsTable *self)
{
    return self->names->len;
}

guint64
ts_table_n_rows(const TsTable *self)
{
    return self->begins->len;
}

const char *
ts_table_column_name(const TsTable *self, guint column)
{
    return self->names->pdata[column];
}

void
ts_table_begin_row(TsTable *self, guint64 line)
{
    guint64 begin = self->cells->len;
    g_array_append_val(self->begins, begin);
    g_array_append_val(self->lines, line);
}

static guint64
begin_of(const TsTable *self, guint64 row)
{
    return row < self->begins->len ? g_array_index(self->begins, guint64, row) : self->cells->len;
}

void
ts_table_set(TsTable *self, guint column, const char *text, gsize n)
{
    const gsize none = NO_VALUE;
    guint64 begin = begin_of(self, self->begins->len - 1);
    while (self->cells->len <= begin + column)
        g_array_append_val(self->cells, none);
    g_array_index(self->cells, gsize, begin + column) = self->texts->len;
    g_string_append_len(self->texts, text, (gssize) n);
    g_string_append_c(self->texts, '\0');
}

void
ts_table_set_int(TsTable *self, guint column, gint64 value)
{
    char digits[24];
    int n = g_snprintf(digits, sizeof digits, "%" G_GINT64_FORMAT, value);
    ts_table_set(self, column, digits, (gsize) n);
}

const char *
ts_table_get(const TsTable *self, guint64 row, guint column)
{
    guint64 at = begin_of(self, row) + column;
    if (at >= begin_of(self, row + 1))
        return NULL;
    gsize text = g_array_index(self->cells, gsize, at);
    return text != NO_VALUE ? self->texts->str + text : NULL;
}

guint64
ts_table_line(const TsTable *self, guint64 row)
{
    return g_array_index(self->lines, guint64, row);
}

gboolean
ts_table_check_size(const TsTable *self, const char *where, GError **error)
{
    const guint64 n_rows = self->begins->len, n_columns = self->names->len;
    if (n_rows * n_columns <= (1 << 24) + 8 * (guint64) self->texts->len)
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: a table of %" G_GUINT64_FORMAT " rows and %" G_GUINT64_FORMAT
                        " columns would be all but empty; names are to be the same in all rows, "
                        "'%.200s' is the last new one",
                        where, n_rows, n_columns, (const char *) self->names->pdata[n_columns - 1]);
}
