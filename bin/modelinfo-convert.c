/* Other forms of a model: safetensors with other numbers, arrays of NumPy, a picture of the graph.
 */
#include "modelinfo.h"

#include "base/error.h"
#include "base/outfile.h"
#include "base/outfolder.h"
#include "store/half.h"
#include "store/npy.h"
#include "store/safetensors.h"

#include <gio/gio.h>
#include <string.h>

/* ---- safetensors ---- */

static gboolean
is_floating(TsDtype dtype)
{
    return dtype == TS_DTYPE_F16 || dtype == TS_DTYPE_BF16 || dtype == TS_DTYPE_F32 ||
           dtype == TS_DTYPE_F64;
}

static gboolean
parse_dtype(const char *text, TsDtype *dtype, GError **error)
{
    g_autofree char *name = g_ascii_strup(text, -1);
    return (ts_dtype_from_name(name, dtype) && is_floating(*dtype) && *dtype != TS_DTYPE_F64) ||
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

gboolean
modelinfo_write_safetensors(const ModelInfo *info, const char *path, const char *dtype,
                            gboolean replace, GError **error)
{
    const guint n = ts_weight_file_n(info->weights);
    TsDtype wanted = TS_DTYPE_F32;
    if (dtype != NULL && !parse_dtype(dtype, &wanted, error))
        return FALSE;
    g_autofree TsTensor *tensors = g_new0(TsTensor, n + 1);
    g_autoptr(GPtrArray) converted = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < n; i++) {
        tensors[i] = *ts_weight_file_get(info->weights, i);
        if (dtype == NULL || !is_floating(tensors[i].dtype) || tensors[i].dtype == wanted)
            continue;
        gpointer numbers = convert_numbers(&tensors[i], wanted, error);
        if (numbers == NULL)
            return FALSE;
        g_ptr_array_add(converted, numbers);
        tensors[i].n_bytes = ts_tensor_n(&tensors[i]) * ts_dtype_size(wanted);
        tensors[i].dtype = wanted;
        tensors[i].data = numbers;
    }
    g_autofree const char **metadata = ts_weight_file_all_metadata(info->weights);
    return ts_safetensors_write(path, metadata, tensors, n, replace, error);
}

/* ---- arrays ---- */

gboolean
modelinfo_write_arrays(const ModelInfo *info, const char *folder, gboolean replace, GError **error)
{
    g_autoptr(TsOutFolder) out = ts_out_folder_new(folder, replace, error);
    for (guint i = 0; out != NULL && i < ts_weight_file_n(info->weights); i++) {
        const TsTensor *tensor = ts_weight_file_get(info->weights, i);
        if (strchr(tensor->name, '/') != NULL || tensor->name[0] == '.')
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: tensor '%s' cannot be the name of a file", info->path,
                                tensor->name);
        g_autofree char *name = g_strconcat(tensor->name, ".npy", NULL);
        g_autofree char *path = g_build_filename(ts_out_folder_path(out), name, NULL);
        if (!ts_npy_write(path, tensor, FALSE, error)) {
            g_prefix_error(error, "tensor '%s': ", tensor->name);
            return FALSE;
        }
    }
    return out != NULL && ts_out_folder_commit(out, error);
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
    append_quoted(dot, model->architecture);
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
