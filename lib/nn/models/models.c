/* The table of architectures, and how a description is read. */
#include "nn/models/models.h"

#include "base/error.h"
#include "base/number.h"

#include <string.h>

static const struct {
    const char *name;
    const char *options; /* comma-separated keys */
    gboolean (*build)(TsGraph *graph, const TsModelSpec *spec, GError **error);
} families[] = {
    {"cnn", "width,dropout", ts_model_cnn},
    {"mlp", "hidden,dropout", ts_model_mlp},
};

const char *
ts_model_graph_help(void)
{
    return "  cnn   three stages of two 3x3 convolutions with batch norm, for small tiles\n"
           "        options: width=16 (channels of the first stage), dropout=0.2\n"
           "  mlp   one hidden layer; options: hidden=128, dropout=0";
}

gboolean
ts_model_spec_int(const TsModelSpec *spec, const char *key, int min, int max, int fallback,
                  int *value, GError **error)
{
    const char *text = g_hash_table_lookup(spec->options, key);
    gint64 number = fallback;
    if (text != NULL && !ts_parse_int(text, min, max, key, &number, error))
        return FALSE;
    *value = (int) number;
    return TRUE;
}

gboolean
ts_model_spec_double(const TsModelSpec *spec, const char *key, double min, double max,
                     double fallback, double *value, GError **error)
{
    const char *text = g_hash_table_lookup(spec->options, key);
    *value = fallback;
    return text == NULL || ts_parse_double(text, min, max, key, value, error);
}

static gboolean
has_option(const char *known, const char *key)
{
    g_auto(GStrv) keys = g_strsplit(known, ",", -1);
    return g_strv_contains((const char *const *) keys, key);
}

/* "width=32,dropout=0.1" into the table. */
static gboolean
read_options(const char *text, const char *family, const char *known, GHashTable *options,
             GError **error)
{
    g_auto(GStrv) pairs = g_strsplit(text, ",", -1);
    if (pairs[0] == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "model %s: options are expected behind ':', such as %s", family, known);
    for (char **pair = pairs; *pair != NULL; pair++) {
        char *equals = strchr(*pair, '=');
        if (equals == NULL)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "model %s: '%s' is not of the form KEY=VALUE", family, *pair);
        *equals = '\0';
        if (!has_option(known, *pair))
            return ts_error_set(error, TS_ERROR_ARGUMENT, "model %s has no option '%s', only: %s",
                                family, *pair, known);
        g_hash_table_replace(options, g_strdup(*pair), g_strdup(equals + 1));
    }
    return TRUE;
}

TsGraph *
ts_model_graph_new(const char *description, int channels, int height, int width, int classes,
                   GError **error)
{
    const char *colon = strchr(description, ':');
    g_autofree char *name =
        colon != NULL ? g_strndup(description, colon - description) : g_strdup(description);
    g_autoptr(GHashTable) options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const TsModelSpec spec = {channels, height, width, classes, options};
    for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
        if (strcmp(families[i].name, name) != 0)
            continue;
        g_autoptr(TsGraph) graph = ts_graph_new();
        if ((colon != NULL &&
             !read_options(colon + 1, name, families[i].options, options, error)) ||
            !families[i].build(graph, &spec, error) || !ts_graph_finish(graph, error))
            return NULL;
        return g_steal_pointer(&graph);
    }
    ts_error_set(error, TS_ERROR_ARGUMENT, "there is no model '%s'; there are:\n%s", name,
                 ts_model_graph_help());
    return NULL;
}
