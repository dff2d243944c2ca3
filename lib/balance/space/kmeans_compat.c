/* KMeans of scikit-learn, draw for draw, and what MiniBatchKMeans shares with it. */
#include "balance/space/kmeans_compat.h"

#include "balance/space/kmeans_compat_private.h"
#include "base/error.h"
#include "base/interrupt.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

enum {
    BLOCK = 256, /* rows whose products with the centres are taken together */
    MAX_ROUNDS = 300,
};

#define TOLERANCE 1e-4

static void
compat_clear(TsKmeansCompat *self)
{
    ts_scratch_clear(&self->values);
    g_free(self->norm);
    g_free(self->center);
    g_free(self->next);
    g_free(self->weight);
    g_free(self->cdf);
    g_free(self->batch);
    g_free(self->label);
    g_free(self->label_before);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsKmeansCompat, compat_clear)

static gboolean
allocate(TsKmeansCompat *self, GError **error)
{
    gsize size;
    if (!g_size_checked_mul(&size, self->n, self->d))
        return ts_error_set(error, TS_ERROR_NO_MEMORY, "clusters: the points are too many");
    if (!ts_scratch_alloc(&self->values, size, sizeof(double), "points", error))
        return FALSE;
    self->x = self->values.data;
    size = self->k * self->d;
    return (self->norm = ts_try_alloc(self->n, sizeof(double), "norms", error)) != NULL &&
           (self->center = ts_try_alloc(size, sizeof(double), "centres", error)) != NULL &&
           (self->next = ts_try_alloc(size, sizeof(double), "centres", error)) != NULL &&
           (self->weight = ts_try_alloc(self->k, sizeof(double), "clusters", error)) != NULL &&
           (self->cdf = ts_try_alloc(self->n, sizeof(double), "shares", error)) != NULL &&
           (self->batch = ts_try_alloc(self->n, sizeof(guint32), "rows", error)) != NULL &&
           (self->label = ts_try_alloc(self->n, sizeof(guint32), "clusters", error)) != NULL &&
           (self->label_before = ts_try_alloc(self->n, sizeof(guint32), "clusters", error)) != NULL;
}

static double
norm_of(const double *value, gsize d)
{
    double sum = 0;
    for (gsize j = 0; j < d; j++)
        sum += value[j] * value[j];
    return sum;
}

/* Every row with the same share, as choice() adds shares up. */
void
ts_kmeans_set_shares(TsKmeansCompat *self, gsize n)
{
    double share = ts_kmeans_rounded(self, 1.0 / (double) n), sum = 0;
    for (gsize i = 0; i < n; i++)
        self->cdf[i] = sum += share;
    for (gsize i = 0; i < n; i++)
        self->cdf[i] /= sum;
}

