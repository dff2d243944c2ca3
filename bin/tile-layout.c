/* Where tiles lie: the options of grids, places and padding. */
#include "tile.h"

#include "base/error.h"
#include "base/number.h"
#include "base/tool.h"
#include "manifest/manifest.h"

#include <stdlib.h>
#include <string.h>

static struct {
    char **sizes, *stride, *overlap, *edge, *count, *pad, *roi, *points;
    gboolean centred;
    gint64 n_random;
    int level;
    double mpp, scale;
} opt = {.level = -1};

const GOptionEntry tile_layout_options[] = {
    {"size", 's', 0, G_OPTION_ARG_STRING_ARRAY, &opt.sizes,
     "Size of a tile (default: 256x256); again for tiles of several sizes", "WxH"},
    {"stride", 0, 0, G_OPTION_ARG_STRING, &opt.stride,
     "From one tile to the next (default: the size)", "WxH"},
    {"overlap", 0, 0, G_OPTION_ARG_STRING, &opt.overlap,
     "Pixels that neighbours share, or a part of the size such as 25%", "N"},
    {"edge", 0, 0, G_OPTION_ARG_STRING, &opt.edge,
     "Tiles over the edge: shift, partial, pad, drop or spread (default: shift)", "RULE"},
    {"count", 0, 0, G_OPTION_ARG_STRING, &opt.count,
     "How many: cover every pixel, start at every stride, or drop (default: cover)", "RULE"},
    {"pad", 0, 0, G_OPTION_ARG_STRING, &opt.pad,
     "With --edge pad: constant[:V], replicate, wrap, reflect or symmetric (default: constant:0)",
     "MODE"},
    {"centred", 0, 0, G_OPTION_ARG_NONE, &opt.centred,
     "With --edge pad: padding on all sides, not only at the end", NULL},
    {"roi", 0, 0, G_OPTION_ARG_STRING, &opt.roi, "Cut this region of each image alone", "X,Y,WxH"},
    {"random", 0, 0, G_OPTION_ARG_INT64, &opt.n_random,
     "N tiles at random places of each image, see --seed, instead of a grid", "N"},
    {"points", 0, 0, G_OPTION_ARG_FILENAME, &opt.points,
     "Tiles around the places in a manifest's columns x and y (and file_name), instead of a grid",
     "FILE"},
    {"level", 0, 0, G_OPTION_ARG_INT, &opt.level,
     "Cut this level of a pyramid or slide (default: 0, the largest)", "N"},
    {"scale", 0, 0, G_OPTION_ARG_DOUBLE, &opt.scale,
     "Cut the image in this size, such as 0.25, by a level of it or scaled", "FACTOR"},
    {"mpp", 0, 0, G_OPTION_ARG_DOUBLE, &opt.mpp,
     "Cut the image with pixels so many micrometres wide, likewise", "MICROMETRES"},
    {NULL},
};

/* Pixels, or a part of the size, rounded down. */
static gboolean
parse_overlap(const char *text, int size, int *overlap, GError **error)
{
    gint64 pixels;
    double part;
    gsize n = strlen(text);
    if (n > 1 && text[n - 1] == '%') {
        g_autofree char *number = g_strndup(text, n - 1);
        if (!ts_parse_double(number, 0, 100, "--overlap", &part, error))
            return FALSE;
        pixels = (gint64) (part / 100 * size);
    } else if (!ts_parse_int(text, G_MININT, G_MAXINT, "--overlap", &pixels, error)) {
        return FALSE;
    }
    if (pixels < 0 || pixels >= size)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--overlap: %s is outside of 0 to %d, the tile's size less 1", text,
                            size - 1);
    *overlap = (int) pixels;
    return TRUE;
}

