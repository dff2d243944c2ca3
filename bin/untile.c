/* untile: put tiles, or what was computed from them, back to where they were cut. */
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "layout/layout.h"
#include "tiling/stitch_write.h"

#include <math.h>
#include <string.h>

static struct {
    char *output, *root, *source, *size, *window, *merge, *missing, *coverage, *verify;
    char *class_column, *values, *array, *files, *compression, *pyramid, *heatmap, *range;
    int quality, thumbnail;
    double opacity;
    gboolean probability, argmax;
} opt = {.quality = -1, .thumbnail = 1024, .opacity = 0.5};

static const GOptionEntry options[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output,
     "Write the image to FILE; with several sources to DIR/ or a name with {stem}", "FILE"},
    {"window", 'w', 0, G_OPTION_ARG_STRING, &opt.window,
     "Weights of a tile's pixels: constant, crop[:PIXELS], hann, gaussian[:SIGMA] or triangle "
     "(default: constant)",
     "WINDOW"},
    {"merge", 'm', 0, G_OPTION_ARG_STRING, &opt.merge,
     "Where tiles overlap: mean, max, min, last or vote (default: mean; last with crop, vote of "
     "classes)",
     "HOW"},
    {"missing", 0, 0, G_OPTION_ARG_STRING, &opt.missing,
     "Pixels without a tile: fail, fill:V or transparent (default: fail)", "RULE"},
    {"class", 'c', 0, G_OPTION_ARG_STRING, &opt.class_column,
     "Put back the class in COLUMN, such as pred: a label image", "COLUMN"},
    {"probability", 'p', 0, G_OPTION_ARG_NONE, &opt.probability,
     "Put back the columns p_CLASS that predict -p wrote, a float band each", NULL},
    {"values", 0, 0, G_OPTION_ARG_STRING, &opt.values,
     "Put back the numbers in these columns, a float band each", "COLUMN,..."},
    {"array", 0, 0, G_OPTION_ARG_FILENAME, &opt.array,
     "Put back FILE, a .npy array with the rows as its first axis", "FILE"},
    {"files", 0, 0, G_OPTION_ARG_STRING, &opt.files,
     "Put back the files that COLUMN names (default: file_name)", "COLUMN"},
    {"argmax", 0, 0, G_OPTION_ARG_NONE, &opt.argmax,
     "Blend, then write the number of the largest band: a label image", NULL},
    {"heatmap", 0, 0, G_OPTION_ARG_STRING, &opt.heatmap,
     "Lay the probability of CLASS, the values of a column, or a band as colours over a small "
     "picture of the source",
     "CLASS"},
    {"range", 0, 0, G_OPTION_ARG_STRING, &opt.range,
     "Values of the first and last colour (default: 0,1)", "LOW,HIGH"},
    {"opacity", 0, 0, G_OPTION_ARG_DOUBLE, &opt.opacity, "Of the colours (default: 0.5)", "PART"},
    {"thumbnail", 0, 0, G_OPTION_ARG_INT, &opt.thumbnail,
     "Longer side of the heat map (default: 1024)", "N"},
    {"source", 0, 0, G_OPTION_ARG_STRING, &opt.source, "Only tiles of this image", "NAME"},
    {"size", 0, 0, G_OPTION_ARG_STRING, &opt.size, "Of the image (default: as the manifest says)",
     "WxH"},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &opt.root, "Where relative file names start", "DIR"},
    {"verify", 0, 0, G_OPTION_ARG_FILENAME, &opt.verify,
     "Compare with SOURCE, bit by bit; end with 1 if a pixel differs", "SOURCE"},
    {"coverage", 0, 0, G_OPTION_ARG_FILENAME, &opt.coverage,
     "Write to FILE how many tiles each pixel has", "FILE"},
    {"compression", 0, 0, G_OPTION_ARG_STRING, &opt.compression,
     "Of TIFF: deflate, lzw, none or jpeg (default: deflate)", "NAME"},
    {"quality", 0, 0, G_OPTION_ARG_INT, &opt.quality, "Of JPEG and WebP, 1 to 100 (default: 90)",
     "N"},
    {"pyramid", 0, 0, G_OPTION_ARG_STRING, &opt.pyramid,
     "Write TIFF with smaller levels: chain or subifd", "KIND"},
    {NULL},
};

typedef struct {
    TsWindow window;
    TsMerge merge;
    gboolean must_cover, transparent;
    double fill;
    int width, height; /* 0: as the manifest says */
    TsTiffCompression compression;
    TsTiffPyramid pyramid;
    TsHeatmapOptions heat;
} Settings;

