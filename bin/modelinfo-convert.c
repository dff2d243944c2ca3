/* Other forms of a model: safetensors with other numbers, arrays of NumPy, a picture of the graph.
 */
#include "modelinfo.h"

#include "base/error.h"
#include "base/outfile.h"
#include "base/outfolder.h"
#include "nn/arch/arch.h"
#include "nn/pretrained/names.h"
#include "store/half.h"
#include "store/npy_folder.h"
#include "store/safetensors.h"

#include <gio/gio.h>
#include <string.h>

/* ---- numbers of another type ---- */

static gboolean
parse_dtype(const char *text, TsDtype *dtype, GError **error)
{
    g_autofree char *name = g_ascii_strup(text, -1);
    return (ts_dtype_from_name(name, dtype) && ts_dtype_is_float(*dtype) &&
            *dtype != TS_DTYPE_F64) ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "--dtype: '%s' is not f32, f16 or bf16", text);
}

/* The numbers of `tensor` as `dtype`; g_free(). */
static gpointer
convert_numbers(const TsTensor *tensor, TsDtype dtype, GError **error)
{
    const gsize n = ts_tensor_n(tensor);
    g_autofree float *numbers = ts_try_alloc(n, sizeof *numbers, tensor->name, error);
    if (numbers == NULL || !ts_tensor_to_f32(tensor, numbers, error))
        return NULL;
    if (dtype == TS_DTYPE_F32)
        return g_steal_pointer(&numbers);
    guint16 *halves = ts_try_alloc(n, sizeof *halves, tensor->name, error);
    for (gsize i = 0; halves != NULL && i < n; i++)
        halves[i] = GUINT16_TO_LE(dtype == TS_DTYPE_F16 ? ts_f32_to_f16(numbers[i])
                                                        : ts_f32_to_bf16(numbers[i]));
    return halves;
}

/* ---- what is written ---- */

/* Tensors of a file, or of a model under somebody's names. */
typedef struct {
    GArray *tensors;  /* of TsTensor */
    GPtrArray *owned; /* names and numbers that were made for it */
    GPtrArray *texts; /* metadata: key, value, ..., NULL; owned */
} Content;

