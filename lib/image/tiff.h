/* TIFF files as tessera writes them: tiles or strips, any size, any samples, pyramids.
 *
 * Doubles too are written, for other programs: libvips 8.14 does not read them back.
 *
 * ts_tiff_encode() makes a whole small file in memory. A TsTiffWriter makes a large one from rows
 * that come top to bottom, and holds two rows of tiles at most, whatever the height: lower levels
 * of a pyramid are reduced as rows pass, and wait compressed in an unnamed temporary file beside
 * the output. The file appears whole or not at all. Tiles are compressed by ts_threads_get()
 * threads; the bytes do not depend on how many. A file that could pass 4 GiB is a BigTIFF.
 *
 *     TsTiffWriterOptions options = {.width = 90000, .height = 70000, .like = stripe};
 *     options.pyramid = TS_TIFF_CHAIN;
 *     g_autoptr(TsTiffWriter) writer = ts_tiff_writer_new("map.tif", &options, FALSE, error);
 *     while (writer != NULL && next_stripe(stripe))
 *         if (!ts_tiff_writer_put_rows(writer, stripe, error))
 *             return FALSE;
 *     return writer != NULL && ts_tiff_writer_commit(writer, error);
 */
#pragma once

#include "image/image.h"
#include "image/tiff_geo.h"
#include "image/tiff_tiles.h"

G_BEGIN_DECLS

typedef enum {
    TS_TIFF_DEFLATE, /* of differences between neighbours (predictor 2) */
    TS_TIFF_NONE,
    TS_TIFF_LZW, /* of differences too */
    TS_TIFF_JPEG /* 1 or 3 bands of 8 bits; colour is halved in both directions below quality 90 */
} TsTiffCompression;

/* What is written about the pixels, and how they are packed. All zero is a good default. */
typedef struct {
    TsTiffCompression compression;
    int quality;             /* JPEG: 1 to 100; 0: 90 */
    int level;               /* deflate: 1 to 9; 0: 6 */
    double mpp_x, mpp_y;     /* micrometres a pixel, written as resolution tags; 0: unknown */
    const char *description; /* ImageDescription, or NULL */
    const TsGeo *geo;        /* GeoTIFF tags, or NULL; borrowed by the call that gets it */
} TsTiffTags;

typedef enum {
    TS_TIFF_FLAT,
    TS_TIFF_CHAIN, /* each level the next page, as libvips and most readers of slides want it */
    TS_TIFF_SUBIFD /* levels below the first page, as OME-TIFF has it */
} TsTiffPyramid;

/* How four pixels become one. Sides are halved upward, so that the last column of an odd width is
 * made of two pixels, and a corner of one. Every level is made from the one above it. */
typedef enum {
    TS_REDUCE_MEAN,    /* integers are rounded half up, once a level; opacity alike */
    TS_REDUCE_NEAREST, /* the upper left one */
    TS_REDUCE_MODE     /* of each band the most frequent value, the lowest of equals: class maps */
} TsReduce;

typedef struct {
    int width, height;   /* pixels of the image */
    const TsImage *like; /* bands, type, alpha and profile; its size does not matter */
    TsTiffTags tags;
    gboolean strips;             /* instead of tiles */
    int tile_width, tile_height; /* multiples of 16; 0: 256. Of strips only the height counts; 0:
                                    rows of at least 64 KiB */
    gboolean bigtiff;            /* also where the size does not ask for it */
    TsTiffPyramid pyramid;       /* levels until both sides fit one tile (strips: 256) */
    TsReduce reduce;
} TsTiffWriterOptions;

typedef struct _TsTiffWriter TsTiffWriter;

/* Begin `path`, a regular file or a new one. TS_ERROR_ARGUMENT for what JPEG cannot hold, sides of
 * tiles that are no multiples of 16, and places that cannot be written out of order (standard
 * output, devices); TS_ERROR_RANGE if a row of tiles is over the limits of an image. */
TsTiffWriter *ts_tiff_writer_new(const char *path, const TsTiffWriterOptions *options,
                                 gboolean replace, GError **error);

/* Append full-width rows of the bands and type announced, any number at a time. */
gboolean ts_tiff_writer_put_rows(TsTiffWriter *writer, const TsImage *rows, GError **error);

/* The same from rows that lie `stride` bytes apart. */
gboolean ts_tiff_writer_put_pixels(TsTiffWriter *writer, const guint8 *pixels, gsize stride,
                                   int n_rows, GError **error);

/* Make the file appear. TS_ERROR_RANGE if rows are missing. */
gboolean ts_tiff_writer_commit(TsTiffWriter *writer, GError **error);

/* Free; without a commit nothing is left of the file. NULL is allowed. */
void ts_tiff_writer_free(TsTiffWriter *writer);

/* Make a TIFF file in memory, in strips, of width x height pixels whose rows lie `stride` bytes
 * apart: bands, type, alpha and profile of `like`. `tags` may be NULL. `file` is emptied first; it
 * can be used again for the next one. */
gboolean ts_tiff_encode(const TsImage *like, const guint8 *pixels, gsize stride, int width,
                        int height, const TsTiffTags *tags, GByteArray *file, GError **error);

/* Check that TIFF can hold samples like `like` with this compression: TS_ERROR_ARGUMENT. */
gboolean ts_tiff_check_format(const TsImage *like, TsTiffCompression compression, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTiffWriter, ts_tiff_writer_free)

G_END_DECLS