/* --- options --- */

static gboolean
parse_missing(Settings *settings, GError **error)
{
    const char *text = opt.missing != NULL ? opt.missing : "fail";
    settings->must_cover = strcmp(text, "fail") == 0;
    settings->transparent = strcmp(text, "transparent") == 0;
    if (g_str_has_prefix(text, "fill:"))
        return ts_parse_double(text + strlen("fill:"), -G_MAXDOUBLE, G_MAXDOUBLE, "--missing fill",
                               &settings->fill, error);
    if (settings->must_cover || settings->transparent)
        return TRUE;
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--missing: '%s' is none of fail, fill:V, transparent", text);
}

/* The position of `text` in `words`; 0 if it was not given. */
static gboolean
parse_word(const char *text, const char *option, const char *const *words, int *value,
           GError **error)
{
    for (*value = 0; text != NULL && words[*value] != NULL; (*value)++)
        if (strcmp(text, words[*value]) == 0)
            return TRUE;
    if (text == NULL)
        return TRUE;
    g_autofree char *all = g_strjoinv(", ", (char **) words);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is none of %s", option, text, all);
}

static gboolean
parse_format(Settings *settings, GError **error)
{
    static const char *const compressions[] = {"deflate", "none", "lzw", "jpeg", NULL};
    static const char *const pyramids[] = {"flat", "chain", "subifd", NULL};
    int compression, pyramid;
    if (!parse_word(opt.compression, "--compression", compressions, &compression, error) ||
        !parse_word(opt.pyramid, "--pyramid", pyramids, &pyramid, error))
        return FALSE;
    settings->compression = (TsTiffCompression) compression;
    settings->pyramid = (TsTiffPyramid) pyramid;
    if (opt.quality == -1 || (opt.quality >= 1 && opt.quality <= 100))
        return TRUE;
    return ts_error_set(error, TS_ERROR_ARGUMENT, "--quality: %d is outside of 1 to 100",
                        opt.quality);
}

static gboolean
parse_merge(Settings *settings, GError **error)
{
    settings->merge = opt.class_column != NULL                   ? TS_MERGE_VOTE
                      : settings->window.shape == TS_WINDOW_CROP ? TS_MERGE_LAST
                                                                 : TS_MERGE_MEAN;
    if (opt.merge != NULL && !ts_merge_parse(opt.merge, &settings->merge, error))
        return FALSE;
    if (opt.class_column != NULL && settings->merge != TS_MERGE_VOTE &&
        settings->merge != TS_MERGE_LAST)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--merge %s: classes can only vote, or be the last; --probability "
                            "--argmax blends and then decides",
                            opt.merge);
    return TRUE;
}

static gboolean
parse_heatmap(Settings *settings, GError **error)
{
    TsHeatmapOptions *heat = &settings->heat;
    g_auto(GStrv) ends = g_strsplit(opt.range != NULL ? opt.range : "0,1", ",", -1);
    if (opt.heatmap == NULL)
        return TRUE;
    if (g_strv_length(ends) != 2 ||
        !ts_parse_double(ends[0], -G_MAXDOUBLE, G_MAXDOUBLE, "--range", &heat->low, NULL) ||
        !ts_parse_double(ends[1], -G_MAXDOUBLE, G_MAXDOUBLE, "--range", &heat->high, NULL) ||
        heat->low >= heat->high)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--range: '%s' is not LOW,HIGH, two numbers that ascend", opt.range);
    if (!(opt.opacity >= 0 && opt.opacity <= 1))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--opacity: %g is outside of 0 to 1",
                            opt.opacity);
    if (opt.thumbnail < 1 || opt.thumbnail > 65500)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--thumbnail: %d is outside of 1 to 65500",
                            opt.thumbnail);
    heat->side = opt.thumbnail;
    heat->opacity = opt.opacity;
    /* What has no tile keeps the colours of the picture. */
    if (settings->transparent)
        settings->fill = NAN;
    settings->transparent = FALSE;
    return TRUE;
}

