/* Cutting one image into tile files: alone where the format allows it, else band after band. */
#include "tiling/cut.h"

#include "base/error.h"
#include "base/threads.h"

/* Digits of the largest coordinate below `length`. */
static int
n_digits(int length)
{
    int digits = 1;
    for (int rest = (length - 1) / 10; rest > 0; rest /= 10)
        digits++;
    return digits;
}

char *
ts_cut_file_name(const TsCut *cut, const TsTile *tile)
{
    return g_strdup_printf("%s_%0*d_%0*d%s", cut->stem, n_digits(cut->grid->height), tile->y,
                           n_digits(cut->grid->width), tile->x, cut->suffix);
}

/* The tile's pixels out of `part`, whose top left pixel is (x, y) of the image. */
static TsImage *
take_tile(const TsImage *part, int x, int y, const TsTile *tile, GError **error)
{
    TsImage *out = ts_image_new_like(part, tile->full_width, tile->full_height, error);
    if (out != NULL)
        ts_image_copy_region(part, tile->x - x, tile->y - y, tile->width, tile->height, out, 0, 0);
    return out;
}

static gboolean
write_tile(const TsCut *cut, const TsImage *part, int x, int y, const TsTile *tile, GError **error)
{
    g_autofree char *name = ts_cut_file_name(cut, tile);
    g_autofree char *path = g_build_filename(cut->folder, name, NULL);
    g_autoptr(TsImage) pixels = take_tile(part, x, y, tile, error);
    TsEncodeOptions encode = cut->encode;
    encode.unsynced = TRUE;
    if (pixels == NULL) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    if (!ts_image_write(pixels, path, &encode, cut->replace, error))
        return FALSE;
    if (cut->progress != NULL)
        ts_progress_add(cut->progress, 1);
    return TRUE;
}

typedef struct {
    const TsCut *cut;
    TsImageSource *source;
    guint64 row;    /* of tiles, that `band` holds */
    TsImage *band;  /* full width */
    TsImage *ahead; /* the band of the next row, read meanwhile */
} Cutting;

static gboolean
cut_one(guint64 i, gpointer data, GError **error)
{
    const Cutting *cutting = data;
    const TsGrid *grid = cutting->cut->grid;
    TsTile tile;
    ts_grid_get_tile(grid, i % grid->n_columns, i / grid->n_columns, &tile);
    g_autoptr(TsImage) part = ts_image_source_read_region(cutting->source, tile.x, tile.y,
                                                          tile.width, tile.height, error);
    return part != NULL && write_tile(cutting->cut, part, tile.x, tile.y, &tile, error);
}

static TsImage *
read_band(const Cutting *cutting, guint64 row, GError **error)
{
    const TsGrid *grid = cutting->cut->grid;
    TsTile tile;
    ts_grid_get_tile(grid, 0, row, &tile);
    return ts_image_source_read_region(cutting->source, 0, tile.y, grid->width, tile.height, error);
}

/* Item 0 reads the next band; item i > 0 writes tile i - 1 of this one. */
static gboolean
cut_of_band(guint64 i, gpointer data, GError **error)
{
    Cutting *cutting = data;
    const TsGrid *grid = cutting->cut->grid;
    TsTile tile;
    if (i == 0) {
        if (cutting->row + 1 == grid->n_rows)
            return TRUE;
        cutting->ahead = read_band(cutting, cutting->row + 1, error);
        return cutting->ahead != NULL;
    }
    ts_grid_get_tile(grid, i - 1, cutting->row, &tile);
    return write_tile(cutting->cut, cutting->band, 0, tile.y, &tile, error);
}

static gboolean
cut_bands(Cutting *cutting, GError **error)
{
    const TsGrid *grid = cutting->cut->grid;
    /* Upright images need no more than the band; others have to be kept whole. */
    if (ts_image_source_info(cutting->source)->orientation < 3)
        ts_image_source_set_memory(cutting->source, 0);
    cutting->band = read_band(cutting, 0, error);
    gboolean done = cutting->band != NULL;
    while (done && cutting->row < grid->n_rows) {
        done = ts_parallel_for(grid->n_columns + 1, cut_of_band, cutting, error);
        ts_image_free(cutting->band);
        cutting->band = g_steal_pointer(&cutting->ahead);
        cutting->row++;
    }
    ts_image_free(cutting->band);
    return done;
}

gboolean
ts_cut_image(const char *path, const TsCut *cut, GError **error)
{
    guint64 n = ts_grid_n_tiles(cut->grid);
    g_autoptr(TsImageSource) source = ts_image_source_open(path, error);
    if (source == NULL)
        return FALSE;
    const TsImageInfo *info = ts_image_source_info(source);
    if (info->width != cut->grid->width || info->height != cut->grid->height)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is %d x %d pixels, %d x %d were expected",
                            path, info->width, info->height, cut->grid->width, cut->grid->height);
    Cutting cutting = {.cut = cut, .source = source};
    if (n == 0)
        return TRUE;
    return ts_image_source_is_random(source) ? ts_parallel_for(n, cut_one, &cutting, error)
                                             : cut_bands(&cutting, error);
}
