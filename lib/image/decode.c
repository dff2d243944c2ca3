/* Decoding: a reader of ours for plain JPEG, else libvips: find the loader, check the header, fetch
 * pixels. */
#include "image/decode.h"

#include "base/interrupt.h"
#include "image/levels.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* Pixels are fetched in pieces of about this size. */
enum { PIECE_BYTES = 1 << 22 };

/* Say what is wrong with the file itself before libvips gets to see it. */
static gboolean
check_file(const char *path, GError **error)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be opened", path);
    if (S_ISDIR(status.st_mode))
        return ts_error_set(error, TS_ERROR_IO, "%s: is a folder, an image file was expected",
                            path);
    if (!S_ISREG(status.st_mode))
        return ts_error_set(error, TS_ERROR_IO, "%s: is not a regular file", path);
    if (status.st_size == 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is empty, an image was expected", path);
    if (g_access(path, R_OK) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be opened", path);
    return TRUE;
}

static gboolean
load_level(TsDecoder *self, const char *loader, VipsSource *source, VipsForeignFlags *flags,
           GError **error)
{
    if (self->level > 0)
        return ts_levels_load(self->path, loader, source, self->level, &self->image, flags, error);
    /* Slides come with opacity, which says where the scanner has looked; take the background. */
    int failed = strstr(loader, "Openslide") != NULL
                     ? vips_call(loader, source, &self->image, "access", VIPS_ACCESS_SEQUENTIAL,
                                 "fail_on", VIPS_FAIL_ON_ERROR, "flags", flags, "rgb", TRUE, NULL)
                     : vips_call(loader, source, &self->image, "access", VIPS_ACCESS_SEQUENTIAL,
                                 "fail_on", VIPS_FAIL_ON_ERROR, "flags", flags, NULL);
    if (failed)
        return ts_image_set_vips_error(error, TS_ERROR_FORMAT, self->path, "header is damaged");
    return TRUE;
}

static gboolean
is_slide_allowed(void)
{
    const char *name;
    return !ts_image_loader_is_blocked("VipsForeignLoadOpenslideSource", &name);
}

/* The loader of a common format by its first bytes, or NULL. libvips would ask all loaders in turn,
 * OpenSlide's first, which opens the file on its own, and also those that are blocked. */
static const char *
find_common(VipsSource *source)
{
    static const struct {
        const char *start;
        gsize n;
        const char *loader;
    } formats[] = {
        {"\x89PNG\r\n\x1a\n", 8, "VipsForeignLoadPngSource"},
        {"\xff\xd8\xff", 3, "VipsForeignLoadJpegSource"},
        {"GIF8", 4, "VipsForeignLoadNsgifSource"},
        {"II*\0", 4, "VipsForeignLoadTiffSource"},
        {"MM\0*", 4, "VipsForeignLoadTiffSource"},
        {"II+\0", 4, "VipsForeignLoadTiffSource"},
        {"MM\0+", 4, "VipsForeignLoadTiffSource"},
    };
    const guint8 *start = vips_source_sniff(source, 12);
    for (guint i = 0; start != NULL && i < G_N_ELEMENTS(formats); i++)
        if (memcmp(start, formats[i].start, formats[i].n) == 0) {
            gboolean maybe_slide = strstr(formats[i].loader, "Tiff") != NULL && is_slide_allowed();
            gboolean known = g_type_from_name(formats[i].loader) != 0;
            return known && !maybe_slide ? formats[i].loader : NULL;
        }
    if (start != NULL && memcmp(start, "RIFF", 4) == 0 && memcmp(start + 8, "WEBP", 4) == 0 &&
        g_type_from_name("VipsForeignLoadWebpSource") != 0)
        return "VipsForeignLoadWebpSource";
    return NULL;
}

static const char *
find_loader(const TsDecoder *self, VipsSource *source, GError **error)
{
    const char *name = NULL, *loader = find_common(source);
    if (loader == NULL)
        loader = vips_foreign_find_load_source(source);
    if (loader != NULL && !ts_image_loader_is_blocked(loader, &name))
        return loader;
    vips_error_clear();
    if (name != NULL)
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: is read by the loader '%s', which is not trusted with any file; "
                     "TESSERA_ALLOW_LOADERS=%s in the environment allows it",
                     self->path, name, name);
    else
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: is not an image of a known format (PNG, JPEG, TIFF, WebP, GIF)",
                     self->path);
    return NULL;
}

