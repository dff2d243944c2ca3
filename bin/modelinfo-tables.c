/* What a model is: its summary, its layers, its tensors, what is wrong with them. */
#include "modelinfo.h"

#include "base/error.h"
#include "nn/arch/arch.h"

#include <math.h>

char *
modelinfo_shape_text(const TsTensor *tensor)
{
    g_autoptr(GString) text = g_string_new(tensor->rank == 0 ? "1" : "");
    for (guint i = 0; i < tensor->rank; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i > 0 ? "x" : "", tensor->shape[i]);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

gboolean
modelinfo_compute_moments(const TsTensor *tensor, TensorMoments *moments, GError **error)
{
    const gsize n = ts_tensor_n(tensor);
    g_autofree float *numbers = ts_try_alloc(n, sizeof *numbers, tensor->name, error);
    if (numbers == NULL || !ts_tensor_to_f32(tensor, numbers, error))
        return FALSE;
    double sum = 0, squares = 0;
    *moments = (TensorMoments){.min = NAN, .max = NAN};
    for (gsize i = 0; i < n; i++) {
        if (!isfinite(numbers[i])) {
            moments->n_not_finite++;
            continue;
        }
        moments->n++;
        moments->min = fmin(moments->min, numbers[i]);
        moments->max = fmax(moments->max, numbers[i]);
        sum += numbers[i];
    }
    moments->mean = sum / (double) moments->n;
    for (gsize i = 0; i < n; i++)
        if (isfinite(numbers[i]))
            squares += (numbers[i] - moments->mean) * (numbers[i] - moments->mean);
    moments->std = sqrt(squares / (double) moments->n);
    return TRUE;
}

static char *
join_floats(const float *numbers, int n)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        g_string_append_printf(text, "%s%g", i > 0 ? "," : "", numbers[i]);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
add_model(const TsModel *model, TsReport *report)
{
    const TsPreprocess *how = &model->preprocess;
    g_autofree char *input = g_strdup_printf("%dx%dx%d", how->channels, how->height, how->width);
    g_autofree char *mean = join_floats(how->mean, how->channels);
    g_autofree char *std = join_floats(how->std, how->channels);
    g_autofree char *classes = g_strjoinv(", ", model->classes);
    gint64 n_activations = 0;
    for (guint i = 0; i < model->graph->nodes->len; i++) {
        const TsShape *shape = &ts_graph_node(model->graph, i)->shape;
        n_activations += shape->c * shape->h * shape->w;
    }
    g_autofree char *title = ts_arch_title(model->architecture);
    ts_report_value_text(report, "architecture", title);
    ts_report_value_text(report, "input", input);
    ts_report_value_text(report, "mean", mean);
    ts_report_value_text(report, "std", std);
    ts_report_value_double(report, "crop_pct", how->crop_pct, 3);
    ts_report_value_int(report, "classes", g_strv_length(model->classes));
    ts_report_value_text(report, "class_names", classes);
    ts_report_value_int(report, "layers", model->graph->nodes->len);
    ts_report_value_int(report, "parameters", ts_graph_n_parameters(model->graph));
    ts_report_value_int(report, "multiply_adds_per_sample", ts_graph_multiply_adds(model->graph));
    ts_report_value_int(report, "activations_per_sample", n_activations);
}

/* What training wrote beside the weights, such as the epoch and its validation accuracy. */
static void
add_metadata(const ModelInfo *info, TsReport *report)
{
    static const char *const columns[] = {"key", "value", NULL};
    static const char *const in_summary[] = {"architecture", "classes",  "input", "mean",
                                             "std",          "crop_pct", NULL};
    g_autofree const char **metadata = ts_weight_file_all_metadata(info->weights);
    if (metadata[0] == NULL)
        return;
    ts_report_begin(report, "metadata", columns);
    for (const char **pair = metadata; *pair != NULL; pair += 2) {
        if (info->model != NULL && g_strv_contains(in_summary, pair[0]))
            continue;
        ts_report_text(report, pair[0]);
        ts_report_text(report, pair[1]);
    }
}

void
modelinfo_add_summary(const ModelInfo *info, TsReport *report)
{
    guint64 numbers = 0, bytes = 0;
    for (guint i = 0; i < ts_weight_file_n(info->weights); i++) {
        numbers += ts_tensor_n(ts_weight_file_get(info->weights, i));
        bytes += ts_weight_file_get(info->weights, i)->n_bytes;
    }
    ts_report_begin_values(report, "model");
    ts_report_value_text(report, "file", info->path);
    ts_report_value_text(report, "format", ts_weight_file_format(info->weights));
    if (info->model != NULL)
        add_model(info->model, report);
    ts_report_value_int(report, "tensors", ts_weight_file_n(info->weights));
    ts_report_value_int(report, "numbers", (gint64) numbers);
    ts_report_value_int(report, "bytes", (gint64) bytes);
    ts_report_value_int(report, "entries_passed_over", ts_weight_file_n_ignored(info->weights));
    add_metadata(info, report);
}

static gint64
count_parameters(const TsGraph *graph, const TsNode *node)
{
    gint64 total = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(node->param); i++) {
        if (node->param[i] < 0)
            continue;
        const TsParamSpec *spec = ts_graph_param(graph, (guint) node->param[i]);
        gint64 n = spec->role != TS_PARAM_RUNNING_MEAN && spec->role != TS_PARAM_RUNNING_VARIANCE;
        for (guint d = 0; d < spec->rank; d++)
            n *= spec->shape[d];
        total += n;
    }
    return total;
}