static void
clear_content(Content *content)
{
    g_array_unref(content->tensors);
    g_ptr_array_unref(content->owned);
    g_ptr_array_unref(content->texts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Content, clear_content)

static void
add_text(Content *content, const char *key, const char *value)
{
    g_ptr_array_add(content->texts, g_strdup(key));
    g_ptr_array_add(content->texts, g_strdup(value));
}

static void
take_file(const ModelInfo *info, Content *content)
{
    g_autofree const char **metadata = ts_weight_file_all_metadata(info->weights);
    for (guint i = 0; i < ts_weight_file_n(info->weights); i++)
        g_array_append_val(content->tensors, *ts_weight_file_get(info->weights, i));
    for (const char **pair = metadata; *pair != NULL; pair += 2)
        add_text(content, pair[0], pair[1]);
}

/* The model's metadata; under other names than ours it is PyTorch's file, not tessera's. */
static void
describe_model(const ModelInfo *info, gboolean ours, Content *content)
{
    g_autoptr(TsState) state = ts_state_new();
    ts_model_describe(info->model, state);
    g_autofree const char **values = ts_state_all_values(state);
    for (const char **pair = values; *pair != NULL; pair += 2)
        add_text(content, pair[0], !ours && strcmp(pair[0], "format") == 0 ? "pt" : pair[1]);
    if (info->loaded == NULL)
        return;
    g_autofree char *source = g_path_get_basename(info->loaded->source);
    add_text(content, "source", source);
    add_text(content, "source_sha256", info->loaded->sha256);
}

static gboolean
add_param(const TsParam *param, char *name, Content *content, GError **error)
{
    float *numbers = ts_try_alloc(param->n, sizeof *numbers, param->spec->name, error);
    g_ptr_array_add(content->owned, name);
    if (numbers == NULL)
        return FALSE;
    g_ptr_array_add(content->owned, numbers);
    TsTensor tensor = {.name = name,
                       .dtype = TS_DTYPE_F32,
                       .rank = param->spec->rank,
                       .data = numbers,
                       .n_bytes = param->n * sizeof *numbers};
    memcpy(tensor.shape, param->spec->shape, sizeof param->spec->shape);
    g_array_append_val(content->tensors, tensor);
    return ts_param_get_plain(param, param->data, numbers, error);
}

/* PyTorch's batch norms count their batches. */
static void
add_counter(const char *running_var, Content *content)
{
    static const gint64 zero;
    const gsize n = strlen(running_var) - strlen("running_var");
    char *name = g_strdup_printf("%.*snum_batches_tracked", (int) n, running_var);
    const TsTensor tensor = {
        .name = name, .dtype = TS_DTYPE_I64, .data = &zero, .n_bytes = sizeof zero};
    g_ptr_array_add(content->owned, name);
    g_array_append_val(content->tensors, tensor);
}

static gboolean
take_model(const ModelInfo *info, const char *names, Content *content, GError **error)
{
    const TsModel *model = info->model;
    g_autoptr(GHashTable) map =
        ts_names_map(names != NULL ? names : "tessera", model->architecture, model->graph, error);
    if (map == NULL)
        return FALSE;
    describe_model(info, names == NULL, content);
    for (guint i = 0; i < model->params->n; i++) {
        const TsParam *param = &model->params->param[i];
        char *name = ts_names_translate(map, param->spec->name);
        if (!add_param(param, name, content, error))
            return FALSE;
        if (names != NULL && param->spec->role == TS_PARAM_RUNNING_VARIANCE)
            add_counter(name, content);
    }
    return TRUE;
}

static gboolean
take_content(const ModelInfo *info, const char *names, Content *content, GError **error)
{
    *content =
        (Content){g_array_new(FALSE, FALSE, sizeof(TsTensor)),
                  g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free)};
    if (names != NULL || info->made) {
        if (!take_model(info, names, content, error))
            return FALSE;
    } else {
        take_file(info, content);
    }
    g_ptr_array_add(content->texts, NULL);
    return TRUE;
}

gboolean
modelinfo_write_safetensors(const ModelInfo *info, const char *path, const char *names,
                            const char *dtype, gboolean replace, GError **error)
{
    TsDtype wanted = TS_DTYPE_F32;
    g_auto(Content) content = {0};
    if (!take_content(info, names, &content, error) ||
        (dtype != NULL && !parse_dtype(dtype, &wanted, error)))
        return FALSE;
    for (guint i = 0; dtype != NULL && i < content.tensors->len; i++) {
        TsTensor *tensor = &g_array_index(content.tensors, TsTensor, i);
        if (!ts_dtype_is_float(tensor->dtype) || tensor->dtype == wanted)
            continue;
        gpointer numbers = convert_numbers(tensor, wanted, error);
        if (numbers == NULL)
            return FALSE;
        g_ptr_array_add(content.owned, numbers);
        tensor->n_bytes = ts_tensor_n(tensor) * ts_dtype_size(wanted);
        tensor->dtype = wanted;
        tensor->data = numbers;
    }
    return ts_safetensors_write(path, (const char *const *) content.texts->pdata,
                                (const TsTensor *) content.tensors->data, content.tensors->len,
                                replace, error);
}

gboolean
modelinfo_write_arrays(const ModelInfo *info, const char *folder, const char *names,
                       gboolean replace, GError **error)
{
    g_auto(Content) content = {0};
    g_autoptr(TsOutFolder) out = NULL;
    if (!take_content(info, names, &content, error) ||
        (out = ts_out_folder_new(folder, replace, error)) == NULL)
        return FALSE;
    if (!ts_npy_folder_write(ts_out_folder_path(out), (const char *const *) content.texts->pdata,
                             (const TsTensor *) content.tensors->data, content.tensors->len,
                             error)) {
        g_prefix_error(error, "%s: ", info->path);
        return FALSE;
    }
    return ts_out_folder_commit(out, error);
}

