/* A canvas and its source, both averaged into a small picture. */
#include "tiling/heatmap.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "tiling/stitch_merge.h"

#include <math.h>

enum { ROWS_AT_ONCE = 64, COLOURS = 256 };

/* Means of the pixels of a large picture that fall on each pixel of a small one. */
typedef struct {
    int from_width, from_height, width, height, bands;
    double *sums;    /* (height, width, bands) */
    guint64 *counts; /* (height, width) */
} Bins;

struct _TsHeatmap {
    TsHeatmapOptions options;
    Bins values;
};

static gboolean
bins_init(Bins *self, int from_width, int from_height, int width, int height, int bands,
          GError **error)
{
    gsize n = (gsize) width * (gsize) height;
    *self = (Bins){from_width, from_height, width, height, bands, NULL, NULL};
    self->sums = ts_try_alloc(n * (gsize) bands, sizeof *self->sums, "thumbnail", error);
    if (self->sums != NULL)
        self->counts = ts_try_alloc(n, sizeof *self->counts, "thumbnail", error);
    return self->counts != NULL;
}

static void
bins_clear(Bins *self)
{
    g_clear_pointer(&self->sums, g_free);
    g_clear_pointer(&self->counts, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bins, bins_clear)

/* The small pixel that a large one falls on. */
static gsize
find_bin(const Bins *self, int x, int y)
{
    gsize bin_x = (gsize) ((gint64) x * self->width / self->from_width);
    gsize bin_y = (gsize) ((gint64) y * self->height / self->from_height);
    return bin_y * (gsize) self->width + bin_x;
}

/* The small picture's size: the longer side at most `side`. */
static void
choose_size(const TsHeatmapOptions *options, int *width, int *height)
{
    double shrink = MAX(1, MAX(options->width, options->height) / (double) options->side);
    *width = MAX((int) rint(options->width / shrink), 1);
    *height = MAX((int) rint(options->height / shrink), 1);
}

TsHeatmap *
ts_heatmap_new(const TsHeatmapOptions *options, GError **error)
{
    int width, height;
    g_autoptr(TsHeatmap) self = g_new0(TsHeatmap, 1);
    self->options = *options;
    choose_size(options, &width, &height);
    return bins_init(&self->values, options->width, options->height, width, height, 1, error)
               ? g_steal_pointer(&self)
               : NULL;
}

void
ts_heatmap_free(TsHeatmap *self)
{
    if (self == NULL)
        return;
    bins_clear(&self->values);
    g_free(self);
}

gboolean
ts_heatmap_put(const TsImage *stripe, int y, gpointer heatmap, GError **error)
{
    TsHeatmap *self = heatmap;
    const gsize pixel = ts_image_pixel_size(stripe);
    const guint8 *at =
        stripe->data + (gsize) self->options.band * ts_sample_type_size(stripe->type);
    for (int row = 0; row < stripe->height; row++) {
        for (int x = 0; x < stripe->width; x++, at += pixel) {
            double value = ts_merge_value(stripe->type, at);
            gsize bin = find_bin(&self->values, x, y + row);
            if (isnan(value))
                continue;
            self->values.sums[bin] += value;
            self->values.counts[bin]++;
        }
    }
    return TRUE;
}

/* Rows of the source as 8-bit RGB. */
static gboolean
count_rows(Bins *bins, TsImageSource *source, int y, int height, GError **error)
{
    g_autoptr(TsImage) rows =
        ts_image_source_read_region(source, 0, y, bins->from_width, height, error);
    g_autoptr(TsImage) rgb = rows != NULL ? ts_image_convert_bands(rows, 3, error) : NULL;
    g_autoptr(TsImage) bytes =
        rgb != NULL ? ts_image_new(rgb->width, rgb->height, 3, TS_U8, error) : NULL;
    if (bytes == NULL || !ts_image_to_u8(rgb, bytes->data, error))
        return FALSE;
    const guint8 *at = bytes->data;
    for (int row = 0; row < height; row++) {
        for (int x = 0; x < bins->from_width; x++, at += 3) {
            gsize bin = find_bin(bins, x, y + row);
            for (gsize b = 0; b < 3; b++)
                bins->sums[3 * bin + b] += at[b];
            bins->counts[bin]++;
        }
    }
    return TRUE;
}

/* The source, averaged to width x height. */
static gboolean
shrink(Bins *bins, const char *path, int width, int height, GError **error)
{
    g_autoptr(TsImageSource) source = ts_image_source_open(path, error);
    if (source == NULL)
        return FALSE;
    const TsImageInfo *info = ts_image_source_info(source);
    if (info->orientation < 3)
        ts_image_source_set_memory(source, 0);
    if (!bins_init(bins, info->width, info->height, width, height, 3, error))
        return FALSE;
    for (int y = 0; y < info->height; y += ROWS_AT_ONCE)
        if (ts_interrupt_check(error) ||
            !count_rows(bins, source, y, MIN(ROWS_AT_ONCE, info->height - y), error))
            return FALSE;
    return TRUE;
}

static double
share_of_range(const TsHeatmapOptions *options, double value)
{
    return (value - options->low) / (options->high - options->low);
}

/* Lay the colour of each value over the picture. */
static void
blend(const TsHeatmap *self, const Bins *picture, guint8 *out)
{
    guint8 colours[COLOURS][3];
    for (int i = 0; i < COLOURS; i++)
        ts_heat_colour(i / (COLOURS - 1.0), colours[i]);
    const gsize n = (gsize) picture->width * (gsize) picture->height;
    for (gsize i = 0; i < n; i++) {
        guint64 n_values = self->values.counts[i];
        double t = n_values > 0
                       ? share_of_range(&self->options, self->values.sums[i] / (double) n_values)
                       : 0;
        double a = n_values > 0 ? self->options.opacity : 0;
        const guint8 *colour = colours[(int) rint(CLAMP(t, 0, 1) * (COLOURS - 1))];
        for (gsize b = 0; b < 3; b++) {
            double below = picture->sums[3 * i + b] / (double) MAX(picture->counts[i], 1);
            out[3 * i + b] = (guint8) rint((1 - a) * below + a * colour[b]);
        }
    }
}

TsImage *
ts_heatmap_finish(TsHeatmap *self, const char *source, GError **error)
{
    g_auto(Bins) picture = {0};
    const Bins *values = &self->values;
    if (!shrink(&picture, source, values->width, values->height, error))
        return NULL;
    TsImage *out = ts_image_new(values->width, values->height, 3, TS_U8, error);
    if (out != NULL)
        blend(self, &picture, out->data);
    return out;
}