/* What --heatmap does not go with. */
static gboolean
check_heatmap(GError **error)
{
    if (opt.heatmap == NULL && (opt.range != NULL || opt.thumbnail != 1024 || opt.opacity != 0.5))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--range, --opacity and --thumbnail are for --heatmap");
    if (opt.heatmap == NULL)
        return TRUE;
    if (opt.output == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--heatmap: where to? give -o FILE");
    if (opt.verify != NULL || opt.argmax || opt.class_column != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--heatmap shows values; it does not go with --class, --argmax or "
                            "--verify");
    return TRUE;
}

static gboolean
check_options(GError **error)
{
    int n = (opt.class_column != NULL) + opt.probability + (opt.values != NULL) +
            (opt.array != NULL) + (opt.files != NULL);
    if (opt.output == NULL && opt.verify == NULL && opt.coverage == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "where to? -o FILE writes the image, --verify SOURCE compares it");
    if (n > 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--class, --probability, --values, --array and --files exclude each "
                            "other");
    if (opt.argmax && opt.class_column != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--argmax: --class puts back classes already");
    if (opt.argmax && opt.missing != NULL && strcmp(opt.missing, "transparent") == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--missing transparent: labels have no opacity");
    return TRUE;
}

static gboolean
parse_options(Settings *settings, GError **error)
{
    return check_options(error) && check_heatmap(error) &&
           ts_window_parse(opt.window != NULL ? opt.window : "constant", &settings->window,
                           error) &&
           parse_merge(settings, error) && parse_missing(settings, error) &&
           parse_format(settings, error) && parse_heatmap(settings, error) &&
           (opt.size == NULL ||
            ts_parse_size(opt.size, "--size", &settings->width, &settings->height, error));
}

/* --- one image --- */

/* The columns p_CLASS, `skip` characters of each name left out; NULL if there are none. */
static char **
find_probabilities(const TsManifest *manifest, guint skip)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    guint n = 0;
    for (guint i = 0; i < ts_manifest_n_columns(manifest); i++) {
        const char *name = ts_manifest_column_name(manifest, i);
        if (!g_str_has_prefix(name, "p_"))
            continue;
        g_strv_builder_add(names, name + skip);
        n++;
    }
    return n > 0 ? g_strv_builder_end(names) : NULL;
}

/* Classes of column pred are numbered as the columns p_CLASS are, if they are there: so are those
 * that no tile was taken for. */
static TsPayload *
new_class_payload(const TsManifest *manifest, GError **error)
{
    gboolean is_pred = strcmp(opt.class_column, "pred") == 0;
    g_auto(GStrv) names = is_pred ? find_probabilities(manifest, strlen("p_")) : NULL;
    return ts_payload_new_classes(manifest, opt.class_column, names, error);
}

static TsPayload *
new_number_payload(const TsManifest *manifest, GError **error)
{
    g_auto(GStrv) columns =
        opt.probability ? find_probabilities(manifest, 0) : g_strsplit(opt.values, ",", -1);
    if (columns != NULL)
        return ts_payload_new_numbers(manifest, columns, error);
    ts_error_set(error, TS_ERROR_FORMAT, "%s: has no columns p_CLASS; predict -p writes them",
                 ts_manifest_name(manifest));
    return NULL;
}

/* The column p_CLASS of --heatmap CLASS, else the column CLASS. */
static TsPayload *
new_heat_payload(const TsManifest *manifest, GError **error)
{
    g_autofree char *column = g_strconcat("p_", opt.heatmap, NULL);
    gboolean is_class = ts_manifest_find_column(manifest, column) >= 0;
    if (!is_class && ts_manifest_find_column(manifest, opt.heatmap) < 0) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: has neither a column %s, as predict -p writes it, nor %s",
                     ts_manifest_name(manifest), column, opt.heatmap);
        return NULL;
    }
    char *columns[] = {is_class ? column : opt.heatmap, NULL};
    return ts_payload_new_numbers(manifest, columns, error);
}

static TsPayload *
new_payload(const TsManifest *manifest, const TsCanvas *canvas, GError **error)
{
    if (opt.class_column != NULL)
        return new_class_payload(manifest, error);
    if (opt.array != NULL)
        return ts_payload_new_array(manifest, opt.array, error);
    if (opt.heatmap != NULL && !opt.probability && opt.values == NULL && opt.files == NULL)
        return new_heat_payload(manifest, error);
    if (opt.probability || opt.values != NULL)
        return new_number_payload(manifest, error);
    return ts_payload_new_images(manifest, opt.files != NULL ? opt.files : "file_name",
                                 canvas->pieces[0].row, error);
}

