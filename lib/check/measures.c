/* Measures of one picture: brightness, entropy, edges, digest, hashes. */
#include "check/measures.h"

#include "base/error.h"
#include "check/plain.h"
#include "check/shrink.h"

#include <math.h>
#include <string.h>

enum { BLUR_SIDE = 64 };

/* 1000 times the square of the brightness of a pixel of RGB, below 2^26. */
static inline guint32
brightness(const guint8 *rgb)
{
    return 241u * rgb[0] * rgb[0] + 691u * rgb[1] * rgb[1] + 68u * rgb[2] * rgb[2];
}

/* Brightness at some ranks of RGB pixels: by the high bits, then, in one further pass, by the low
 * bits of those bins that hold a rank. */
enum { BINS = 1 << 16, FINE = 1 << 10, N_RANKS = 4 };

/* The bin that holds `rank`, and how many pixels lie below it. */
static guint32
find_bin(const guint32 *counts, guint64 rank, guint64 *below)
{
    guint32 bin = 0;
    for (*below = 0; *below + counts[bin] <= rank; bin++)
        *below += counts[bin];
    return bin;
}

static gboolean
select_brightness(const guint8 *rgb, gsize n, const guint64 ranks[N_RANKS], double values[N_RANKS],
                  GError **error)
{
    guint32 bins[N_RANKS];
    guint64 below[N_RANKS], rest;
    g_autofree guint32 *coarse = ts_try_alloc(BINS, sizeof *coarse, "histogram", error);
    g_autofree guint8 *slots = coarse ? ts_try_alloc(BINS, 1, "histogram", error) : NULL;
    g_autofree guint32 *fine =
        slots ? ts_try_alloc((N_RANKS + 1) * FINE, sizeof *fine, "histogram", error) : NULL;
    if (fine == NULL)
        return FALSE;
    for (gsize i = 0; i < n; i++)
        coarse[brightness(rgb + 3 * i) >> 10]++;
    for (guint8 r = 0; r < N_RANKS; r++) {
        bins[r] = find_bin(coarse, ranks[r], &below[r]);
        slots[bins[r]] = slots[bins[r]] > 0 ? slots[bins[r]] : r + 1;
    }
    for (gsize i = 0; i < n; i++) {
        const guint32 value = brightness(rgb + 3 * i);
        const guint8 slot = slots[value >> 10];
        if (slot > 0)
            fine[slot * FINE + (value & (FINE - 1))]++;
    }
    for (guint r = 0; r < N_RANKS; r++) {
        const guint32 low = find_bin(fine + slots[bins[r]] * FINE, ranks[r] - below[r], &rest);
        values[r] = sqrt((bins[r] << 10 | low) / 1000.0) / 255;
    }
    return TRUE;
}

/* NumPy's percentile: linear between the two nearest ranks. */
static double
interpolate(double position, double at, double above)
{
    return at + (above - at) * (position - floor(position));
}

static gboolean
measure_rgb_brightness(TsMeasures *measures, const TsPlain *plain, GError **error)
{
    const gsize n = ts_plain_n(plain);
    const double low = 0.05 * (double) (n - 1), high = 0.99 * (double) (n - 1);
    const guint64 ranks[N_RANKS] = {(guint64) low, MIN((guint64) low + 1, n - 1), (guint64) high,
                                    MIN((guint64) high + 1, n - 1)};
    double values[N_RANKS];
    if (!select_brightness(plain->data, n, ranks, values, error))
        return FALSE;
    measures->bright_5 = interpolate(low, values[0], values[1]);
    measures->bright_99 = interpolate(high, values[2], values[3]);
    return TRUE;
}

static int
select_grey(const guint64 *counts, gsize rank)
{
    int value = 0;
    for (guint64 below = 0; below + counts[value] <= rank; value++)
        below += counts[value];
    return value;
}

static double
grey_percentile(const guint64 *counts, gsize n, double percent)
{
    const double position = percent * (double) (n - 1);
    const gsize rank = (gsize) position;
    const double at = select_grey(counts, rank) / 255.0;
    return interpolate(position, at, rank + 1 < n ? select_grey(counts, rank + 1) / 255.0 : at);
}

/* Brightness and entropy, which need the histogram of each band. */
static gboolean
measure_histogram(TsMeasures *measures, const TsPlain *pixels, GError **error)
{
    guint64 counts[3][256] = {{0}};
    const gsize n = ts_plain_n(pixels);
    const double total = (double) n * pixels->bands;
    if (pixels->bands == 1)
        for (gsize i = 0; i < n; i++)
            counts[0][pixels->data[i]]++;
    else
        for (gsize i = 0; i < n; i++)
            for (int b = 0; b < 3; b++)
                counts[b][pixels->data[3 * i + (gsize) b]]++;
    measures->entropy = 0;
    for (int b = 0; b < pixels->bands; b++)
        for (int v = 0; v < 256; v++)
            if (counts[b][v] > 0) {
                const double share = (double) counts[b][v] / total;
                measures->entropy -= share * log2(share);
            }
    if (pixels->bands == 3)
        return measure_rgb_brightness(measures, pixels, error);
    measures->bright_5 = grey_percentile(counts[0], n, 0.05);
    measures->bright_99 = grey_percentile(counts[0], n, 0.99);
    return TRUE;
}

