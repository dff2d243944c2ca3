/* Named numbers of one epoch. */
#include "nn/logs.h"

#include "base/error.h"
#include "base/number.h"
#include "store/json.h"

#include <math.h>
#include <string.h>

typedef struct {
    char *name;
    double value;
} Entry;

struct _TsLogs {
    GArray *entries;
};

static void
clear_entry(gpointer data)
{
    g_free(((Entry *) data)->name);
}

TsLogs *
ts_logs_new(void)
{
    TsLogs *logs = g_new0(TsLogs, 1);
    logs->entries = g_array_new(FALSE, TRUE, sizeof(Entry));
    g_array_set_clear_func(logs->entries, clear_entry);
    return logs;
}

void
ts_logs_free(TsLogs *logs)
{
    if (logs == NULL)
        return;
    g_array_unref(logs->entries);
    g_free(logs);
}

static Entry *
find(const TsLogs *logs, const char *name)
{
    for (guint i = 0; i < logs->entries->len; i++) {
        Entry *entry = &g_array_index(logs->entries, Entry, i);
        if (strcmp(entry->name, name) == 0)
            return entry;
    }
    return NULL;
}

void
ts_logs_set(TsLogs *logs, const char *name, double value)
{
    Entry *entry = find(logs, name);
    if (entry != NULL) {
        entry->value = value;
        return;
    }
    Entry fresh = {g_strdup(name), value};
    g_array_append_val(logs->entries, fresh);
}

gboolean
ts_logs_get(const TsLogs *logs, const char *name, double *value)
{
    const Entry *entry = find(logs, name);
    if (entry != NULL)
        *value = entry->value;
    return entry != NULL;
}

guint
ts_logs_n(const TsLogs *logs)
{
    return logs->entries->len;
}

const char *
ts_logs_name(const TsLogs *logs, guint i)
{
    return g_array_index(logs->entries, Entry, i).name;
}

double
ts_logs_value(const TsLogs *logs, guint i)
{
    return g_array_index(logs->entries, Entry, i).value;
}

char *
ts_logs_to_text(const TsLogs *logs)
{
    GString *text = g_string_new(NULL);
    char number[TS_NUMBER_MAX];
    for (guint i = 0; i < logs->entries->len; i++)
        g_string_append_printf(text, "%s%s=%s", i > 0 ? "\t" : "", ts_logs_name(logs, i),
                               ts_format_double(number, ts_logs_value(logs, i)));
    return g_string_free(text, FALSE);
}

TsLogs *
ts_logs_from_text(const char *text, GError **error)
{
    g_autoptr(TsLogs) logs = ts_logs_new();
    g_auto(GStrv) pairs = g_strsplit(text, "\t", -1);
    for (char **pair = pairs; *pair != NULL && **pair != '\0'; pair++) {
        char *equals = strchr(*pair, '='), *end = NULL;
        double value = equals != NULL ? g_ascii_strtod(equals + 1, &end) : 0;
        if (equals == NULL || end == equals + 1 || *end != '\0') {
            ts_error_set(error, TS_ERROR_FORMAT, "'%s' is not NAME=NUMBER", *pair);
            return NULL;
        }
        *equals = '\0';
        ts_logs_set(logs, *pair, value);
    }
    return g_steal_pointer(&logs);
}

void
ts_logs_append_json(const TsLogs *self, GString *out)
{
    for (guint i = 0; i < ts_logs_n(self); i++) {
        char number[TS_NUMBER_MAX];
        const double value = ts_logs_value(self, i);
        g_string_append(out, ", ");
        ts_json_append_string(out, ts_logs_name(self, i));
        g_string_append(out, ": ");
        g_string_append(out, isfinite(value) ? ts_format_double(number, value) : "null");
    }
}
