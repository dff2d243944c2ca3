/* Reports as aligned table, TSV and JSON. */
#include "stats/report.h"

#include "base/error.h"
#include "base/number.h"
#include "manifest/cell.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

enum { BAR_WIDTH = 32 };

typedef enum { CELL_TEXT, CELL_NUMBER, CELL_NULL, CELL_BAR } CellKind;

typedef struct {
    CellKind kind;
    char *exact; /* for TSV and JSON; not escaped */
    char *shown; /* for the table form */
} ReportCell;

typedef struct {
    char *name;
    char **columns;
    guint n_columns;
    gboolean values;
    GArray *cells; /* of ReportCell, row after row */
} ReportTable;

struct _TsReport {
    GPtrArray *tables;
};

static void
cell_clear(gpointer data)
{
    ReportCell *cell = data;
    g_free(cell->exact);
    g_free(cell->shown);
}

static void
table_free(gpointer data)
{
    ReportTable *table = data;
    g_free(table->name);
    g_strfreev(table->columns);
    g_array_unref(table->cells);
    g_free(table);
}

TsReport *
ts_report_new(void)
{
    TsReport *self = g_new0(TsReport, 1);
    self->tables = g_ptr_array_new_with_free_func(table_free);
    return self;
}

void
ts_report_free(TsReport *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->tables);
    g_free(self);
}

void
ts_report_begin(TsReport *self, const char *name, const char *const *columns)
{
    ReportTable *table = g_new0(ReportTable, 1);
    table->name = g_strdup(name);
    table->columns = g_strdupv((char **) columns);
    table->n_columns = g_strv_length(table->columns);
    table->cells = g_array_new(FALSE, FALSE, sizeof(ReportCell));
    g_array_set_clear_func(table->cells, cell_clear);
    g_ptr_array_add(self->tables, table);
}

void
ts_report_begin_values(TsReport *self, const char *name)
{
    static const char *const columns[] = {"metric", "value", NULL};
    ts_report_begin(self, name, columns);
    ReportTable *table = self->tables->pdata[self->tables->len - 1];
    table->values = TRUE;
}

static void
add_cell(TsReport *self, CellKind kind, const char *exact, const char *shown)
{
    g_assert(self->tables->len > 0);
    ReportTable *table = self->tables->pdata[self->tables->len - 1];
    ReportCell cell = {kind, g_strdup(exact), g_strdup(shown)};
    g_array_append_val(table->cells, cell);
}

/* Text that cannot disturb a terminal: what does not print is shown as an escape. */
static char *
printable(const char *text)
{
    GString *out = g_string_new(NULL);
    g_autofree char *escaped = ts_escape(text);
    for (const char *at = escaped; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char_validated(at, -1);
        if (c == (gunichar) -1 || c == (gunichar) -2)
            break;
        if (g_unichar_isprint(c))
            g_string_append_unichar(out, c);
        else
            g_string_append_printf(out, "\\u%04x", c);
    }
    return g_string_free(out, FALSE);
}

void
ts_report_text(TsReport *self, const char *text)
{
    g_autofree char *shown = text != NULL ? printable(text) : NULL;
    add_cell(self, text != NULL ? CELL_TEXT : CELL_NULL, text, text != NULL ? shown : "-");
}

void
ts_report_int(TsReport *self, gint64 value)
{
    char text[32];
    g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, value);
    add_cell(self, CELL_NUMBER, text, text);
}

void
ts_report_double(TsReport *self, double value, int decimals)
{
    if (!isfinite(value)) {
        add_cell(self, CELL_NULL, NULL, "-");
        return;
    }
    char exact[TS_NUMBER_MAX];
    ts_format_double(exact, value);
    g_autofree char *shown = g_strdup_printf("%.*f", decimals, value);
    add_cell(self, CELL_NUMBER, exact, shown);
}

void
ts_report_bar(TsReport *self, double share)
{
    double clamped = share > 0 ? MIN(share, 1) : 0;
    g_autofree char *bar = g_strnfill((gsize) lround(clamped * BAR_WIDTH), '#');
    add_cell(self, CELL_BAR, NULL, bar);
}

void
ts_report_value_text(TsReport *self, const char *name, const char *value)
{
    ts_report_text(self, name);
    ts_report_text(self, value);
}

void
ts_report_value_int(TsReport *self, const char *name, gint64 value)
{
    ts_report_text(self, name);
    ts_report_int(self, value);
}

void
ts_report_value_double(TsReport *self, const char *name, double value, int decimals)
{
    ts_report_text(self, name);
    ts_report_double(self, value, decimals);
}

static guint
n_rows(const ReportTable *table)
{
    g_assert(table->n_columns > 0 && table->cells->len % table->n_columns == 0);
    return table->cells->len / table->n_columns;
}

static const ReportCell *
get_cell(const ReportTable *table, guint row, guint column)
{
    return &g_array_index(table->cells, ReportCell, row * table->n_columns + column);
}

static gboolean
is_bar(const ReportTable *table, guint column)
{
    return table->columns[column][0] == '\0';
}

/* Columns on a terminal: two for wide characters, none for combining ones. */
static gsize
text_width(const char *text)
{
    gsize width = 0;
    for (; *text != '\0'; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);
        if (!g_unichar_iszerowidth(c))
            width += g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}

static gsize
column_width(const ReportTable *table, guint column)
{
    gsize width = table->values ? 0 : text_width(table->columns[column]);
    for (guint row = 0; row < n_rows(table); row++)
        width = MAX(width, text_width(get_cell(table, row, column)->shown));
    return width;
}

