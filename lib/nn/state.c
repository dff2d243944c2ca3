/* State: a table of texts and a list of plain tensors, in safetensors. */
#include "nn/state.h"

#include "base/error.h"
#include "base/number.h"
#include "store/safetensors.h"

#include <math.h>
#include <string.h>

struct _TsState {
    GPtrArray *keys; /* in order of their setting: the file's bytes depend on nothing else */
    GHashTable *values;
    GPtrArray *names;    /* of tensors, owned, beside `tensors` */
    GArray *tensors;     /* of TsTensor; data owned */
    TsSafetensors *file; /* a state that was read borrows from it */
};

TsState *
ts_state_new(void)
{
    TsState *state = g_new0(TsState, 1);
    state->keys = g_ptr_array_new_with_free_func(g_free);
    state->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    state->names = g_ptr_array_new_with_free_func(g_free);
    state->tensors = g_array_new(FALSE, TRUE, sizeof(TsTensor));
    return state;
}

void
ts_state_free(TsState *state)
{
    if (state == NULL)
        return;
    for (guint i = 0; i < state->tensors->len; i++)
        g_free((gpointer) g_array_index(state->tensors, TsTensor, i).data);
    g_array_unref(state->tensors);
    g_ptr_array_unref(state->names);
    g_ptr_array_unref(state->keys);
    g_hash_table_unref(state->values);
    ts_safetensors_free(state->file);
    g_free(state);
}

void
ts_state_set(TsState *state, const char *key, const char *value)
{
    if (!g_hash_table_contains(state->values, key))
        g_ptr_array_add(state->keys, g_strdup(key));
    g_hash_table_replace(state->values, g_strdup(key), g_strdup(value));
}

void
ts_state_set_int(TsState *state, const char *key, gint64 value)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);
    ts_state_set(state, key, text);
}

void
ts_state_set_double(TsState *state, const char *key, double value)
{
    char text[TS_NUMBER_MAX];
    ts_state_set(state, key, isnan(value) ? "nan" : ts_format_double(text, value));
}

const char *
ts_state_get(const TsState *state, const char *key)
{
    return state->file != NULL ? ts_safetensors_metadata(state->file, key)
                               : g_hash_table_lookup(state->values, key);
}

const char **
ts_state_all_values(const TsState *state)
{
    const char **list = g_new0(const char *, 2 * (gsize) state->keys->len + 1);
    for (guint i = 0; i < state->keys->len; i++) {
        list[2 * i] = g_ptr_array_index(state->keys, i);
        list[2 * i + 1] = g_hash_table_lookup(state->values, list[2 * i]);
    }
    return list;
}

static const char *
require(const TsState *state, const char *key, GError **error)
{
    const char *value = ts_state_get(state, key);
    if (value == NULL)
        ts_error_set(error, TS_ERROR_FORMAT, "the checkpoint has no '%s'", key);
    return value;
}

gboolean
ts_state_get_int(const TsState *state, const char *key, gint64 *value, GError **error)
{
    const char *text = require(state, key, error);
    if (text == NULL)
        return FALSE;
    if (!ts_parse_int(text, G_MININT64, G_MAXINT64, key, value, NULL))
        return ts_error_set(error, TS_ERROR_FORMAT, "the checkpoint's %s '%s' is no whole number",
                            key, text);
    return TRUE;
}

gboolean
ts_state_get_double(const TsState *state, const char *key, double *value, GError **error)
{
    const char *text = require(state, key, error);
    if (text == NULL)
        return FALSE;
    char *end = NULL;
    *value = g_ascii_strtod(text, &end);
    if (end == text || *end != '\0')
        return ts_error_set(error, TS_ERROR_FORMAT, "the checkpoint's %s '%s' is no number", key,
                            text);
    return TRUE;
}

gboolean
ts_state_add_param(TsState *state, const char *prefix, const TsParam *param, const float *stored,
                   GError **error)
{
    float *plain = ts_try_alloc(param->n, sizeof *plain, param->spec->name, error);
    if (plain == NULL)
        return FALSE;
    if (!ts_param_get_plain(param, stored, plain, error)) {
        g_free(plain);
        return FALSE;
    }
    TsTensor tensor = {.name = g_strconcat(prefix, param->spec->name, NULL),
                       .dtype = TS_DTYPE_F32,
                       .rank = param->spec->rank,
                       .data = plain,
                       .n_bytes = param->n * sizeof *plain};
    memcpy(tensor.shape, param->spec->shape, sizeof param->spec->shape);
    g_ptr_array_add(state->names, (gpointer) tensor.name);
    g_array_append_val(state->tensors, tensor);
    return TRUE;
}