/* How many of the ascending values are below `at`, or not above it. */
static gsize
search_sorted(const double *values, gsize n, double at, gboolean right)
{
    gsize low = 0, high = n;
    while (low < high) {
        gsize middle = (low + high) / 2;
        if (values[middle] < at || (right && values[middle] <= at))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* choice(n, p=shares). */
gsize
ts_kmeans_draw_row(TsKmeansCompat *self, gsize n)
{
    gsize row = search_sorted(self->cdf, n, ts_random_state_uniform(&self->random), TRUE);
    return MIN(row, n - 1);
}

/* A block of rows as they lie, or gathered. */
static const double *
block_of(const TsKmeansCompat *self, const guint32 *rows, gsize begin, gsize n, double *buffer)
{
    if (rows == NULL)
        return self->x + begin * self->d;
    for (gsize i = 0; i < n; i++)
        memcpy(buffer + i * self->d, ts_kmeans_row(self, rows, begin + i),
               self->d * sizeof *buffer);
    return buffer;
}

/* Squared distances of rows to one of them, as a product and norms give them. */
static void
measure(const TsKmeansCompat *self, const guint32 *rows, gsize n, gsize to, double *distance2)
{
    const double *other = ts_kmeans_row(self, rows, to);
    double norm = self->norm[rows != NULL ? rows[to] : to];
#pragma omp parallel for
    for (gsize i = 0; i < n; i++) {
        const double *row = ts_kmeans_row(self, rows, i);
        double product = cblas_ddot((int) self->d, row, 1, other, 1);
        double d2 = -2 * product + norm + self->norm[rows != NULL ? rows[i] : i];
        distance2[i] = i == to ? 0 : ts_kmeans_rounded(self, MAX(d2, 0));
    }
}

/* A row in proportion to its share of the running sum. */
static gsize
draw_far_row(TsKmeansCompat *self, const double *running, gsize n, double total)
{
    double at = ts_random_state_uniform(&self->random) * ts_kmeans_rounded(self, total);
    gsize row = search_sorted(running, n, at, FALSE);
    return MIN(row, n - 1);
}

/* Greedy k-means++ on `n` rows, with four buffers of so many numbers. */
static void
draw_centers(TsKmeansCompat *self, const guint32 *rows, gsize n, double *buffer[4])
{
    double *nearest = buffer[0], *running = buffer[1], *trial = buffer[2], *best = buffer[3];
    guint n_trials = 2 + (guint) log((double) self->k);
    g_autofree gsize *candidate = g_new(gsize, n_trials);
    ts_kmeans_set_shares(self, n);
    gsize row = ts_kmeans_draw_row(self, n);
    measure(self, rows, n, row, nearest);
    memcpy(self->center, ts_kmeans_row(self, rows, row), self->d * sizeof *self->center);
    for (gsize c = 1; c < self->k; c++) {
        double potential = 0, sum = 0, best_sum = INFINITY;
        for (gsize i = 0; i < n; i++) {
            potential += nearest[i];
            running[i] = sum = ts_kmeans_rounded(self, sum + nearest[i]);
        }
        for (guint t = 0; t < n_trials; t++)
            candidate[t] = draw_far_row(self, running, n, potential);
        for (guint t = 0; t < n_trials; t++) {
            measure(self, rows, n, candidate[t], trial);
            double total = 0;
            for (gsize i = 0; i < n; i++)
                total += trial[i] = MIN(trial[i], nearest[i]);
            if (ts_kmeans_rounded(self, total) >= best_sum)
                continue;
            best_sum = ts_kmeans_rounded(self, total);
            row = candidate[t];
            double *swap = best;
            best = trial;
            trial = swap;
        }
        memcpy(nearest, best, n * sizeof *nearest);
        memcpy(self->center + c * self->d, ts_kmeans_row(self, rows, row),
               self->d * sizeof *self->center);
    }
}

gboolean
ts_kmeans_start(TsKmeansCompat *self, const guint32 *rows, gsize n, GError **error)
{
    double *buffer[4] = {NULL};
    gboolean ok = TRUE;
    for (guint i = 0; ok && i < G_N_ELEMENTS(buffer); i++)
        ok = (buffer[i] = ts_try_alloc(n, sizeof(double), "distances", error)) != NULL;
    if (ok)
        draw_centers(self, rows, n, buffer);
    for (guint i = 0; i < G_N_ELEMENTS(buffer); i++)
        g_free(buffer[i]);
    return ok && !ts_interrupt_check(error);
}

/* Labels of `n` rows: the first of the nearest centres. */
void
ts_kmeans_assign(TsKmeansCompat *self, const guint32 *rows, gsize n)
{
    g_autofree double *norm = g_new(double, self->k);
    for (gsize c = 0; c < self->k; c++)
        norm[c] = ts_kmeans_rounded(self, norm_of(self->center + c * self->d, self->d));
#pragma omp parallel for schedule(dynamic)
    for (gsize begin = 0; begin < n; begin += BLOCK) {
        gsize n_now = MIN(BLOCK, n - begin), k = self->k;
        g_autofree double *value = rows != NULL ? g_new(double, n_now * self->d + 1) : NULL;
        g_autofree double *product = g_new(double, n_now *k);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int) n_now, (int) k, (int) self->d,
                    -2, block_of(self, rows, begin, n_now, value), (int) self->d, self->center,
                    (int) self->d, 0, product, (int) k);
        for (gsize i = 0; i < n_now; i++) {
            gsize label = 0;
            for (gsize c = 1; c < k; c++)
                if (product[i * k + c] + norm[c] < product[i * k + label] + norm[label])
                    label = c;
            self->label[begin + i] = (guint32) label;
        }
    }
}

