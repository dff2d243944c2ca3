/* Rows written through one buffer; rows copied whole where nothing in them changes. */
#include "manifest/writer.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/number.h"
#include "base/outfile.h"
#include "manifest/folder.h"

#include <unistd.h>

enum { BUFFER_BYTES = 1 << 17 };

struct _TsManifestWriter {
    TsOutFile *out;
    char *bytes; /* n of them wait to be written */
    gsize n, capacity;
    GString *moved; /* a path on its way through the rebase */
    char *folder;   /* that paths in the output start at */
    guint n_columns, column;
    TsRebase from_here; /* working folder to `folder` */
    /* for rows of one manifest */
    guint n_source;  /* its columns */
    guint n_extra;   /* values of a row */
    TsCell *cells;   /* room for a row */
    int *value_of;   /* per source column: the value that replaces it, -1: none */
    guint *appended; /* the values that stand behind the source columns */
    guint n_appended;
    gboolean *is_path; /* per source column */
    int moved_value;   /* the value that names a row by its file, parent_b; -1: none */
    gboolean rewrites; /* a source column is replaced or moved: rows cannot be copied whole */
    TsRebase from_source;
};

/* Room for `n` further bytes; where they begin. */
static inline char *
reserve(TsManifestWriter *self, gsize n)
{
    if (G_UNLIKELY(self->capacity - self->n < n)) {
        self->capacity = MAX(self->capacity * 2, self->n + n);
        self->bytes = g_realloc(self->bytes, self->capacity);
    }
    return self->bytes + self->n;
}

/* Every field ends with a tab; the last one of a row becomes its line end. */
static inline void
append_field(TsManifestWriter *self, const char *bytes, gsize n)
{
    char *at = reserve(self, n + 1);
    memcpy(at, bytes, n);
    at[n] = '\t';
    self->n += n + 1;
    self->column++;
}

/* The next field: `raw` as seen from the output's folder. */
static void
put_moved(TsManifestWriter *self, const TsRebase *rebase, TsCell raw)
{
    g_string_truncate(self->moved, 0);
    ts_rebase_append(rebase, self->moved, raw);
    append_field(self, self->moved->str, self->moved->len);
}

static gboolean
flush(TsManifestWriter *self, GError **error)
{
    gboolean written =
        !ts_interrupt_check(error) && ts_out_file_write(self->out, self->bytes, self->n, error);
    self->n = 0;
    return written;
}

static char *
folder_of_output(const char *path)
{
    if (strcmp(path, "-") == 0)
        return ts_folder_of_descriptor(STDOUT_FILENO);
    return ts_folder_of_file(path);
}