static const TsTensor *
find_tensor(const TsState *state, const char *name)
{
    if (state->file != NULL)
        return ts_safetensors_find(state->file, name);
    for (guint i = 0; i < state->tensors->len; i++)
        if (strcmp(g_array_index(state->tensors, TsTensor, i).name, name) == 0)
            return &g_array_index(state->tensors, TsTensor, i);
    return NULL;
}

/* A copy of `tensor` under another name, as it lies in memory. */
static gboolean
append_tensor(TsState *state, const char *name, const TsTensor *tensor, GError **error)
{
    void *data = ts_try_alloc(tensor->n_bytes, 1, name, error);
    if (data == NULL)
        return FALSE;
    TsTensor copy = *tensor;
    copy.data = memcpy(data, tensor->data, tensor->n_bytes);
    copy.name = g_strdup(name);
    g_ptr_array_add(state->names, (gpointer) copy.name);
    g_array_append_val(state->tensors, copy);
    return TRUE;
}

gboolean
ts_state_has_param(const TsState *state, const char *prefix, const TsParam *param)
{
    g_autofree char *name = g_strconcat(prefix, param->spec->name, NULL);
    return find_tensor(state, name) != NULL;
}

static gboolean
shape_fits(const TsTensor *tensor, const TsParamSpec *spec)
{
    gboolean same = tensor->rank == spec->rank;
    for (guint i = 0; same && i < spec->rank; i++)
        same = tensor->shape[i] == spec->shape[i];
    return same;
}

static const TsTensor *
require_tensor(const TsState *state, const char *name, const TsParamSpec *spec, GError **error)
{
    const TsTensor *tensor = find_tensor(state, name);
    if (tensor == NULL)
        ts_error_set(error, TS_ERROR_FORMAT, "there is no tensor '%s'", name);
    else if (!shape_fits(tensor, spec))
        ts_error_set(error, TS_ERROR_FORMAT, "tensor '%s' has another shape than the model's",
                     name);
    else
        return tensor;
    return NULL;
}

