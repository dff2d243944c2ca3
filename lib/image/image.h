/* Pixels in memory, and the files they come from and go to.
 *
 * A TsImage is a plain buffer: (height, width, bands), interleaved, rows without gaps, samples in
 * the machine's byte order. What a file says about itself is already applied: EXIF orientation,
 * palettes, 1-bit samples, CMYK and Lab (to sRGB). Bit depth, number of bands and the colour
 * profile are kept. Regions are in pixels after orientation, origin top left, half-open.
 *
 * Plain JPEG goes straight to libjpeg-turbo, and plain PNG to code of ours (encoder.h, png_read.h);
 * the rest is libvips', with its loaders of lesser trust blocked. A damaged or truncated file is an
 * error, and so is an image over the limits, found in its header before any pixel is decoded. Every
 * function may be called from any thread; one TsImageSource may be read by several at once.
 *
 *     g_autoptr(TsImageSource) source = ts_image_source_open("slide.tif", error);
 *     if (source == NULL)
 *         return FALSE;
 *     g_autoptr(TsImage) tile = ts_image_source_read_region(source, 0, 0, 256, 256, error);
 *     if (tile == NULL || !ts_image_write(tile, "tile.png", NULL, FALSE, error))
 *         return FALSE;
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum { TS_U8, TS_I8, TS_U16, TS_I16, TS_U32, TS_I32, TS_F32, TS_F64 } TsSampleType;

typedef struct {
    int width, height, bands;
    TsSampleType type;
    gboolean has_alpha; /* the last band is opacity, not premultiplied */
    GBytes *icc;        /* colour profile, or NULL */
    guint8 *data;       /* (height, width, bands) */
} TsImage;

/* What the header of a file says, orientation applied. */
typedef struct {
    int width, height, bands;
    TsSampleType type;
    gboolean has_alpha;
    int orientation;     /* EXIF's number, 1 to 8, that was applied to the stored pixels */
    double mpp_x, mpp_y; /* micrometres a pixel; 0: the file does not say. Taken from OpenSlide,
                            OME-XML, Aperio's text, else the resolution, unless it is coarser than
                            80: 72 and 300 dpi stand for no measure */
} TsImageInfo;

/* A level of a pyramid, in oriented pixels. */
typedef struct {
    int width, height;
    double downsample; /* width of level 0 / width */
} TsImageLevel;

typedef enum {
    TS_COMPRESSION_DEFAULT, /* deflate */
    TS_COMPRESSION_NONE,    /* TIFF only */
    TS_COMPRESSION_LOSSLESS /* WebP: lossless; PNG and TIFF are so anyway */
} TsCompression;

/* How to write a file. All zero is a good default. */
typedef struct {
    int quality;               /* JPEG and lossy WebP: 1 to 100; 0: 90 */
    int level;                 /* PNG and TIFF: 1 (fast) to 9 (small); 0: 1 */
    TsCompression compression; /* see there */
    gboolean unsynced;         /* do not wait for the disk: the caller makes many files and syncs
                                  them together */
} TsEncodeOptions;

/* Bytes of one sample. */
gsize ts_sample_type_size(TsSampleType type);

/* "8-bit", "16-bit", "signed 16-bit", "float", ... for messages. */
const char *ts_sample_type_name(TsSampleType type);

/* Bytes of one pixel and of one row. */
gsize ts_image_pixel_size(const TsImage *image);
gsize ts_image_row_size(const TsImage *image);

/* Make a zeroed image; `bands` of 1 or more. TS_ERROR_RANGE over the limits, TS_ERROR_NO_MEMORY. */
TsImage *ts_image_new(int width, int height, int bands, TsSampleType type, GError **error);

/* Like ts_image_new(), with bands, type, alpha and profile of `model`. */
TsImage *ts_image_new_like(const TsImage *model, int width, int height, GError **error);

/* Free. NULL is allowed. */
void ts_image_free(TsImage *image);

/* Copy the part of `from` that starts at (x, y) and is as large as `to` allows into `to` at
 * (to_x, to_y). Both images have the same bands and type; the parts lie inside (asserted). */
void ts_image_copy_region(const TsImage *from, int x, int y, int width, int height, TsImage *to,
                          int to_x, int to_y);

/* Return a copy of the region. TS_ERROR_RANGE if it is empty or not inside. */
TsImage *ts_image_crop(const TsImage *image, int x, int y, int width, int height, GError **error);

/* Set how large an image may be decoded to: pixels and bytes of one buffer. Without it 2^31 pixels
 * and 2^33 bytes. Called before threads start. */
void ts_image_set_limits(guint64 max_pixels, guint64 max_bytes);

