/* The writer of large TIFFs: rows in, rows of compressed tiles out, a level of a pyramid at a time.
 *
 * Each level has a band, as high as a tile, in which its rows gather. A full band is compressed,
 * all tiles at once, by several threads; then it is halved into the band of the next level, which
 * may fill up by that. The first level's tiles go to the file; libtiff writes one directory at a
 * time, so those of the others wait in a spill file until the first is done.
 */
#include "image/tiff.h"

#include "base/interrupt.h"
#include "base/outfile.h"
#include "base/threads.h"
#include "image/limits.h"
#include "image/tiff_codec.h"
#include "image/tiff_reduce.h"
#include "image/tiff_spill.h"
#include "image/tiff_tags.h"

#include <errno.h>
#include <string.h>
#include <tiffio.h>

typedef struct {
    int width, height;
    int n_across; /* tiles in a row of them */
    guint8 *band; /* (tile_height, width, bands): rows that wait */
    int n_waiting;
    int n_done;      /* rows before them */
    GArray *spilled; /* TsTiffPiece of each tile; NULL in the first level */
} Level;

/* What one thread needs to compress a tile. */
typedef struct {
    TsTiffCodec *codec;
    guint8 *pixels;
} Worker;

struct _TsTiffWriter {
    char *path;
    TsTiffWriterOptions options; /* `like` is replaced by a header without pixels */
    TsImage like;
    TsTiffLayout layout;
    gsize pixel; /* bytes */
    TsOutFile *out;
    TsTiffHandle *handle;
    TsTiffSpill *spill; /* NULL in a flat file */
    guint n_levels;
    Level *levels;
    GPtrArray *idle;          /* Workers, guarded by `lock` */
    TsTiffCodec *strip_codec; /* of the last strip compressed */
    int strip_width, strip_height;
    GMutex lock;
    const Level *now; /* of which a band is compressed */
    GBytes **pieces;  /* its compressed tiles */
};

static void
worker_free(Worker *worker)
{
    if (worker == NULL)
        return;
    ts_tiff_codec_free(worker->codec);
    g_free(worker->pixels);
    g_free(worker);
}

static int
count_levels(const TsTiffWriterOptions *options)
{
    int n = 1, width = options->width, height = options->height;
    int fit_width = options->strips ? 256 : options->tile_width;
    int fit_height = options->strips ? 256 : options->tile_height;
    if (options->pyramid == TS_TIFF_FLAT)
        return 1;
    for (; width > fit_width || height > fit_height; n++) {
        width = (int) (((gint64) width + 1) / 2);
        height = (int) (((gint64) height + 1) / 2);
    }
    return n;
}

/* Strips hold at least 64 KiB, in whole sixteens of rows: JPEG's blocks, and even for halving. */
static int
choose_strip_height(const TsTiffWriterOptions *options, gsize pixel)
{
    guint64 row = MAX(1, (guint64) options->width * pixel);
    return (int) (MIN(((1 << 16) + row - 1) / row + 15, 4096) / 16 * 16);
}

static gboolean
check_options(const TsTiffWriter *self, GError **error)
{
    const TsTiffWriterOptions *options = &self->options;
    guint64 bytes;
    if (options->tile_width < 16 || options->tile_height < 16 || options->tile_width % 16 != 0 ||
        options->tile_height % 16 != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "tiles of %d x %d pixels: sides in a TIFF are multiples of 16",
                            options->tile_width, options->tile_height);
    return ts_tiff_check_format(options->like, options->tags.compression, error) &&
           ts_image_check_size(options->width, 1, self->layout.bands, self->layout.type, &bytes,
                               error) &&
           ts_image_check_size(1, options->height, self->layout.bands, self->layout.type, &bytes,
                               error) &&
           ts_image_check_size(options->strips ? options->width : options->tile_width,
                               options->tile_height, self->layout.bands, self->layout.type, &bytes,
                               error);
}

static void
set_layout(TsTiffWriter *self)
{
    TsTiffWriterOptions *options = &self->options;
    const TsImage *like = options->like;
    self->pixel = ts_image_pixel_size(like);
    if (options->tile_width == 0)
        options->tile_width = 256;
    if (options->tile_height == 0)
        options->tile_height = options->strips ? choose_strip_height(options, self->pixel) : 256;
    self->layout = ts_tiff_make_layout(like, &options->tags);
    self->layout.strips = options->strips;
    self->layout.tile_width = options->tile_width;
    self->layout.tile_height = options->tile_height;
}