/* Check for tiles that are there twice and for holes; cut margins off. */
static gboolean
prepare_canvas(TsCanvas *canvas, const TsManifest *manifest, const Settings *settings,
               GError **error)
{
    int across = settings->window.margin, down = across;
    TsHoles holes;
    if (opt.merge == NULL && !ts_canvas_check_distinct(canvas, manifest, error))
        return FALSE;
    if (settings->window.shape == TS_WINDOW_CROP && settings->window.margin < 0)
        ts_canvas_compute_margin(canvas, &across, &down);
    if (settings->window.shape == TS_WINDOW_CROP && !ts_canvas_crop(canvas, across, down, error))
        return FALSE;
    if (!ts_canvas_find_holes(canvas, &holes, error))
        return FALSE;
    if (holes.n_pixels == 0)
        return TRUE;
    if (settings->must_cover)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                            " pixels of %s have no tile, first %d x %d at %d,%d; --missing fill:0 "
                            "or transparent writes them all the same",
                            ts_manifest_name(manifest), holes.n_pixels,
                            (guint64) canvas->width * (guint64) canvas->height, canvas->source,
                            holes.width, holes.height, holes.x, holes.y);
    ts_info("%s: %" G_GUINT64_FORMAT " pixels have no tile, first %d x %d at %d,%d", canvas->source,
            holes.n_pixels, holes.width, holes.height, holes.x, holes.y);
    return TRUE;
}

static TsCanvasOptions
canvas_options(const Settings *settings)
{
    gboolean labels = opt.class_column != NULL || opt.argmax;
    return (TsCanvasOptions){
        .tiff = {.pyramid = settings->pyramid,
                 .reduce = labels ? TS_REDUCE_MODE : TS_REDUCE_MEAN,
                 .tags = {.compression = settings->compression, .quality = MAX(opt.quality, 0)}},
        .encode = {.quality = MAX(opt.quality, 0)},
    };
}

/* The band that --heatmap names: a class, a column, or a number. */
static gboolean
find_band(const TsPayload *payload, int *band, GError **error)
{
    char **names = ts_payload_names(payload);
    g_autofree char *column = g_strconcat("p_", opt.heatmap, NULL);
    gint64 number;
    for (*band = 0; names != NULL && names[*band] != NULL; (*band)++)
        if (strcmp(names[*band], column) == 0 || strcmp(names[*band], opt.heatmap) == 0)
            return TRUE;
    if (names != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--heatmap: there is no column %s", column);
    if (!ts_parse_int(opt.heatmap, 0, ts_payload_kind(payload)->bands - 1,
                      "--heatmap: the number of a band", &number, error))
        return FALSE;
    *band = (int) number;
    return TRUE;
}

static gboolean
untile_image(TsCanvas *canvas, const TsManifest *manifest, const Settings *settings,
             const char *output, GError **error)
{
    g_autoptr(TsPayload) payload = new_payload(manifest, canvas, error);
    if (payload == NULL)
        return FALSE;
    g_autoptr(TsProgress) progress = ts_progress_new("untile", canvas->n, "tiles");
    TsStitchWrite job = {
        .stitch = {.canvas = canvas,
                   .payload = payload,
                   .window = settings->window,
                   .merge = settings->merge,
                   .fill = settings->fill,
                   .add_opacity = settings->transparent,
                   .progress = progress},
        .output = output,
        .verify = opt.verify,
        .how = canvas_options(settings),
        .argmax = opt.argmax,
        .name_start = opt.probability ? "p_" : NULL,
        .heat = settings->heat,
        .replace = ts_tool_force(),
    };
    if (opt.heatmap != NULL && !find_band(payload, &job.heat.band, error))
        return FALSE;
    if (!ts_stitch_write(&job, error))
        return FALSE;
    if (opt.verify != NULL)
        ts_info("%s: equal, all %d x %d pixels", opt.verify, canvas->width, canvas->height);
    return TRUE;
}

static gboolean
untile_source(const TsManifest *manifest, const char *source, const Settings *settings,
              const char *output, const char *coverage, GError **error)
{
    g_autoptr(TsCanvas) canvas =
        ts_canvas_new(manifest, source, settings->width, settings->height, error);
    if (canvas == NULL || !prepare_canvas(canvas, manifest, settings, error))
        return FALSE;
    if (coverage != NULL && !ts_stitch_write_coverage(canvas, coverage, ts_tool_force(), error))
        return FALSE;
    return (output == NULL && opt.verify == NULL) ||
           untile_image(canvas, manifest, settings, output, error);
}

/* --- all of them --- */

/* The name without folder and suffix. */
static char *
stem_of(const char *path)
{
    char *name = g_path_get_basename(path);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
    return name;
}

/* Where the image of `source` goes: {stem} is filled in, a folder gets STEM.tif. */
static char *
name_output(const char *output, const char *source)
{
    g_autofree char *stem = stem_of(source);
    if (output == NULL)
        return NULL;
    if (strstr(output, "{stem}") != NULL) {
        g_auto(GStrv) parts = g_strsplit(output, "{stem}", -1);
        return g_strjoinv(stem, parts);
    }
    if (g_str_has_suffix(output, "/") || g_file_test(output, G_FILE_TEST_IS_DIR))
        return g_strdup_printf("%s%s%s.tif", output, g_str_has_suffix(output, "/") ? "" : "/",
                               stem);
    return g_strdup(output);
}

/* The sources that --source means: the name as it stands, or its last part. */
static gboolean
choose_sources(char ***sources, GError **error)
{
    g_autoptr(GStrvBuilder) chosen = g_strv_builder_new();
    guint n = 0;
    for (guint i = 0; opt.source != NULL && (*sources)[i] != NULL; i++) {
        g_autofree char *base = g_path_get_basename((*sources)[i]);
        if (strcmp((*sources)[i], opt.source) != 0 && strcmp(base, opt.source) != 0)
            continue;
        g_strv_builder_add(chosen, (*sources)[i]);
        n++;
    }
    if (opt.source == NULL)
        return TRUE;
    if (n == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--source: no row is of %s, but of %s%s",
                            opt.source, (*sources)[0] != NULL ? (*sources)[0] : "nothing",
                            g_strv_length(*sources) > 1 ? " and others" : "");
    g_strfreev(*sources);
    *sources = g_strv_builder_end(chosen);
    return TRUE;
}

/* Several images need several names. */
static gboolean
check_outputs(char **sources, const char *pattern, const char *option, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; pattern != NULL && sources[i] != NULL; i++) {
        char *name = name_output(pattern, sources[i]);
        if (g_hash_table_add(seen, name))
            continue;
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: the tiles are from %u images, such as %s and %s, and two of them "
                            "would be written to %s; choose one with --source, or give a folder or "
                            "a name with {stem}",
                            option, g_strv_length(sources), sources[0], sources[1], name);
    }
    return TRUE;
}

