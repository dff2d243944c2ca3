/* The pixel buffer: sizes, limits, copies. */
#include "image/image.h"

#include "base/error.h"
#include "image/limits.h"

#include <string.h>

static guint64 limit_pixels = G_GUINT64_CONSTANT(1) << 31;
static guint64 limit_bytes = G_GUINT64_CONSTANT(1) << 33;

gsize
ts_sample_type_size(TsSampleType type)
{
    static const gsize sizes[] = {1, 1, 2, 2, 4, 4, 4, 8};
    return sizes[type];
}

const char *
ts_sample_type_name(TsSampleType type)
{
    static const char *const names[] = {"8-bit",  "signed 8-bit",  "16-bit", "signed 16-bit",
                                        "32-bit", "signed 32-bit", "float",  "double"};
    return names[type];
}

gsize
ts_image_pixel_size(const TsImage *image)
{
    return (gsize) image->bands * ts_sample_type_size(image->type);
}

gsize
ts_image_row_size(const TsImage *image)
{
    return (gsize) image->width * ts_image_pixel_size(image);
}

void
ts_image_set_limits(guint64 max_pixels, guint64 max_bytes)
{
    limit_pixels = max_pixels;
    limit_bytes = max_bytes;
}

gboolean
ts_image_check_size(gint64 width, gint64 height, gint64 bands, TsSampleType type, guint64 *bytes,
                    GError **error)
{
    if (width < 1 || height < 1 || bands < 1)
        return ts_error_set(error, TS_ERROR_RANGE,
                            "an image of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                            " pixels and %" G_GINT64_FORMAT " bands is empty",
                            width, height, bands);
    guint64 pixels, pixel = (guint64) bands * ts_sample_type_size(type);
    gboolean fits = g_uint64_checked_mul(&pixels, (guint64) width, (guint64) height) &&
                    g_uint64_checked_mul(bytes, pixels, pixel);
    if (!fits || pixels > limit_pixels || *bytes > limit_bytes)
        return ts_error_set(
            error, TS_ERROR_RANGE,
            "%" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " pixels of %" G_GINT64_FORMAT
            " %s bands are too many to decode at once, at most %" G_GUINT64_FORMAT
            " pixels and %" G_GUINT64_FORMAT " bytes; cut it into tiles first",
            width, height, bands, ts_sample_type_name(type), limit_pixels, limit_bytes);
    return TRUE;
}

TsImage *
ts_image_new(int width, int height, int bands, TsSampleType type, GError **error)
{
    guint64 bytes;
    if (!ts_image_check_size(width, height, bands, type, &bytes, error))
        return NULL;
    guint8 *data = ts_try_alloc(bytes, 1, "image", error);
    if (data == NULL)
        return NULL;
    TsImage *self = g_new0(TsImage, 1);
    *self = (TsImage){.width = width, .height = height, .bands = bands, .type = type, .data = data};
    return self;
}

TsImage *
ts_image_new_like(const TsImage *model, int width, int height, GError **error)
{
    TsImage *self = ts_image_new(width, height, model->bands, model->type, error);
    if (self == NULL)
        return NULL;
    self->has_alpha = model->has_alpha;
    self->icc = model->icc != NULL ? g_bytes_ref(model->icc) : NULL;
    return self;
}

void
ts_image_free(TsImage *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->icc, g_bytes_unref);
    g_free(self->data);
    g_free(self);
}

gboolean
ts_image_check_region(int image_width, int image_height, int x, int y, int width, int height,
                      GError **error)
{
    gboolean inside = x >= 0 && y >= 0 && width >= 1 && height >= 1 && width <= image_width &&
                      height <= image_height && x <= image_width - width &&
                      y <= image_height - height;
    if (!inside)
        return ts_error_set(error, TS_ERROR_RANGE,
                            "region %d,%d of %d x %d is empty or not inside the image of %d x %d",
                            x, y, width, height, image_width, image_height);
    return TRUE;
}

void
ts_image_copy_region(const TsImage *from, int x, int y, int width, int height, TsImage *to,
                     int to_x, int to_y)
{
    g_assert(from->bands == to->bands && from->type == to->type);
    g_assert(ts_image_check_region(from->width, from->height, x, y, width, height, NULL));
    g_assert(ts_image_check_region(to->width, to->height, to_x, to_y, width, height, NULL));
    gsize pixel = ts_image_pixel_size(from);
    for (int row = 0; row < height; row++)
        memcpy(to->data + (gsize) (to_y + row) * ts_image_row_size(to) + (gsize) to_x * pixel,
               from->data + (gsize) (y + row) * ts_image_row_size(from) + (gsize) x * pixel,
               (gsize) width * pixel);
}

TsImage *
ts_image_crop(const TsImage *image, int x, int y, int width, int height, GError **error)
{
    if (!ts_image_check_region(image->width, image->height, x, y, width, height, error))
        return NULL;
    TsImage *part = ts_image_new_like(image, width, height, error);
    if (part != NULL)
        ts_image_copy_region(image, x, y, width, height, part, 0, 0);
    return part;
}
