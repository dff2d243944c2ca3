/* The weights of a tile's pixels, along one axis. */
#include "tiling/stitch/window.h"

#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

static const char *const shapes[] = {"constant", "crop", "hann", "gaussian", "triangle"};
static const double DEFAULT_SIGMA = 0.125, LEAST_GAUSSIAN = 1e-3;

/* The number behind the colon. */
static gboolean
parse_number(const char *text, TsWindow *window, GError **error)
{
    gint64 margin;
    if (window->shape == TS_WINDOW_GAUSSIAN)
        return ts_parse_double(text, 0.01, 10, "--window gaussian", &window->sigma, error);
    if (window->shape != TS_WINDOW_CROP)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--window: %s takes no number, not '%s'",
                            shapes[window->shape], text);
    if (!ts_parse_int(text, 0, G_MAXINT / 2, "--window crop", &margin, error))
        return FALSE;
    window->margin = (int) margin;
    return TRUE;
}

gboolean
ts_window_parse(const char *text, TsWindow *window, GError **error)
{
    const char *colon = strchr(text, ':');
    gsize n = colon != NULL ? (gsize) (colon - text) : strlen(text);
    *window = (TsWindow){.margin = -1, .sigma = DEFAULT_SIGMA};
    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        if (strlen(shapes[i]) != n || strncmp(text, shapes[i], n) != 0)
            continue;
        window->shape = (TsWindowShape) i;
        return colon == NULL || parse_number(colon + 1, window, error);
    }
    return ts_error_set(
        error, TS_ERROR_ARGUMENT,
        "--window: '%s' is none of constant, crop[:PIXELS], hann, gaussian[:SIGMA], triangle",
        text);
}

void
ts_window_fill(const TsWindow *window, int n, double *weights)
{
    for (int i = 0; i < n; i++) {
        double t = (i + 0.5) / n, d = (i - (n - 1) / 2.0) / (window->sigma * n);
        switch (window->shape) {
        case TS_WINDOW_HANN:
            weights[i] = 0.5 * (1 - cos(2 * G_PI * t));
            break;
        case TS_WINDOW_TRIANGLE:
            weights[i] = 1 - fabs(2 * t - 1);
            break;
        case TS_WINDOW_GAUSSIAN:
            weights[i] = exp(-0.5 * d * d);
            break;
        default:
            weights[i] = 1;
        }
    }
}

static double
least(const double *weights, int n)
{
    double low = weights[0];
    for (int i = 1; i < n; i++)
        low = MIN(low, weights[i]);
    return low;
}

double
ts_window_floor(const TsWindow *window, const double *across, int n_across, const double *down,
                int n_down)
{
    if (window->shape != TS_WINDOW_GAUSSIAN)
        return 0;
    return MAX(least(across, n_across) * least(down, n_down), LEAST_GAUSSIAN);
}
