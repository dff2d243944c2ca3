/* dataconv: write a data set in another layout. */
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "layout/convert.h"
#include "layout/layout.h"
#include "manifest/writer.h"

#include <string.h>

static struct {
    char *to, *output, *link, *format, *shard_bytes, *root;
    gboolean copy, materialize;
    int quality;
    gint64 shard_samples;
} opt = {.quality = -1, .shard_samples = -1};

static const GOptionEntry entries[] = {
    {"to", 0, 0, G_OPTION_ARG_STRING, &opt.to,
     "imagefolder, yolo, hf-csv, hf-jsonl, idx, wds, coco, csv or manifest", "LAYOUT"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output,
     "The folder to write; for manifest also FILE.tsv or -, without pictures", "OUT"},
    {"copy", 0, 0, G_OPTION_ARG_NONE, &opt.copy,
     "Copy every picture byte for byte; a row that is no whole picture is an error", NULL},
    {"link", 0, 0, G_OPTION_ARG_STRING, &opt.link, "Link pictures instead: hard or sym", "KIND"},
    {"materialize", 0, 0, G_OPTION_ARG_NONE, &opt.materialize,
     "Decode every sample and encode it anew", NULL},
    {"format", 0, 0, G_OPTION_ARG_STRING, &opt.format,
     "Of rendered pictures: png, jpeg, tiff, webp or npy (default: png)", "FORMAT"},
    {"quality", 0, 0, G_OPTION_ARG_INT, &opt.quality,
     "Of rendered JPEG and WebP pictures, 1 to 100 (default: 90)", "N"},
    {"shard-samples", 0, 0, G_OPTION_ARG_INT64, &opt.shard_samples,
     "wds: at most N samples a shard (default: 100000)", "N"},
    {"shard-bytes", 0, 0, G_OPTION_ARG_STRING, &opt.shard_bytes,
     "wds: at most N bytes a shard (default: 1000000000)", "N"},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &opt.root,
     "Relative names of pictures start at DIR instead of at the data set", "DIR"},
    {NULL},
};

static gboolean
parse_layout(TsConvertOptions *options, GError **error)
{
    g_autofree char *all = g_strjoinv(", ", (char **) ts_layout_names);
    if (opt.to == NULL || opt.output == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: say %s", opt.to == NULL ? "--to" : "-o",
                            opt.to == NULL ? "which layout to write" : "where to write");
    for (int i = 0; ts_layout_names[i] != NULL; i++)
        if (strcmp(opt.to, ts_layout_names[i]) == 0) {
            options->layout = (TsDatasetLayout) i;
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "--to: '%s' is none of %s", opt.to, all);
}

static gboolean
parse_files(TsConvertOptions *options, GError **error)
{
    if (opt.copy + opt.materialize + (opt.link != NULL) > 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--copy, --link and --materialize exclude each other");
    options->files = opt.copy ? TS_FILES_COPY : opt.materialize ? TS_FILES_RENDER : TS_FILES_AUTO;
    if (opt.link == NULL)
        return TRUE;
    options->files = strcmp(opt.link, "hard") == 0 ? TS_FILES_HARD : TS_FILES_SYM;
    if (options->files == TS_FILES_SYM && strcmp(opt.link, "sym") != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--link: '%s' is not hard or sym", opt.link);
    return options->layout != TS_LAYOUT_WDS ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "--link: a tar holds no links to pictures");
}

static gboolean
parse_format(TsConvertOptions *options, GError **error)
{
    static const char *const formats[][2] = {
        {"png", ".png"}, {"jpeg", ".jpg"}, {"tiff", ".tif"}, {"webp", ".webp"}, {"npy", ".npy"}};
    const char *format = opt.format != NULL ? opt.format : "png";
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++)
        if (strcmp(format, formats[i][0]) == 0)
            options->suffix = formats[i][1];
    if (options->suffix == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--format: '%s' is none of png, jpeg, tiff, webp, npy", format);
    if (strcmp(format, "npy") == 0 && options->layout != TS_LAYOUT_WDS &&
        options->layout != TS_LAYOUT_MANIFEST)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--format npy: only wds and manifest can hold arrays");
    if (opt.quality != -1 && (opt.quality < 1 || opt.quality > 100))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--quality: %d is outside of 1 to 100",
                            opt.quality);
    options->encode.quality = MAX(opt.quality, 0);
    return TRUE;
}

