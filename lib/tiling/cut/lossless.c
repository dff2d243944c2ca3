/* Compressed tiles copied: whole tiles of a TIFF, blocks of a JPEG. */
#include "tiling/cut/lossless.h"

#include "base/error.h"
#include "image/jpeg.h"
#include "image/tiff_tiles.h"

#include <stdio.h>
#include <string.h>

struct _TsLossless {
    TsTiffTiles *tiles; /* one of the two */
    TsJpegCrop *crop;
};

/* Whether a tile can be copied, else why not. */
typedef gboolean (*TileCheck)(const TsLossless *self, const TsTile *tile, GError **error);

static gboolean
check_tiff_tile(const TsLossless *self, const TsTile *tile, GError **error)
{
    const TsTiffTilesInfo *info = ts_tiff_tiles_info(self->tiles);
    if (tile->full_width != info->tile_width || tile->full_height != info->tile_height)
        return ts_error_set(
            error, TS_ERROR_ARGUMENT,
            "its tiles are %d x %d pixels, %d x %d are asked for; use -s %dx%d with "
            "--edge pad or --edge drop",
            info->tile_width, info->tile_height, tile->full_width, tile->full_height,
            info->tile_width, info->tile_height);
    if (tile->x % info->tile_width != 0 || tile->y % info->tile_height != 0 || tile->pad_left > 0 ||
        tile->pad_top > 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "a tile at %d,%d does not lie on its grid of %d x %d tiles; use --edge "
                            "pad or --edge drop, and no overlap",
                            tile->x, tile->y, info->tile_width, info->tile_height);
    return TRUE;
}

static gboolean
check_jpeg_tile(const TsLossless *self, const TsTile *tile, GError **error)
{
    const TsJpegInfo *info = ts_jpeg_crop_info(self->crop);
    if (tile->x % info->mcu_width != 0 || tile->y % info->mcu_height != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "a tile at %d,%d does not lie on its grid of blocks of %d x %d pixels; "
                            "use a stride that they divide, and --edge partial or --edge drop",
                            tile->x, tile->y, info->mcu_width, info->mcu_height);
    if (tile->full_width != tile->width || tile->full_height != tile->height)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "a JPEG has no blocks for padding; use --edge partial or --edge drop");
    return TRUE;
}

static gboolean
check_tiles(const TsLossless *self, const TsPlanInput *input, TileCheck check, GError **error)
{
    for (guint i = 0; i < input->groups->len; i++) {
        const TsTileGroup *group = &g_array_index(input->groups, TsTileGroup, i);
        guint64 n = ts_plan_group_n_tiles(input, group);
        for (guint64 k = 0; k < n; k++) {
            TsPlanTile tile;
            ts_plan_get_group_tile(input, group, k, &tile);
            if (!check(self, &tile.tile, error))
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean
is_jpeg(const char *path)
{
    TsJpegInfo info;
    return ts_jpeg_probe(path, &info, NULL);
}

static gboolean
is_tiff(const char *path)
{
    char magic[4] = {0};
    FILE *file = fopen(path, "re");
    gboolean read = file != NULL && fread(magic, 1, sizeof magic, file) == sizeof magic;
    if (file != NULL)
        fclose(file);
    return read && (memcmp(magic, "II*\0", 4) == 0 || memcmp(magic, "MM\0*", 4) == 0 ||
                    memcmp(magic, "II+\0", 4) == 0 || memcmp(magic, "MM\0+", 4) == 0);
}

TsLossless *
ts_lossless_open(const TsPlanInput *input, GError **error)
{
    g_autoptr(TsLossless) self = g_new0(TsLossless, 1);
    gboolean done;
    if (is_jpeg(input->path)) {
        self->crop = ts_jpeg_crop_open(input->path, error);
        done = self->crop != NULL && check_tiles(self, input, check_jpeg_tile, error);
    } else if (!is_tiff(input->path)) {
        done = ts_error_set(error, TS_ERROR_ARGUMENT,
                            "is neither a JPEG nor a TIFF of JPEG tiles, only these can be copied");
    } else {
        self->tiles = ts_tiff_tiles_open(input->path, input->level, error);
        done = self->tiles != NULL && check_tiles(self, input, check_tiff_tile, error);
    }
    if (done)
        return g_steal_pointer(&self);
    g_prefix_error(error, "--lossless: %s: ", input->path);
    return NULL;
}

void
ts_lossless_free(TsLossless *self)
{
    if (self == NULL)
        return;
    ts_tiff_tiles_free(self->tiles);
    ts_jpeg_crop_free(self->crop);
    g_free(self);
}

gboolean
ts_lossless_is_serial(const TsLossless *self)
{
    return self->crop != NULL;
}

gboolean
ts_lossless_copy(TsLossless *self, const TsTile *tile, GByteArray *bytes, GError **error)
{
    if (self->tiles != NULL) {
        const TsTiffTilesInfo *info = ts_tiff_tiles_info(self->tiles);
        return ts_tiff_tiles_get_jpeg(self->tiles, tile->x / info->tile_width,
                                      tile->y / info->tile_height, bytes, error);
    }
    const guint8 *data;
    gsize n;
    if (!ts_jpeg_crop_write(self->crop, tile->x, tile->y, tile->width, tile->height, &data, &n,
                            error))
        return FALSE;
    g_byte_array_set_size(bytes, 0);
    g_byte_array_append(bytes, data, (guint) n);
    return TRUE;
}