static gboolean
make_levels(TsTiffWriter *self, GError **error)
{
    const TsTiffWriterOptions *options = &self->options;
    self->n_levels = (guint) count_levels(options);
    self->levels = g_new0(Level, self->n_levels);
    int width = options->width, height = options->height, tile_width = options->tile_width;
    for (guint i = 0; i < self->n_levels; i++) {
        Level *level = &self->levels[i];
        level->width = width;
        level->height = height;
        level->n_across =
            options->strips ? 1 : (int) (((gint64) width + tile_width - 1) / tile_width);
        level->band = ts_try_alloc((gsize) width * self->pixel, (gsize) options->tile_height,
                                   "row of tiles", error);
        if (level->band == NULL)
            return FALSE;
        if (i > 0)
            level->spilled = g_array_new(FALSE, FALSE, sizeof(TsTiffPiece));
        width = (int) (((gint64) width + 1) / 2);
        height = (int) (((gint64) height + 1) / 2);
    }
    self->pieces = g_new0(GBytes *, self->levels[0].n_across);
    return TRUE;
}

/* Whether the file could pass what 32-bit offsets reach. Deflate adds next to nothing to what
 * cannot be compressed; LZW and JPEG may add half of it. */
static gboolean
may_be_big(const TsTiffWriter *self)
{
    double bytes = 1 << 20;
    for (guint i = 0; i < self->n_levels; i++) {
        const Level *level = &self->levels[i];
        double across = (double) level->n_across *
                        (self->options.strips ? level->width : self->options.tile_width);
        double rows = level->height + self->options.tile_height;
        double n_tiles = level->n_across * (rows / self->options.tile_height);
        bytes += across * rows * (double) self->pixel + 64 * n_tiles;
    }
    TsTiffCompression compression = self->options.tags.compression;
    double most = compression == TS_TIFF_NONE ? 1 : compression == TS_TIFF_DEFLATE ? 1.01 : 1.5;
    return bytes * most > G_MAXUINT32;
}

static gboolean
open_file(TsTiffWriter *self, gboolean replace, GError **error)
{
    self->out = ts_out_file_new(self->path, replace, error);
    if (self->out == NULL)
        return FALSE;
    const char *temporary = ts_out_file_temporary(self->out);
    if (temporary == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: a TIFF is not written in order, a regular file was expected",
                            self->path);
    gboolean big = self->options.bigtiff || may_be_big(self);
    self->handle = ts_tiff_handle_open(temporary, self->path, big ? "wl8" : "wl", error);
    if (self->handle == NULL)
        return FALSE;
    if (self->n_levels == 1)
        return TRUE;
    self->spill = ts_tiff_spill_new(self->path, error);
    return self->spill != NULL;
}

/* The tags of the directory of a level. */
static gboolean
begin_level(TsTiffWriter *self, guint i, GError **error)
{
    const Level *level = &self->levels[i];
    TIFF *tiff = self->handle->tiff;
    TsTiffTags tags = self->options.tags;
    if (i > 0) {
        tags.geo = NULL; /* the first level's say it for all */
        tags.description = NULL;
    }
    tags.mpp_x *= (double) self->options.width / level->width;
    tags.mpp_y *= (double) self->options.height / level->height;
    if (!ts_tiff_set_layout(self->handle, &self->layout, level->width, level->height, error) ||
        !ts_tiff_set_tags(self->handle, &tags, self->like.icc, error) ||
        !ts_tiff_codec_set_tables(&self->layout, self->handle, error))
        return FALSE;
    gboolean done = i == 0 || TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
    if (i == 0 && self->n_levels > 1 && self->options.pyramid == TS_TIFF_SUBIFD) {
        g_autofree guint64 *offsets = g_new0(guint64, self->n_levels);
        done = TIFFSetField(tiff, TIFFTAG_SUBIFD, (int) self->n_levels - 1, offsets);
    }
    return done ||
           ts_tiff_handle_fail(self->handle, TS_ERROR_DEPENDENCY, "cannot be written", error);
}