/* Read a whole image. Errors, all with `path`: TS_ERROR_IO if the file cannot be opened,
 * TS_ERROR_FORMAT if it is no image, truncated or damaged, TS_ERROR_RANGE over the limits. */
TsImage *ts_image_read(const char *path, GError **error);

/* Read a whole image from the bytes of a file; `name` stands in messages. Errors as
 * ts_image_read(). */
TsImage *ts_image_read_bytes(gconstpointer bytes, gsize n, const char *name, GError **error);

/* Let files be read that libvips takes for less safe to read, by the name of their loader:
 * "openslide" (whole slides), "jp2k", "jxl", "svg", "pdf", "fits", "nifti", "openexr", "ppm",
 * "magick". The environment's TESSERA_ALLOW_LOADERS, a list with commas, does the same for every
 * tool. TS_ERROR_ARGUMENT for other names, TS_ERROR_DEPENDENCY if libvips has none of that name. */
gboolean ts_image_allow_loader(const char *name, GError **error);

typedef struct _TsImageSource TsImageSource;

/* Open `path` and read its header, whatever the size of the image. Errors as ts_image_read(). */
TsImageSource *ts_image_source_open(const char *path, GError **error);

/* Open a level of a pyramid or slide as an image of its own; 0 is the image itself. Its mpp is that
 * of level 0 times the downsampling. TS_ERROR_ARGUMENT if there is none of that number. */
TsImageSource *ts_image_source_open_level(const char *path, int level, GError **error);

/* Find the levels, largest first: level 0 is the image itself, so *n is at least 1. For TIFF these
 * are SubIFDs or pages of the same proportions, for slides what OpenSlide says. Borrowed from the
 * source. */
const TsImageLevel *ts_image_source_levels(TsImageSource *source, guint *n, GError **error);

typedef enum {
    TS_FILTER_TRIANGLE, /* bilinear */
    TS_FILTER_LANCZOS,  /* sinc(x) sinc(x / 3), three lobes: Duchon, "Lanczos filtering in one and
                         * two dimensions", 1979 */
    TS_FILTER_NEAREST,  /* for labels */
    TS_FILTER_CUBIC,    /* cubic convolution with a = -0.5, two lobes: Keys, "Cubic convolution
                         * interpolation for digital image processing", 1981 */
} TsFilter;

/* Open `path` as an image of width x height pixels (at least 1 x 1): what is read of it is scaled
 * on the way, in the memory of some rows, and is the same for any part and the whole, bit for bit.
 * It is made of the smallest level that need not be enlarged, and is that level if it has the size;
 * TS_FILTER_NEAREST takes the image itself, since levels of labels may be means. The filter is
 * widened when shrinking, so that every pixel counts, with Pillow's positions; sums in double,
 * integers are rounded half up and clamped, once. Colours count by their opacity. Errors as
 * ts_image_source_open(). */
TsImageSource *ts_image_source_open_scaled(const char *path, int width, int height, TsFilter filter,
                                           GError **error);

/* The smallest of `n` levels that need not be enlarged to be `downsample` times smaller than level
 * 0. */
int ts_image_level_for(const TsImageLevel *levels, guint n, double downsample);

/* Free. NULL is allowed. */
void ts_image_source_free(TsImageSource *source);

/* What the header says; borrowed. */
const TsImageInfo *ts_image_source_info(const TsImageSource *source);

/* The path, as it was opened; borrowed. */
const char *ts_image_source_path(const TsImageSource *source);

/* Whether any part can be decoded without the rest (tiled TIFF, for one). */
gboolean ts_image_source_is_random(const TsImageSource *source);

/* Let the source keep at most `max_bytes` of decoded pixels. Where parts cannot be decoded alone
 * (PNG, JPEG, WebP, TIFF in strips), a source decodes the whole image once, at the first region,
 * and keeps it, if it fits; this, the default, is what many regions of one image want. If it does
 * not fit, the source decodes rows from the top as they are asked for and keeps only the rows of
 * the last region: fine, and flat in memory, for regions in order of y; going back starts again
 * from the top. Images that are turned upside down or on their side (orientation 3 to 8) have to
 * fit. Call it before the first region. */
void ts_image_source_set_memory(TsImageSource *source, guint64 max_bytes);

/* Bytes of pixels that the source keeps, or would keep after the next region. */
guint64 ts_image_source_memory(const TsImageSource *source);

/* Read one region. TS_ERROR_RANGE if it is empty, not inside the image or over the limits; other
 * errors as ts_image_read(). */
TsImage *ts_image_source_read_region(TsImageSource *source, int x, int y, int width, int height,
                                     GError **error);

