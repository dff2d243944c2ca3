/* Otsu's threshold of a whole image, from a thumbnail. */
#include "tiling/judge/units.h"

#include "base/error.h"

enum { THUMBNAIL = 1024 };

gboolean
ts_filters_histogram(const TsFilters *filters, const TsPixels *pixels, guint64 histogram[256],
                     GError **error)
{
    TsUnits units = {0};
    gboolean done = ts_units_init(&units, filters, pixels, TS_GREY_ROW, error);
    for (int y = 0; y < pixels->height && done; y++) {
        ts_units_read_row(&units, y);
        for (int x = 0; x < units.width; x++)
            if (units.state[x] == TS_PIXEL_DATA)
                histogram[ts_units_level(&units, units.grey[x])]++;
    }
    ts_units_clear(&units);
    return done;
}

/* w0 w1 (m0 - m1)^2, by whole sums: with n0, n1 pixels and level sums s0, s1 it is proportional to
 * (s0 n1 - s1 n0)^2 / (n0 n1). */
int
ts_otsu(const guint64 histogram[256])
{
    double n = 0, sum = 0, n_low = 0, sum_low = 0, largest = 0;
    int best = -1;
    for (int i = 0; i < 256; i++) {
        n += (double) histogram[i];
        sum += (double) i * (double) histogram[i];
    }
    for (int t = 0; t < 255; t++) {
        n_low += (double) histogram[t];
        sum_low += t * (double) histogram[t];
        double n_high = n - n_low;
        double difference = sum_low * n_high - (sum - sum_low) * n_low;
        double between = n_low > 0 && n_high > 0 ? difference / n_low * (difference / n_high) : 0;
        if (between > largest) {
            largest = between;
            best = t;
        }
    }
    return best;
}

gboolean
ts_otsu_of_image(const char *path, const TsFilters *filters, int *threshold, GError **error)
{
    guint64 histogram[256] = {0};
    g_autoptr(TsImage) preview = ts_image_read_preview(path, THUMBNAIL, error);
    if (preview == NULL)
        return FALSE;
    TsPixels pixels = {.like = preview,
                       .data = preview->data,
                       .stride = ts_image_row_size(preview),
                       .width = preview->width,
                       .height = preview->height};
    if (!ts_filters_histogram(filters, &pixels, histogram, error))
        return FALSE;
    *threshold = ts_otsu(histogram);
    return TRUE;
}
