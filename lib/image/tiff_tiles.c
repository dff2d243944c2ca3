/* The compressed tiles of a JPEG-compressed TIFF: what has to agree, where they lie.
 *
 * libtiff reads the tags; the tiles are then read by offset from one descriptor, which any number
 * of threads may do. */
#include "image/tiff_tiles.h"

#include "image/tiff_jpeg.h"
#include "image/tiff_levels.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

struct _TsTiffTiles {
    char *path;
    TsTiffTilesInfo info;
    TsTiffJpeg jpeg;
    int fd;
    guint64 n_tiles;
    guint64 *offsets, *sizes; /* (n_tiles) in the file, bytes */
};

static gboolean
refuse(const char *path, const char *why, GError **error)
{
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "%s: its tiles cannot be copied as JPEG: %s; tile it without --lossless",
                        path, why);
}

static int
get_short(TIFF *tiff, guint32 tag)
{
    guint16 value = 0;
    return TIFFGetFieldDefaulted(tiff, tag, &value) == 1 ? value : 0;
}

/* What does not agree, or NULL. */
static const char *
find_obstacle(TIFF *tiff, const TsTiffTilesInfo *info, int photometric)
{
    if (!TIFFIsTiled(tiff))
        return "the TIFF is stored in strips";
    if (get_short(tiff, TIFFTAG_COMPRESSION) != COMPRESSION_JPEG)
        return "the TIFF is not compressed with JPEG (7)";
    if (get_short(tiff, TIFFTAG_BITSPERSAMPLE) != 8)
        return "samples do not have 8 bits";
    if (get_short(tiff, TIFFTAG_PLANARCONFIG) != PLANARCONFIG_CONTIG)
        return "bands are stored apart";
    if (get_short(tiff, TIFFTAG_ORIENTATION) != ORIENTATION_TOPLEFT)
        return "the image is to be turned";
    gboolean grey = info->bands == 1 && photometric == PHOTOMETRIC_MINISBLACK;
    gboolean colour =
        info->bands == 3 && (photometric == PHOTOMETRIC_YCBCR || photometric == PHOTOMETRIC_RGB);
    return grey || colour ? NULL : "it is neither grey, RGB nor YCbCr";
}

static gboolean
read_info(TsTiffTiles *self, TsTiffHandle *handle, GError **error)
{
    TIFF *tiff = handle->tiff;
    TsTiffTilesInfo *info = &self->info;
    guint32 width = 0, height = 0, tile_width = 0, tile_height = 0;
    int photometric = get_short(tiff, TIFFTAG_PHOTOMETRIC);
    info->bands = get_short(tiff, TIFFTAG_SAMPLESPERPIXEL);
    info->is_rgb = photometric == PHOTOMETRIC_RGB;
    const char *obstacle = find_obstacle(tiff, info, photometric);
    if (obstacle != NULL)
        return refuse(self->path, obstacle, error);
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
    if (width < 1 || height < 1 || width > G_MAXINT || height > G_MAXINT || tile_width < 1 ||
        tile_height < 1 || tile_width > G_MAXUINT16 || tile_height > G_MAXUINT16)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: %u x %u pixels in tiles of %u x %u cannot be right", self->path,
                            width, height, tile_width, tile_height);
    info->width = (int) width;
    info->height = (int) height;
    info->tile_width = (int) tile_width;
    info->tile_height = (int) tile_height;
    info->n_across = (int) ((width - 1) / tile_width + 1);
    info->n_down = (int) ((height - 1) / tile_height + 1);
    return TRUE;
}

/* Where the tiles lie. A file has to be large enough for the lists that it declares. */
static gboolean
read_places(TsTiffTiles *self, TsTiffHandle *handle, GError **error)
{
    struct stat status;
    self->fd = open(self->path, O_RDONLY | O_CLOEXEC);
    if (self->fd < 0 || fstat(self->fd, &status) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be opened", self->path);
    self->n_tiles = (guint64) self->info.n_across * (guint64) self->info.n_down;
    guint64 size = (guint64) status.st_size;
    if (self->n_tiles > size / 4 || self->n_tiles != TIFFNumberOfTiles(handle->tiff))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: is too small for the %" G_GUINT64_FORMAT " tiles it declares",
                            self->path, self->n_tiles);
    self->offsets = ts_try_alloc(self->n_tiles, sizeof *self->offsets, "list of tiles", error);
    self->sizes = self->offsets != NULL
                      ? ts_try_alloc(self->n_tiles, sizeof *self->sizes, "list of tiles", error)
                      : NULL;
    if (self->sizes == NULL)
        return FALSE;
    for (guint64 i = 0; i < self->n_tiles; i++) {
        guint64 offset = TIFFGetStrileOffset(handle->tiff, (uint32_t) i);
        guint64 length = TIFFGetStrileByteCount(handle->tiff, (uint32_t) i);
        gboolean inside = offset <= size && length <= size - offset && length <= G_MAXINT;
        self->offsets[i] = offset;
        self->sizes[i] = inside ? length : 0;
    }
    return TRUE;
}