static gboolean
parse_stride(TsGridOptions *grid, GError **error)
{
    int across = 0, down = 0;
    if (opt.stride != NULL && opt.overlap != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--stride and --overlap exclude each other");
    if (opt.stride != NULL)
        return ts_parse_size(opt.stride, "--stride", &grid->stride_x, &grid->stride_y, error);
    if (opt.overlap != NULL && (!parse_overlap(opt.overlap, grid->tile_width, &across, error) ||
                                !parse_overlap(opt.overlap, grid->tile_height, &down, error)))
        return FALSE;
    grid->stride_x = grid->tile_width - across;
    grid->stride_y = grid->tile_height - down;
    return TRUE;
}

static gboolean
parse_grid(const char *size, TsGridOptions *grid, GError **error)
{
    static const char *const edges[] = {"shift", "partial", "drop", "pad", "spread", NULL};
    static const char *const counts[] = {"cover", "start", "drop", NULL};
    int edge, count;
    gboolean pads = opt.pad != NULL || opt.centred;
    if (!ts_parse_size(size, "--size", &grid->tile_width, &grid->tile_height, error) ||
        !parse_stride(grid, error) ||
        !tile_parse_word(opt.edge, "--edge", edges, pads ? TS_EDGE_PAD : TS_EDGE_SHIFT, &edge,
                         error) ||
        !tile_parse_word(opt.count, "--count", counts, TS_COUNT_COVER, &count, error))
        return FALSE;
    grid->edge = (TsGridEdge) edge;
    grid->count = (TsGridCount) count;
    grid->centred = opt.centred;
    if (pads && grid->edge != TS_EDGE_PAD)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--pad and --centred are for --edge pad");
    return TRUE;
}

static gboolean
parse_sizes(TileLayout *layout, GError **error)
{
    static char *usual[] = {"256", NULL};
    layout->sizes = g_array_new(FALSE, TRUE, sizeof(TsGridOptions));
    for (char **size = opt.sizes != NULL ? opt.sizes : usual; *size != NULL; size++) {
        TsGridOptions grid = {0};
        if (!parse_grid(*size, &grid, error))
            return FALSE;
        for (guint i = 0; i < layout->sizes->len; i++) {
            const TsGridOptions *other = &g_array_index(layout->sizes, TsGridOptions, i);
            if (other->tile_width == grid.tile_width && other->tile_height == grid.tile_height)
                return ts_error_set(error, TS_ERROR_ARGUMENT, "--size: %s is there twice", *size);
        }
        g_array_append_val(layout->sizes, grid);
    }
    return TRUE;
}

static gboolean
parse_roi(TsRegion *roi, GError **error)
{
    g_auto(GStrv) words = g_strsplit(opt.roi, ",", 3);
    gint64 x, y;
    if (g_strv_length(words) != 3)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--roi: '%s' is not X,Y,WxH, such as 100,0,2000x1000", opt.roi);
    if (!ts_parse_int(words[0], 0, G_MAXINT, "--roi", &x, error) ||
        !ts_parse_int(words[1], 0, G_MAXINT, "--roi", &y, error) ||
        !ts_parse_size(words[2], "--roi", &roi->width, &roi->height, error))
        return FALSE;
    roi->x = (int) x;
    roi->y = (int) y;
    return TRUE;
}

/* The image of a place, in a manifest that names it. */
static gboolean
read_point_image(TileLayout *layout, const TsManifest *points, guint64 row, GError **error)
{
    g_autofree char *path = ts_manifest_path(points, row);
    if (path == NULL) {
        g_autofree char *where = ts_manifest_where(points, row);
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: has no file_name", where);
    }
    g_ptr_array_add(layout->place_images, (gpointer) (gsize) ts_plan_intern_path(path));
    return TRUE;
}

static gboolean
read_points(TileLayout *layout, GError **error)
{
    guint x_column, y_column;
    g_autoptr(TsManifest) points = ts_manifest_read(opt.points, error);
    if (points == NULL || !ts_manifest_require_column(points, "x", &x_column, error) ||
        !ts_manifest_require_column(points, "y", &y_column, error))
        return FALSE;
    layout->places = g_array_new(FALSE, TRUE, sizeof(TsPlace));
    if (ts_manifest_find_column(points, "file_name") >= 0)
        layout->place_images = g_ptr_array_new();
    for (guint64 row = 0; row < ts_manifest_n_rows(points); row++) {
        gint64 x = -1, y = -1;
        if (!ts_cell_to_int(ts_manifest_cell(points, row, x_column), &x) ||
            !ts_cell_to_int(ts_manifest_cell(points, row, y_column), &y) || x < 0 || y < 0 ||
            MAX(x, y) > G_MAXINT) {
            g_autofree char *where = ts_manifest_where(points, row);
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: x and y are to be whole numbers of pixels", where);
        }
        TsPlace place = {(int) x, (int) y};
        g_array_append_val(layout->places, place);
        if (layout->place_images != NULL && !read_point_image(layout, points, row, error))
            return FALSE;
    }
    if (layout->places->len == 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: has no rows", opt.points);
    return TRUE;
}

static gboolean
check_places(GError **error)
{
    gboolean grid = opt.stride != NULL || opt.overlap != NULL || opt.edge != NULL ||
                    opt.count != NULL || opt.pad != NULL || opt.centred;
    if (opt.n_random < 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--random: less than 0 tiles are asked for");
    if (opt.n_random > 0 && opt.points != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--random and --points exclude each other");
    if ((opt.n_random > 0 || opt.points != NULL) && grid)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--stride, --overlap, --edge, --count and --pad are for grids, not for "
                            "--random and --points");
    if (opt.points != NULL && opt.roi != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--points and --roi exclude each other");
    return TRUE;
}

static gboolean
check_level(GError **error)
{
    if ((opt.level != -1) + (opt.scale != 0) + (opt.mpp != 0) > 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--level, --scale and --mpp exclude each other");
    if (opt.level < -1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--level: %d is below 0", opt.level);
    if (!(opt.scale >= 0 && opt.mpp >= 0))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--scale and --mpp are to be above 0");
    return TRUE;
}

gboolean
tile_layout_init(TileLayout *layout, GError **error)
{
    if (!check_places(error) || !check_level(error) || !parse_sizes(layout, error) ||
        (opt.pad != NULL && !ts_padding_parse(opt.pad, &layout->padding, error)) ||
        (opt.roi != NULL && !parse_roi(&layout->roi, error)) ||
        (opt.points != NULL && !read_points(layout, error)))
        return FALSE;
    TsPadMode mode = layout->padding.mode;
    layout->options = (TsPlanOptions){
        .sizes = (const TsGridOptions *) (void *) layout->sizes->data,
        .n_sizes = layout->sizes->len,
        .roi = opt.roi != NULL ? &layout->roi : NULL,
        .n_random = (guint64) opt.n_random,
        .seed = ts_tool_seed(),
        .level = opt.level,
        .mpp = opt.mpp,
        .scale = opt.scale,
        .places = layout->places != NULL ? (const TsPlace *) (void *) layout->places->data : NULL,
        .n_places = layout->places != NULL ? layout->places->len : 0,
        .place_images =
            layout->place_images != NULL ? (const char *const *) layout->place_images->pdata : NULL,
        .padded_rows = mode == TS_PAD_REFLECT || mode == TS_PAD_SYMMETRIC,
    };
    return TRUE;
}

gboolean
tile_layout_check_images(const TileLayout *layout, const TsPlan *plan, GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < plan->inputs->len; i++)
        g_hash_table_add(known,
                         (gpointer) (gsize) ts_plan_intern_path(ts_plan_get_input(plan, i)->path));
    for (guint i = 0; layout->place_images != NULL && i < layout->place_images->len; i++) {
        const char *image = g_ptr_array_index(layout->place_images, i);
        if (!g_hash_table_contains(known, image))
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--points: %s has a place in %s, which is not among the images "
                                "to cut",
                                opt.points, image);
    }
    return TRUE;
}

void
tile_layout_clear(TileLayout *layout)
{
    g_clear_pointer(&layout->sizes, g_array_unref);
    g_clear_pointer(&layout->places, g_array_unref);
    g_clear_pointer(&layout->place_images, g_ptr_array_unref);
}