/* The header is a row of column names. */
static TsManifestWriter *
writer_new(const char *path, char **columns, gboolean replace, GError **error)
{
    g_autoptr(TsManifestWriter) self = g_new0(TsManifestWriter, 1);
    self->folder = folder_of_output(path);
    self->out = ts_out_file_new(path, replace, error);
    if (self->out == NULL)
        return NULL;
    self->moved = g_string_new(NULL);
    reserve(self, BUFFER_BYTES + 4096);
    self->n_columns = g_strv_length(columns);
    ts_rebase_init(&self->from_here, ".", self->folder);
    for (guint i = 0; i < self->n_columns; i++)
        ts_manifest_writer_put(self, columns[i]);
    if (!ts_manifest_writer_end_row(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

TsManifestWriter *
ts_manifest_writer_new(const char *path, const char *const *columns, gboolean replace,
                       GError **error)
{
    return writer_new(path, (char **) columns, replace, error);
}

/* Whether one of eight bytes is below ' ' or a backslash: most text holds none, so that it needs no
 * escape. Each byte's top bit tells; a borrow from the byte before can only add a bit. */
static inline guint64
suspicious(guint64 bytes)
{
    const guint64 ones = G_GUINT64_CONSTANT(0x0101010101010101), tops = ones * 0x80;
    guint64 backslash = bytes ^ (ones * '\\');
    return (((bytes - ones * ' ') & ~bytes) | ((backslash - ones) & ~backslash)) & tops;
}

/* Copy `n` bytes; whether some may need an escape. */
static inline gboolean
copy_and_look(char *to, const char *from, gsize n)
{
    guint64 found = 0, eight = 0;
    for (; n >= 8; n -= 8, from += 8, to += 8) {
        memcpy(&eight, from, 8);
        memcpy(to, &eight, 8);
        found |= suspicious(eight);
    }
    for (; n > 0; n--, from++, to++) {
        found |= (guchar) *from < ' ' || *from == '\\';
        *to = *from;
    }
    return found != 0;
}

void
ts_manifest_writer_put(TsManifestWriter *self, const char *text)
{
    if (text == NULL) {
        append_field(self, "\\N", 2);
        return;
    }
    gsize n = strlen(text);
    char *at = reserve(self, 2 * n + 1);
    gsize written = G_UNLIKELY(copy_and_look(at, text, n)) ? ts_escape_to(at, text, n) : n;
    at[written] = '\t';
    self->n += written + 1;
    self->column++;
}

void
ts_manifest_writer_put_int(TsManifestWriter *self, gint64 value)
{
    char digits[20]; /* 2^63 has 19, and a sign */
    guint first = sizeof digits;
    guint64 rest = value < 0 ? 0 - (guint64) value : (guint64) value;
    for (; rest > 9; rest /= 10)
        digits[--first] = (char) ('0' + rest % 10);
    digits[--first] = (char) ('0' + rest);
    if (value < 0)
        digits[--first] = '-';
    append_field(self, digits + first, sizeof digits - first);
}

void
ts_manifest_writer_put_double(TsManifestWriter *self, double value)
{
    char number[TS_NUMBER_MAX];
    ts_manifest_writer_put(self, ts_format_double(number, value));
}

void
ts_manifest_writer_put_cell(TsManifestWriter *self, TsCell raw)
{
    append_field(self, raw.text, raw.length);
}

void
ts_manifest_writer_put_path(TsManifestWriter *self, const char *path)
{
    g_autofree char *raw = ts_escape(path);
    put_moved(self, &self->from_here, (TsCell){raw, strlen(raw)});
}

gboolean
ts_manifest_writer_end_row(TsManifestWriter *self, GError **error)
{
    g_assert(self->column == self->n_columns);
    self->column = 0;
    self->bytes[self->n - 1] = '\n';
    return self->n < BUFFER_BYTES || flush(self, error);
}

/* Names of the source's columns, then those of `extra` that are not among them. */
static char **
merged_columns(const TsManifest *manifest, const char *const *extra)
{
    g_autoptr(GPtrArray) columns = g_ptr_array_new();
    for (guint i = 0; i < ts_manifest_n_columns(manifest); i++)
        g_ptr_array_add(columns, g_strdup(ts_manifest_column_name(manifest, i)));
    for (; extra != NULL && *extra != NULL; extra++)
        if (ts_manifest_find_column(manifest, *extra) < 0)
            g_ptr_array_add(columns, g_strdup(*extra));
    g_ptr_array_add(columns, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&columns), FALSE);
}

static void
plan_columns(TsManifestWriter *self, const TsManifest *manifest, const char *const *extra)
{
    self->n_source = ts_manifest_n_columns(manifest);
    self->n_extra = extra != NULL ? g_strv_length((char **) extra) : 0;
    self->cells = g_new(TsCell, self->n_source);
    self->value_of = g_new(int, self->n_source);
    self->is_path = g_new0(gboolean, self->n_source);
    self->appended = g_new(guint, self->n_extra + 1);
    gboolean named_by_file = ts_manifest_find_column(manifest, "id") < 0;
    gboolean has_tiles = ts_manifest_find_column(manifest, "src_x") >= 0;
    for (guint i = 0; i < self->n_source; i++) {
        const char *name = ts_manifest_column_name(manifest, i);
        self->value_of[i] = -1;
        self->is_path[i] = self->from_source.from != NULL &&
                           (strcmp(name, "file_name") == 0 || strcmp(name, "mask") == 0 ||
                            (named_by_file && strcmp(name, "parent_b") == 0) ||
                            (has_tiles && strcmp(name, "source") == 0));
        self->rewrites |= self->is_path[i];
    }
    self->moved_value = -1;
    for (guint i = 0; i < self->n_extra; i++) {
        if (self->from_source.from != NULL && named_by_file && strcmp(extra[i], "parent_b") == 0)
            self->moved_value = (int) i;
        int at = ts_manifest_find_column(manifest, extra[i]);
        if (at >= 0) {
            self->value_of[at] = (int) i;
            self->rewrites = TRUE;
        } else {
            self->appended[self->n_appended++] = i;
        }
    }
}

TsManifestWriter *
ts_manifest_writer_new_like(const char *path, const TsManifest *manifest, const char *const *extra,
                            gboolean replace, GError **error)
{
    g_auto(GStrv) columns = merged_columns(manifest, extra);
    g_autoptr(TsManifestWriter) self = writer_new(path, columns, replace, error);
    if (self == NULL)
        return NULL;
    ts_rebase_init(&self->from_source, ts_manifest_folder(manifest), self->folder);
    plan_columns(self, manifest, extra);
    return g_steal_pointer(&self);
}

/* Neighbouring cells that stay as they are go over in one piece, tabs included. */
static guint
put_kept_cells(TsManifestWriter *self, guint first, gboolean has_values)
{
    guint end = first + 1;
    while (end < self->n_source && !(has_values && self->value_of[end] >= 0) && !self->is_path[end])
        end++;
    const char *from = self->cells[first].text;
    const TsCell *last = &self->cells[end - 1];
    append_field(self, from, (gsize) (last->text + last->length - from));
    self->column += end - first - 1;
    return end;
}

static void
put_value(TsManifestWriter *self, guint i, const char *const *values)
{
    if (values == NULL || values[i] == NULL || (int) i != self->moved_value) {
        ts_manifest_writer_put(self, values != NULL ? values[i] : NULL);
        return;
    }
    g_autofree char *raw = ts_escape(values[i]);
    put_moved(self, &self->from_source, (TsCell){raw, strlen(raw)});
}

static void
put_source_cells(TsManifestWriter *self, const TsManifest *manifest, guint64 row,
                 const char *const *values)
{
    ts_manifest_row(manifest, row, self->cells);
    for (guint i = 0; i < self->n_source;) {
        if (values != NULL && self->value_of[i] >= 0) {
            put_value(self, (guint) self->value_of[i++], values);
        } else if (self->is_path[i] && !ts_cell_is_null(self->cells[i])) {
            put_moved(self, &self->from_source, self->cells[i++]);
        } else {
            i = put_kept_cells(self, i, values != NULL);
        }
    }
}

gboolean
ts_manifest_writer_copy_row(TsManifestWriter *self, const TsManifest *manifest, guint64 row,
                            const char *const *values, GError **error)
{
    if (self->rewrites) {
        put_source_cells(self, manifest, row, values);
    } else {
        TsCell raw = ts_manifest_raw_row(manifest, row);
        append_field(self, raw.text, raw.length);
        self->column = self->n_source;
    }
    for (guint i = 0; i < self->n_appended; i++)
        put_value(self, self->appended[i], values);
    return ts_manifest_writer_end_row(self, error);
}

gboolean
ts_manifest_writer_flush(TsManifestWriter *self, GError **error)
{
    return flush(self, error) && ts_out_file_flush(self->out, error);
}

gboolean
ts_manifest_writer_commit(TsManifestWriter *self, GError **error)
{
    return flush(self, error) && ts_out_file_commit(self->out, error);
}

void
ts_manifest_writer_free(TsManifestWriter *self)
{
    if (self == NULL)
        return;
    ts_out_file_free(self->out);
    g_free(self->bytes);
    if (self->moved != NULL)
        g_string_free(self->moved, TRUE);
    g_free(self->folder);
    g_free(self->cells);
    g_free(self->value_of);
    g_free(self->is_path);
    g_free(self->appended);
    ts_rebase_clear(&self->from_here);
    ts_rebase_clear(&self->from_source);
    g_free(self);
}
