/* predict: add a model's answer to every row of a data set. */
#include "nn/predict.h"
#include "base/error.h"
#include "base/number.h"
#include "base/progress.h"
#include "base/tool.h"
#include "layout/layout.h"
#include "manifest/writer.h"

static struct {
    char *model, *output, *root, *split;
    int batch_size;
    gboolean probabilities;
} opt = {.batch_size = 64};

static const GOptionEntry entries[] = {
    {"model", 'm', 0, G_OPTION_ARG_FILENAME, &opt.model, "Model file that train wrote", "FILE"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output,
     "Write the manifest to FILE (default: standard output)", "FILE"},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &opt.root, "Where relative file names start", "DIR"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &opt.split, "Only rows with this value of column split",
     "NAME"},
    {"probabilities", 'p', 0, G_OPTION_ARG_NONE, &opt.probabilities,
     "Add a column p_CLASS for each class", NULL},
    {"batch-size", 'b', 0, G_OPTION_ARG_INT, &opt.batch_size,
     "Samples that go through the network together (default: 64)", "N"},
    G_OPTION_ENTRY_NULL,
};

typedef struct {
    const TsModel *model;
    const TsManifest *manifest;
    const TsDataset *dataset;
    TsManifestWriter *writer;
    TsProgress *progress;
    guint n_classes;
    char **numbers;      /* text of each probability */
    const char **values; /* pred, score, p_... of one row */
} Output;

/* pred, score and, if asked for, a column a class. NULL-terminated, free with g_strfreev(). */
static char **
name_columns(const TsModel *model)
{
    guint n = opt.probabilities ? g_strv_length(model->classes) : 0;
    char **columns = g_new0(char *, n + 3);
    columns[0] = g_strdup("pred");
    columns[1] = g_strdup("score");
    for (guint c = 0; c < n; c++)
        columns[c + 2] = g_strdup_printf("p_%s", model->classes[c]);
    return columns;
}

static gboolean
write_row(guint64 i, const double *probabilities, gpointer data, GError **error)
{
    Output *out = data;
    guint best = 0;
    for (guint c = 0; c < out->n_classes; c++) {
        ts_format_float(out->numbers[c], (float) probabilities[c]);
        if (probabilities[c] > probabilities[best])
            best = c;
    }
    out->values[0] = out->model->classes[best];
    out->values[1] = out->numbers[best];
    for (guint c = 0; opt.probabilities && c < out->n_classes; c++)
        out->values[c + 2] = out->numbers[c];
    ts_progress_add(out->progress, 1);
    return ts_manifest_writer_copy_row(out->writer, out->manifest, ts_dataset_row(out->dataset, i),
                                       out->values, error);
}

static gboolean
predict(TsModel *model, const TsManifest *manifest, TsDataset *dataset, TsManifestWriter *writer,
        GError **error)
{
    const guint n_classes = g_strv_length(model->classes);
    g_autofree char *text = g_malloc((gsize) n_classes * TS_NUMBER_MAX);
    g_autofree char **numbers = g_new(char *, n_classes);
    g_autofree const char **values = g_new0(const char *, n_classes + 2);
    g_autoptr(TsProgress) progress = ts_progress_new("predict", ts_dataset_n(dataset), "samples");
    for (guint c = 0; c < n_classes; c++)
        numbers[c] = text + (gsize) c * TS_NUMBER_MAX;
    Output out = {model, manifest, dataset, writer, progress, n_classes, numbers, values};
    return ts_predict(model, dataset, (guint) opt.batch_size, write_row, &out, error) &&
           ts_manifest_writer_commit(writer, error);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    if (opt.model == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "with which model? give it with -m RUN/model.safetensors");
    if (opt.batch_size < 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--batch-size: %d is below 1",
                            opt.batch_size);
    if (g_file_test(opt.model, G_FILE_TEST_IS_DIR))
        return ts_error_set(
            error, TS_ERROR_ARGUMENT,
            "--model: %s is a folder; the model of a run is model.safetensors in it", opt.model);
    g_autoptr(TsModel) model = ts_model_read(opt.model, error);
    g_autoptr(TsManifest) manifest =
        model != NULL ? ts_layout_read(n_args > 0 ? args[0] : "-", error) : NULL;
    if (manifest == NULL)
        return FALSE;
    if (opt.root != NULL)
        ts_manifest_set_folder(manifest, opt.root);
    guint64 n;
    g_autofree guint64 *rows = ts_manifest_select(manifest, "split", opt.split, &n);
    if (opt.split != NULL && n == 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: no row has split '%s'",
                            ts_manifest_name(manifest), opt.split);
    g_autoptr(TsDataset) dataset = ts_dataset_new(manifest, rows, n, NULL, error);
    if (dataset == NULL)
        return FALSE;
    g_auto(GStrv) columns = name_columns(model);
    g_autoptr(TsManifestWriter) writer =
        ts_manifest_writer_new_like(opt.output != NULL ? opt.output : "-", manifest,
                                    (const char *const *) columns, ts_tool_force(), error);
    return writer != NULL && predict(model, manifest, dataset, writer, error);
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "predict",
        .arguments = "[DATASET]",
        .summary = "Add a model's answer to every row of a data set.",
        .description =
            "DATASET is a manifest (.tsv), a folder of pictures, another layout of\n"
            "tessera-manifest(5), or - for a manifest on standard input (the default). Its\n"
            "rows come out with the columns pred (the class) and score (its probability).\n"
            "Classes, input size and normalisation come from the model file.",
        .examples = "  predict -m run/model.safetensors pictures/ >answers.tsv\n"
                    "  predict -m run/model.safetensors --split test tiles.tsv | evaluate",
        .flags = TS_TOOL_THREADS | TS_TOOL_PROGRESS | TS_TOOL_FORCE | TS_TOOL_COMPUTE,
        .min_args = 0,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
