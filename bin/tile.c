/* tile: cut images into tiles, as files or as rows of a manifest. */
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/number.h"
#include "base/outfile.h"
#include "base/tool.h"
#include "manifest/writer.h"
#include "tiling/cut.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

static struct {
    char *size, *stride, *edge, *count, *folder, *format;
    int overlap, quality;
    gboolean as_rows, plan;
} opt = {.overlap = -1, .quality = -1};

static const GOptionEntry options[] = {
    {"size", 's', 0, G_OPTION_ARG_STRING, &opt.size, "Size of a tile (default: 256x256)", "WxH"},
    {"stride", 0, 0, G_OPTION_ARG_STRING, &opt.stride,
     "From one tile to the next (default: the size)", "WxH"},
    {"overlap", 0, 0, G_OPTION_ARG_INT, &opt.overlap,
     "Pixels that neighbours share; instead of --stride", "N"},
    {"edge", 0, 0, G_OPTION_ARG_STRING, &opt.edge,
     "Tiles over the edge: shift, partial, pad, drop or spread (default: shift)", "RULE"},
    {"count", 0, 0, G_OPTION_ARG_STRING, &opt.count,
     "How many: cover every pixel, start at every stride, or drop (default: cover)", "RULE"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.folder,
     "Write tile files and manifest.tsv into DIR", "DIR"},
    {"virtual", 0, 0, G_OPTION_ARG_NONE, &opt.as_rows,
     "Write no pixels, but a manifest of regions to standard output", NULL},
    {"plan", 0, 0, G_OPTION_ARG_NONE, &opt.plan, "Only say how many tiles and bytes it would be",
     NULL},
    {"format", 0, 0, G_OPTION_ARG_STRING, &opt.format,
     "Of tile files: png, jpeg, tiff or webp (default: png)", "FORMAT"},
    {"quality", 0, 0, G_OPTION_ARG_INT, &opt.quality,
     "Of JPEG and WebP files, 1 to 100 (default: 90)", "N"},
    {NULL},
};

typedef struct {
    const char *path;
    char *stem;
    TsImageInfo info;
    TsGrid grid;
} Input;

typedef struct {
    Input *inputs;
    int n_inputs;
    TsGridOptions grid;
    const char *suffix;
    TsEncodeOptions encode;
} Job;

static void
job_clear(Job *job)
{
    for (int i = 0; job->inputs != NULL && i < job->n_inputs; i++)
        g_free(job->inputs[i].stem);
    g_free(job->inputs);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

/* The position of `text` in `words`, `otherwise` if it was not given. */
static gboolean
parse_word(const char *text, const char *option, const char *const *words, int otherwise,
           int *value, GError **error)
{
    *value = otherwise;
    if (text == NULL)
        return TRUE;
    for (*value = 0; words[*value] != NULL; (*value)++)
        if (strcmp(text, words[*value]) == 0)
            return TRUE;
    g_autofree char *all = g_strjoinv(", ", (char **) words);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is none of %s", option, text, all);
}

static gboolean
parse_stride(TsGridOptions *grid, GError **error)
{
    if (opt.stride != NULL && opt.overlap != -1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--stride and --overlap exclude each other");
    if (opt.stride != NULL)
        return ts_parse_size(opt.stride, "--stride", &grid->stride_x, &grid->stride_y, error);
    int overlap = opt.overlap != -1 ? opt.overlap : 0;
    if (overlap < 0 || overlap >= MIN(grid->tile_width, grid->tile_height))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--overlap: %d is outside of 0 to %d, the tile's size less 1", overlap,
                            MIN(grid->tile_width, grid->tile_height) - 1);
    grid->stride_x = grid->tile_width - overlap;
    grid->stride_y = grid->tile_height - overlap;
    return TRUE;
}

static gboolean
parse_grid(TsGridOptions *grid, GError **error)
{
    static const char *const edges[] = {"shift", "partial", "drop", "pad", "spread", NULL};
    static const char *const counts[] = {"cover", "start", "drop", NULL};
    int edge, count;
    if (!ts_parse_size(opt.size != NULL ? opt.size : "256", "--size", &grid->tile_width,
                       &grid->tile_height, error) ||
        !parse_stride(grid, error) ||
        !parse_word(opt.edge, "--edge", edges, TS_EDGE_SHIFT, &edge, error) ||
        !parse_word(opt.count, "--count", counts, TS_COUNT_COVER, &count, error))
        return FALSE;
    grid->edge = (TsGridEdge) edge;
    grid->count = (TsGridCount) count;
    return TRUE;
}

static gboolean
parse_format(Job *job, GError **error)
{
    static const char *const formats[] = {"png", "jpeg", "tiff", "webp", NULL};
    static const char *const suffixes[] = {".png", ".jpg", ".tif", ".webp"};
    int format;
    if (!parse_word(opt.format, "--format", formats, 0, &format, error))
        return FALSE;
    gboolean lossy = strcmp(formats[format], "jpeg") == 0 || strcmp(formats[format], "webp") == 0;
    if (opt.quality != -1 && !lossy)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--quality: %s files have no quality",
                            formats[format]);
    if (opt.quality != -1 && (opt.quality < 1 || opt.quality > 100))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--quality: %d is outside of 1 to 100",
                            opt.quality);
    job->suffix = suffixes[format];
    /* Level 1: several times faster than 6, for a tenth more bytes. */
    job->encode = (TsEncodeOptions){.quality = MAX(opt.quality, 0), .level = 1};
    return TRUE;
}

