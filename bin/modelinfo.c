/* modelinfo: what a model file holds; check, compare and convert it. */
#include "modelinfo.h"

#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"

#include <math.h>
#include <string.h>

static struct {
    char *output, *arrays, *graph, *arch, *dtype, *names, *onnx;
    double tolerance;
    int batch;
    gboolean layers, tensors, verify, diff, fold;
    ModelInfoLoad load;
} opt = {.load.crop = NAN, .batch = -1};

static const GOptionEntry show_options[] = {
    {"layers", 'l', 0, G_OPTION_ARG_NONE, &opt.layers,
     "List the layers: operation, output, parameters, multiply-adds", NULL},
    {"tensors", 't', 0, G_OPTION_ARG_NONE, &opt.tensors,
     "List the tensors: type, shape, range and moments of their numbers", NULL},
    {"batch-size", 'b', 0, G_OPTION_ARG_INT, &opt.batch,
     "Show the memory that inference and training take with N samples at a time, with --layers of "
     "each layer",
     "N"},
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
    {"arch", 0, 0, G_OPTION_ARG_FILENAME, &opt.arch,
     "Write the network as text that train --arch reads, see tessera-arch(5)", "FILE"},
    {"npy", 0, 0, G_OPTION_ARG_FILENAME, &opt.arrays,
     "Write a folder with an array NAME.npy for each tensor", "DIR"},
    {"onnx", 0, 0, G_OPTION_ARG_FILENAME, &opt.onnx,
     "Write the network as ONNX, for other software to run", "FILE"},
    {"fold", 0, 0, G_OPTION_ARG_NONE, &opt.fold,
     "With --onnx: batch norms folded into the convolutions, for use alone", NULL},
    {"names", 0, 0, G_OPTION_ARG_STRING, &opt.names,
     "With -o and --npy: layers as tessera, timm or torchvision names them", "LIBRARY"},
    G_OPTION_ENTRY_NULL,
};

static const GOptionEntry load_options[] = {
    {"load-into", 0, 0, G_OPTION_ARG_STRING, &opt.load.architecture,
     "Load the weights into an architecture (auto: the file's, or found by names and shapes; onnx: "
     "the network of an ONNX file) and report what fits; with -o, write the model",
     "ARCH"},
    {"classes", 0, 0, G_OPTION_ARG_FILENAME, &opt.load.classes,
     "Names of the outputs, a line each (default: the file's, or 0, 1, ...)", "FILE"},
    {"size", 0, 0, G_OPTION_ARG_STRING, &opt.load.size, "Size of the input", "WxH"},
    {"mean", 0, 0, G_OPTION_ARG_STRING, &opt.load.mean,
     "Mean of the channels, pixels being 0 to 1: a number, or one for each", "X[,X,...]"},
    {"std", 0, 0, G_OPTION_ARG_STRING, &opt.load.std, "Deviation of the channels, likewise",
     "X[,X,...]"},
    {"crop", 0, 0, G_OPTION_ARG_DOUBLE, &opt.load.crop,
     "Share of the scaled picture that the input is cut from (default: 1, all of it)", "X"},
    {"interpolation", 0, 0, G_OPTION_ARG_STRING, &opt.load.interpolation,
     "How pictures are scaled: bilinear (default), bicubic or lanczos", "NAME"},
    {"channels", 0, 0, G_OPTION_ARG_INT, &opt.load.channels,
     "Adapt the first convolution to so many channels", "N"},
    {"new-head", 0, 0, G_OPTION_ARG_NONE, &opt.load.new_head,
     "Start the classifier at random where its outputs are not those of --classes", NULL},
    {"ignore", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.load.ignore,
     "Parameters and tensors that need not fit, with * and ?; may be repeated", "PATTERN"},
    G_OPTION_ENTRY_NULL,
};

static const TsToolPart parts[] = {{"What to show:", show_options},
                                   {"Checks:", check_options},
                                   {"Other forms:", convert_options},
                                   {"Weights of other software:", load_options},
                                   {NULL, NULL}};

static void
clear_info(ModelInfo *info)
{
    ts_weight_file_free(info->weights);
    ts_model_free(info->model);
    ts_load_report_free(info->loaded);
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
    if (!ts_pretrained_is_ours(info->weights))
        return TRUE;
    /* Damaged numbers are for --verify to tell, so they are no error here. */
    const TsPretrainedOptions options = {0};
    const char *inside = ts_weight_file_path(info->weights);
    info->model = strcmp(ts_weight_file_format(info->weights), "safetensors") != 0
                      ? ts_pretrained_read(path, &options, NULL, error)
                      : ts_model_read(inside, error);
    return info->model != NULL;
}