gboolean
ts_state_check_params(const TsState *state, const TsGraph *graph, GError **error)
{
    for (guint i = 0; i < graph->params->len; i++) {
        const TsParamSpec *spec = ts_graph_param(graph, i);
        if (require_tensor(state, spec->name, spec, error) == NULL)
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_state_get_param(const TsState *state, const char *prefix, const TsParam *param, float *stored,
                   GError **error)
{
    g_autofree char *name = g_strconcat(prefix, param->spec->name, NULL);
    const TsTensor *tensor = require_tensor(state, name, param->spec, error);
    if (tensor == NULL)
        return FALSE;
    g_autofree float *plain = ts_try_alloc(param->n, sizeof *plain, name, error);
    return plain != NULL && ts_tensor_to_f32(tensor, plain, error) &&
           ts_param_set_plain(param, plain, stored, error);
}

gboolean
ts_state_add_params(TsState *state, const char *prefix, const TsParams *params, GError **error)
{
    for (guint i = 0; i < params->n; i++)
        if (!ts_state_add_param(state, prefix, &params->param[i], params->param[i].data, error))
            return FALSE;
    return TRUE;
}

gboolean
ts_state_get_params(const TsState *state, const char *prefix, TsParams *params, GError **error)
{
    for (guint i = 0; i < params->n; i++)
        if (!ts_state_get_param(state, prefix, &params->param[i], params->param[i].data, error))
            return FALSE;
    return TRUE;
}

/* Numbers of ours, at an address for such. */
static gboolean
is_plain(const TsTensor *tensor)
{
    return tensor->dtype == TS_DTYPE_F32 && G_BYTE_ORDER == G_LITTLE_ENDIAN &&
           (guintptr) tensor->data % sizeof(float) == 0;
}

gboolean
ts_state_lend_params(const TsState *state, TsParams *params, GError **error)
{
    for (guint i = 0; i < params->n; i++) {
        TsParam *param = &params->param[i];
        const TsTensor *tensor = require_tensor(state, param->spec->name, param->spec, error);
        if (tensor == NULL)
            return FALSE;
        param->borrowed = is_plain(tensor);
        if (param->borrowed)
            param->data = (float *) (gpointer) tensor->data;
        else if (!ts_param_allocate(param, error) ||
                 !ts_state_get_param(state, "", param, param->data, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- tables ---- */

gboolean
ts_state_add_table(TsState *state, const char *name, const float *table, gsize rows, gsize columns,
                   GError **error)
{
    const TsTensor tensor = {.dtype = TS_DTYPE_F32,
                             .rank = 2,
                             .shape = {rows, columns},
                             .data = table,
                             .n_bytes = rows * columns * sizeof *table};
    return append_tensor(state, name, &tensor, error);
}

gboolean
ts_state_has_table(const TsState *state, const char *name)
{
    return find_tensor(state, name) != NULL;
}

gboolean
ts_state_get_table(const TsState *state, const char *name, float *table, gsize rows, gsize columns,
                   GError **error)
{
    const TsTensor *tensor = find_tensor(state, name);
    if (tensor == NULL || tensor->rank != 2 || tensor->shape[0] != rows ||
        tensor->shape[1] != columns)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "the checkpoint has no table '%s' of %" G_GSIZE_FORMAT
                            " rows and %" G_GSIZE_FORMAT " columns",
                            name, rows, columns);
    return ts_tensor_to_f32(tensor, table, error);
}

/* ---- a state within a state ---- */

/* The names of a part's values stand in one of its own, a line each. */
static char *
name_of_list(const char *prefix)
{
    return g_strconcat(prefix, "keys", NULL);
}

gboolean
ts_state_add_all(TsState *state, const char *prefix, const TsState *part, GError **error)
{
    g_autofree char *list = name_of_list(prefix);
    g_autoptr(GString) keys = g_string_new(NULL);
    for (guint i = 0; i < part->keys->len; i++) {
        const char *key = g_ptr_array_index(part->keys, i);
        g_autofree char *name = g_strconcat(prefix, key, NULL);
        ts_state_set(state, name, ts_state_get(part, key));
        g_string_append_printf(keys, "%s%s", i > 0 ? "\n" : "", key);
    }
    ts_state_set(state, list, keys->str);
    for (guint i = 0; i < part->tensors->len; i++) {
        const TsTensor *tensor = &g_array_index(part->tensors, TsTensor, i);
        g_autofree char *name = g_strconcat(prefix, tensor->name, NULL);
        if (!append_tensor(state, name, tensor, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_state_has_all(const TsState *state, const char *prefix)
{
    g_autofree char *list = name_of_list(prefix);
    return ts_state_get(state, list) != NULL;
}

static guint
n_tensors(const TsState *state)
{
    return state->file != NULL ? ts_safetensors_n(state->file) : state->tensors->len;
}

static const TsTensor *
get_tensor(const TsState *state, guint i)
{
    return state->file != NULL ? ts_safetensors_get(state->file, i)
                               : &g_array_index(state->tensors, TsTensor, i);
}

TsState *
ts_state_get_all(const TsState *state, const char *prefix, GError **error)
{
    g_autoptr(TsState) part = ts_state_new();
    g_autofree char *list = name_of_list(prefix);
    const char *text = require(state, list, error);
    if (text == NULL)
        return NULL;
    g_auto(GStrv) keys = g_strsplit(text, "\n", -1);
    for (char **key = keys; *key != NULL; key++) {
        g_autofree char *name = g_strconcat(prefix, *key, NULL);
        const char *value = require(state, name, error);
        if (value == NULL)
            return NULL;
        ts_state_set(part, *key, value);
    }
    for (guint i = 0; i < n_tensors(state); i++) {
        const TsTensor *tensor = get_tensor(state, i);
        if (g_str_has_prefix(tensor->name, prefix) &&
            !append_tensor(part, tensor->name + strlen(prefix), tensor, error))
            return NULL;
    }
    return g_steal_pointer(&part);
}

/* ---- files ---- */

gboolean
ts_state_write(const TsState *state, const char *path, GError **error)
{
    g_autoptr(GPtrArray) metadata = g_ptr_array_new();
    for (guint i = 0; i < state->keys->len; i++) {
        gpointer key = g_ptr_array_index(state->keys, i);
        g_ptr_array_add(metadata, key);
        g_ptr_array_add(metadata, g_hash_table_lookup(state->values, key));
    }
    g_ptr_array_add(metadata, NULL);
    return ts_safetensors_write(path, (const char *const *) metadata->pdata,
                                (const TsTensor *) (gpointer) state->tensors->data,
                                state->tensors->len, TRUE, error);
}

TsState *
ts_state_read(const char *path, GError **error)
{
    g_autoptr(TsState) state = ts_state_new();
    state->file = ts_safetensors_read(path, error);
    return state->file != NULL ? g_steal_pointer(&state) : NULL;
}

TsState *
ts_state_parse(GBytes *bytes, const char *name, GError **error)
{
    g_autoptr(TsState) state = ts_state_new();
    state->file = ts_safetensors_parse(bytes, name, error);
    return state->file != NULL ? g_steal_pointer(&state) : NULL;
}