static gboolean
parse_shards(TsConvertOptions *options, GError **error)
{
    gint64 bytes = 1000000000;
    if (opt.shard_samples == 0 || opt.shard_samples < -1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--shard-samples: 1 or more was expected");
    if (opt.shard_bytes != NULL &&
        !ts_parse_int(opt.shard_bytes, 1, G_MAXINT64, "--shard-bytes", &bytes, error))
        return FALSE;
    if (options->layout != TS_LAYOUT_WDS && (opt.shard_bytes != NULL || opt.shard_samples != -1))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--shard-samples and --shard-bytes are for --to wds");
    options->shard_samples = opt.shard_samples == -1 ? 100000 : (guint64) opt.shard_samples;
    options->shard_bytes = (guint64) bytes;
    return TRUE;
}

static gboolean
is_table(const TsConvertOptions *options)
{
    return options->layout == TS_LAYOUT_MANIFEST &&
           (strcmp(opt.output, "-") == 0 || g_str_has_suffix(opt.output, ".tsv"));
}

/* The rows alone, which name the pictures where they are. */
static gboolean
write_table(const TsManifest *manifest, GError **error)
{
    if (opt.copy || opt.materialize || opt.link != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "a manifest without pictures copies, links and renders none; -o DIR "
                            "writes them too");
    g_autoptr(TsManifestWriter) writer =
        ts_manifest_writer_new_like(opt.output, manifest, NULL, ts_tool_force(), error);
    for (guint64 row = 0; writer != NULL && row < ts_manifest_n_rows(manifest); row++)
        if (!ts_manifest_writer_copy_row(writer, manifest, row, NULL, error))
            return FALSE;
    return writer != NULL && ts_manifest_writer_commit(writer, error);
}

static void
report(const TsConvertCounts *counts)
{
    ts_info("pictures: %" G_GUINT64_FORMAT " copied, %" G_GUINT64_FORMAT
            " linked, %" G_GUINT64_FORMAT " rendered",
            counts->n_copied, counts->n_linked, counts->n_rendered);
    if (counts->n_renamed > 0)
        ts_info("%" G_GUINT64_FORMAT " names were taken and got -2, -3, ... behind them",
                counts->n_renamed);
    if (counts->left_columns != NULL)
        ts_info("columns that %s does not keep: %s", opt.to, counts->left_columns);
    if (counts->old_folder != NULL)
        ts_warning("%s: files that came into the replaced folder meanwhile are kept here",
                   counts->old_folder);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    TsConvertOptions options = {.replace = ts_tool_force()};
    if (!parse_layout(&options, error) || !parse_files(&options, error) ||
        !parse_format(&options, error) || !parse_shards(&options, error))
        return FALSE;
    g_autoptr(TsManifest) manifest = ts_layout_read(n_args > 0 ? args[0] : "-", error);
    if (manifest == NULL)
        return FALSE;
    if (opt.root != NULL)
        ts_manifest_set_folder(manifest, opt.root);
    if (is_table(&options))
        return write_table(manifest, error);
    g_auto(TsConvertCounts) counts = {0};
    if (!ts_layout_convert(manifest, &options, opt.output, &counts, error))
        return FALSE;
    report(&counts);
    return TRUE;
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "dataconv",
        .arguments = "[DATASET]",
        .summary = "Write a data set in another layout.",
        .description =
            "DATASET is a manifest, a folder of class folders, metadata.csv or .jsonl, CSV, COCO,\n"
            "an IDX pair, WebDataset shards, or - (default) for a manifest on standard input; see\n"
            "tessera-manifest(5). Pictures are copied where a row is a whole picture, and "
            "rendered\n"
            "where it is a region, a mixture or bare samples.",
        .examples = "  dataconv shapes.tsv --to imagefolder -o shapes-folders\n"
                    "  datasplit shapes.tsv | dataconv --to wds --shard-samples 1000 -o shards\n"
                    "  dataconv train-images-idx3-ubyte.gz --to manifest -o mnist.tsv",
        .flags = TS_TOOL_THREADS | TS_TOOL_PROGRESS | TS_TOOL_FORCE,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
