/* How much each pixel of a tile counts where tiles overlap.
 *
 * A window is a row of weights along each axis; a pixel's weight is the product of the two, but not
 * below a floor. With i = 0 .. n - 1 and t = (i + 0.5) / n:
 *
 *     constant   1
 *     crop       1 inside of a margin, nothing in it (the tile is cut down, see canvas.h)
 *     hann       0.5 (1 - cos(2 pi t)): half-sample, so it is never 0, and copies that are n / 2
 *                apart sum to 1
 *     triangle   1 - |2 t - 1|: likewise
 *     gaussian   exp(-(i - (n - 1) / 2)^2 / (2 (sigma n)^2)), as MONAI's sliding windows: sigma is
 * a share of n, 0.125 by default, and the floor is the least product, at least 0.001
 *
 * Sums are divided by the sum of weights, so at the border of an image, where a tile has no
 * neighbour, nothing is tapered.
 *
 *     TsWindow window;
 *     if (!ts_window_parse("gaussian:0.2", &window, error))
 *         return FALSE;
 *     ts_window_fill(&window, 256, weights);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    TS_WINDOW_CONSTANT,
    TS_WINDOW_CROP,
    TS_WINDOW_HANN,
    TS_WINDOW_GAUSSIAN,
    TS_WINDOW_TRIANGLE,
} TsWindowShape;

typedef struct {
    TsWindowShape shape;
    int margin;   /* of crop, in pixels; -1: half of what neighbours share */
    double sigma; /* of gaussian */
} TsWindow;

/* Read "constant", "crop", "crop:16", "hann", "gaussian", "gaussian:0.2" or "triangle".
 * TS_ERROR_ARGUMENT. */
gboolean ts_window_parse(const char *text, TsWindow *window, GError **error);

/* Compute the weights along one axis of `n` pixels. */
void ts_window_fill(const TsWindow *window, int n, double *weights);

/* The least weight that a product may have, for the weights of both axes. */
double ts_window_floor(const TsWindow *window, const double *across, int n_across,
                       const double *down, int n_down);

G_END_DECLS
