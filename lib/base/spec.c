/* NAME:KEY=VALUE,... in a table, and the list of keys that were asked for. */
#include "base/spec.h"

#include "base/error.h"
#include "base/number.h"

#include <string.h>

struct _TsSpec {
    char *what;         /* "model" */
    char *name;         /* "cnn" */
    GHashTable *values; /* key to text */
    GPtrArray *asked;   /* keys, in the order asked */
};

void
ts_spec_free(TsSpec *self)
{
    if (self == NULL)
        return;
    g_free(self->what);
    g_free(self->name);
    g_hash_table_unref(self->values);
    g_ptr_array_unref(self->asked);
    g_free(self);
}

/* "width=24" into the table. */
static gboolean
read_pair(TsSpec *self, const char *pair, GError **error)
{
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s %s: '%s' is not of the form KEY=VALUE",
                            self->what, self->name, pair);
    char *key = g_strndup(pair, (gsize) (equals - pair));
    if (!g_hash_table_contains(self->values, key))
        return g_hash_table_replace(self->values, key, g_strdup(equals + 1));
    ts_error_set(error, TS_ERROR_ARGUMENT, "%s %s: '%s' is given twice", self->what, self->name,
                 key);
    g_free(key);
    return FALSE;
}

gboolean
ts_spec_is_named(const char *text, const char *name)
{
    const gsize length = strlen(name);
    return strncmp(text, name, length) == 0 && (text[length] == '\0' || text[length] == ':');
}

TsSpec *
ts_spec_parse(const char *text, const char *what, GError **error)
{
    const char *colon = strchr(text, ':');
    g_autoptr(TsSpec) self = g_new0(TsSpec, 1);
    self->what = g_strdup(what);
    self->name = colon != NULL ? g_strndup(text, (gsize) (colon - text)) : g_strdup(text);
    self->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->asked = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) pairs = g_strsplit(colon != NULL ? colon + 1 : "", ",", -1);
    if (colon != NULL && pairs[0] == NULL) {
        ts_error_set(error, TS_ERROR_ARGUMENT, "%s %s: KEY=VALUE is expected behind ':'", what,
                     self->name);
        return NULL;
    }
    for (char **pair = pairs; *pair != NULL; pair++)
        if (!read_pair(self, *pair, error))
            return NULL;
    return g_steal_pointer(&self);
}

const char *
ts_spec_name(const TsSpec *self)
{
    return self->name;
}

const char *
ts_spec_text(TsSpec *self, const char *key)
{
    if (!g_ptr_array_find_with_equal_func(self->asked, key, g_str_equal, NULL))
        g_ptr_array_add(self->asked, g_strdup(key));
    return g_hash_table_lookup(self->values, key);
}

gboolean
ts_spec_int(TsSpec *self, const char *key, int min, int max, int fallback, int *value,
            GError **error)
{
    const char *text = ts_spec_text(self, key);
    g_autofree char *where = g_strdup_printf("%s %s: %s", self->what, self->name, key);
    gint64 number = fallback;
    if (text != NULL && !ts_parse_int(text, min, max, where, &number, error))
        return FALSE;
    *value = (int) number;
    return TRUE;
}

gboolean
ts_spec_double(TsSpec *self, const char *key, double min, double max, double fallback,
               double *value, GError **error)
{
    const char *text = ts_spec_text(self, key);
    g_autofree char *where = g_strdup_printf("%s %s: %s", self->what, self->name, key);
    *value = fallback;
    return text == NULL || ts_parse_double(text, min, max, where, value, error);
}

gboolean
ts_spec_choice(TsSpec *self, const char *key, const char *const *names, int fallback, int *value,
               GError **error)
{
    const char *text = ts_spec_text(self, key);
    *value = fallback;
    if (text == NULL)
        return TRUE;
    for (*value = 0; names[*value] != NULL; ++*value)
        if (strcmp(names[*value], text) == 0)
            return TRUE;
    g_autofree char *list = g_strjoinv(", ", (char **) names);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "%s %s: %s '%s' is none of: %s", self->what,
                        self->name, key, text, list);
}

gboolean
ts_spec_finish(const TsSpec *self, GError **error)
{
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, self->values);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (g_ptr_array_find_with_equal_func(self->asked, key, g_str_equal, NULL))
            continue;
        g_autofree char **known = g_new0(char *, self->asked->len + 1);
        for (guint i = 0; i < self->asked->len; i++)
            known[i] = g_ptr_array_index(self->asked, i);
        g_autofree char *list = g_strjoinv(", ", known);
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s %s has no option '%s'%s%s", self->what,
                            self->name, (const char *) key, self->asked->len > 0 ? ", only: " : "",
                            list);
    }
    return TRUE;
}