/* What says how weights are loaded goes with --load-into. */
static gboolean
check_load_usage(GError **error)
{
    const ModelInfoLoad *load = &opt.load;
    if (load->channels < 0 || load->channels > TS_MAX_CHANNELS)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--channels: %d is not 1 to %d",
                            load->channels, TS_MAX_CHANNELS);
    if (load->architecture != NULL)
        return !opt.diff || ts_error_set(error, TS_ERROR_ARGUMENT, "--diff: does nothing else");
    const gboolean given = load->classes != NULL || load->size != NULL || load->mean != NULL ||
                           load->std != NULL || load->interpolation != NULL || !isnan(load->crop) ||
                           load->channels > 0 || load->new_head || load->ignore != NULL;
    return !given ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--classes, --size, --mean, --std, --crop, --interpolation, --channels, "
                        "--new-head and --ignore: go with --load-into ARCH");
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
    if (opt.batch != -1 && (opt.batch < 1 || opt.batch > 65536))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--batch-size: %d is not 1 to 65536",
                            opt.batch);
    if (opt.fold && opt.onnx == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--fold: goes with --onnx FILE");
    if (opt.names != NULL && opt.output == NULL && opt.arrays == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--names: goes with -o FILE or --npy DIR");
    if (!check_load_usage(error))
        return FALSE;
    if (opt.dtype != NULL && opt.output == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--dtype: goes with -o FILE");
    if (opt.diff &&
        (opt.layers || opt.batch > 0 || opt.tensors || opt.verify || opt.output != NULL ||
         opt.arrays != NULL || opt.graph != NULL || opt.arch != NULL))
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
    if (opt.onnx != NULL && !modelinfo_write_onnx(info, opt.onnx, opt.fold, ts_tool_force(), error))
        return FALSE;
    if (opt.output != NULL && !modelinfo_write_safetensors(info, opt.output, opt.names, opt.dtype,
                                                           ts_tool_force(), error))
        return FALSE;
    if (opt.arch != NULL && !modelinfo_write_arch(info, opt.arch, ts_tool_force(), error))
        return FALSE;
    return opt.arrays == NULL ||
           modelinfo_write_arrays(info, opt.arrays, opt.names, ts_tool_force(), error);
}

static gboolean
show(const ModelInfo *info, GError **error)
{
    g_autoptr(TsReport) report = ts_report_new();
    if (info->loaded != NULL)
        ts_load_report_add(info->loaded, TRUE, report);
    else
        modelinfo_add_summary(info, report);
    if (opt.layers)
        modelinfo_add_layers(info, report);
    if (opt.batch > 0 && !modelinfo_add_memory(info, (guint) opt.batch, opt.layers, report, error))
        return FALSE;
    if (opt.tensors && !modelinfo_add_tensors(info, report, error))
        return FALSE;
    if (opt.verify && !verify(info, report, error))
        return FALSE;
    return ts_report_print(report, ts_tool_format(), error);
}

/* The report is printed where the weights do not fit, too. */
static gboolean
load_into(ModelInfo *info, GError **error)
{
    if (modelinfo_load(info, &opt.load, opt.output != NULL, error))
        return TRUE;
    g_autoptr(TsReport) report = ts_report_new();
    if (info->loaded == NULL)
        return FALSE;
    ts_load_report_add(info->loaded, FALSE, report);
    ts_report_print(report, ts_tool_format(), NULL);
    return FALSE;
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(ModelInfo) info = {0};
    if (!check_usage(n_args, error))
        return FALSE;
    if (opt.diff)
        return diff(args, error);
    if (!open_info(args[0], &info, error) ||
        (opt.load.architecture != NULL && !load_into(&info, error)))
        return FALSE;
    if ((opt.layers || opt.batch > 0 || opt.graph != NULL || opt.arch != NULL ||
         opt.names != NULL || opt.onnx != NULL) &&
        info.model == NULL)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: does not say its architecture, so its layers are not known; "
                            "--tensors lists what it holds, --load-into says or finds it",
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
            "MODEL is a safetensors file, the folder of a run of train, a folder of arrays\n"
            "(--npy), an ONNX file, or weights that PyTorch's torch.save() wrote (.pth, .pt).\n"
            "Nothing in such a file is run: one that asks for a function call is refused by\n"
            "the function's name.",
        .examples =
            "  modelinfo run/model.safetensors\n"
            "  modelinfo --layers --graph model.svg run\n"
            "  modelinfo --layers --batch-size 32 run\n"
            "  modelinfo --tensors resnet18.pth\n"
            "  modelinfo --diff run/model.safetensors other/model.safetensors\n"
            "  modelinfo -o small.safetensors --dtype bf16 run\n"
            "  modelinfo --load-into resnet18 resnet18.pth\n"
            "  modelinfo --load-into auto --size 224 --mean 0.485,0.456,0.406 \\\n"
            "      --std 0.229,0.224,0.225 --crop 0.875 --classes imagenet.txt \\\n"
            "      -o model.safetensors resnet18.pth\n"
            "  modelinfo --names torchvision -o theirs.safetensors run\n"
            "  modelinfo --onnx model.onnx --fold run\n"
            "  modelinfo --load-into onnx --mean 0.5 --std 0.5 -o model.safetensors net.onnx",
        .flags = TS_TOOL_FORCE | TS_TOOL_FORMAT | TS_TOOL_SEED,
        .min_args = 1,
        .max_args = 2,
        .parts = parts,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