/* A column stands at the right if all of its cells are numbers or missing. */
static gboolean
is_numeric(const ReportTable *table, guint column)
{
    gboolean numbers = FALSE;
    for (guint row = 0; row < n_rows(table); row++) {
        CellKind kind = get_cell(table, row, column)->kind;
        if (kind != CELL_NUMBER && kind != CELL_NULL)
            return FALSE;
        numbers = numbers || kind == CELL_NUMBER;
    }
    return numbers;
}

static void
append_padded(GString *out, const char *text, gsize width, gboolean right)
{
    gsize blank = width - MIN(width, text_width(text));
    for (gsize i = 0; right && i < blank; i++)
        g_string_append_c(out, ' ');
    g_string_append(out, text);
    for (gsize i = 0; !right && i < blank; i++)
        g_string_append_c(out, ' ');
}

static void
end_line(GString *out)
{
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

static void
render_table(const ReportTable *table, GString *out)
{
    g_autofree gsize *width = g_new(gsize, table->n_columns);
    g_autofree gboolean *right = g_new(gboolean, table->n_columns);
    for (guint i = 0; i < table->n_columns; i++) {
        width[i] = column_width(table, i);
        right[i] = is_numeric(table, i);
    }
    for (guint i = 0; !table->values && i < table->n_columns; i++) {
        g_string_append(out, i > 0 ? "  " : "");
        append_padded(out, table->columns[i], width[i], right[i]);
    }
    if (!table->values)
        end_line(out);
    for (guint row = 0; row < n_rows(table); row++) {
        for (guint i = 0; i < table->n_columns; i++) {
            g_string_append(out, i > 0 ? "  " : "");
            append_padded(out, get_cell(table, row, i)->shown, width[i], right[i]);
        }
        end_line(out);
    }
}

static void
append_escaped(GString *out, const char *text)
{
    ts_escape_append(out, text, strlen(text));
}

static void
render_tsv(const ReportTable *table, GString *out)
{
    gboolean first = TRUE;
    for (guint i = 0; i < table->n_columns; i++) {
        if (is_bar(table, i))
            continue;
        g_string_append(out, first ? "" : "\t");
        append_escaped(out, table->columns[i]);
        first = FALSE;
    }
    g_string_append_c(out, '\n');
    for (guint row = 0; row < n_rows(table); row++) {
        first = TRUE;
        for (guint i = 0; i < table->n_columns; i++) {
            if (is_bar(table, i))
                continue;
            const ReportCell *cell = get_cell(table, row, i);
            g_string_append(out, first ? "" : "\t");
            append_escaped(out, cell->kind == CELL_NULL ? "" : cell->exact);
            g_string_append(out, cell->kind == CELL_NULL ? "\\N" : "");
            first = FALSE;
        }
        g_string_append_c(out, '\n');
    }
}

static void
append_json_text(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (; *text != '\0'; text++) {
        guchar c = (guchar) *text;
        if (c == '"' || c == '\\')
            g_string_append_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            g_string_append_printf(out, "\\u%04x", c);
        else
            g_string_append_c(out, (char) c);
    }
    g_string_append_c(out, '"');
}

static void
append_json_cell(GString *out, const ReportCell *cell)
{
    if (cell->kind == CELL_NULL)
        g_string_append(out, "null");
    else if (cell->kind == CELL_NUMBER)
        g_string_append(out, cell->exact);
    else
        append_json_text(out, cell->exact);
}

static void
append_json_row(GString *out, const ReportTable *table, guint row)
{
    gboolean first = TRUE;
    g_string_append_c(out, '{');
    for (guint i = 0; i < table->n_columns; i++) {
        if (is_bar(table, i))
            continue;
        g_string_append(out, first ? "" : ", ");
        append_json_text(out, table->columns[i]);
        g_string_append(out, ": ");
        append_json_cell(out, get_cell(table, row, i));
        first = FALSE;
    }
    g_string_append_c(out, '}');
}

static void
render_json(const ReportTable *table, GString *out)
{
    g_string_append(out, "  ");
    append_json_text(out, table->name);
    g_string_append(out, table->values ? ": {" : ": [");
    for (guint row = 0; row < n_rows(table); row++) {
        g_string_append(out, row > 0 ? ",\n    " : "\n    ");
        if (table->values) {
            append_json_text(out, get_cell(table, row, 0)->exact);
            g_string_append(out, ": ");
            append_json_cell(out, get_cell(table, row, 1));
        } else {
            append_json_row(out, table, row);
        }
    }
    g_string_append(out, n_rows(table) > 0 ? "\n  " : "");
    g_string_append(out, table->values ? "}" : "]");
}

char *
ts_report_render(const TsReport *self, TsReportFormat format)
{
    GString *out = g_string_new(format == TS_FORMAT_JSON ? "{\n" : NULL);
    for (guint i = 0; i < self->tables->len; i++) {
        const ReportTable *table = self->tables->pdata[i];
        if (i > 0)
            g_string_append(out, format == TS_FORMAT_JSON ? ",\n" : "\n");
        if (format == TS_FORMAT_JSON)
            render_json(table, out);
        else if (format == TS_FORMAT_TSV)
            render_tsv(table, out);
        else
            render_table(table, out);
    }
    g_string_append(out, format == TS_FORMAT_JSON ? "\n}\n" : "");
    return g_string_free(out, FALSE);
}

gboolean
ts_report_print(const TsReport *self, TsReportFormat format, GError **error)
{
    g_autofree char *text = ts_report_render(self, format);
    if (fputs(text, stdout) < 0)
        return ts_error_set_errno(error, errno, "standard output: cannot be written");
    return TRUE;
}