static gboolean
check_options(GError **error)
{
    if (opt.folder == NULL && !opt.as_rows && !opt.plan)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "where to? -o DIR writes tile files, --virtual a manifest of regions");
    if (opt.folder != NULL && opt.as_rows)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "-o and --virtual exclude each other");
    if (opt.as_rows && (opt.format != NULL || opt.quality != -1))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--virtual writes no images, --format and --quality are for -o");
    if (opt.as_rows && opt.edge != NULL && strcmp(opt.edge, "pad") == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--virtual: a region lies inside of its image, --edge pad is for -o");
    return TRUE;
}

static gboolean
read_input(const Job *job, const char *path, Input *input, GError **error)
{
    if (!g_utf8_validate(path, -1, NULL))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: the name is not UTF-8, as a manifest has to be", path);
    g_autoptr(TsImageSource) source = ts_image_source_open(path, error);
    if (source == NULL)
        return FALSE;
    g_autofree char *name = g_path_get_basename(path);
    const char *dot = strrchr(name, '.');
    input->path = path;
    input->stem =
        dot != NULL && dot != name ? g_strndup(name, (gsize) (dot - name)) : g_strdup(name);
    input->info = *ts_image_source_info(source);
    if (opt.folder != NULL &&
        !ts_image_check_format(job->suffix, input->info.bands, input->info.type, error)) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    return ts_grid_init(&input->grid, &job->grid, input->info.width, input->info.height, error);
}

/* Tiles of two images must not have the same names. */
static gboolean
check_stems(const Job *job, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < job->n_inputs; i++) {
        const Input *input = &job->inputs[i];
        const Input *other = g_hash_table_lookup(seen, input->stem);
        if (other != NULL)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "%s and %s: tiles of both would be named %s_*; rename one, or cut "
                                "them into two folders",
                                other->path, input->path, input->stem);
        g_hash_table_insert(seen, input->stem, (gpointer) input);
    }
    return TRUE;
}

/* Read all headers, so that what cannot be is known before any work. */
static gboolean
read_inputs(Job *job, int n_args, char **args, GError **error)
{
    job->inputs = g_new0(Input, n_args);
    job->n_inputs = n_args;
    for (int i = 0; i < n_args; i++) {
        if (!read_input(job, args[i], &job->inputs[i], error))
            return FALSE;
        if (ts_grid_n_tiles(&job->inputs[i].grid) == 0)
            ts_warning("%s: %d x %d pixels hold no tile of %d x %d, with edges dropped", args[i],
                       job->inputs[i].info.width, job->inputs[i].info.height, job->grid.tile_width,
                       job->grid.tile_height);
    }
    return opt.folder == NULL || check_stems(job, error);
}

/* Bytes of the pixels of all tiles, decoded. */
static guint64
count_bytes(const Input *input)
{
    const TsGrid *grid = &input->grid;
    guint64 width = 0, height = 0;
    TsTile tile;
    for (guint64 i = 0; i < grid->n_columns && grid->n_rows > 0; i++) {
        ts_grid_get_tile(grid, i, 0, &tile);
        width += (guint64) tile.full_width;
    }
    for (guint64 i = 0; i < grid->n_rows && grid->n_columns > 0; i++) {
        ts_grid_get_tile(grid, 0, i, &tile);
        height += (guint64) tile.full_height;
    }
    return width * height * (guint64) input->info.bands * ts_sample_type_size(input->info.type);
}

static gboolean
print_plan(const Job *job, GError **error)
{
    static const char *const columns[] = {"file_name", "width", "height", "bands",       "type",
                                          "columns",   "rows",  "tiles",  "pixel_bytes", NULL};
    g_autoptr(TsManifestWriter) out = ts_manifest_writer_new("-", columns, FALSE, error);
    for (int i = 0; out != NULL && i < job->n_inputs; i++) {
        const Input *input = &job->inputs[i];
        ts_manifest_writer_put(out, input->path);
        ts_manifest_writer_put_int(out, input->info.width);
        ts_manifest_writer_put_int(out, input->info.height);
        ts_manifest_writer_put_int(out, input->info.bands);
        ts_manifest_writer_put(out, ts_sample_type_name(input->info.type));
        ts_manifest_writer_put_int(out, (gint64) input->grid.n_columns);
        ts_manifest_writer_put_int(out, (gint64) input->grid.n_rows);
        ts_manifest_writer_put_int(out, (gint64) ts_grid_n_tiles(&input->grid));
        ts_manifest_writer_put_int(out, (gint64) count_bytes(input));
        if (!ts_manifest_writer_end_row(out, error))
            return FALSE;
    }
    return out != NULL && ts_manifest_writer_commit(out, error);
}

