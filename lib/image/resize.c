/* Scaling: separable filters, antialiased, Pillow's sample positions. */
#include "image/image.h"

#include "base/error.h"
#include "image/kernel.h"
#include "image/samples.h"

#include <string.h>

/* Combine the input rows of output row `y` into `sums`, (width, bands). This pass comes first: its
 * rows are contiguous, and the other one then has only the output's rows to do. */
static void
sum_rows(const TsImage *in, const TsKernel *down, int y, double *sums)
{
    gsize n = (gsize) in->width * (gsize) in->bands;
    memset(sums, 0, n * sizeof *sums);
    for (int k = 0; k < down->count[y]; k++)
        ts_samples_add(in->type, in->data + (gsize) (down->first[y] + k) * ts_image_row_size(in), n,
                       down->weights[(gsize) y * down->n_taps + (gsize) k], sums);
}

TsImage *
ts_image_resize(const TsImage *image, int width, int height, GError **error)
{
    return ts_image_resize_with(image, TS_FILTER_TRIANGLE, width, height, error);
}

TsImage *
ts_image_resize_with(const TsImage *image, TsFilter filter, int width, int height, GError **error)
{
    g_autoptr(TsImage) out = ts_image_new_like(image, width, height, error);
    if (out == NULL)
        return NULL;
    gsize bands = (gsize) image->bands;
    const TsAxis across = {filter, image->width, width};
    const TsAxis downwards = {filter, image->height, height};
    g_auto(TsKernel) along = {0};
    g_auto(TsKernel) down = {0};
    if (!ts_kernel_init(&along, &across, 0, width, error) ||
        !ts_kernel_init(&down, &downwards, 0, height, error))
        return NULL;
    g_autofree double *sums =
        ts_try_alloc((gsize) image->width * bands, sizeof *sums, "row", error);
    g_autofree double *row =
        sums ? ts_try_alloc((gsize) width * bands, sizeof *row, "row", error) : NULL;
    if (row == NULL)
        return NULL;
    for (int y = 0; y < height; y++) {
        sum_rows(image, &down, y, sums);
        ts_kernel_apply(&along, sums, 0, bands, row);
        ts_samples_store(out->type, row, (gsize) width * bands, TS_ROUND_HALF_UP,
                         out->data + (gsize) y * ts_image_row_size(out));
    }
    return g_steal_pointer(&out);
}
