/* Values of a canvas as colours over a small picture of the image that they are about.
 *
 * Each pixel of the result is the mean of the canvas' pixels that fall on it, NaN apart: where all
 * are NaN, the picture stays as it is. Colours go from a dark violet over blue and green to a light
 * yellow, so that more is always lighter, also in grey and for most eyes: at t from 0 to 1 the
 * OKLCh colour of lightness 0.25 + 0.70 t, chroma 0.10 and hue 310 - 205 t degrees, as sRGB (B.
 * Ottosson, "A perceptual color space for image processing", 2020), cut to what a screen can show.
 *
 *     TsHeatmapOptions how = {.width = canvas->width, .height = canvas->height, .side = 1024, ...};
 *     g_autoptr(TsHeatmap) heatmap = ts_heatmap_new(&how, error);
 *     if (heatmap == NULL || !ts_stitch(&job, ts_heatmap_put, heatmap, error))
 *         return FALSE;
 *     g_autoptr(TsImage) picture = ts_heatmap_finish(heatmap, "slide.tif", error);
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct {
    int width, height; /* of the canvas */
    int side;          /* the longer one of the result at most; it is never enlarged */
    int band;          /* of the canvas */
    double low, high;  /* the values of the first and last colour */
    double opacity;    /* of the colours, 0 to 1 */
} TsHeatmapOptions;

typedef struct _TsHeatmap TsHeatmap;

/* Begin. TS_ERROR_NO_MEMORY. */
TsHeatmap *ts_heatmap_new(const TsHeatmapOptions *options, GError **error);

/* Count rows of the canvas: a TsStripeFunc, `heatmap` is a TsHeatmap. */
gboolean ts_heatmap_put(const TsImage *stripe, int y, gpointer heatmap, GError **error);

/* Make the picture: 8-bit RGB, `source` made small with the colours over it. The source is read
 * by ts_image_read_preview(). */
TsImage *ts_heatmap_finish(TsHeatmap *heatmap, const char *source, GError **error);

/* NULL is allowed. */
void ts_heatmap_free(TsHeatmap *heatmap);

/* Compute the sRGB colour of t, 0 to 1. */
void ts_heat_colour(double t, guint8 rgb[3]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsHeatmap, ts_heatmap_free)

G_END_DECLS
