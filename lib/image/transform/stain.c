/* Stains of histology scaled and shifted. */
#include "image/transform/colour.h"

#include <math.h>

/* Densities of red, green and blue in haematoxylin, eosin and DAB (Ruifrok and Johnston 2001). */
static const double RGB_FROM_HED[3][3] = {
    {0.65, 0.70, 0.29}, {0.07, 0.99, 0.11}, {0.27, 0.57, 0.78}};

/* What stands for black, whose logarithm there is not. */
static const float DARKEST = 1e-6f;

static void
invert(const double a[3][3], double out[3][3])
{
    double det = 0;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            const int r1 = (k + 1) % 3, r2 = (k + 2) % 3, c1 = (i + 1) % 3, c2 = (i + 2) % 3;
            out[i][k] = a[r1][c1] * a[r2][c2] - a[r1][c2] * a[r2][c1];
        }
    for (int i = 0; i < 3; i++)
        det += a[0][i] * out[i][0];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            out[i][k] /= det;
}

/* The change as one affine map of logarithms: ln' = ln matrix + offset, row vectors. */
static void
compose(const double changes[6], float matrix[3][3], float offset[3])
{
    double hed_from_rgb[3][3];
    invert(RGB_FROM_HED, hed_from_rgb);
    for (int k = 0; k < 3; k++) {
        double sum = 0;
        for (int s = 0; s < 3; s++)
            sum += changes[2 * s + 1] * RGB_FROM_HED[s][k];
        offset[k] = (float) -sum;
        for (int i = 0; i < 3; i++) {
            double product = 0;
            for (int s = 0; s < 3; s++)
                product += hed_from_rgb[i][s] * (1 + changes[2 * s]) * RGB_FROM_HED[s][k];
            matrix[i][k] = (float) product;
        }
    }
}

static float
log_of(float value, float white)
{
    return logf(MAX(value / white, DARKEST));
}

/* All samples as logarithms; whole numbers of a small range are each computed once. */
static void
take_logs(TsPixels *pixels)
{
    float *data = pixels->data;
    if (!pixels->is_whole || pixels->n < (gsize) pixels->high || pixels->low < 0) {
        for (gsize i = 0; i < pixels->n; i++)
            data[i] = log_of(data[i], pixels->white);
        return;
    }
    g_autofree float *table = g_new(float, (gsize) pixels->high + 1);
    for (int i = 0; i <= (int) pixels->high; i++)
        table[i] = log_of((float) i, pixels->white);
    for (gsize i = 0; i < pixels->n; i++)
        data[i] = table[(int) data[i]];
}

void
ts_change_stains(TsPixels *pixels, const double changes[6])
{
    float matrix[3][3], offset[3];
    gboolean changed = FALSE;
    for (int i = 0; i < 6; i++)
        changed |= changes[i] != 0;
    if (!changed)
        return;
    compose(changes, matrix, offset);
    take_logs(pixels);
    float *data = pixels->data;
    for (gsize i = 0; i < pixels->n; i += 3) {
        const float r = data[i], g = data[i + 1], b = data[i + 2];
        for (int k = 0; k < 3; k++)
            data[i + (gsize) k] = pixels->white * expf(r * matrix[0][k] + g * matrix[1][k] +
                                                       b * matrix[2][k] + offset[k]);
    }
    pixels->is_whole = FALSE;
    ts_pixels_clamp(pixels);
}