/* Squared distance, four differences at a time. */
static double
distance2_of(const TsKmeansCompat *self, const double *a, const double *b)
{
    double sum = 0;
    gsize j = 0;
    for (; j + 4 <= self->d; j += 4) {
        double part = 0;
        for (gsize i = j; i < j + 4; i++) {
            double difference = ts_kmeans_rounded(self, a[i] - b[i]);
            part = ts_kmeans_rounded(self, part + ts_kmeans_rounded(self, difference * difference));
        }
        sum = ts_kmeans_rounded(self, sum + part);
    }
    for (; j < self->d; j++) {
        double difference = ts_kmeans_rounded(self, a[j] - b[j]);
        sum = ts_kmeans_rounded(self, sum + ts_kmeans_rounded(self, difference * difference));
    }
    return sum;
}

double
ts_kmeans_inertia(const TsKmeansCompat *self, const guint32 *rows, gsize n)
{
    double sum = 0;
    for (gsize i = 0; i < n; i++)
        sum = ts_kmeans_rounded(self, sum + distance2_of(self, ts_kmeans_row(self, rows, i),
                                                         self->center + self->label[i] * self->d));
    return sum;
}

void
ts_kmeans_swap_centers(TsKmeansCompat *self)
{
    double *center = self->center;
    self->center = self->next;
    self->next = center;
}

/* Empty clusters take the rows that are farthest from their centres. */
static void
fill_clusters(TsKmeansCompat *self)
{
    gsize d = self->d;
    g_autofree double *distance2 = NULL;
    for (gsize c = 0; c < self->k; c++) {
        if (self->weight[c] != 0)
            continue;
        if (distance2 == NULL) {
            distance2 = g_new(double, self->n);
            for (gsize i = 0; i < self->n; i++)
                distance2[i] =
                    distance2_of(self, self->x + i * d, self->center + self->label[i] * d);
        }
        gsize far = 0;
        for (gsize i = 1; i < self->n; i++)
            if (distance2[i] > distance2[far])
                far = i;
        if (distance2[far] <= 0)
            return;
        double *from = self->next + self->label[far] * d, *to = self->next + c * d;
        for (gsize j = 0; j < d; j++) {
            from[j] = ts_kmeans_rounded(self, from[j] - self->x[far * d + j]);
            to[j] = self->x[far * d + j];
        }
        self->weight[c] = 1;
        self->weight[self->label[far]]--;
        distance2[far] = 0;
    }
}

/* Centres go to the means of their rows; how far, squared, all together. */
static double
move_centers(TsKmeansCompat *self)
{
    gsize d = self->d, largest = 0;
    memset(self->next, 0, self->k * d * sizeof *self->next);
    memset(self->weight, 0, self->k * sizeof *self->weight);
    for (gsize i = 0; i < self->n; i++) {
        double *sum = self->next + self->label[i] * d;
        self->weight[self->label[i]]++;
        for (gsize j = 0; j < d; j++)
            sum[j] = ts_kmeans_rounded(self, sum[j] + self->x[i * d + j]);
    }
    fill_clusters(self);
    for (gsize c = 1; c < self->k; c++)
        largest = self->weight[c] > self->weight[largest] ? c : largest;
    double moved2 = 0;
    for (gsize c = 0; c < self->k; c++) {
        double scale = self->weight[c] > 0 ? ts_kmeans_rounded(self, 1 / self->weight[c]) : 0;
        double *mean = self->next + c * d;
        for (gsize j = 0; j < d; j++)
            mean[j] =
                scale > 0 ? ts_kmeans_rounded(self, mean[j] * scale) : self->next[largest * d + j];
        moved2 += distance2_of(self, mean, self->center + c * d);
    }
    return moved2;
}

/* The mean goes off the points; the mean variance comes back. */
static double
center_points(TsKmeansCompat *self, double *mean)
{
    double m2 = 0;
    memset(mean, 0, self->d * sizeof *mean);
    for (gsize i = 0; i < self->n; i++)
        for (gsize j = 0; j < self->d; j++)
            mean[j] = ts_kmeans_rounded(self, mean[j] + self->x[i * self->d + j]);
    for (gsize j = 0; j < self->d; j++)
        mean[j] = ts_kmeans_rounded(self, mean[j] / (double) self->n);
    for (gsize i = 0; i < self->n; i++) {
        double *row = self->x + i * self->d;
        for (gsize j = 0; j < self->d; j++)
            row[j] = ts_kmeans_rounded(self, row[j] - mean[j]);
        self->norm[i] = norm_of(row, self->d);
        m2 += self->norm[i];
    }
    return m2 / (double) self->n / (double) self->d;
}