/* Loaders are found by content. The name is never parsed: "a[1].png" is a name. */
static gboolean
open_image(TsDecoder *self, VipsSource *source, GError **error)
{
    if (source == NULL)
        return ts_image_set_vips_error(error, TS_ERROR_IO, self->path, "cannot be opened");
    VipsForeignFlags flags = 0;
    const char *loader = find_loader(self, source, error);
    if (loader == NULL || !load_level(self, loader, source, &flags, error))
        return FALSE;
    self->loader = loader;
    self->is_random = (flags & VIPS_FOREIGN_PARTIAL) != 0;
    return TRUE;
}

static void
keep_profile(TsDecoder *self)
{
    const void *data;
    size_t n;
    if (vips_image_get_typeof(self->image, VIPS_META_ICC_NAME) == 0)
        return;
    if (vips_image_get_blob(self->image, VIPS_META_ICC_NAME, &data, &n) != 0)
        vips_error_clear();
    else
        self->icc = g_bytes_new(data, n);
}

/* Colour spaces that the rest of tessera has no word for become sRGB, 8 bits a sample. */
static gboolean
convert_colours(TsDecoder *self, GError **error)
{
    switch (vips_image_get_interpretation(self->image)) {
    case VIPS_INTERPRETATION_CMYK:
    case VIPS_INTERPRETATION_LAB:
    case VIPS_INTERPRETATION_LABQ:
    case VIPS_INTERPRETATION_LABS:
    case VIPS_INTERPRETATION_LCH:
    case VIPS_INTERPRETATION_XYZ:
        break;
    default:
        keep_profile(self);
        return TRUE;
    }
    VipsImage *converted = NULL;
    if (vips_colourspace(self->image, &converted, VIPS_INTERPRETATION_sRGB, NULL) != 0)
        return ts_image_set_vips_error(error, TS_ERROR_FORMAT, self->path,
                                       "colours cannot be converted to RGB");
    g_object_unref(self->image);
    self->image = converted;
    return TRUE;
}

static gboolean
has_alpha(const VipsImage *image)
{
    switch (vips_image_get_interpretation(image)) {
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16:
        return vips_image_get_bands(image) == 2;
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_RGB16:
    case VIPS_INTERPRETATION_scRGB:
        return vips_image_get_bands(image) == 4;
    default:
        return FALSE;
    }
}

static gboolean
read_info(TsDecoder *self, GError **error)
{
    VipsImage *image = self->image;
    self->info = (TsImageInfo){.width = vips_image_get_width(image),
                               .height = vips_image_get_height(image),
                               .bands = vips_image_get_bands(image),
                               .has_alpha = has_alpha(image),
                               .orientation = vips_image_get_orientation(image)};
    if (self->info.orientation < 1 || self->info.orientation > 8)
        self->info.orientation = 1;
    ts_levels_read_mpp(image, &self->info.mpp_x, &self->info.mpp_y);
    if (!ts_sample_type_from_vips(vips_image_get_format(image), &self->info.type))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: has complex samples, real were expected",
                            self->path);
    return TRUE;
}

/* Plain JPEG needs nothing of libvips. FALSE without an error: it is something else. */
static gboolean
take_reader(TsDecoder *self, TsJpegReader *reader)
{
    GBytes *icc;
    if (reader == NULL)
        return FALSE;
    self->jpeg = reader;
    ts_jpeg_reader_info(reader, &self->info, &icc);
    ts_levels_check_mpp(&self->info.mpp_x, &self->info.mpp_y);
    self->icc = icc != NULL ? g_bytes_ref(icc) : NULL;
    return TRUE;
}