/* Make a zeroed image of the source's kind, for ts_image_source_read_rows(). */
TsImage *
ts_image_source_new_image(const TsImageSource *source, int width, int height, GError **error);

/* Read rows y .. y + n - 1 in full width to the rows of `to` from `to_y` on; `to` is as wide as the
 * image and of its bands and type (asserted). Where the file allows it the rows are decoded right
 * there, and nothing is kept: the cheapest way to go through an image from top to bottom, whatever
 * its size, with one buffer. Errors as ts_image_source_read_region(). */
gboolean ts_image_source_read_rows(TsImageSource *source, int y, int n, TsImage *to, int to_y,
                                   GError **error);

/* Read a small version of `path`: its longer side has `max_side` (1 or more) pixels, or what it has
 * if that is less. Each pixel is the mean of the source's pixels that it covers, opacity like the
 * rest; JPEG is first decoded at 1/2, 1/4 or 1/8 by a smaller DCT, and of a pyramid the nearest
 * larger level is read. Memory does not grow with the height of the file, but for progressive JPEG
 * and what is to be turned. Samples and bands are the file's. Errors as ts_image_read(). */
TsImage *ts_image_read_preview(const char *path, int max_side, GError **error);

/* Read the bytes of a file; a JPEG with its sides divided by `divisor` (1, 2, 4 or 8), rounded up,
 * through a DCT of fewer points, which makes each pixel about the mean of those it stands for. What
 * is no plain JPEG (CMYK, progressive) is decoded in full. Errors as ts_image_read_bytes(). */
TsImage *
ts_image_read_reduced(gconstpointer bytes, gsize n, int divisor, const char *name, GError **error);

/* Write `path` in the format of its suffix: .png, .jpg, .jpeg, .tif, .tiff, .webp, .npy, .raw; see
 * encoder.h for many images in a row. `options` may be NULL. The file appears whole or not at all;
 * an existing one is an error unless `replace`. The colour profile is written along. What the
 * format cannot hold (16 bits in JPEG, five bands in PNG, doubles in TIFF, where libvips 8.14 does
 * not read them back) is TS_ERROR_ARGUMENT; nothing is narrowed. TS_ERROR_IO if the disk refuses.
 */
gboolean ts_image_write(const TsImage *image, const char *path, const TsEncodeOptions *options,
                        gboolean replace, GError **error);

/* The bytes of such a file. `suffix` is ".png", ".jpg", ...; free with g_bytes_unref(). `name`
 * stands in messages. */
GBytes *ts_image_encode(const TsImage *image, const char *suffix, const char *name,
                        const TsEncodeOptions *options, GError **error);

/* Check that images of `bands` and `type` can be written with `suffix`: TS_ERROR_ARGUMENT naming
 * what cannot be. */
gboolean ts_image_check_format(const char *suffix, int bands, TsSampleType type, GError **error);

/* Scale to width x height with a triangle (bilinear) filter, widened by the factor when shrinking,
 * so that every source pixel counts (antialias). Same filter and sample positions as Pillow's
 * Image.resize(BILINEAR); sums in double, integers are rounded half up, once. Bands, opacity too,
 * are scaled alike. */
TsImage *ts_image_resize(const TsImage *image, int width, int height, GError **error);

/* The same with another filter, clamped where it overshoots. Pillow's BICUBIC and LANCZOS differ by
 * what they round between the two axes. */
TsImage *
ts_image_resize_with(const TsImage *image, TsFilter filter, int width, int height, GError **error);

/* Change to 1 band (grey) or 3 (RGB). Opacity is removed first, by laying the image over white.
 * Grey to RGB repeats; RGB to grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601, as Pillow's "L").
 * The same number of bands is a copy. Any other change is TS_ERROR_FORMAT. White, and full
 * opacity, are the largest value of integers and 1 of floats. */
TsImage *ts_image_convert_bands(const TsImage *image, int bands, GError **error);

/* Write all samples as 8-bit ones to `out`, (height, width, bands). The whole range of integers is
 * mapped to 0 .. 255 (16-bit: v / 257), floats are taken to lie in 0 .. 1 and clamped; rounded half
 * up. TS_ERROR_FORMAT for a NaN; TS_ERROR_NO_MEMORY. */
gboolean ts_image_to_u8(const TsImage *image, guint8 *out, GError **error);

/* (1 - lambda) * a + lambda * b, sample by sample; integers are rounded half to even and clamped.
 * TS_ERROR_FORMAT unless both have the same size, bands and type. */
TsImage *ts_image_mix(const TsImage *a, const TsImage *b, double lambda, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsImage, ts_image_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsImageSource, ts_image_source_free)

G_END_DECLS
