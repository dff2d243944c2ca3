/* A canvas, averaged into the pixels of a small picture of its source. */
#include "tiling/stitch/heatmap.h"

#include "base/error.h"
#include "tiling/stitch/merge.h"

#include <math.h>

enum { COLOURS = 256 };

/* Means of the pixels of a large picture that fall on each pixel of a small one. */
typedef struct {
    int from_width, from_height, width, height;
    double *sums;    /* (height, width) */
    guint64 *counts; /* (height, width) */
} Bins;

struct _TsHeatmap {
    TsHeatmapOptions options;
    Bins values;
};

static gboolean
bins_init(Bins *self, int from_width, int from_height, int width, int height, GError **error)
{
    gsize n = (gsize) width * (gsize) height;
    *self = (Bins){from_width, from_height, width, height, NULL, NULL};
    self->sums = ts_try_alloc(n, sizeof *self->sums, "thumbnail", error);
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
    return bins_init(&self->values, options->width, options->height, width, height, error)
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

/* The source as 8-bit RGB of width x height. */
static TsImage *
read_picture(const char *path, int width, int height, GError **error)
{
    g_autoptr(TsImage) preview = ts_image_read_preview(path, MAX(width, height), error);
    g_autoptr(TsImage) rgb = preview != NULL ? ts_image_convert_bands(preview, 3, error) : NULL;
    g_autoptr(TsImage) bytes =
        rgb != NULL ? ts_image_new(rgb->width, rgb->height, 3, TS_U8, error) : NULL;
    if (bytes == NULL || !ts_image_to_u8(rgb, bytes->data, error))
        return NULL;
    if (bytes->width == width && bytes->height == height)
        return g_steal_pointer(&bytes);
    return ts_image_resize(bytes, width, height, error);
}

static double
share_of_range(const TsHeatmapOptions *options, double value)
{
    return (value - options->low) / (options->high - options->low);
}

/* Lay the colour of each value over the picture. */
static void
blend(const TsHeatmap *self, TsImage *picture)
{
    guint8 colours[COLOURS][3];
    for (int i = 0; i < COLOURS; i++)
        ts_heat_colour(i / (COLOURS - 1.0), colours[i]);
    const gsize n = (gsize) picture->width * (gsize) picture->height;
    const double a = self->options.opacity;
    for (gsize i = 0; i < n; i++) {
        guint64 n_values = self->values.counts[i];
        if (n_values == 0)
            continue;
        double t = share_of_range(&self->options, self->values.sums[i] / (double) n_values);
        const guint8 *colour = colours[(int) rint(CLAMP(t, 0, 1) * (COLOURS - 1))];
        guint8 *pixel = picture->data + 3 * i;
        for (gsize b = 0; b < 3; b++)
            pixel[b] = (guint8) rint((1 - a) * pixel[b] + a * colour[b]);
    }
}

TsImage *
ts_heatmap_finish(TsHeatmap *self, const char *source, GError **error)
{
    TsImage *picture = read_picture(source, self->values.width, self->values.height, error);
    if (picture != NULL)
        blend(self, picture);
    return picture;
}
