/* Decoding through libvips: find the loader, check the header, fetch pixels. */
#include "image/vips/fence.h"

#include <string.h>

static gboolean
load_level(const TsVipsInput *input, const char *loader, VipsSource *source, VipsImage **image,
           VipsForeignFlags *flags, GError **error)
{
    if (input->level > 0)
        return ts_vips_load_level(input->path, loader, source, input->level, image, flags, error);
    /* Slides come with opacity, which says where the scanner has looked; take the background. */
    int failed = strstr(loader, "Openslide") != NULL
                     ? vips_call(loader, source, image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                 VIPS_FAIL_ON_ERROR, "flags", flags, "rgb", TRUE, NULL)
                     : vips_call(loader, source, image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                 VIPS_FAIL_ON_ERROR, "flags", flags, NULL);
    if (failed)
        return ts_vips_set_error(error, TS_ERROR_FORMAT, input->path, "header is damaged");
    return TRUE;
}

static gboolean
is_slide_allowed(void)
{
    const char *name;
    return !ts_vips_loader_is_blocked("VipsForeignLoadOpenslideSource", &name);
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
find_loader(const char *path, VipsSource *source, GError **error)
{
    const char *name = NULL, *loader = find_common(source);
    if (loader == NULL)
        loader = vips_foreign_find_load_source(source);
    if (loader != NULL && !ts_vips_loader_is_blocked(loader, &name))
        return loader;
    if (loader == NULL) /* libvips from 8.16 on passes over blocked loaders */
        name = ts_vips_find_blocked(source);
    vips_error_clear();
    if (name != NULL)
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: is read by the loader '%s', which is not trusted with any file; "
                     "TESSERA_ALLOW_LOADERS=%s in the environment allows it",
                     path, name, name);
    else
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: is not an image of a known format (PNG, JPEG, TIFF, WebP, GIF)", path);
    return NULL;
}

/* Loaders are found by content. The name is never parsed: "a[1].png" is a name. */
static VipsImage *
open_image(const TsVipsInput *input, TsVipsHeader *header, GError **error)
{
    g_autoptr(VipsSource) source = input->bytes != NULL
                                       ? vips_source_new_from_memory(input->bytes, input->n)
                                       : vips_source_new_from_file(input->path);
    if (source == NULL) {
        ts_vips_set_error(error, TS_ERROR_IO, input->path, "cannot be opened");
        return NULL;
    }
    VipsForeignFlags flags = 0;
    VipsImage *image = NULL;
    header->loader = find_loader(input->path, source, error);
    if (header->loader == NULL || !load_level(input, header->loader, source, &image, &flags, error))
        return NULL;
    header->is_random = (flags & VIPS_FOREIGN_PARTIAL) != 0;
    return image;
}

static void
keep_profile(const VipsImage *image, GBytes **icc)
{
    const void *data;
    size_t n;
    if (vips_image_get_typeof(image, VIPS_META_ICC_NAME) == 0)
        return;
    if (vips_image_get_blob(image, VIPS_META_ICC_NAME, &data, &n) != 0)
        vips_error_clear();
    else
        *icc = g_bytes_new(data, n);
}

/* Colour spaces that the rest of tessera has no word for become sRGB, 8 bits a sample. */
static gboolean
convert_colours(VipsImage **image, const char *path, GBytes **icc, GError **error)
{
    switch (vips_image_get_interpretation(*image)) {
    case VIPS_INTERPRETATION_CMYK:
    case VIPS_INTERPRETATION_LAB:
    case VIPS_INTERPRETATION_LABQ:
    case VIPS_INTERPRETATION_LABS:
    case VIPS_INTERPRETATION_LCH:
    case VIPS_INTERPRETATION_XYZ:
        break;
    default:
        keep_profile(*image, icc);
        return TRUE;
    }
    VipsImage *converted = NULL;
    if (vips_colourspace(*image, &converted, VIPS_INTERPRETATION_sRGB, NULL) != 0)
        return ts_vips_set_error(error, TS_ERROR_FORMAT, path,
                                 "colours cannot be converted to RGB");
    g_object_unref(*image);
    *image = converted;
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
read_info(const VipsImage *image, const char *path, TsImageInfo *info, GError **error)
{
    *info = (TsImageInfo){.width = vips_image_get_width(image),
                          .height = vips_image_get_height(image),
                          .bands = vips_image_get_bands(image),
                          .has_alpha = has_alpha(image),
                          .orientation = vips_image_get_orientation((VipsImage *) image)};
    if (info->orientation < 1 || info->orientation > 8)
        info->orientation = 1;
    ts_vips_read_mpp(image, &info->mpp_x, &info->mpp_y);
    if (!ts_sample_type_from_vips(vips_image_get_format(image), &info->type))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: has complex samples, real were expected",
                            path);
    return TRUE;
}

static TsVipsImage *
try_open(const TsVipsInput *input, TsVipsHeader *header, GError **error)
{
    TsVipsHeader found = {.icc = NULL};
    VipsImage *image = open_image(input, &found, error);
    if (image != NULL && convert_colours(&image, input->path, &found.icc, error) &&
        read_info(image, input->path, &found.info, error)) {
        *header = found;
        return image;
    }
    g_clear_object(&image);
    g_clear_pointer(&found.icc, g_bytes_unref);
    return NULL;
}

/* libvips has one buffer for the errors of all threads. So that messages do not depend on what
 * other threads do, a failed opening is done again alone, and its words are those that are told. */
static GRWLock calls;

TsVipsImage *
ts_vips_open(const TsVipsInput *input, TsVipsHeader *header, GError **error)
{
    g_rw_lock_reader_lock(&calls);
    TsVipsImage *image = try_open(input, header, NULL);
    g_rw_lock_reader_unlock(&calls);
    if (image != NULL)
        return image;
    g_rw_lock_writer_lock(&calls);
    vips_error_clear();
    image = try_open(input, header, error);
    g_rw_lock_writer_unlock(&calls);
    return image;
}

void
ts_vips_free(TsVipsImage *image)
{
    g_object_unref(image);
}

static void
copy_piece(VipsRegion *region, const VipsRect *piece, TsImage *to, int to_y)
{
    gsize n = ts_image_row_size(to);
    for (int y = 0; y < piece->height; y++)
        memcpy(to->data + (gsize) (to_y + y) * n,
               VIPS_REGION_ADDR(region, piece->left, piece->top + y), n);
}

/* A region belongs to the thread that made it, so each call makes its own; that costs little. What
 * libvips says of a failure is not told: it may be another thread's, and pixels that come from the
 * top cannot be asked for again alone. */
gboolean
ts_vips_read(const TsVipsImage *image, const char *path, TsRect rect, TsImage *to, int to_y,
             GError **error)
{
    VipsRect piece = {rect.x, rect.y, rect.width, rect.height};
    g_rw_lock_reader_lock(&calls);
    g_autoptr(VipsRegion) region = vips_region_new((VipsImage *) image);
    gboolean done = region != NULL && vips_region_prepare(region, &piece) == 0;
    g_rw_lock_reader_unlock(&calls);
    if (!done)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is damaged or truncated", path);
    copy_piece(region, &piece, to, to_y);
    return TRUE;
}
