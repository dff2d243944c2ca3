/* The table: text, row index, columns by name, rows by value. */
#include "manifest/manifest.h"

#include "base/error.h"
#include "manifest/private.h"

#include <string.h>

struct _TsManifest {
    char *text;
    gsize n_text;
    TsRowIndex index;
    guint64 first_line; /* of row 0 */
    char **columns;
    guint n_columns;
    char *name;
    char *folder;
    char **class_list;
    gboolean scanned;
    int file_name, id, offset, region[4]; /* well-known columns, -1: absent */
};

static void
find_known_columns(TsManifest *self)
{
    static const char *const region[] = {"x", "y", "width", "height"};
    self->file_name = ts_manifest_find_column(self, "file_name");
    self->id = ts_manifest_find_column(self, "id");
    self->offset = ts_manifest_find_column(self, "offset");
    for (gsize i = 0; i < G_N_ELEMENTS(region); i++)
        self->region[i] = ts_manifest_find_column(self, region[i]);
}

TsManifest *
ts_manifest_parse_part(char *text, gsize n, const char *name, const char *folder, guint64 line,
                       GError **error)
{
    g_autoptr(TsManifest) self = g_new0(TsManifest, 1);
    self->first_line = line;
    self->text = text;
    self->n_text = n;
    self->name = g_strdup(name);
    self->folder = g_strdup(folder);
    gsize header;
    self->columns = ts_index_read_header(text, n, name, &header, error);
    if (self->columns == NULL)
        return NULL;
    self->n_columns = g_strv_length(self->columns);
    if (!ts_index_rows(&self->index, text, n, MIN(header + 1, n), line, self->n_columns, name,
                       error))
        return NULL;
    find_known_columns(self);
    return g_steal_pointer(&self);
}

TsManifest *
ts_manifest_parse(char *text, gsize n, const char *name, const char *folder, GError **error)
{
    return ts_manifest_parse_part(text, n, name, folder, 2, error);
}

void
ts_manifest_free(TsManifest *self)
{
    if (self == NULL)
        return;
    g_free(self->text);
    ts_row_index_clear(&self->index);
    g_strfreev(self->columns);
    g_free(self->name);
    g_free(self->folder);
    g_strfreev(self->class_list);
    g_free(self);
}

guint64
ts_manifest_n_rows(const TsManifest *self)
{
    return self->index.n_rows;
}

guint
ts_manifest_n_columns(const TsManifest *self)
{
    return self->n_columns;
}

const char *
ts_manifest_column_name(const TsManifest *self, guint column)
{
    g_return_val_if_fail(column < self->n_columns, NULL);
    return self->columns[column];
}

int
ts_manifest_find_column(const TsManifest *self, const char *name)
{
    for (int i = 0; self->columns[i] != NULL; i++)
        if (strcmp(self->columns[i], name) == 0)
            return i;
    return -1;
}

gboolean
ts_manifest_require_column(const TsManifest *self, const char *name, guint *column, GError **error)
{
    int found = ts_manifest_find_column(self, name);
    if (found >= 0) {
        *column = (guint) found;
        return TRUE;
    }
    g_autofree char *list = g_strjoinv(", ", self->columns);
    g_autofree char *escaped = ts_escape(list);
    if (self->scanned && self->n_columns <= 2)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: no '%s': the folder has no class folders",
                            self->name, name);
    if (self->scanned)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: no column '%s', there are: %.400s",
                            self->name, name, escaped);
    const gboolean tabless = self->columns[1] == NULL && strpbrk(escaped, ",; ") != NULL;
    return ts_error_set(error, TS_ERROR_FORMAT, "%s:1: no column '%s', the header has: %.400s%s",
                        self->name, name, escaped,
                        tabless ? "; a tab was expected between columns" : "");
}

const char *
ts_manifest_name(const TsManifest *self)
{
    return self->name;
}

guint64
ts_manifest_line(const TsManifest *self, guint64 row)
{
    return row + self->first_line;
}

/* "@offset", or nothing where the row is a whole file. */
static void
append_offset(const TsManifest *self, guint64 row, GString *id)
{
    if (self->offset < 0)
        return;
    TsCell offset = ts_manifest_cell(self, row, (guint) self->offset);
    if (ts_cell_is_null(offset))
        return;
    g_string_append_c(id, '@');
    g_string_append_len(id, offset.text, (gssize) offset.length);
}

char *
ts_manifest_where(const TsManifest *self, guint64 row)
{
    if (self->scanned) {
        g_autofree char *path = ts_manifest_path(self, row);
        GString *where = g_string_new(NULL);
        ts_escape_append(where, path, strlen(path));
        append_offset(self, row, where);
        return g_string_free(where, FALSE);
    }
    return g_strdup_printf("%s:%" G_GUINT64_FORMAT, self->name, ts_manifest_line(self, row));
}

static inline guint64
row_start(const TsManifest *self, guint64 row)
{
    return self->index.base[row / TS_ROWS_PER_BASE] + self->index.start[row];
}

TsCell
ts_manifest_raw_row(const TsManifest *self, guint64 row)
{
    guint64 start = row_start(self, row);
    return (TsCell){self->text + start, row_start(self, row + 1) - 1 - start};
}

