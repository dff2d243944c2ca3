/* Antialiased strokes on a small picture, for the generators of sample data.
 *
 * A glyph is drawn as thick lines: the ink of a pixel falls off over one pixel at the edge of the
 * pen. Coordinates are pixels, (0, 0) is the top left corner of the first pixel.
 *
 *     DrawCanvas canvas;
 *     draw_init(&canvas, 20, 20, 1);
 *     draw_line(&canvas, (DrawPoint){2, 10}, (DrawPoint){18, 10}, 1.5, (float[]){255});
 */
#pragma once

#include "base/rng.h"

enum { DRAW_MAX_SIDE = 64, DRAW_MAX_BANDS = 3 };

typedef struct {
    double x, y;
} DrawPoint;

typedef struct {
    int width, height, bands;
    float pixels[DRAW_MAX_SIDE * DRAW_MAX_SIDE * DRAW_MAX_BANDS]; /* (height, width, bands) */
} DrawCanvas;

/* A black canvas; sides up to DRAW_MAX_SIDE, bands up to DRAW_MAX_BANDS. */
void draw_init(DrawCanvas *canvas, int width, int height, int bands);

/* A line of `pen` pixels' width with round ends; `ink` has one value a band. */
void draw_line(DrawCanvas *canvas, DrawPoint a, DrawPoint b, double pen, const float *ink);

/* A smooth curve through `n` points (centripetal ends repeated, uniform Catmull-Rom). */
void draw_curve(DrawCanvas *canvas, const DrawPoint *points, int n, double pen, const float *ink);

/* Fill the convex polygon of `n` corners, clockwise on the screen. */
void draw_polygon(DrawCanvas *canvas, const DrawPoint *corners, int n, const float *ink);

/* Add normal noise of standard deviation `sigma` to every value. */
void draw_noise(DrawCanvas *canvas, double sigma, TsRng *rng);

/* Round to bytes, clamped, into `out`, whose rows are `row_bytes` apart. */
void draw_to_bytes(const DrawCanvas *canvas, guint8 *out, gsize row_bytes);