static void
read_resolution(TsTiffTiles *self, TIFF *tiff)
{
    float x = 0, y = 0;
    int unit = get_short(tiff, TIFFTAG_RESOLUTIONUNIT);
    double inch = unit == RESUNIT_INCH ? 2.54 : 1;
    if (unit != RESUNIT_NONE && TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x) == 1 &&
        TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y) == 1)
        ts_tiff_jpeg_set_resolution(&self->jpeg, x / inch + 0.5, y / inch + 0.5);
}

static gboolean
read_tables(TsTiffTiles *self, TsTiffHandle *handle, GError **error)
{
    guint32 n = 0, n_icc = 0;
    const guint8 *tables = NULL, *profile = NULL;
    if (TIFFGetField(handle->tiff, TIFFTAG_JPEGTABLES, &n, &tables) != 1)
        tables = NULL;
    g_autoptr(GBytes) icc = NULL;
    if (TIFFGetField(handle->tiff, TIFFTAG_ICCPROFILE, &n_icc, &profile) == 1 && n_icc > 0)
        icc = g_bytes_new(profile, n_icc);
    return ts_tiff_jpeg_init(&self->jpeg, self->info.tile_width, self->info.tile_height,
                             self->info.bands, self->info.is_rgb, tables, n, icc, self->path,
                             error);
}

static gboolean
choose_level(TsTiffHandle *handle, int level, GError **error)
{
    if (level == 0)
        return TRUE;
    g_autoptr(GArray) levels = ts_tiff_find_levels(handle, error);
    if (levels == NULL)
        return FALSE;
    if (level < 0 || (guint) level >= levels->len)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: has no level %d, only 0 to %u",
                            handle->name, level, levels->len - 1);
    guint64 directory = g_array_index(levels, TsTiffLevel, level).directory;
    return TIFFSetSubDirectory(handle->tiff, directory) == 1 ||
           ts_tiff_handle_fail(handle, TS_ERROR_FORMAT, "level is damaged", error);
}

TsTiffTiles *
ts_tiff_tiles_open(const char *path, int level, GError **error)
{
    g_autoptr(TsTiffHandle) handle = ts_tiff_handle_open(path, path, "rm", error);
    if (handle == NULL)
        return NULL;
    g_autoptr(TsTiffTiles) self = g_new0(TsTiffTiles, 1);
    self->path = g_strdup(path);
    self->fd = -1;
    if (!choose_level(handle, level, error) || !read_info(self, handle, error) ||
        !read_places(self, handle, error) || !read_tables(self, handle, error))
        return NULL;
    read_resolution(self, handle->tiff);
    return g_steal_pointer(&self);
}

const TsTiffTilesInfo *
ts_tiff_tiles_info(const TsTiffTiles *self)
{
    return &self->info;
}

/* Read a whole range, however many calls that takes. */
static gboolean
read_range(const TsTiffTiles *self, guint64 at, guint8 *to, gsize n, GError **error)
{
    for (gsize done = 0; done < n;) {
        gssize got = pread(self->fd, to + done, n - done, (off_t) (at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ts_error_set_errno(error, errno, "%s: cannot be read", self->path);
        if (got == 0)
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: was shortened while it was read",
                                self->path);
        done += (gsize) got;
    }
    return TRUE;
}

gboolean
ts_tiff_tiles_get_jpeg(const TsTiffTiles *self, int column, int row, GByteArray *jpeg,
                       GError **error)
{
    const TsTiffTilesInfo *info = &self->info;
    if (column < 0 || row < 0 || column >= info->n_across || row >= info->n_down)
        return ts_error_set(error, TS_ERROR_RANGE, "%s: has no tile in column %d, row %d",
                            self->path, column, row);
    guint64 i = (guint64) row * (guint64) info->n_across + (guint64) column;
    if (self->sizes[i] == 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: the tile in column %d, row %d is missing or lies outside of the "
                            "file",
                            self->path, column, row);
    g_autofree guint8 *stream = ts_try_alloc(self->sizes[i], 1, "tile", error);
    if (stream == NULL || !read_range(self, self->offsets[i], stream, self->sizes[i], error))
        return FALSE;
    if (ts_tiff_jpeg_merge(&self->jpeg, stream, self->sizes[i], jpeg, self->path, error))
        return TRUE;
    g_prefix_error(error, "tile in column %d, row %d: ", column, row);
    return FALSE;
}

void
ts_tiff_tiles_free(TsTiffTiles *self)
{
    if (self == NULL)
        return;
    if (self->fd >= 0)
        close(self->fd);
    ts_tiff_jpeg_clear(&self->jpeg);
    g_free(self->offsets);
    g_free(self->sizes);
    g_free(self->path);
    g_free(self);
}