void
modelinfo_add_layers(const ModelInfo *info, TsReport *report)
{
    static const char *const columns[] = {"layer",  "operation",  "kernel",        "stride",
                                          "output", "parameters", "multiply_adds", NULL};
    const TsGraph *graph = info->model->graph;
    ts_report_begin(report, "layers", columns);
    for (guint i = 0; i < graph->nodes->len; i++) {
        const TsNode *node = ts_graph_node(graph, i);
        g_autofree char *shape =
            g_strdup_printf("%" G_GINT64_FORMAT "x%" G_GINT64_FORMAT "x%" G_GINT64_FORMAT,
                            node->shape.c, node->shape.h, node->shape.w);
        g_autofree char *kernel =
            node->conv.kernel > 0 ? g_strdup_printf("%d", node->conv.kernel) : NULL;
        g_autofree char *stride =
            node->conv.kernel > 0 ? g_strdup_printf("%d", MAX(node->conv.stride, 1)) : NULL;
        ts_report_text(report, node->name);
        ts_report_text(report, ts_node_operation(node));
        ts_report_text(report, kernel);
        ts_report_text(report, stride);
        ts_report_text(report, shape);
        ts_report_int(report, count_parameters(graph, node));
        ts_report_int(report, node->multiply_adds);
    }
}

gboolean
modelinfo_add_tensors(const ModelInfo *info, TsReport *report, GError **error)
{
    static const char *const columns[] = {"tensor", "dtype", "shape", "numbers",    "min",
                                          "max",    "mean",  "std",   "not_finite", NULL};
    ts_report_begin(report, "tensors", columns);
    for (guint i = 0; i < ts_weight_file_n(info->weights); i++) {
        const TsTensor *tensor = ts_weight_file_get(info->weights, i);
        g_autofree char *shape = modelinfo_shape_text(tensor);
        TensorMoments moments;
        if (!modelinfo_compute_moments(tensor, &moments, error))
            return FALSE;
        ts_report_text(report, tensor->name);
        ts_report_text(report, ts_dtype_name(tensor->dtype));
        ts_report_text(report, shape);
        ts_report_int(report, (gint64) ts_tensor_n(tensor));
        ts_report_double(report, moments.min, 5);
        ts_report_double(report, moments.max, 5);
        ts_report_double(report, moments.mean, 5);
        ts_report_double(report, moments.std, 5);
        ts_report_int(report, (gint64) moments.n_not_finite);
    }
    return TRUE;
}

gboolean
modelinfo_add_problems(const ModelInfo *info, TsReport *report, guint *n_wrong, GError **error)
{
    static const char *const columns[] = {"tensor", "problem", NULL};
    *n_wrong = 0;
    ts_report_begin(report, "problems", columns);
    for (guint i = 0; i < ts_weight_file_n(info->weights); i++) {
        const TsTensor *tensor = ts_weight_file_get(info->weights, i);
        TensorMoments moments;
        if (!modelinfo_compute_moments(tensor, &moments, error))
            return FALSE;
        g_autofree char *problem = NULL;
        if (moments.n_not_finite > 0)
            problem = g_strdup_printf("%" G_GUINT64_FORMAT " numbers are not finite",
                                      moments.n_not_finite);
        else if (g_str_has_suffix(tensor->name, "running_var") && moments.min < 0)
            problem = g_strdup_printf("a variance is %g", moments.min);
        if (problem == NULL)
            continue;
        ts_report_text(report, tensor->name);
        ts_report_text(report, problem);
        (*n_wrong)++;
    }
    return TRUE;
}