TsCell
ts_manifest_cell(const TsManifest *self, guint64 row, guint column)
{
    TsCell rest = ts_manifest_raw_row(self, row);
    const char *end = rest.text + rest.length;
    const char *at = rest.text;
    for (; column > 0; column--)
        at = (const char *) memchr(at, '\t', (gsize) (end - at)) + 1;
    const char *tab = memchr(at, '\t', (gsize) (end - at));
    return (TsCell){at, (gsize) ((tab != NULL ? tab : end) - at)};
}

void
ts_manifest_row(const TsManifest *self, guint64 row, TsCell *cells)
{
    TsCell rest = ts_manifest_raw_row(self, row);
    const char *end = rest.text + rest.length;
    const char *at = rest.text;
    for (guint i = 0; i < self->n_columns; i++) {
        const char *tab = memchr(at, '\t', (gsize) (end - at));
        cells[i] = (TsCell){at, (gsize) ((tab != NULL ? tab : end) - at)};
        at += cells[i].length + 1;
    }
}

const char *
ts_manifest_folder(const TsManifest *self)
{
    return self->folder;
}

void
ts_manifest_set_folder(TsManifest *self, const char *folder)
{
    char *copy = g_strdup(folder);
    g_free(self->folder);
    self->folder = copy;
}

char *
ts_manifest_resolve(const TsManifest *self, TsCell path)
{
    g_autofree char *name = ts_cell_unescape(path);
    if (name == NULL || g_path_is_absolute(name) || strcmp(self->folder, ".") == 0)
        return g_steal_pointer(&name);
    return g_build_filename(self->folder, name, NULL);
}

char *
ts_manifest_path(const TsManifest *self, guint64 row)
{
    if (self->file_name < 0)
        return NULL;
    return ts_manifest_resolve(self, ts_manifest_cell(self, row, (guint) self->file_name));
}

/* "#x,y,width,height", or nothing where the row is a whole image. */
static void
append_region(const TsManifest *self, guint64 row, GString *id)
{
    TsCell part[4];
    for (gsize i = 0; i < G_N_ELEMENTS(part); i++) {
        if (self->region[i] < 0)
            return;
        part[i] = ts_manifest_cell(self, row, (guint) self->region[i]);
        if (ts_cell_is_null(part[i]))
            return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(part); i++) {
        g_string_append_c(id, i == 0 ? '#' : ',');
        g_string_append_len(id, part[i].text, (gssize) part[i].length);
    }
}

char *
ts_manifest_id(const TsManifest *self, guint64 row)
{
    if (self->id >= 0) {
        char *id = ts_cell_unescape(ts_manifest_cell(self, row, (guint) self->id));
        if (id != NULL)
            return id;
    }
    if (self->file_name < 0)
        return NULL;
    g_autofree char *name = ts_cell_unescape(ts_manifest_cell(self, row, (guint) self->file_name));
    if (name == NULL)
        return NULL;
    GString *id = g_string_new(name);
    append_offset(self, row, id);
    append_region(self, row, id);
    return g_string_free(id, FALSE);
}

guint64 *
ts_manifest_select(const TsManifest *self, const char *column, const char *value, guint64 *n)
{
    guint64 n_rows = self->index.n_rows;
    int which = value != NULL ? ts_manifest_find_column(self, column) : -1;
    *n = 0;
    if (value != NULL && which < 0)
        return g_new(guint64, 1);
    g_autofree char *raw = value != NULL ? ts_escape(value) : NULL;
    TsCell wanted = {raw, raw != NULL ? strlen(raw) : 0};
    guint64 *rows = g_new(guint64, n_rows + 1);
    for (guint64 row = 0; row < n_rows; row++)
        if (value == NULL || ts_cell_same(ts_manifest_cell(self, row, (guint) which), wanted))
            rows[(*n)++] = row;
    return g_renew(guint64, rows, *n + 1);
}

char *
ts_manifest_values_hint(const TsManifest *self, const char *column)
{
    enum { MOST = 8 };
    TsCell seen[MOST];
    guint n = 0;
    const int which = ts_manifest_find_column(self, column);
    g_autoptr(GString) hint = g_string_new("");
    for (guint64 row = 0; which >= 0 && row < self->index.n_rows; row++) {
        const TsCell cell = ts_manifest_cell(self, row, (guint) which);
        guint i = 0;
        while (i < n && !ts_cell_same(seen[i], cell))
            i++;
        if (i < n)
            continue;
        if (n == MOST) {
            g_string_append(hint, ", ...");
            break;
        }
        seen[n] = cell;
        g_string_append(hint, n++ == 0 ? "; there are: " : ", ");
        g_string_append_len(hint, cell.text, (gssize) cell.length);
    }
    return g_string_free(g_steal_pointer(&hint), FALSE);
}

const char *const *
ts_manifest_class_list(const TsManifest *self)
{
    return (const char *const *) self->class_list;
}

gsize
ts_manifest_n_bytes(const TsManifest *self)
{
    return self->n_text + (self->index.n_rows + 1) * sizeof *self->index.start +
           (self->index.n_rows / TS_ROWS_PER_BASE + 1) * sizeof *self->index.base;
}

void
ts_manifest_take_class_list(TsManifest *self, char **names)
{
    g_strfreev(self->class_list);
    self->class_list = names;
}

void
ts_manifest_set_scanned(TsManifest *self)
{
    self->scanned = TRUE;
}
