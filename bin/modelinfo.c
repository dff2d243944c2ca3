/* modelinfo: what a model file holds; check, compare and convert it. */
#include "modelinfo.h"

#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"

static struct {
    char *output, *arrays, *graph, *dtype;
    double tolerance;
    gboolean layers, tensors, verify, diff;
} opt;

static const GOptionEntry show_options[] = {
    {"layers", 'l', 0, G_OPTION_ARG_NONE, &opt.layers,
     "List the layers: operation, output, parameters, multiply-adds", NULL},
    {"tensors", 't', 0, G_OPTION_ARG_NONE, &opt.tensors,
     "List the tensors: type, shape, range and moments of their numbers", NULL},
    {"graph", 0, 0, G_OPTION_ARG_FILENAME, &opt.graph,
     "Draw the layers into FILE.svg (needs graphviz) or FILE.dot", "FILE"},
    G_OPTION_ENTRY_NULL,
};

static const GOptionEntry check_options[] = {
    {"verify", 0, 0, G_OPTION_ARG_NONE, &opt.verify,
     "Look at every number; status 1 if one is not finite or a variance below 0", NULL},
    {"diff", 0, 0, G_OPTION_ARG_NONE, &opt.diff,
     "Compare two models tensor by tensor; status 1 if they differ", NULL},
    {"tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &opt.tolerance,
     "With --diff: numbers as near as this are the same (default: 0)", "X"},
    G_OPTION_ENTRY_NULL,
};

static const GOptionEntry convert_options[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output, "Write the weights as safetensors",
     "FILE"},
    {"dtype", 0, 0, G_OPTION_ARG_STRING, &opt.dtype,
     "With -o: numbers as f32, f16 or bf16 (default: as they are)", "TYPE"},
    {"npy", 0, 0, G_OPTION_ARG_FILENAME, &opt.arrays,
     "Write a folder with an array NAME.npy for each tensor", "DIR"},
    G_OPTION_ENTRY_NULL,
};

static const TsToolPart parts[] = {{"What to show:", show_options},
                                   {"Checks:", check_options},
                                   {"Other forms:", convert_options},
                                   {NULL, NULL}};

static void
clear_info(ModelInfo *info)
{
    ts_weight_file_free(info->weights);
    ts_model_free(info->model);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ModelInfo, clear_info)

/* What tessera wrote says so, and is then held to it: every tensor of its architecture is there. */
static gboolean
open_info(const char *path, ModelInfo *info, GError **error)
{
    info->path = path;
    info->weights = ts_weight_file_read(path, error);
    if (info->weights == NULL)
        return FALSE;
    const char *format = ts_weight_file_metadata(info->weights, "format");
    if (format == NULL || !g_str_has_prefix(format, "tessera "))
        return TRUE;
    g_autofree char *inside = g_file_test(path, G_FILE_TEST_IS_DIR)
                                  ? g_build_filename(path, "model.safetensors", NULL)
                                  : g_strdup(path);
    info->model = ts_model_read(inside, error);
    return info->model != NULL;
}

static gboolean
check_usage(int n_args, GError **error)
{
    if (opt.diff != (n_args == 2))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            opt.diff ? "--diff: compares two models"
                                     : "two models are compared with --diff");
    if (!opt.diff && opt.tolerance != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--tolerance: goes with --diff");
    if (!(opt.tolerance >= 0))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--tolerance: %g is below 0", opt.tolerance);
    if (opt.dtype != NULL && opt.output == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--dtype: goes with -o FILE");
    if (opt.diff && (opt.layers || opt.tensors || opt.verify || opt.output != NULL ||
                     opt.arrays != NULL || opt.graph != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--diff: does nothing else");
    return TRUE;
}

static gboolean
diff(char **args, GError **error)
{
    g_autoptr(TsWeightFile) a = ts_weight_file_read(args[0], error);
    g_autoptr(TsWeightFile) b = a != NULL ? ts_weight_file_read(args[1], error) : NULL;
    g_autoptr(TsReport) report = ts_report_new();
    guint n;
    if (b == NULL || !modelinfo_add_differences(a, b, opt.tolerance, report, &n, error))
        return FALSE;
    if (n == 0) {
        ts_info("no difference in %u tensors", ts_weight_file_n(a));
        return TRUE;
    }
    ts_tool_set_status(1);
    return ts_report_print(report, ts_tool_format(), error);
}

/* What was found goes to standard output; that there is something is the exit status. */
static gboolean
verify(const ModelInfo *info, TsReport *report, GError **error)
{
    guint n_wrong;
    if (!modelinfo_add_problems(info, report, &n_wrong, error))
        return FALSE;
    if (n_wrong > 0)
        ts_tool_set_status(1);
    else
        ts_info("%s: %u tensors, every number is finite%s", info->path,
                ts_weight_file_n(info->weights),
                info->model != NULL ? ", all of the architecture are there" : "");
    return TRUE;
}

static gboolean
write_forms(const ModelInfo *info, GError **error)
{
    if (opt.graph != NULL && !modelinfo_write_graph(info, opt.graph, ts_tool_force(), error))
        return FALSE;
    if (opt.output != NULL &&
        !modelinfo_write_safetensors(info, opt.output, opt.dtype, ts_tool_force(), error))
        return FALSE;
    return opt.arrays == NULL || modelinfo_write_arrays(info, opt.arrays, ts_tool_force(), error);
}

static gboolean
show(const ModelInfo *info, GError **error)
{
    g_autoptr(TsReport) report = ts_report_new();
    modelinfo_add_summary(info, report);
    if (opt.layers)
        modelinfo_add_layers(info, report);
    if (opt.tensors && !modelinfo_add_tensors(info, report, error))
        return FALSE;
    if (opt.verify && !verify(info, report, error))
        return FALSE;
    return ts_report_print(report, ts_tool_format(), error);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(ModelInfo) info = {0};
    if (!check_usage(n_args, error))
        return FALSE;
    if (opt.diff)
        return diff(args, error);
    if (!open_info(args[0], &info, error))
        return FALSE;
    if ((opt.layers || opt.graph != NULL) && info.model == NULL)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: does not say its architecture, so its layers are not known; "
                            "--tensors lists what it holds",
                            args[0]);
    return write_forms(&info, error) && show(&info, error);
}

int
main(int argc, char **argv)
{
    const TsTool tool = {
        .name = "modelinfo",
        .arguments = "MODEL [MODEL]",
        .summary = "Show, check, compare and convert model files.",
        .description =
            "MODEL is a safetensors file, the folder of a run of train, or weights that\n"
            "PyTorch's torch.save() wrote (.pth, .pt). Nothing in such a file is run:\n"
            "one that asks for a function call is refused by the function's name.",
        .examples = "  modelinfo run/model.safetensors\n"
                    "  modelinfo --layers --graph model.svg run\n"
                    "  modelinfo --tensors resnet18.pth\n"
                    "  modelinfo --diff run/model.safetensors other/model.safetensors\n"
                    "  modelinfo -o small.safetensors --dtype bf16 run",
        .flags = TS_TOOL_FORCE | TS_TOOL_FORMAT,
        .min_args = 1,
        .max_args = 2,
        .parts = parts,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
