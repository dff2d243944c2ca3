/* EXIF orientation: rectangles and pixels of the oriented image from those that are stored. */
#include "image/orient.h"

#include <string.h>

gboolean
ts_orientation_swaps(int orientation)
{
    return orientation >= 5 && orientation <= 8;
}

/* Whether stored columns (rows) run against the oriented direction they end up in. */
static gboolean
reverses_columns(int orientation)
{
    return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}

static gboolean
reverses_rows(int orientation)
{
    return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

TsRect
ts_orientation_to_stored(int orientation, TsRect rect, int width, int height)
{
    TsRect stored = rect;
    if (ts_orientation_swaps(orientation))
        stored = (TsRect){rect.y, rect.x, rect.height, rect.width};
    if (reverses_columns(orientation))
        stored.x = width - stored.x - stored.width;
    if (reverses_rows(orientation))
        stored.y = height - stored.y - stored.height;
    return stored;
}

/* Copy one oriented row; `step` is the distance in bytes of its pixels where they are stored. */
static void
copy_pixels(guint8 *to, const guint8 *from, gssize step, int n, gsize pixel)
{
    for (int i = 0; i < n; i++, to += pixel, from += step)
        memcpy(to, from, pixel);
}

TsImage *
ts_image_orient(const TsImage *stored, int orientation, GError **error)
{
    gboolean swaps = ts_orientation_swaps(orientation);
    TsImage *out = ts_image_new_like(stored, swaps ? stored->height : stored->width,
                                     swaps ? stored->width : stored->height, error);
    if (out == NULL)
        return NULL;
    gsize pixel = ts_image_pixel_size(stored);
    gssize row = (gssize) ts_image_row_size(stored);
    gssize along = reverses_columns(orientation) ? -(gssize) pixel : (gssize) pixel;
    gssize down = reverses_rows(orientation) ? -row : row;
    const guint8 *origin = stored->data;
    if (along < 0)
        origin += row - (gssize) pixel;
    if (down < 0)
        origin += (stored->height - 1) * row;
    for (int y = 0; y < out->height; y++)
        copy_pixels(out->data + (gsize) y * ts_image_row_size(out),
                    origin + y * (swaps ? along : down), swaps ? down : along, out->width, pixel);
    return out;
}
