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
    GString *buffer;
    char *folder; /* that paths in the output start at */
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
    gboolean rewrites; /* a source column is replaced or moved: rows cannot be copied whole */
    TsRebase from_source;
};

static void
put_separator(TsManifestWriter *self)
{
    g_assert(self->column < self->n_columns);
    if (self->column++ > 0)
        g_string_append_c(self->buffer, '\t');
}

static gboolean
flush(TsManifestWriter *self, GError **error)
{
    gboolean written = !ts_interrupt_check(error) &&
                       ts_out_file_write(self->out, self->buffer->str, self->buffer->len, error);
    g_string_truncate(self->buffer, 0);
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
    self->buffer = g_string_sized_new(BUFFER_BYTES + 4096);
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

void
ts_manifest_writer_put(TsManifestWriter *self, const char *text)
{
    put_separator(self);
    if (text == NULL)
        g_string_append_len(self->buffer, "\\N", 2);
    else
        ts_escape_append(self->buffer, text, strlen(text));
}

void
ts_manifest_writer_put_int(TsManifestWriter *self, gint64 value)
{
    put_separator(self);
    char digits[24];
    gsize at = sizeof digits;
    guint64 rest = value < 0 ? 0 - (guint64) value : (guint64) value;
    do {
        digits[--at] = (char) ('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        digits[--at] = '-';
    g_string_append_len(self->buffer, digits + at, (gssize) (sizeof digits - at));
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
    put_separator(self);
    g_string_append_len(self->buffer, raw.text, (gssize) raw.length);
}

void
ts_manifest_writer_put_path(TsManifestWriter *self, const char *path)
{
    g_autofree char *raw = ts_escape(path);
    put_separator(self);
    ts_rebase_append(&self->from_here, self->buffer, (TsCell){raw, strlen(raw)});
}

gboolean
ts_manifest_writer_end_row(TsManifestWriter *self, GError **error)
{
    g_assert(self->column == self->n_columns);
    self->column = 0;
    g_string_append_c(self->buffer, '\n');
    return self->buffer->len < BUFFER_BYTES || flush(self, error);
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
    for (guint i = 0; i < self->n_source; i++) {
        const char *name = ts_manifest_column_name(manifest, i);
        self->value_of[i] = -1;
        self->is_path[i] = self->from_source.from != NULL &&
                           (strcmp(name, "file_name") == 0 || strcmp(name, "mask") == 0 ||
                            (named_by_file && strcmp(name, "parent_b") == 0));
        self->rewrites |= self->is_path[i];
    }
    for (guint i = 0; i < self->n_extra; i++) {
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

static void
put_source_cells(TsManifestWriter *self, const TsManifest *manifest, guint64 row,
                 const char *const *values)
{
    ts_manifest_row(manifest, row, self->cells);
    for (guint i = 0; i < self->n_source; i++) {
        if (self->value_of[i] >= 0) {
            ts_manifest_writer_put(self, values[self->value_of[i]]);
        } else if (self->is_path[i] && !ts_cell_is_null(self->cells[i])) {
            put_separator(self);
            ts_rebase_append(&self->from_source, self->buffer, self->cells[i]);
        } else {
            ts_manifest_writer_put_cell(self, self->cells[i]);
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
        g_string_append_len(self->buffer, raw.text, (gssize) raw.length);
        self->column = self->n_source;
    }
    for (guint i = 0; i < self->n_appended; i++)
        ts_manifest_writer_put(self, values[self->appended[i]]);
    return ts_manifest_writer_end_row(self, error);
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
    if (self->buffer != NULL)
        g_string_free(self->buffer, TRUE);
    g_free(self->folder);
    g_free(self->cells);
    g_free(self->value_of);
    g_free(self->is_path);
    g_free(self->appended);
    ts_rebase_clear(&self->from_here);
    ts_rebase_clear(&self->from_source);
    g_free(self);
}