/* Pillow's FIND_EDGES: eight times a pixel less its neighbours, clipped; the rim is copied. */
static int
edge_at(const guint8 *grey, int width, int height, int x, int y)
{
    const guint8 *p = grey + y * width + x;
    if (x == 0 || y == 0 || x == width - 1 || y == height - 1)
        return *p;
    int value = 8 * p[0] - p[-1] - p[1];
    for (int dx = -1; dx <= 1; dx++)
        value -= p[dx - width] + p[dx + width];
    return CLAMP(value, 0, 255);
}

static void
measure_edges(TsMeasures *measures, const guint8 *grey, int width, int height)
{
    guint64 counts[256] = {0}, sum = 0, squares = 0;
    const double n = (double) width * height;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const guint64 edge = (guint64) edge_at(grey, width, height, x, y);
            sum += edge;
            squares += edge * edge;
            counts[grey[y * width + x]]++;
        }
    measures->edges = sqrt(MAX(((double) squares - (double) sum * (double) sum / n) / n, 0));
    double deviation = 0;
    for (int v = 0; v < 256; v++)
        deviation += ((double) counts[v] - n / 256) * ((double) counts[v] - n / 256);
    measures->grey_deviation = sqrt(deviation / 256);
}

static gboolean
measure_blur(TsMeasures *measures, const TsPlain *pixels, GError **error)
{
    const double ratio = (double) MAX(pixels->width, pixels->height) / BLUR_SIDE;
    if (ratio <= 1) {
        measure_edges(measures, pixels->grey, pixels->width, pixels->height);
        return TRUE;
    }
    guint8 small[BLUR_SIDE * BLUR_SIDE * 3], grey[BLUR_SIDE * BLUR_SIDE];
    const int width = MAX((int) floor(pixels->width / ratio), 1);
    const int height = MAX((int) floor(pixels->height / ratio), 1);
    if (!ts_shrink(pixels->data, pixels->width, pixels->height, pixels->bands, TS_SHRINK_BICUBIC,
                   small, width, height, error))
        return FALSE;
    if (pixels->bands == 3)
        ts_plain_make_grey(small, (gsize) width * (gsize) height, grey);
    measure_edges(measures, pixels->bands == 3 ? grey : small, width, height);
    return TRUE;
}

static void
measure_samples(TsMeasures *measures, const TsImage *image)
{
    const gsize n = (gsize) image->height * ts_image_row_size(image);
    const gsize pixel = ts_image_pixel_size(image);
    const gint32 head[] = {image->width, image->height, image->bands, image->type,
                           image->has_alpha};
    gsize n_digest = sizeof measures->digest;
    g_autoptr(GChecksum) md5 = g_checksum_new(G_CHECKSUM_MD5);
    g_checksum_update(md5, (const guchar *) head, sizeof head);
    for (gsize at = 0; at < n; at += MIN(n - at, 1 << 30)) /* its length is signed */
        g_checksum_update(md5, image->data + at, (gssize) MIN(n - at, 1 << 30));
    g_checksum_get_digest(md5, measures->digest, &n_digest);
    /* all bytes are those one pixel before */
    measures->constant = memcmp(image->data, image->data + pixel, n - pixel) == 0;
    measures->width = image->width;
    measures->height = image->height;
}

gboolean
ts_measures_compute(TsMeasures *measures, const TsImage *image, GError **error)
{
    g_auto(TsPlain) pixels = {0};
    measure_samples(measures, image);
    return ts_plain_init(&pixels, image, error) && measure_histogram(measures, &pixels, error) &&
           measure_blur(measures, &pixels, error) &&
           ts_hashes_compute(pixels.grey, pixels.width, pixels.height, measures->hashes, error);
}

void
ts_measures_clear(TsMeasures *measures)
{
    g_clear_pointer(&measures->message, g_free);
}

double
ts_measures_darkness(const TsMeasures *measures)
{
    return measures->bright_99;
}

double
ts_measures_lightness(const TsMeasures *measures)
{
    return 1 - measures->bright_5;
}

double
ts_measures_sharpness(const TsMeasures *measures)
{
    const double spread = 1 - exp(-measures->grey_deviation * 0.01);
    return MIN(1 - exp(-measures->edges * 0.01) + (spread > 0.18 ? spread : 0), 1);
}

double
ts_measures_information(const TsMeasures *measures)
{
    return MIN(measures->entropy * 0.1, 1);
}

double
ts_measures_aspect(const TsMeasures *measures)
{
    return (double) MIN(measures->width, measures->height) / MAX(measures->width, measures->height);
}

double
ts_measures_size(const TsMeasures *measures)
{
    return sqrt(measures->width) * sqrt(measures->height);
}
