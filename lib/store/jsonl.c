/* JSON objects as rows of a table, on jansson. */
#include "store/table.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/number.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void
set_value(TsTable *table, guint column, const json_t *value)
{
    char number[TS_NUMBER_MAX];
    switch (json_typeof(value)) {
    case JSON_STRING:
        ts_table_set(table, column, json_string_value(value), json_string_length(value));
        return;
    case JSON_INTEGER:
        ts_table_set_int(table, column, json_integer_value(value));
        return;
    case JSON_REAL:
        ts_format_double(number, json_real_value(value));
        ts_table_set(table, column, number, strlen(number));
        return;
    case JSON_TRUE:
        ts_table_set(table, column, "true", 4);
        return;
    case JSON_FALSE:
        ts_table_set(table, column, "false", 5);
        return;
    case JSON_NULL:
        return;
    default:
        break;
    }
    char *text = json_dumps(value, JSON_COMPACT);
    if (text != NULL)
        ts_table_set(table, column, text, strlen(text));
    free(text);
}

gboolean
ts_table_set_json(TsTable *table, const char *text, gsize n, const char *where, GError **error)
{
    json_error_t reason;
    json_t *object = json_loadb(text, n, JSON_REJECT_DUPLICATES, &reason);
    if (object == NULL)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is no JSON: %s, at byte %d", where,
                            reason.text, reason.position);
    const char *key;
    json_t *value;
    gboolean is_object = json_is_object(object);
    guint64 row = ts_table_n_rows(table) - 1;
    json_object_foreach(object, key, value)
    {
        guint column = ts_table_add_column(table, key[0] != '\0' ? key : "unnamed");
        if (ts_table_get(table, row, column) == NULL)
            set_value(table, column, value);
    }
    json_decref(object);
    if (!is_object)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is no JSON object {\"name\": value, ...}",
                            where);
    return ts_table_check_size(table, where, error);
}

static gboolean
is_blank(const char *text, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (!g_ascii_isspace(text[i]))
            return FALSE;
    return TRUE;
}

TsTable *
ts_table_parse_jsonl(const char *text, gsize n, const char *name, GError **error)
{
    g_autoptr(TsTable) table = ts_table_new();
    if (n == 0)
        text = ""; /* it may be NULL, and nothing may be added to that */
    const char *end = text + n;
    guint64 line = 1;
    for (const char *at = text, *next; at < end; at = next, line++) {
        const char *lf = memchr(at, '\n', (gsize) (end - at));
        gsize length = (gsize) ((lf != NULL ? lf : end) - at);
        next = lf != NULL ? lf + 1 : end;
        if (is_blank(at, length))
            continue;
        g_autofree char *where = g_strdup_printf("%s:%" G_GUINT64_FORMAT, name, line);
        ts_table_begin_row(table, line);
        if (!ts_table_set_json(table, at, length, where, error) ||
            (line % 1024 == 0 && ts_interrupt_check(error)))
            return NULL;
    }
    if (ts_table_n_columns(table) > 0)
        return g_steal_pointer(&table);
    ts_error_set(error, TS_ERROR_FORMAT, "%s: is empty, a JSON object a line was expected", name);
    return NULL;
}
