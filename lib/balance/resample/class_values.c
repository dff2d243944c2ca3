/* Texts that name classes. */
#include "balance/resample/class_values.h"

#include "base/error.h"

#include <string.h>

/* One item, read from `at` on; `name_length` is where its last bare '=' stands (G_MAXSIZE: it has
 * none). Returns where the next item begins. */
static const char *
next_item(const char *at, GString *item, gsize *name_length)
{
    g_string_truncate(item, 0);
    *name_length = G_MAXSIZE;
    for (; *at != '\0' && *at != ','; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '=')
            *name_length = item->len;
        g_string_append_c(item, *at);
    }
    return *at == ',' ? at + 1 : at;
}

/* Number of the class, -1 and an error if there is none. */
static int
find_class(const char *name, char *const *names, guint n, GError **error)
{
    for (guint c = 0; c < n; c++)
        if (strcmp(names[c], name) == 0)
            return (int) c;
    g_autofree char *known = g_strjoinv(", ", (char **) names);
    ts_error_set(error, TS_ERROR_ARGUMENT, "no class '%s', there are: %.400s", name, known);
    return -1;
}

static gboolean
set_value(char **place, const char *name, const char *value, GError **error)
{
    if (*place != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "class '%s' is there twice", name);
    *place = g_strdup(value);
    return TRUE;
}

GPtrArray *
ts_class_values_parse(const char *text, char *const *names, const guint64 *counts, guint n,
                      GError **error)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *rest = NULL;
    g_autoptr(GString) item = g_string_new(NULL);
    g_ptr_array_set_size(values, (int) n);
    do {
        gsize length;
        const char *from = text;
        text = next_item(text, item, &length);
        if (length == G_MAXSIZE || length == 0) {
            ts_error_set(error, TS_ERROR_ARGUMENT, "'%s': CLASS=VALUE was expected", item->str);
            return NULL;
        }
        g_autofree char *name = g_strndup(item->str, length);
        gboolean is_rest = from[0] == '*' && length == 1;
        int c = is_rest ? 0 : find_class(name, names, n, error);
        char **place = is_rest ? &rest : c >= 0 ? (char **) &values->pdata[c] : NULL;
        if (place == NULL || !set_value(place, name, item->str + length + 1, error))
            return NULL;
    } while (*text != '\0');
    for (guint c = 0; rest != NULL && c < n; c++)
        if (values->pdata[c] == NULL && counts[c] > 0)
            values->pdata[c] = g_strdup(rest);
    return g_steal_pointer(&values);
}

gboolean
ts_class_list_parse(const char *text, char *const *names, guint n, gboolean *listed, GError **error)
{
    g_autoptr(GString) item = g_string_new(NULL);
    memset(listed, 0, n * sizeof *listed);
    do {
        gsize length;
        text = next_item(text, item, &length);
        int c = find_class(item->str, names, n, error);
        if (c < 0)
            return FALSE;
        if (listed[c])
            return ts_error_set(error, TS_ERROR_ARGUMENT, "class '%s' is there twice", item->str);
        listed[c] = TRUE;
    } while (*text != '\0');
    return TRUE;
}
