/* Scaling with a triangle filter: separable, antialiased, Pillow's sample positions. */
#include "image/image.h"

#include "base/error.h"
#include "image/samples.h"

#include <math.h>
#include <string.h>

/* For each output position: which inputs, with which weights (they sum to 1). */
typedef struct {
    int n_taps;      /* room per output position */
    int *first;      /* (n_out) */
    int *count;      /* (n_out) */
    double *weights; /* (n_out, n_taps) */
} Kernel;

static void
kernel_clear(Kernel *kernel)
{
    g_free(kernel->first);
    g_free(kernel->count);
    g_free(kernel->weights);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Kernel, kernel_clear)

/* Weights of one output position, centred at (i + 0.5) * scale; support is one output pixel wide on
 * each side when shrinking, one input pixel when growing. */
static void
fill_taps(Kernel *kernel, int i, int n_in, double scale, double support)
{
    double centre = (i + 0.5) * scale;
    int first = MAX(0, (int) (centre - support + 0.5));
    int end = MIN(n_in, (int) (centre + support + 0.5));
    double *weights = kernel->weights + (gsize) i * (gsize) kernel->n_taps;
    double sum = 0;
    for (int k = first; k < end; k++) {
        double distance = fabs((k - centre + 0.5) / support);
        double weight = MAX(0.0, 1 - distance);
        weights[k - first] = weight;
        sum += weight;
    }
    for (int k = 0; k < end - first; k++)
        weights[k] = weights[k] / sum;
    kernel->first[i] = first;
    kernel->count[i] = end - first;
}

static gboolean
kernel_init(Kernel *kernel, int n_in, int n_out, GError **error)
{
    double scale = (double) n_in / n_out;
    double support = MAX(scale, 1.0);
    kernel->n_taps = (int) ceil(support) * 2 + 1;
    gsize room;
    if (!g_size_checked_mul(&room, (gsize) n_out, (gsize) kernel->n_taps))
        return ts_error_set(error, TS_ERROR_RANGE, "an image of %d pixels a side is too large",
                            n_out);
    kernel->first = ts_try_alloc((gsize) n_out, sizeof(int), "filter", error);
    kernel->count =
        kernel->first ? ts_try_alloc((gsize) n_out, sizeof(int), "filter", error) : NULL;
    kernel->weights = kernel->count ? ts_try_alloc(room, sizeof(double), "filter", error) : NULL;
    if (kernel->weights == NULL)
        return FALSE;
    for (int i = 0; i < n_out; i++)
        fill_taps(kernel, i, n_in, scale, support);
    return TRUE;
}

/* Combine the input rows of output row `y` into `sums`, (width, bands). This pass comes first: its
 * rows are contiguous, and the other one then has only the output's rows to do. */
static void
sum_rows(const TsImage *in, const Kernel *down, int y, double *sums)
{
    gsize n = (gsize) in->width * (gsize) in->bands;
    memset(sums, 0, n * sizeof *sums);
    for (int k = 0; k < down->count[y]; k++)
        ts_samples_add(in->type, in->data + (gsize) (down->first[y] + k) * ts_image_row_size(in), n,
                       down->weights[(gsize) y * (gsize) down->n_taps + (gsize) k], sums);
}

/* Combine pixels along a row of sums into `out`, (width, bands). */
static void
sum_columns(const double *sums, const Kernel *along, int width, int bands, double *out)
{
    for (int x = 0; x < width; x++) {
        const double *weights = along->weights + (gsize) x * (gsize) along->n_taps;
        const double *from = sums + (gsize) along->first[x] * (gsize) bands;
        for (int b = 0; b < bands; b++) {
            double sum = 0;
            for (int k = 0; k < along->count[x]; k++)
                sum += weights[k] * from[k * bands + b];
            out[(gsize) x * (gsize) bands + (gsize) b] = sum;
        }
    }
}

TsImage *
ts_image_resize(const TsImage *image, int width, int height, GError **error)
{
    g_autoptr(TsImage) out = ts_image_new_like(image, width, height, error);
    if (out == NULL)
        return NULL;
    gsize bands = (gsize) image->bands;
    g_auto(Kernel) along = {0};
    g_auto(Kernel) down = {0};
    if (!kernel_init(&along, image->width, width, error) ||
        !kernel_init(&down, image->height, height, error))
        return NULL;
    g_autofree double *sums =
        ts_try_alloc((gsize) image->width * bands, sizeof *sums, "row", error);
    g_autofree double *row =
        sums ? ts_try_alloc((gsize) width * bands, sizeof *row, "row", error) : NULL;
    if (row == NULL)
        return NULL;
    for (int y = 0; y < height; y++) {
        sum_rows(image, &down, y, sums);
        sum_columns(sums, &along, width, image->bands, row);
        ts_samples_store(out->type, row, (gsize) width * bands, TS_ROUND_HALF_UP,
                         out->data + (gsize) y * ts_image_row_size(out));
    }
    return g_steal_pointer(&out);
}
