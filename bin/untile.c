/* untile: put tiles, or what was computed from them, back to where they were cut. */
#include "untile.h"

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "layout/layout.h"
#include "manifest/foreign.h"

#include <string.h>

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

static char **
read_class_list(GError **error)
{
    GError *bad = NULL;
    char **names = ts_class_list_read(opt.class_list, &bad);
    if (bad != NULL)
        g_propagate_error(error, bad);
    else if (names == NULL)
        ts_error_set(error, TS_ERROR_IO, "%s: is not there, a list of classes was expected",
                     opt.class_list);
    return names;
}

/* Classes of column pred are numbered as the columns p_CLASS are, if they are there: so are those
 * that no tile was taken for. */
static TsPayload *
new_class_payload(const TsManifest *manifest, GError **error)
{
    gboolean is_pred = strcmp(opt.class_column, "pred") == 0;
    g_auto(GStrv) names =
        is_pred && opt.class_list == NULL ? find_probabilities(manifest, strlen("p_")) : NULL;
    if (opt.class_list != NULL && (names = read_class_list(error)) == NULL)
        return NULL;
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
prepare_canvas(TsCanvas *canvas, const TsManifest *manifest, const UntileSettings *settings,
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
canvas_options(const UntileSettings *settings)
{
    gboolean labels = opt.class_column != NULL || opt.argmax;
    return (TsCanvasOptions){
        .tiff = {.pyramid = settings->pyramid,
                 .reduce = labels ? TS_REDUCE_MODE : TS_REDUCE_MEAN,
                 .tags = {.compression = settings->compression,
                          .quality = MAX(opt.quality, 0),
                          .level = settings->level}},
        .encode = {.quality = MAX(opt.quality, 0), .level = settings->level},
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
untile_image(TsCanvas *canvas, const TsManifest *manifest, const UntileSettings *settings,
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
untile_source(const TsManifest *manifest, const char *source, const UntileSettings *settings,
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
    UntileSettings settings = {0};
    if (!untile_parse_options(&settings, error))
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
        .options = untile_options,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
