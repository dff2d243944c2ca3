/* Distances by matrix products, those of the k nearest again in double. */
#include "nn/reference.h"

#include "base/error.h"
#include "store/npy.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

enum { BLOCK_ROWS = 4096 };

struct _TsReference {
    char *path;
    gsize n, d;
    guint k;
    float *rows; /* (n, d), of length 1 */
};

/* Divide by the length; rows of zeros stay. */
static gboolean
normalise(float *row, gsize d)
{
    double sum = 0;
    for (gsize i = 0; i < d; i++)
        sum += (double) row[i] * (double) row[i];
    const double length = sqrt(sum);
    for (gsize i = 0; i < d && length > 0; i++)
        row[i] = (float) ((double) row[i] / length);
    return isfinite(length) != 0;
}

static gboolean
check_shape(TsReference *self, const TsTensor *array, GError **error)
{
    self->n = array->rank > 0 ? (gsize) array->shape[0] : 0;
    if (array->rank < 2 || self->n < self->k)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: %" G_GSIZE_FORMAT " rows of features are fewer than the k = %u "
                            "nearest that are looked for",
                            self->path, array->rank < 2 ? 0 : self->n, self->k);
    self->d = ts_tensor_n(array) / self->n;
    return (self->d > 0 && self->d <= G_MAXINT && self->n <= G_MAXINT) ||
           ts_error_set(error, TS_ERROR_RANGE, "%s: the array is too large", self->path);
}

TsReference *
ts_reference_read(const char *path, guint k, GError **error)
{
    g_autoptr(TsReference) self = g_new0(TsReference, 1);
    g_autoptr(TsNpy) file = ts_npy_read(path, error);
    self->path = g_strdup(path);
    self->k = k;
    if (file == NULL || !check_shape(self, ts_npy_get(file), error))
        return NULL;
    self->rows = ts_try_alloc(self->n, self->d * sizeof(float), path, error);
    if (self->rows == NULL || !ts_tensor_to_f32(ts_npy_get(file), self->rows, error))
        return NULL;
    for (gsize i = 0; i < self->n; i++) {
        if (normalise(self->rows + i * self->d, self->d))
            continue;
        ts_error_set(error, TS_ERROR_FORMAT, "%s: row %" G_GSIZE_FORMAT " holds what is no number",
                     path, i);
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
ts_reference_free(TsReference *self)
{
    if (self == NULL)
        return;
    g_free(self->path);
    g_free(self->rows);
    g_free(self);
}

gboolean
ts_reference_check(const TsReference *self, gsize n, GError **error)
{
    return n == self->d ||
           ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: rows of %" G_GSIZE_FORMAT " numbers, the layer has %" G_GSIZE_FORMAT
                        "; predict --features makes a reference of the training rows",
                        self->path, self->d, n);
}

/* The k largest products of a sample with rows of the reference. */
typedef struct {
    float *product; /* (k), the smallest first: a heap */
    gsize *row;     /* (k) */
    guint n;
} Nearest;

static void
sift_down(Nearest *near, guint at)
{
    for (;;) {
        guint child = 2 * at + 1;
        if (child >= near->n)
            return;
        if (child + 1 < near->n && near->product[child + 1] < near->product[child])
            child++;
        if (near->product[at] <= near->product[child])
            return;
        const float product = near->product[at];
        const gsize row = near->row[at];
        near->product[at] = near->product[child];
        near->row[at] = near->row[child];
        near->product[child] = product;
        near->row[child] = row;
        at = child;
    }
}

static void
offer(Nearest *near, guint k, float product, gsize row)
{
    if (near->n < k) {
        near->product[near->n] = product;
        near->row[near->n++] = row;
        for (guint i = near->n == k ? k / 2 : 0; i-- > 0;)
            sift_down(near, i);
    } else if (product > near->product[0]) {
        near->product[0] = product;
        near->row[0] = row;
        sift_down(near, 0);
    }
}

/* Products are rounded; a distance is computed from the rows themselves. */
static double
largest_distance(const TsReference *self, const float *sample, const Nearest *near)
{
    double largest = 0;
    for (guint j = 0; j < near->n; j++) {
        const float *row = self->rows + near->row[j] * self->d;
        double sum = 0;
        for (gsize i = 0; i < self->d; i++) {
            const double difference = (double) sample[i] - (double) row[i];
            sum += difference * difference;
        }
        largest = MAX(largest, sum);
    }
    return sqrt(largest);
}

/* Features of length 1, a block of the reference at a time. */
static void
find_nearest(const TsReference *self, const float *samples, guint n, float *products,
             Nearest *nearest)
{
    for (gsize first = 0; first < self->n; first += BLOCK_ROWS) {
        const gsize rows = MIN(BLOCK_ROWS, self->n - first);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int) n, (int) rows, (int) self->d, 1,
                    samples, (int) self->d, self->rows + first * self->d, (int) self->d, 0,
                    products, (int) rows);
        for (guint i = 0; i < n; i++)
            for (gsize j = 0; j < rows; j++)
                offer(&nearest[i], self->k, products[i * rows + j], first + j);
    }
}

gboolean
ts_reference_compute(const TsReference *self, const float *features, guint n, double *distances,
                     GError **error)
{
    g_autofree float *samples = ts_try_alloc(n, self->d * sizeof(float), "features", error);
    g_autofree float *products =
        samples != NULL ? ts_try_alloc(n, BLOCK_ROWS * sizeof(float), "distances", error) : NULL;
    g_autofree Nearest *nearest = g_new0(Nearest, n);
    g_autofree float *product = g_new(float, (gsize) n * self->k);
    g_autofree gsize *row = g_new(gsize, (gsize) n * self->k);
    if (products == NULL)
        return FALSE;
    memcpy(samples, features, n * self->d * sizeof(float));
    for (guint i = 0; i < n; i++) {
        normalise(samples + i * self->d, self->d);
        nearest[i].product = product + (gsize) i * self->k;
        nearest[i].row = row + (gsize) i * self->k;
    }
    find_nearest(self, samples, n, products, nearest);
    for (guint i = 0; i < n; i++)
        distances[i] = largest_distance(self, samples + i * self->d, &nearest[i]);
    return TRUE;
}
