/* Any image as 8-bit grey or RGB. */
#include "check/plain.h"

#include "base/error.h"
#include "image/samples.h"

#include <math.h>
#include <string.h>

void
ts_plain_clear(TsPlain *pixels)
{
    g_clear_pointer(&pixels->owned, g_free);
    g_clear_pointer(&pixels->owned_grey, g_free);
}

/* The first `bands` bands of 8-bit `samples` of `has` bands, in place. */
static void
drop_bands(guint8 *samples, gsize n, int has, int bands)
{
    for (gsize i = 0; i < n; i++)
        memmove(samples + i * (gsize) bands, samples + i * (gsize) has, (gsize) bands);
}

void
ts_plain_make_grey(const guint8 *rgb, gsize n, guint8 *grey)
{
    for (gsize i = 0; i < n; i++)
        grey[i] = (guint8) ((rgb[3 * i] * 19595 + rgb[3 * i + 1] * 38470 + rgb[3 * i + 2] * 7471 +
                             0x8000) >>
                            16);
}

/* Row `y` as doubles. */
static void
read_row(const TsImage *image, int y, gsize n, double *row)
{
    memset(row, 0, n * sizeof *row);
    ts_samples_add(image->type, image->data + (gsize) y * ts_image_row_size(image), n, 1, row);
}

/* A copy of floats, those beyond 0 .. 1 stretched to it. */
static TsImage *
stretch(const TsImage *image, GError **error)
{
    const gsize n = (gsize) image->width * (gsize) image->bands;
    double low = INFINITY, high = -INFINITY;
    g_autoptr(TsImage) out = ts_image_new_like(image, image->width, image->height, error);
    g_autofree double *row = out != NULL ? ts_try_alloc(n, sizeof *row, "row", error) : NULL;
    if (row == NULL)
        return NULL;
    for (int y = 0; y < image->height; y++) {
        read_row(image, y, n, row);
        for (gsize i = 0; i < n; i++) {
            low = isfinite(row[i]) ? MIN(low, row[i]) : low;
            high = isfinite(row[i]) ? MAX(high, row[i]) : high;
        }
    }
    const gboolean fits = low >= 0 && high <= 1;
    const double shift = fits ? 0 : low, scale = fits || !(high > low) ? 1 : 1 / (high - low);
    for (int y = 0; y < image->height; y++) {
        read_row(image, y, n, row);
        for (gsize i = 0; i < n; i++)
            row[i] = isfinite(row[i]) ? (row[i] - shift) * scale : 0;
        ts_samples_store(out->type, row, n, TS_ROUND_HALF_UP,
                         out->data + (gsize) y * ts_image_row_size(out));
    }
    return g_steal_pointer(&out);
}

static gboolean
convert_samples(TsPlain *pixels, const TsImage *image, GError **error)
{
    const gboolean is_float = image->type == TS_F32 || image->type == TS_F64;
    const gsize n = ts_plain_n(pixels);
    g_autoptr(TsImage) stretched = is_float ? stretch(image, error) : NULL;
    if (is_float && stretched == NULL)
        return FALSE;
    const TsImage *source = stretched != NULL ? stretched : image;
    const int colours = image->bands - (image->has_alpha ? 1 : 0);
    g_autoptr(TsImage) flat = NULL;
    if (image->has_alpha && (colours == 1 || colours == 3)) {
        flat = ts_image_convert_bands(source, colours, error);
        if (flat == NULL)
            return FALSE;
        source = flat;
    }
    if (source == image && image->type == TS_U8 && image->bands == pixels->bands) {
        pixels->data = image->data;
        return TRUE;
    }
    pixels->owned = ts_try_alloc(n, (gsize) source->bands, "pixels", error);
    if (pixels->owned == NULL || !ts_image_to_u8(source, pixels->owned, error))
        return FALSE;
    drop_bands(pixels->owned, n, source->bands, pixels->bands);
    pixels->data = pixels->owned;
    return TRUE;
}

gboolean
ts_plain_init(TsPlain *pixels, const TsImage *image, GError **error)
{
    const int colours = image->bands - (image->has_alpha ? 1 : 0);
    *pixels =
        (TsPlain){.width = image->width, .height = image->height, .bands = colours >= 3 ? 3 : 1};
    if (!convert_samples(pixels, image, error))
        return FALSE;
    pixels->grey = pixels->data;
    if (pixels->bands == 1)
        return TRUE;
    pixels->owned_grey = ts_try_alloc(ts_plain_n(pixels), 1, "grey pixels", error);
    if (pixels->owned_grey != NULL)
        ts_plain_make_grey(pixels->data, ts_plain_n(pixels), pixels->owned_grey);
    pixels->grey = pixels->owned_grey;
    return pixels->grey != NULL;
}
