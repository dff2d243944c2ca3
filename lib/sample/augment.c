/* Random affine changes: draw the map from output to input pixels, then sample bilinearly. */
#include "sample/augment.h"

#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

/* Input position of output (x, y): (a x + b y + c, d x + e y + f), in pixels. */
typedef struct {
    double a, b, c, d, e, f;
} Affine;

static gboolean
parse_item(char *item, TsAugment *how, GError **error)
{
    if (strcmp(item, "hflip") == 0 || strcmp(item, "vflip") == 0) {
        *(item[0] == 'h' ? &how->hflip : &how->vflip) = TRUE;
        return TRUE;
    }
    const struct {
        const char *name;
        double max;
        double *value;
    } numbers[] = {{"rotate=", 180, &how->rotate},
                   {"scale=", 10, &how->scale},
                   {"shear=", 80, &how->shear},
                   {"shift=", 1, &how->shift}};
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (g_str_has_prefix(item, numbers[i].name)) {
            g_autofree char *what = g_strdup_printf("augmentation '%s'", item);
            return ts_parse_double(item + strlen(numbers[i].name), 0, numbers[i].max, what,
                                   numbers[i].value, error);
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "augmentation '%s' is not rotate=DEGREES, scale=X, shear=DEGREES, shift=X, "
                        "hflip or vflip",
                        item);
}

gboolean
ts_augment_parse(const char *text, TsAugment *how, GError **error)
{
    *how = (TsAugment){0};
    if (strcmp(text, "none") == 0)
        return TRUE;
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    for (char **item = items; *item != NULL; item++)
        if (!parse_item(*item, how, error))
            return FALSE;
    return TRUE;
}

gboolean
ts_augment_is_active(const TsAugment *how)
{
    return how->rotate > 0 || how->scale > 0 || how->shear > 0 || how->shift > 0 || how->hflip ||
           how->vflip;
}

static double
draw(TsRng *rng, double largest)
{
    return largest * (2 * ts_rng_uniform(rng) - 1);
}

/* Turn, shear and scale about the picture's centre, then shift; always the same number of draws, so
 * that one setting does not move the others. */
static Affine
draw_map(const TsAugment *how, int width, int height, TsRng *rng)
{
    const double angle = draw(rng, how->rotate) * G_PI / 180;
    const double scale = exp(-draw(rng, log1p(how->scale)));
    const double shear = tan(draw(rng, how->shear) * G_PI / 180);
    const double shift_x = draw(rng, how->shift) * width;
    const double shift_y = draw(rng, how->shift) * height;
    const double mirror_x = (ts_rng_next(rng) & 1) && how->hflip ? -1 : 1;
    const double mirror_y = (ts_rng_next(rng) & 1) && how->vflip ? -1 : 1;
    const double centre_x = (width - 1) / 2.0, centre_y = (height - 1) / 2.0;
    Affine map;
    map.a = scale * cos(angle) * mirror_x;
    map.b = scale * (shear * cos(angle) - sin(angle)) * mirror_x;
    map.d = scale * sin(angle) * mirror_y;
    map.e = scale * (shear * sin(angle) + cos(angle)) * mirror_y;
    map.c = centre_x - map.a * (centre_x + shift_x) - map.b * (centre_y + shift_y);
    map.f = centre_y - map.d * (centre_x + shift_x) - map.e * (centre_y + shift_y);
    return map;
}

/* A position within 0 .. n - 1 as the pixel below it, the one above and the share of the latter. */
static inline void
split_position(double position, int n, int *low, int *high, float *share)
{
    position = CLAMP(position, 0, n - 1);
    *low = (int) position;
    *high = MIN(*low + 1, n - 1);
    *share = (float) (position - *low);
}

void
ts_augment_u8(const guint8 *in, int width, int height, int channels, const TsAugment *how,
              TsRng *rng, guint8 *out)
{
    const Affine map = draw_map(how, width, height, rng);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int x0, x1, y0, y1;
            float sx, sy;
            split_position(map.a * x + map.b * y + map.c, width, &x0, &x1, &sx);
            split_position(map.d * x + map.e * y + map.f, height, &y0, &y1, &sy);
            const guint8 *row0 = in + (gsize) y0 * width * channels;
            const guint8 *row1 = in + (gsize) y1 * width * channels;
            for (int c = 0; c < channels; c++) {
                float top = row0[x0 * channels + c] +
                            sx * (row0[x1 * channels + c] - row0[x0 * channels + c]);
                float bottom = row1[x0 * channels + c] +
                               sx * (row1[x1 * channels + c] - row1[x0 * channels + c]);
                *out++ = (guint8) (top + sy * (bottom - top) + 0.5f);
            }
        }
    }
}
