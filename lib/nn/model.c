/* The model file: metadata that says what the weights are for, and the weights. */
#include "nn/model.h"

#include "base/error.h"
#include "base/number.h"
#include "manifest/cell.h"
#include "nn/models/models.h"
#include "store/weight_file.h"

#include <string.h>

static const char format_name[] = "tessera 1";

/* A model that has no parameters yet. */
static TsModel *
outline_new(const char *architecture, const char *const *classes, const TsPreprocess *preprocess,
            GError **error)
{
    g_autoptr(TsModel) model = g_new0(TsModel, 1);
    if (!ts_preprocess_check(preprocess, error))
        return NULL;
    model->architecture = g_strdup(architecture);
    model->classes = g_strdupv((char **) classes);
    model->preprocess = *preprocess;
    model->graph =
        ts_model_graph_new(architecture, preprocess->channels, preprocess->height,
                           preprocess->width, (int) g_strv_length(model->classes), error);
    return model->graph != NULL ? g_steal_pointer(&model) : NULL;
}

char **
ts_model_number_classes(int n)
{
    char **names = g_new0(char *, (gsize) n + 1);
    for (int i = 0; i < n; i++)
        names[i] = g_strdup_printf("%d", i);
    return names;
}

TsModel *
ts_model_new(const char *architecture, const char *const *classes, const TsPreprocess *preprocess,
             GError **error)
{
    g_autoptr(TsModel) model = outline_new(architecture, classes, preprocess, error);
    if (model == NULL || (model->params = ts_params_new(model->graph, error)) == NULL)
        return NULL;
    return g_steal_pointer(&model);
}

void
ts_model_free(TsModel *model)
{
    if (model == NULL)
        return;
    ts_params_free(model->params);
    ts_graph_free(model->graph);
    ts_state_free(model->file);
    g_strfreev(model->classes);
    g_free(model->architecture);
    g_free(model);
}

static char *
join_floats(const float *numbers, int n)
{
    GString *text = g_string_new(NULL);
    char buffer[TS_NUMBER_MAX];
    for (int i = 0; i < n; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? "," : "", ts_format_float(buffer, numbers[i]));
    return g_string_free(text, FALSE);
}

/* Class names as the cells of one manifest row. */
static char *
join_classes(char **classes)
{
    GString *text = g_string_new(NULL);
    for (char **name = classes; *name != NULL; name++) {
        if (name != classes)
            g_string_append_c(text, '\t');
        ts_escape_append(text, *name, strlen(*name));
    }
    return g_string_free(text, FALSE);
}

static char **
split_classes(const char *text)
{
    g_auto(GStrv) cells = g_strsplit(text, "\t", -1);
    char **classes = g_new0(char *, g_strv_length(cells) + 1);
    for (guint i = 0; cells[i] != NULL; i++)
        classes[i] = ts_cell_unescape((TsCell){cells[i], strlen(cells[i])});
    return classes;
}

void
ts_model_describe(const TsModel *model, TsState *state)
{
    const TsPreprocess *how = &model->preprocess;
    g_autofree char *classes = join_classes(model->classes);
    g_autofree char *input = g_strdup_printf("%dx%dx%d", how->channels, how->height, how->width);
    g_autofree char *mean = join_floats(how->mean, how->channels);
    g_autofree char *std = join_floats(how->std, how->channels);
    ts_state_set(state, "format", format_name);
    ts_state_set(state, "tessera_version", TS_VERSION);
    ts_state_set(state, "architecture", model->architecture);
    ts_state_set(state, "classes", classes);
    ts_state_set(state, "input", input);
    ts_state_set_double(state, "crop_pct", how->crop_pct);
    ts_state_set(state, "mean", mean);
    ts_state_set(state, "std", std);
    ts_state_set(state, "interpolation", ts_preprocess_filter_name(how->filter));
    ts_state_set(state, "precision", "f32");
    if (model->multi_label)
        ts_state_set(state, "multi_label", "true");
}

gboolean
ts_model_write(const TsModel *model, const char *path, const char *const *summary, GError **error)
{
    g_autoptr(TsState) state = ts_state_new();
    ts_model_describe(model, state);
    for (guint i = 0; summary != NULL && summary[i] != NULL; i += 2)
        ts_state_set(state, summary[i], summary[i + 1]);
    return ts_state_add_params(state, "", model->params, error) &&
           ts_state_write(state, path, error);
}

static gboolean
check_classes(char **classes, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (char **name = classes; *name != NULL; name++)
        if (!g_hash_table_add(seen, *name))
            return ts_error_set(error, TS_ERROR_FORMAT, "two classes are named '%s'", *name);
    return g_hash_table_size(seen) > 0 ||
           ts_error_set(error, TS_ERROR_FORMAT, "there are no classes");
}

static const char *
require(const TsState *state, const char *key, const char *name, GError **error)
{
    const char *value = ts_state_get(state, key);
    if (value == NULL)
        ts_error_set(error, TS_ERROR_FORMAT, "%s: no model of tessera: its metadata has no '%s'",
                     name, key);
    return value;
}

static gboolean
read_floats(const char *text, float *numbers, int n)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    if ((int) g_strv_length(parts) != n)
        return FALSE;
    for (int i = 0; i < n; i++) {
        double number;
        if (!ts_parse_double(parts[i], -1e9, 1e9, "number", &number, NULL))
            return FALSE;
        numbers[i] = (float) number;
    }
    return TRUE;
}

