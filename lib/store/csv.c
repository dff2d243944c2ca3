/* CSV, by RFC 4180 and nothing looser. */
#include "store/table.h"

#include "base/error.h"

#include <string.h>

typedef struct {
    const char *at, *end;
    const char *name;
    guint64 line;     /* of `at` */
    GString *field;   /* the last one read */
    gboolean quoted;  /* it was in quotes */
    gboolean is_last; /* of its line */
} Csv;

static gboolean
fail(const Csv *csv, guint64 line, GError **error, const char *what)
{
    return ts_error_set(error, TS_ERROR_FORMAT, "%s:%" G_GUINT64_FORMAT ": %s", csv->name, line,
                        what);
}

static gboolean
check_text(const char *text, gsize n, const char *name, GError **error)
{
    const char *bad;
    if (g_utf8_validate_len(text, n, &bad))
        return TRUE;
    guint64 line = 1;
    for (const char *at = text; at < bad; at++)
        line += *at == '\n';
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s:%" G_GUINT64_FORMAT ": is not UTF-8 text; iconv converts it", name,
                        line);
}

/* What follows a field: a comma, a line end, or the end of the text. */
static gboolean
end_field(Csv *csv, GError **error)
{
    csv->is_last = TRUE;
    if (csv->at == csv->end)
        return TRUE;
    if (*csv->at == ',') {
        csv->is_last = FALSE;
        csv->at++;
        return TRUE;
    }
    if (*csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n')
        csv->at++;
    if (*csv->at != '\n')
        return fail(csv, csv->line, error,
                    csv->quoted ? "text behind the closing quote of a field"
                                : "a carriage return or a quote within a field without quotes");
    csv->at++;
    csv->line++;
    return TRUE;
}

/* The bytes up to the closing quote; two quotes are one. */
static gboolean
read_quoted(Csv *csv, GError **error)
{
    guint64 first = csv->line;
    for (csv->at++; csv->at < csv->end; csv->at++) {
        if (*csv->at == '"' && (csv->at + 1 == csv->end || csv->at[1] != '"')) {
            csv->at++;
            return end_field(csv, error);
        }
        csv->at += *csv->at == '"';
        csv->line += *csv->at == '\n';
        g_string_append_c(csv->field, *csv->at);
    }
    return fail(csv, first, error, "the quote of a field is not closed");
}

static gboolean
read_field(Csv *csv, GError **error)
{
    g_string_truncate(csv->field, 0);
    csv->quoted = csv->at < csv->end && *csv->at == '"';
    if (csv->quoted)
        return read_quoted(csv, error);
    const char *begin = csv->at;
    while (csv->at < csv->end && strchr(",\r\n\"", *csv->at) == NULL)
        csv->at++;
    g_string_append_len(csv->field, begin, csv->at - begin);
    return end_field(csv, error);
}

static gboolean
read_header(Csv *csv, TsTable *table, GError **error)
{
    for (gboolean more = TRUE; more; more = !csv->is_last) {
        if (!read_field(csv, error))
            return FALSE;
        if (csv->field->len == 0)
            g_string_printf(csv->field, "unnamed_%u", ts_table_n_columns(table) + 1);
        if (ts_table_find_column(table, csv->field->str) >= 0)
            return ts_error_set(error, TS_ERROR_FORMAT, "%s:1: two columns are named '%.200s'",
                                csv->name, csv->field->str);
        ts_table_add_column(table, csv->field->str);
    }
    if (ts_table_n_columns(table) == 1 && strpbrk(csv->field->str, ";\t") != NULL)
        return fail(csv, 1, error, "has no comma between columns, but ; or tabs");
    return TRUE;
}

static gboolean
read_row(Csv *csv, TsTable *table, GError **error)
{
    guint64 line = csv->line;
    guint n = 0;
    ts_table_begin_row(table, line);
    for (gboolean more = TRUE; more; more = !csv->is_last) {
        if (!read_field(csv, error))
            return FALSE;
        if (n < ts_table_n_columns(table) && (csv->quoted || csv->field->len > 0))
            ts_table_set(table, n, csv->field->str, csv->field->len);
        n++;
    }
    if (n == ts_table_n_columns(table))
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s:%" G_GUINT64_FORMAT ": has %u fields, the header has %u", csv->name,
                        line, n, ts_table_n_columns(table));
}

/* Nothing but line ends is left. */
static gboolean
is_done(const Csv *csv)
{
    const char *at = csv->at;
    while (at < csv->end && (*at == '\n' || *at == '\r'))
        at++;
    return at == csv->end;
}

TsTable *
ts_table_parse_csv(const char *text, gsize n, const char *name, GError **error)
{
    static const char mark[] = "\xef\xbb\xbf";
    gsize skip = n >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    g_autoptr(TsTable) table = ts_table_new();
    g_autoptr(GString) field = g_string_new(NULL);
    if (n == 0)
        text = ""; /* it may be NULL, and nothing may be added to that */
    Csv csv = {.at = text + skip, .end = text + n, .name = name, .line = 1, .field = field};
    if (!check_text(text, n, name, error))
        return NULL;
    if (is_done(&csv)) {
        fail(&csv, 1, error, "is empty, a line that names the columns was expected");
        return NULL;
    }
    if (!read_header(&csv, table, error))
        return NULL;
    while (!is_done(&csv))
        if (!read_row(&csv, table, error))
            return NULL;
    return g_steal_pointer(&table);
}
