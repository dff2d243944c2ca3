/* A JSON object on jansson. */
#include "store/json.h"

#include "base/outfile.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct _TsJson {
    json_t *object;
};

TsJson *
ts_json_new(void)
{
    TsJson *json = g_new0(TsJson, 1);
    json->object = json_object();
    return json;
}

void
ts_json_free(TsJson *json)
{
    if (json == NULL)
        return;
    json_decref(json->object);
    g_free(json);
}

static json_t *
valid_string(const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    return json_string(valid);
}

void
ts_json_set_string(TsJson *json, const char *key, const char *value)
{
    json_object_set_new(json->object, key, valid_string(value));
}

void
ts_json_set_strings(TsJson *json, const char *key, const char *const *values)
{
    json_t *array = json_array();
    for (; *values != NULL; values++)
        json_array_append_new(array, valid_string(*values));
    json_object_set_new(json->object, key, array);
}

void
ts_json_set_int(TsJson *json, const char *key, gint64 value)
{
    json_object_set_new(json->object, key, json_integer(value));
}

void
ts_json_set_double(TsJson *json, const char *key, double value)
{
    json_object_set_new(json->object, key, isfinite(value) ? json_real(value) : json_null());
}

char *
ts_json_to_text(const TsJson *json)
{
    char *text = json_dumps(json->object, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    char *copy = g_strconcat(text, "\n", NULL);
    free(text);
    return copy;
}

gboolean
ts_json_write(const TsJson *json, const char *path, gboolean replace, GError **error)
{
    g_autofree char *text = ts_json_to_text(json);
    return ts_write_file(path, text, strlen(text), replace, error);
}

void
ts_json_append_string(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_string_append_c(out, '"');
    for (const char *at = valid; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            g_string_append_printf(out, "\\%c", *at);
        else if ((guchar) *at < ' ')
            g_string_append_printf(out, "\\u%04x", (guchar) *at);
        else
            g_string_append_c(out, *at);
    }
    g_string_append_c(out, '"');
}