TsTiffWriter *
ts_tiff_writer_new(const char *path, const TsTiffWriterOptions *options, gboolean replace,
                   GError **error)
{
    g_autoptr(TsTiffWriter) self = g_new0(TsTiffWriter, 1);
    g_mutex_init(&self->lock);
    self->path = g_strdup(path);
    self->idle = g_ptr_array_new();
    self->options = *options;
    set_layout(self);
    if (!check_options(self, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    self->like = *options->like;
    self->like.data = NULL;
    self->like.icc = options->like->icc != NULL ? g_bytes_ref(options->like->icc) : NULL;
    self->options.like = &self->like;
    if (!make_levels(self, error) || !open_file(self, replace, error) ||
        !begin_level(self, 0, error))
        return NULL;
    self->options.tags.geo = NULL;
    self->options.tags.description = NULL;
    return g_steal_pointer(&self);
}

/* Copy one tile out of a band, its last pixels and rows repeated beyond the edges of the image: no
 * reader shows them, and they compress well. */
static void
cut_tile(const TsTiffWriter *self, const Level *level, int column, guint8 *to)
{
    gsize pixel = self->pixel, row = (gsize) level->width * pixel;
    int tile_width = self->layout.tile_width, x = column * tile_width;
    int n_real = MIN(tile_width, level->width - x);
    gsize to_row = (gsize) tile_width * pixel;
    for (int y = 0; y < self->layout.tile_height; y++, to += to_row) {
        int from_y = MIN(y, level->n_waiting - 1);
        memcpy(to, level->band + (gsize) from_y * row + (gsize) x * pixel, (gsize) n_real * pixel);
        for (int i = n_real; i < tile_width; i++)
            memcpy(to + (gsize) i * pixel, to + (gsize) (n_real - 1) * pixel, pixel);
    }
}

static Worker *
take_worker(TsTiffWriter *self, GError **error)
{
    g_mutex_lock(&self->lock);
    Worker *worker =
        self->idle->len > 0 ? g_ptr_array_steal_index_fast(self->idle, self->idle->len - 1) : NULL;
    g_mutex_unlock(&self->lock);
    if (worker != NULL)
        return worker;
    worker = g_new0(Worker, 1);
    worker->codec = ts_tiff_codec_new(&self->layout, self->path, error);
    worker->pixels = ts_try_alloc((gsize) self->layout.tile_width * self->pixel,
                                  (gsize) self->layout.tile_height, "tile",
                                  worker->codec != NULL ? error : NULL);
    if (worker->codec != NULL && worker->pixels != NULL)
        return worker;
    worker_free(worker);
    return NULL;
}

static gboolean
compress_tile(guint64 column, gpointer data, GError **error)
{
    TsTiffWriter *self = data;
    Worker *worker = take_worker(self, error);
    if (worker == NULL)
        return FALSE;
    const guint8 *bytes;
    gsize n;
    cut_tile(self, self->now, (int) column, worker->pixels);
    gboolean done = ts_tiff_codec_encode(worker->codec, worker->pixels, &bytes, &n, error);
    if (done)
        self->pieces[column] = g_bytes_new(bytes, n);
    g_mutex_lock(&self->lock);
    g_ptr_array_add(self->idle, worker);
    g_mutex_unlock(&self->lock);
    return done;
}

/* Strips are as wide as the level, and the last one is lower: other codecs. */
static gboolean
compress_strip(TsTiffWriter *self, const Level *level, GError **error)
{
    TsTiffLayout layout = self->layout;
    layout.tile_width = level->width;
    layout.tile_height = level->n_waiting;
    if (self->strip_width != layout.tile_width || self->strip_height != layout.tile_height) {
        ts_tiff_codec_free(self->strip_codec);
        self->strip_codec = ts_tiff_codec_new(&layout, self->path, error);
        self->strip_width = layout.tile_width;
        self->strip_height = layout.tile_height;
    }
    const guint8 *bytes;
    gsize n;
    if (self->strip_codec == NULL ||
        !ts_tiff_codec_encode(self->strip_codec, level->band, &bytes, &n, error))
        return FALSE;
    self->pieces[0] = g_bytes_new(bytes, n);
    return TRUE;
}

static gboolean
write_piece(TsTiffWriter *self, guint32 index, const void *bytes, gsize n, GError **error)
{
    TIFF *tiff = self->handle->tiff;
    errno = 0;
    tmsize_t written = self->options.strips
                           ? TIFFWriteRawStrip(tiff, index, (void *) bytes, (tmsize_t) n)
                           : TIFFWriteRawTile(tiff, index, (void *) bytes, (tmsize_t) n);
    return written == (tmsize_t) n ||
           ts_tiff_handle_fail(self->handle, TS_ERROR_IO, "cannot be written", error);
}

static gboolean
put_pieces(TsTiffWriter *self, const Level *level, GError **error)
{
    guint32 first =
        (guint32) level->n_across * (guint32) (level->n_done / self->layout.tile_height);
    for (int i = 0; i < level->n_across; i++) {
        gsize n;
        const void *bytes = g_bytes_get_data(self->pieces[i], &n);
        TsTiffPiece piece;
        if (level->spilled == NULL ? !write_piece(self, first + (guint32) i, bytes, n, error)
                                   : !ts_tiff_spill_put(self->spill, bytes, n, &piece, error))
            return FALSE;
        if (level->spilled != NULL)
            g_array_append_val(level->spilled, piece);
    }
    return TRUE;
}

static void
drop_pieces(TsTiffWriter *self)
{
    for (int i = 0; self->pieces != NULL && i < self->levels[0].n_across; i++)
        g_clear_pointer(&self->pieces[i], g_bytes_unref);
}

/* Compress a full band, halve it into the next level's, and empty it. */
static gboolean
finish_band(TsTiffWriter *self, guint i, GError **error)
{
    Level *level = &self->levels[i];
    self->now = level;
    gboolean done = self->options.strips
                        ? compress_strip(self, level, error)
                        : ts_parallel_for((guint64) level->n_across, compress_tile, self, error);
    done = done && put_pieces(self, level, error);
    drop_pieces(self);
    if (!done)
        return FALSE;
    if (i + 1 < self->n_levels) {
        Level *next = &self->levels[i + 1];
        ts_reduce_rows(self->options.reduce, self->layout.type, self->layout.bands, level->band,
                       level->width, level->n_waiting,
                       next->band + (gsize) next->n_waiting * (gsize) next->width * self->pixel);
        next->n_waiting += (level->n_waiting + 1) / 2;
    }
    level->n_done += level->n_waiting;
    level->n_waiting = 0;
    return TRUE;
}

static gboolean
is_full(const TsTiffWriter *self, const Level *level)
{
    return level->n_waiting > 0 && (level->n_waiting == self->layout.tile_height ||
                                    level->n_done + level->n_waiting == level->height);
}

gboolean
ts_tiff_writer_put_pixels(TsTiffWriter *self, const guint8 *pixels, gsize stride, int n_rows,
                          GError **error)
{
    Level *first = &self->levels[0];
    gsize row = (gsize) first->width * self->pixel;
    if (n_rows > first->height - first->n_done - first->n_waiting)
        return ts_error_set(error, TS_ERROR_RANGE, "%s: more rows than the %d of the image",
                            self->path, first->height);
    for (int y = 0; y < n_rows; y++) {
        memcpy(first->band + (gsize) first->n_waiting * row, pixels + (gsize) y * stride, row);
        first->n_waiting++;
        for (guint i = 0; i < self->n_levels && is_full(self, &self->levels[i]); i++)
            if (ts_interrupt_check(error) || !finish_band(self, i, error))
                return FALSE;
    }
    return TRUE;
}

gboolean
ts_tiff_writer_put_rows(TsTiffWriter *self, const TsImage *rows, GError **error)
{
    g_assert(rows->width == self->options.width && rows->bands == self->layout.bands &&
             rows->type == self->layout.type);
    return ts_tiff_writer_put_pixels(self, rows->data, ts_image_row_size(rows), rows->height,
                                     error);
}

static gboolean
end_level(TsTiffWriter *self, GError **error)
{
    errno = 0;
    return TIFFWriteDirectory(self->handle->tiff) == 1 ||
           ts_tiff_handle_fail(self->handle, TS_ERROR_IO, "cannot be written", error);
}

/* Move the tiles of a lower level from the spill file to the file. */
static gboolean
write_lower_level(TsTiffWriter *self, guint i, GError **error)
{
    const Level *level = &self->levels[i];
    if (!begin_level(self, i, error))
        return FALSE;
    for (guint k = 0; k < level->spilled->len; k++) {
        const TsTiffPiece *piece = &g_array_index(level->spilled, TsTiffPiece, k);
        const void *bytes = ts_tiff_spill_get(self->spill, piece, error);
        if (bytes == NULL || ts_interrupt_check(error) ||
            !write_piece(self, k, bytes, piece->n, error))
            return FALSE;
    }
    return end_level(self, error);
}

gboolean
ts_tiff_writer_commit(TsTiffWriter *self, GError **error)
{
    const Level *first = &self->levels[0];
    if (first->n_done != first->height)
        return ts_error_set(error, TS_ERROR_RANGE, "%s: %d of %d rows were written", self->path,
                            first->n_done + first->n_waiting, first->height);
    if (!end_level(self, error))
        return FALSE;
    for (guint i = 1; i < self->n_levels; i++)
        if (!write_lower_level(self, i, error))
            return FALSE;
    g_clear_pointer(&self->handle, ts_tiff_handle_free);
    return ts_out_file_commit(self->out, error);
}

void
ts_tiff_writer_free(TsTiffWriter *self)
{
    if (self == NULL)
        return;
    ts_tiff_handle_free(self->handle);
    ts_out_file_free(self->out);
    ts_tiff_spill_free(self->spill);
    for (guint i = 0; i < self->idle->len; i++)
        worker_free(g_ptr_array_index(self->idle, i));
    g_ptr_array_unref(self->idle);
    ts_tiff_codec_free(self->strip_codec);
    drop_pieces(self);
    g_free(self->pieces);
    for (guint i = 0; i < self->n_levels; i++) {
        g_free(self->levels[i].band);
        g_clear_pointer(&self->levels[i].spilled, g_array_unref);
    }
    g_free(self->levels);
    g_clear_pointer(&self->like.icc, g_bytes_unref);
    g_mutex_clear(&self->lock);
    g_free(self->path);
    g_free(self);
}