static gboolean
open_source(TsDecoder *self, VipsSource *source, GError **error)
{
    if (open_image(self, source, error) && convert_colours(self, error) && read_info(self, error))
        return TRUE;
    ts_decoder_close(self);
    return FALSE;
}

gboolean
ts_decoder_open(TsDecoder *self, const char *path, GError **error)
{
    return ts_decoder_open_level(self, path, 0, error);
}

gboolean
ts_decoder_open_level(TsDecoder *self, const char *path, int level, GError **error)
{
    *self = (TsDecoder){.path = path, .level = level};
    if (!check_file(path, error))
        return FALSE;
    if (take_reader(self, ts_jpeg_reader_open(path)))
        return TRUE;
    if (!ts_image_init(error))
        return FALSE;
    g_autoptr(VipsSource) source = vips_source_new_from_file(path);
    return open_source(self, source, error);
}

gboolean
ts_decoder_open_bytes(TsDecoder *self, gconstpointer bytes, gsize n, const char *name,
                      GError **error)
{
    *self = (TsDecoder){.path = name};
    if (n == 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is empty, an image was expected", name);
    if (take_reader(self, ts_jpeg_reader_open_bytes(bytes, n, name)))
        return TRUE;
    if (!ts_image_init(error))
        return FALSE;
    g_autoptr(VipsSource) source = vips_source_new_from_memory(bytes, n);
    return open_source(self, source, error);
}

void
ts_decoder_close(TsDecoder *self)
{
    g_clear_object(&self->image);
    g_clear_pointer(&self->jpeg, ts_jpeg_reader_free);
    g_clear_pointer(&self->icc, g_bytes_unref);
}

TsImage *
ts_decoder_new_image(const TsDecoder *self, int width, int height, GError **error)
{
    TsImage *image = ts_image_new(width, height, self->info.bands, self->info.type, error);
    if (image == NULL) {
        g_prefix_error(error, "%s: ", self->path);
        return NULL;
    }
    image->has_alpha = self->info.has_alpha;
    image->icc = self->icc != NULL ? g_bytes_ref(self->icc) : NULL;
    return image;
}

static void
copy_piece(VipsRegion *region, const VipsRect *piece, TsImage *to, int to_y)
{
    gsize n = ts_image_row_size(to);
    for (int y = 0; y < piece->height; y++)
        memcpy(to->data + (gsize) (to_y + y) * n,
               VIPS_REGION_ADDR(region, piece->left, piece->top + y), n);
}

/* A region belongs to the thread that made it, so each call makes its own; that costs little. */
static VipsRegion *
new_region(const TsDecoder *self)
{
    return self->image != NULL ? vips_region_new(self->image) : NULL;
}

static gboolean
read_piece(const TsDecoder *self, VipsRegion *region, const VipsRect *piece, TsImage *to, int to_y,
           GError **error)
{
    if (self->jpeg != NULL)
        return ts_jpeg_reader_read(self->jpeg, piece->top, piece->height,
                                   to->data + (gsize) to_y * ts_image_row_size(to), error);
    if (vips_region_prepare(region, piece) != 0)
        return ts_image_set_vips_error(error, TS_ERROR_FORMAT, self->path,
                                       "is damaged or truncated");
    copy_piece(region, piece, to, to_y);
    return TRUE;
}

gboolean
ts_decoder_read(const TsDecoder *self, TsRect rect, TsImage *to, int to_y, GError **error)
{
    g_autoptr(VipsRegion) region = new_region(self);
    gsize row = MAX(1, ts_image_row_size(to));
    int n_rows = (int) CLAMP(PIECE_BYTES / row, 1, (gsize) rect.height);
    for (int y = 0; y < rect.height; y += n_rows) {
        VipsRect piece = {rect.x, rect.y + y, rect.width, MIN(n_rows, rect.height - y)};
        if (ts_interrupt_check(error) || !read_piece(self, region, &piece, to, to_y + y, error))
            return FALSE;
    }
    return TRUE;
}