/* "CxHxW" */
static gboolean
read_input(const char *text, TsPreprocess *how)
{
    g_auto(GStrv) parts = g_strsplit(text, "x", -1);
    int *const size[] = {&how->channels, &how->height, &how->width};
    if (g_strv_length(parts) != G_N_ELEMENTS(size))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(size); i++) {
        gint64 number;
        if (!ts_parse_int(parts[i], 1, i == 0 ? TS_MAX_CHANNELS : 1 << 20, "size", &number, NULL))
            return FALSE;
        *size[i] = (int) number;
    }
    return TRUE;
}

static gboolean
read_preprocess(const TsState *state, const char *name, TsPreprocess *how, GError **error)
{
    const char *input = require(state, "input", name, error);
    const char *mean = input != NULL ? require(state, "mean", name, error) : NULL;
    const char *std = mean != NULL ? require(state, "std", name, error) : NULL;
    if (std == NULL || !ts_state_get_double(state, "crop_pct", &how->crop_pct, error))
        return FALSE;
    /* Files from before it was written are all bilinear. */
    const char *filter = ts_state_get(state, "interpolation");
    how->filter = TS_FILTER_TRIANGLE;
    if (filter != NULL && !ts_preprocess_parse_filter(filter, &how->filter, NULL))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: interpolation '%s' is not known", name,
                            filter);
    if (!read_input(input, how))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: input '%s' is not CxHxW", name, input);
    if (!read_floats(mean, how->mean, how->channels) || !read_floats(std, how->std, how->channels))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: mean '%s' and std '%s' are not %d numbers each", name, mean, std,
                            how->channels);
    return TRUE;
}

gboolean
ts_model_read_settings(const TsState *state, const char *name, TsModelSettings *settings,
                       GError **error)
{
    const char *format = require(state, "format", name, error);
    const char *architecture = format != NULL ? require(state, "architecture", name, error) : NULL;
    const char *names = architecture != NULL ? require(state, "classes", name, error) : NULL;
    if (names == NULL || !read_preprocess(state, name, &settings->preprocess, error))
        return FALSE;
    if (strcmp(format, format_name) != 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: format '%s' is not '%s'", name, format,
                            format_name);
    settings->architecture = g_strdup(architecture);
    settings->classes = split_classes(names);
    if (check_classes(settings->classes, error))
        return TRUE;
    g_prefix_error(error, "%s: ", name);
    ts_model_settings_clear(settings);
    return FALSE;
}

void
ts_model_settings_clear(TsModelSettings *settings)
{
    g_clear_pointer(&settings->architecture, g_free);
    g_clear_pointer(&settings->classes, g_strfreev);
}

/* The tensors are there before memory is asked for: a few bytes can describe a huge model. */
static TsParams *
params_from_state(const TsState *state, const TsGraph *graph, gboolean lent, GError **error)
{
    if (!ts_state_check_params(state, graph, error))
        return NULL;
    g_autoptr(TsParams) params = (lent ? ts_params_new_outline : ts_params_new)(graph, error);
    if (params == NULL || !(lent ? ts_state_lend_params(state, params, error)
                                 : ts_state_get_params(state, "", params, error)))
        return NULL;
    return g_steal_pointer(&params);
}

static TsModel *
model_from_state(const TsState *state, const char *name, gboolean lent, GError **error)
{
    g_auto(TsModelSettings) settings = {0};
    if (!ts_model_read_settings(state, name, &settings, error))
        return NULL;
    GError *failure = NULL;
    g_autoptr(TsModel) model =
        outline_new(settings.architecture, (const char *const *) settings.classes,
                    &settings.preprocess, &failure);
    if (model == NULL ||
        (model->params = params_from_state(state, model->graph, lent, &failure)) == NULL) {
        /* What is wrong here is the file, not how the tool was used. */
        if (g_error_matches(failure, TS_ERROR, TS_ERROR_ARGUMENT))
            failure->code = TS_ERROR_FORMAT;
        g_propagate_prefixed_error(error, failure, "%s: ", name);
        return NULL;
    }
    model->multi_label = g_strcmp0(ts_state_get(state, "multi_label"), "true") == 0;
    return g_steal_pointer(&model);
}

/* A run's folder stands for its model. */
static char *
find_file(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR) ? g_build_filename(path, "model.safetensors", NULL)
                                                 : g_strdup(path);
}

/* The state in a model file; one of other software is told what to do with it. */
static TsState *
read_state(const char *file, GError **error)
{
    GError *failure = NULL;
    g_autoptr(TsState) state = ts_state_read(file, &failure);
    const char *format = state != NULL ? ts_state_get(state, "format") : NULL;
    if (format != NULL && g_str_has_prefix(format, "tessera "))
        return g_steal_pointer(&state);
    g_autoptr(TsWeightFile) weights = failure != NULL ? ts_weight_file_read(file, NULL) : NULL;
    if (failure != NULL && weights == NULL) {
        g_propagate_error(error, failure);
        return NULL;
    }
    g_clear_error(&failure);
    ts_error_set(error, TS_ERROR_FORMAT,
                 "%s: is no model of tessera; modelinfo --load-into makes one of the weights of "
                 "other software",
                 file);
    return NULL;
}

TsModel *
ts_model_read(const char *path, GError **error)
{
    g_autofree char *file = find_file(path);
    g_autoptr(TsState) state = read_state(file, error);
    return state != NULL ? model_from_state(state, file, FALSE, error) : NULL;
}

TsModel *
ts_model_map(const char *path, GError **error)
{
    g_autofree char *file = find_file(path);
    g_autoptr(TsState) state = read_state(file, error);
    g_autoptr(TsModel) model = state != NULL ? model_from_state(state, file, TRUE, error) : NULL;
    if (model != NULL)
        model->file = g_steal_pointer(&state);
    return g_steal_pointer(&model);
}