static gboolean
cluster_at_once(TsKmeansCompat *self, TsKmeans *out, GError **error)
{
    g_autofree double *mean = g_new(double, self->d);
    double enough = TOLERANCE * center_points(self, mean);
    if (!ts_kmeans_start(self, NULL, self->n, error))
        return FALSE;
    memset(self->label_before, 0xff, self->n * sizeof *self->label_before);
    gboolean settled = FALSE;
    for (guint round = 0; round < MAX_ROUNDS && !settled; round++) {
        if (ts_interrupt_check(error))
            return FALSE;
        ts_kmeans_assign(self, NULL, self->n);
        double moved2 = move_centers(self);
        ts_kmeans_swap_centers(self);
        out->n_rounds = round + 1;
        settled = memcmp(self->label, self->label_before, self->n * sizeof *self->label) == 0;
        if (!settled && moved2 <= enough)
            break;
        memcpy(self->label_before, self->label, self->n * sizeof *self->label);
    }
    if (!settled)
        ts_kmeans_assign(self, NULL, self->n);
    for (gsize c = 0; c < self->k; c++)
        for (gsize j = 0; j < self->d; j++)
            self->next[c * self->d + j] =
                ts_kmeans_rounded(self, self->center[c * self->d + j] + mean[j]);
    return TRUE;
}

/* The row nearest to each centre, and the inertia; both in the coordinates of the centres. */
static void
finish(const TsKmeansCompat *self, TsKmeans *out)
{
    out->inertia = ts_kmeans_inertia(self, NULL, self->n);
#pragma omp parallel for
    for (gsize c = 0; c < self->k; c++) {
        double least = INFINITY;
        for (gsize i = 0; i < self->n; i++) {
            double d2 = distance2_of(self, self->x + i * self->d, self->center + c * self->d);
            if (d2 >= least)
                continue;
            least = d2;
            out->medoid[c] = (guint32) i;
        }
    }
}

static gboolean
check(const TsPoints *points, gsize n, gsize k, GError **error)
{
    if (k < 1 || k > n)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%" G_GSIZE_FORMAT " clusters of %" G_GSIZE_FORMAT
                            " rows: from 1 to that are possible",
                            k, n);
    return (n <= G_MAXINT32 && points->d <= G_MAXINT32) ||
           ts_error_set(error, TS_ERROR_RANGE, "%" G_GSIZE_FORMAT " rows are too many", n);
}

TsKmeans *
ts_kmeans_compat(const TsPoints *points, const guint32 *rows, gsize n, gsize k, guint32 seed,
                 gboolean in_batches, GError **error)
{
    n = rows != NULL ? n : points->n;
    g_auto(TsKmeansCompat) self = {.n = n, .d = points->d, .k = k, .single = points->f32 != NULL};
    g_autoptr(TsKmeans) out = g_new0(TsKmeans, 1);
    *out = (TsKmeans){.n = n, .k = k, .d = points->d};
    if (!check(points, n, k, error) || !allocate(&self, error) ||
        (out->medoid = ts_try_alloc(k, sizeof(guint32), "clusters", error)) == NULL)
        return NULL;
    ts_random_state_init(&self.random, seed);
    for (gsize i = 0; i < n; i++) {
        for (gsize j = 0; j < self.d; j++)
            self.x[i * self.d + j] = ts_points_get(points, rows != NULL ? rows[i] : i, j);
        self.norm[i] = norm_of(self.x + i * self.d, self.d);
    }
    if (in_batches ? !ts_kmeans_in_batches(&self, out, error) : !cluster_at_once(&self, out, error))
        return NULL;
    finish(&self, out);
    if (!in_batches) /* with the mean */
        ts_kmeans_swap_centers(&self);
    out->center = g_steal_pointer(&self.center);
    out->cluster = g_steal_pointer(&self.label);
    return g_steal_pointer(&out);
}