/* ---- the graph ---- */

static void
append_quoted(GString *dot, const char *text)
{
    g_string_append_c(dot, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(dot, '\\');
        g_string_append_c(dot, *text);
    }
    g_string_append_c(dot, '"');
}

/* In graphviz' language: a box for each layer, with what it is and what comes out of it. */
static GString *
describe_graph(const TsModel *model)
{
    GString *dot = g_string_new("digraph model {\n"
                                "  node [shape=box, style=\"rounded,filled\", "
                                "fillcolor=\"#eef3f8\", fontname=\"sans-serif\", fontsize=10];\n"
                                "  edge [arrowsize=0.6];\n  label=");
    g_autofree char *title = ts_arch_title(model->architecture);
    append_quoted(dot, title);
    g_string_append(dot, ";\n");
    for (guint i = 0; i < model->graph->nodes->len; i++) {
        const TsNode *node = ts_graph_node(model->graph, i);
        g_autoptr(GString) label = g_string_new(node->name);
        g_string_append_printf(label, "\n%s", ts_node_operation(node));
        if (node->conv.kernel > 0)
            g_string_append_printf(label, " %dx%d / %d", node->conv.kernel, node->conv.kernel,
                                   MAX(node->conv.stride, 1));
        g_string_append_printf(label,
                               "\n%" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT,
                               node->shape.c, node->shape.h, node->shape.w);
        g_string_append_printf(dot, "  n%u [label=", i);
        append_quoted(dot, label->str);
        g_string_append(dot, "];\n");
        for (guint k = 0; k < node->n_inputs; k++)
            g_string_append_printf(dot, "  n%u -> n%u;\n", node->input[k], i);
    }
    g_string_append(dot, "}\n");
    return dot;
}

/* graphviz' program draws it: its library would be loaded by every tool. */
static gboolean
draw(const GString *dot, char **svg, GError **error)
{
    static const char *const command[] = {"dot", "-Tsvg", NULL};
    g_autoptr(GError) failure = NULL;
    g_autoptr(GSubprocess) process = g_subprocess_newv(
        command, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &failure);
    if (process == NULL)
        return ts_error_set(error, TS_ERROR_DEPENDENCY,
                            "dot, the program of graphviz that draws, cannot be run (%s); install "
                            "graphviz, or write a file .dot",
                            failure->message);
    if (!g_subprocess_communicate_utf8(process, dot->str, NULL, svg, NULL, &failure) ||
        !g_subprocess_get_successful(process))
        return ts_error_set(error, TS_ERROR_DEPENDENCY, "dot failed: %s",
                            failure != NULL ? failure->message : "see its message");
    return TRUE;
}

gboolean
modelinfo_write_graph(const ModelInfo *info, const char *path, gboolean replace, GError **error)
{
    g_autofree char *svg = NULL;
    gboolean is_svg = g_str_has_suffix(path, ".svg");
    if (!is_svg && !g_str_has_suffix(path, ".dot"))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--graph: '%s' ends with neither .svg nor "
                            ".dot",
                            path);
    g_autoptr(GString) dot = describe_graph(info->model);
    if (is_svg && !draw(dot, &svg, error))
        return FALSE;
    const char *text = is_svg ? svg : dot->str;
    return ts_write_file(path, text, strlen(text), replace, error);
}

/* ---- text ---- */

gboolean
modelinfo_write_arch(const ModelInfo *info, const char *path, gboolean replace, GError **error)
{
    g_autofree char *text = ts_arch_print(info->model->graph);
    g_autoptr(TsOutFile) out = ts_out_file_new(path, replace, error);
    return out != NULL && ts_out_file_write(out, text, strlen(text), error) &&
           ts_out_file_commit(out, error);
}