static gboolean
run(int n_args, char **args, GError **error)
{
    Settings settings = {0};
    if (!parse_options(&settings, error))
        return FALSE;
    g_autoptr(TsManifest) manifest = ts_layout_read(n_args > 0 ? args[0] : "-", error);
    if (manifest == NULL)
        return FALSE;
    if (opt.root != NULL)
        ts_manifest_set_folder(manifest, opt.root);
    g_auto(GStrv) sources = ts_canvas_list_sources(manifest, error);
    if (sources == NULL || !choose_sources(&sources, error) ||
        !check_outputs(sources, opt.output, "-o", error) ||
        !check_outputs(sources, opt.coverage, "--coverage", error))
        return FALSE;
    if (sources[0] == NULL)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: has no rows", ts_manifest_name(manifest));
    if (opt.verify != NULL && sources[1] != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--verify: the tiles are from %u images; choose one with --source",
                            g_strv_length(sources));
    for (guint i = 0; sources[i] != NULL; i++) {
        g_autofree char *output = name_output(opt.output, sources[i]);
        g_autofree char *coverage = name_output(opt.coverage, sources[i]);
        if (!untile_source(manifest, sources[i], &settings, output, coverage, error))
            return FALSE;
    }
    return TRUE;
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "untile",
        .arguments = "[DATASET]",
        .summary = "put tiles, or what was computed from them, back to where they were cut",
        .description =
            "DATASET is a manifest that tile wrote, or a folder with one, as it is or with\n"
            "columns more: what is put back is the tile's file, the class or the probabilities\n"
            "that predict wrote, or arrays. Overlapping tiles are blended; memory grows with the\n"
            "width of the image, not with its height.",
        .examples = "  untile tiles/ -o again.tif --verify slide.tif\n"
                    "  predict -m model.safetensors tiles/ | untile --class pred -o map.png\n"
                    "  untile --probability --window hann --argmax answers.tsv -o map.tif",
        .flags = TS_TOOL_THREADS | TS_TOOL_PROGRESS | TS_TOOL_FORCE,
        .min_args = 0,
        .max_args = 1,
        .options = options,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
