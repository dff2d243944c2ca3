/* Windows that reach over the picture's edges. */
#include "image/transform/pad.h"

#include <string.h>

/* The pixel, 0 .. n - 1, that stands at `i`; -1 for nothing. */
static int
find_pixel(int i, int n, TsPadding padding)
{
    if (i >= 0 && i < n)
        return i;
    if (padding == TS_PADDING_ZERO)
        return -1;
    if (padding == TS_PADDING_EDGE || n == 1)
        return i < 0 ? 0 : n - 1;
    const int period = 2 * (n - 1), within = (i % period + period) % period;
    return within < n ? within : period - within;
}

TsImage *
ts_image_padded_crop(const TsImage *image, int x, int y, TsPadding padding, GError **error)
{
    TsImage *out = ts_image_new_like(image, image->width, image->height, error);
    if (out == NULL)
        return NULL;
    const gsize pixel = ts_image_pixel_size(image), row = ts_image_row_size(image);
    for (int j = 0; j < out->height; j++) {
        const int from_y = find_pixel(y + j, image->height, padding);
        for (int i = 0; from_y >= 0 && i < out->width; i++) {
            const int from_x = find_pixel(x + i, image->width, padding);
            if (from_x >= 0)
                memcpy(out->data + (gsize) j * row + (gsize) i * pixel,
                       image->data + (gsize) from_y * row + (gsize) from_x * pixel, pixel);
        }
    }
    return out;
}
