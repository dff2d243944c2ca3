/* Antialiased strokes, see draw.h. */
#include "draw.h"

#include <math.h>
#include <string.h>

enum { STEPS_PER_SPAN = 6 };

void
draw_init(DrawCanvas *canvas, int width, int height, int bands)
{
    g_assert(width <= DRAW_MAX_SIDE && height <= DRAW_MAX_SIDE && bands <= DRAW_MAX_BANDS);
    canvas->width = width;
    canvas->height = height;
    canvas->bands = bands;
    memset(canvas->pixels, 0, sizeof canvas->pixels);
}

/* Lay `ink` over a pixel, `cover` in 0 .. 1. */
static void
blend(DrawCanvas *canvas, int x, int y, double cover, const float *ink)
{
    float *pixel = canvas->pixels + (y * canvas->width + x) * canvas->bands;
    for (int band = 0; band < canvas->bands; band++)
        pixel[band] += (float) cover * (ink[band] - pixel[band]);
}

static double
distance_to_line(DrawPoint p, DrawPoint a, DrawPoint b)
{
    double dx = b.x - a.x, dy = b.y - a.y;
    double length2 = dx * dx + dy * dy;
    double t = length2 > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2 : 0;
    t = CLAMP(t, 0, 1);
    return hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/* Ink a chain of lines as one shape: a pixel counts by its nearest line, so joints do not show. */
static void
draw_chain(DrawCanvas *canvas, const DrawPoint *points, int n, double pen, const float *ink)
{
    for (int y = 0; y < canvas->height; y++)
        for (int x = 0; x < canvas->width; x++) {
            DrawPoint middle = {x + 0.5, y + 0.5};
            double nearest = G_MAXDOUBLE;
            for (int i = 0; i + 1 < n; i++)
                nearest = MIN(nearest, distance_to_line(middle, points[i], points[i + 1]));
            blend(canvas, x, y, CLAMP(pen / 2 + 0.5 - nearest, 0, 1), ink);
        }
}

void
draw_line(DrawCanvas *canvas, DrawPoint a, DrawPoint b, double pen, const float *ink)
{
    draw_chain(canvas, (DrawPoint[]){a, b}, 2, pen, ink);
}

/* Catmull and Rom, "A class of local interpolating splines", 1974, tension 1/2. */
static double
spline(double p0, double p1, double p2, double p3, double t)
{
    return 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t +
                  (3 * p1 - p0 - 3 * p2 + p3) * t * t * t);
}

void
draw_curve(DrawCanvas *canvas, const DrawPoint *points, int n, double pen, const float *ink)
{
    g_autofree DrawPoint *chain = g_new(DrawPoint, n * STEPS_PER_SPAN + 1);
    int n_chain = 0;
    for (int i = 0; i + 1 < n; i++) {
        DrawPoint p0 = points[MAX(i - 1, 0)], p1 = points[i];
        DrawPoint p2 = points[i + 1], p3 = points[MIN(i + 2, n - 1)];
        for (int step = 0; step < STEPS_PER_SPAN; step++) {
            double t = (double) step / STEPS_PER_SPAN;
            chain[n_chain++] =
                (DrawPoint){spline(p0.x, p1.x, p2.x, p3.x, t), spline(p0.y, p1.y, p2.y, p3.y, t)};
        }
    }
    chain[n_chain++] = points[n - 1];
    draw_chain(canvas, chain, n_chain, pen, ink);
}

void
draw_polygon(DrawCanvas *canvas, const DrawPoint *corners, int n, const float *ink)
{
    for (int y = 0; y < canvas->height; y++)
        for (int x = 0; x < canvas->width; x++) {
            double inside = G_MAXDOUBLE; /* distance to the nearest side, positive inside */
            for (int i = 0; i < n; i++) {
                DrawPoint a = corners[i], b = corners[(i + 1) % n];
                double dx = b.x - a.x, dy = b.y - a.y;
                double cross = dx * (y + 0.5 - a.y) - dy * (x + 0.5 - a.x);
                inside = MIN(inside, cross / hypot(dx, dy));
            }
            blend(canvas, x, y, CLAMP(inside + 0.5, 0, 1), ink);
        }
}

void
draw_noise(DrawCanvas *canvas, double sigma, TsRng *rng)
{
    int n = canvas->width * canvas->height * canvas->bands;
    for (int i = 0; i < n; i++)
        canvas->pixels[i] += (float) (sigma * ts_rng_normal(rng));
}

void
draw_to_bytes(const DrawCanvas *canvas, guint8 *out, gsize row_bytes)
{
    int n = canvas->width * canvas->bands;
    for (int y = 0; y < canvas->height; y++)
        for (int i = 0; i < n; i++)
            out[y * row_bytes + i] = (guint8) CLAMP(lrintf(canvas->pixels[y * n + i]), 0, 255);
}