static void
put_rectangle(TsManifestWriter *out, const TsTile *tile)
{
    ts_manifest_writer_put_int(out, tile->x);
    ts_manifest_writer_put_int(out, tile->y);
    ts_manifest_writer_put_int(out, tile->width);
    ts_manifest_writer_put_int(out, tile->height);
    ts_manifest_writer_put_int(out, (gint64) tile->row);
    ts_manifest_writer_put_int(out, (gint64) tile->column);
}

/* One row a tile: `cut` NULL names the image itself, else the tile's file and then the image. */
static gboolean
write_rows(TsManifestWriter *out, const Input *input, const TsCut *cut, GError **error)
{
    for (guint64 i = 0; i < ts_grid_n_tiles(&input->grid); i++) {
        TsTile tile;
        if (ts_interrupt_check(error))
            return FALSE;
        ts_grid_get_tile(&input->grid, i % input->grid.n_columns, i / input->grid.n_columns, &tile);
        if (cut != NULL) {
            g_autofree char *name = ts_cut_file_name(cut, &tile);
            ts_manifest_writer_put(out, name);
        }
        ts_manifest_writer_put_path(out, input->path);
        put_rectangle(out, &tile);
        if (!ts_manifest_writer_end_row(out, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
write_virtual(const Job *job, GError **error)
{
    static const char *const columns[] = {"file_name", "x",   "y",   "width",
                                          "height",    "row", "col", NULL};
    g_autoptr(TsManifestWriter) out = ts_manifest_writer_new("-", columns, FALSE, error);
    for (int i = 0; out != NULL && i < job->n_inputs; i++)
        if (!write_rows(out, &job->inputs[i], NULL, error))
            return FALSE;
    return out != NULL && ts_manifest_writer_commit(out, error);
}

/* A manifest in the folder says that the tiles are complete: an old one goes before the first tile
 * comes, and the new one comes after the last. */
static gboolean
begin_folder(const char *manifest, GError **error)
{
    if (!ts_make_folder(opt.folder, error))
        return FALSE;
    if (!g_file_test(manifest, G_FILE_TEST_EXISTS))
        return TRUE;
    if (!ts_tool_force())
        return ts_error_set(error, TS_ERROR_IO, "%s: exists already; --force replaces it",
                            manifest);
    if (g_unlink(manifest) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be replaced", manifest);
    return TRUE;
}

static TsCut
cut_of(const Job *job, const Input *input, TsProgress *progress)
{
    return (TsCut){.folder = opt.folder,
                   .stem = input->stem,
                   .suffix = job->suffix,
                   .grid = &input->grid,
                   .encode = job->encode,
                   .replace = ts_tool_force(),
                   .progress = progress};
}

static gboolean
cut_all(const Job *job, GError **error)
{
    guint64 n = 0;
    for (int i = 0; i < job->n_inputs; i++)
        n += ts_grid_n_tiles(&job->inputs[i].grid);
    g_autoptr(TsProgress) progress = ts_progress_new("tile", n, "tiles");
    for (int i = 0; i < job->n_inputs; i++) {
        TsCut cut = cut_of(job, &job->inputs[i], progress);
        if (!ts_cut_image(job->inputs[i].path, &cut, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
write_files(const Job *job, GError **error)
{
    static const char *const columns[] = {"file_name",  "source", "src_x", "src_y", "src_width",
                                          "src_height", "row",    "col",   NULL};
    g_autofree char *manifest = g_build_filename(opt.folder, "manifest.tsv", NULL);
    if (!begin_folder(manifest, error) || !cut_all(job, error) ||
        !ts_sync_folder(opt.folder, error))
        return FALSE;
    g_autoptr(TsManifestWriter) out =
        ts_manifest_writer_new(manifest, columns, ts_tool_force(), error);
    for (int i = 0; out != NULL && i < job->n_inputs; i++) {
        TsCut cut = cut_of(job, &job->inputs[i], NULL);
        if (!write_rows(out, &job->inputs[i], &cut, error))
            return FALSE;
    }
    return out != NULL && ts_manifest_writer_commit(out, error);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(Job) job = {0};
    if (!check_options(error) || !parse_grid(&job.grid, error) || !parse_format(&job, error) ||
        !read_inputs(&job, n_args, args, error))
        return FALSE;
    if (opt.plan)
        return print_plan(&job, error);
    return opt.as_rows ? write_virtual(&job, error) : write_files(&job, error);
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "tile",
        .arguments = "IMAGE...",
        .summary = "cut images into tiles, as files or as rows of a manifest",
        .description =
            "Lays a grid over each IMAGE and writes one row a tile: with --virtual a manifest of\n"
            "regions, which needs no pixel and no disk; with -o a folder of image files and their\n"
            "manifest.tsv, which is written last.",
        .examples = "  tile -s 20 --virtual sheet.png > cells.tsv\n"
                    "  tile -s 512 --overlap 64 --edge pad -o tiles slide.tif\n"
                    "  tile -s 256 --plan *.jpg",
        .flags = TS_TOOL_THREADS | TS_TOOL_PROGRESS | TS_TOOL_FORCE,
        .min_args = 1,
        .max_args = -1,
        .options = options,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}
