/* Variance of the Laplacian, a measure of focus: blurred images have little. Kernel 0 1 0 / 1 -4 1
 * / 0 1 0; beyond the edge the image is mirrored about its last pixel. J. Pech-Pacheco et al.,
 * Diatom autofocusing in brightfield microscopy, 2000. */
#include "image/texture/family.h"

#include "base/error.h"
#include "image/texture/spread.h"

/* The index that `i`, at most one beyond 0 .. n - 1, is mirrored to. */
static inline int
mirror(int i, int n)
{
    if (n == 1)
        return 0;
    return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
}

/* (width) responses of row `y`. */
static void
respond(const TsTextureImage *image, int y, double *restrict out)
{
    const int w = image->width;
    const double *row = image->grey + (gsize) y * (gsize) w;
    const double *up = image->grey + (gsize) mirror(y - 1, image->height) * (gsize) w;
    const double *down = image->grey + (gsize) mirror(y + 1, image->height) * (gsize) w;
    for (int x = 1; x < w - 1; x++)
        out[x] = up[x] + down[x] + row[x - 1] + row[x + 1] - 4 * row[x];
    out[0] = up[0] + down[0] + 2 * row[mirror(-1, w)] - 4 * row[0];
    out[w - 1] = up[w - 1] + down[w - 1] + 2 * row[mirror(w, w)] - 4 * row[w - 1];
}

static gboolean
prepare(const TsTextureOptions *options, GPtrArray *columns, gpointer *plan, GError **error)
{
    g_ptr_array_add(columns, g_strdup("laplacian_variance"));
    return TRUE;
}

static gboolean
compute(gconstpointer plan, const TsTextureImage *image, double *values, GError **error)
{
    g_autofree double *responses =
        ts_try_alloc((gsize) image->width, sizeof *responses, "row", error);
    if (responses == NULL)
        return FALSE;
    TsSpread spread = {0};
    for (int y = 0; y < image->height; y++) {
        respond(image, y, responses);
        ts_spread_add_some(&spread, responses, ts_texture_counts_of_row(image, y),
                           (gsize) image->width);
    }
    *values = ts_spread_variance(&spread);
    return TRUE;
}

const TsTextureFamily ts_texture_laplacian = {
    .name = "laplacian",
    .summary = "variance of the Laplacian: how sharp the image is",
    .prepare = prepare,
    .compute = compute,
};
