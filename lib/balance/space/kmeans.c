/* k-means: k-means++ and Lloyd's iterations on the exact neighbour search. */
#include "balance/space/kmeans.h"

#include "balance/space/neighbours.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/threads.h"

#include <math.h>
#include <string.h>

enum { MAX_ROUNDS = 300, CHUNK = 256 };

#define TOLERANCE 1e-4 /* of the mean variance, as in scikit-learn */

/* The rows and behind them the centres in one table, so that one measure serves all. */
typedef struct {
    TsPoints points; /* (n + k, d) */
    TsScratch values;
    float *f32;
    double *f64;
    TsKmeans *out;
    double *distance2; /* (n) to the centre of the row */
    guint32 *members;  /* (k) how many */
    guint32 *bases;    /* (k) numbers of the centres in the table */
    guint32 *queries;  /* (n) and of the rows */
    double *between2;  /* (k) of the candidate to the centres that there are */
    double *chunk_sum; /* (chunks of rows) */
    gsize n_centers;   /* while they are drawn */
    gsize candidate;   /* row */
} Clustering;

static void
clustering_clear(Clustering *self)
{
    ts_scratch_clear(&self->values);
    ts_kmeans_free(self->out);
    g_free(self->distance2);
    g_free(self->members);
    g_free(self->bases);
    g_free(self->queries);
    g_free(self->between2);
    g_free(self->chunk_sum);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Clustering, clustering_clear)

static gboolean
allocate(Clustering *self, gsize n, gsize k, gsize d, gboolean single, GError **error)
{
    TsKmeans *out = self->out = g_new0(TsKmeans, 1);
    gsize size;
    *out = (TsKmeans){.n = n, .k = k, .d = d};
    if (!g_size_checked_mul(&size, n + k, d))
        return ts_error_set(error, TS_ERROR_NO_MEMORY, "clusters: the points are too many");
    if (!ts_scratch_alloc(&self->values, size, single ? sizeof(float) : sizeof(double), "points",
                          error))
        return FALSE;
    self->f32 = single ? self->values.data : NULL;
    self->f64 = single ? NULL : self->values.data;
    self->points = (TsPoints){
        .n = n + k, .d = d, .f32 = self->f32, .f64 = self->f64, .mapped = self->values.in_file};
    return (out->cluster = ts_try_alloc(n, sizeof(guint32), "clusters", error)) != NULL &&
           (out->center = ts_try_alloc(k * d, sizeof(double), "centres", error)) != NULL &&
           (out->medoid = ts_try_alloc(k, sizeof(guint32), "clusters", error)) != NULL &&
           (self->distance2 = ts_try_alloc(n, sizeof(double), "distances", error)) != NULL &&
           (self->members = ts_try_alloc(k, sizeof(guint32), "clusters", error)) != NULL &&
           (self->bases = ts_try_alloc(k, sizeof(guint32), "clusters", error)) != NULL &&
           (self->queries = ts_try_alloc(n, sizeof(guint32), "rows", error)) != NULL &&
           (self->chunk_sum = ts_try_alloc(n / CHUNK + 1, sizeof(double), "sums", error)) != NULL &&
           (self->between2 = ts_try_alloc(k, sizeof(double), "distances", error)) != NULL;
}

static void
copy_rows(Clustering *self, const TsPoints *points, const guint32 *rows)
{
    gsize d = points->d, step = ts_points_release_step(points);
    for (gsize i = 0; i < self->out->n; i++) {
        gsize row = rows != NULL ? rows[i] : i;
        if (self->f32 != NULL)
            memcpy(self->f32 + i * d, points->f32 + row * d, d * sizeof(float));
        else
            memcpy(self->f64 + i * d, points->f64 + row * d, d * sizeof(double));
        self->queries[i] = (guint32) i;
        if ((i + 1) % step > 0 && i + 1 < self->out->n)
            continue;
        ts_points_release(points, 0, points->n);
        ts_points_release(&self->points, i / step * step, i + 1);
    }
    for (gsize c = 0; c < self->out->k; c++)
        self->bases[c] = (guint32) (self->out->n + c);
}

/* Centre `c` becomes `value`, (d), in the precision of the points. */
static void
set_center(Clustering *self, gsize c, const double *value)
{
    gsize d = self->points.d, at = (self->out->n + c) * d;
    for (gsize j = 0; j < d; j++) {
        if (self->f32 != NULL)
            self->f32[at + j] = (float) value[j];
        else
            self->f64[at + j] = value[j];
        self->out->center[c * d + j] = value[j];
    }
}

/* A row is nearer to the candidate only if that is nearer than twice its distance to the centre
 * that it has (triangle inequality). */
static double
distance_with(const Clustering *self, gsize i)
{
    if (self->n_centers > 0 &&
        self->between2[self->out->cluster[i]] >= 4 * self->distance2[i] * (1 + 1e-9))
        return self->distance2[i];
    double d2 = ts_points_distance2(&self->points, i, self->candidate);
    return self->n_centers > 0 ? fmin(d2, self->distance2[i]) : d2;
}

/* What the squared distances of a chunk's rows would sum to. */
static gboolean
weigh_chunk(guint64 chunk, gpointer data, GError **error)
{
    Clustering *self = data;
    gsize begin = chunk * CHUNK, end = MIN(begin + CHUNK, self->out->n);
    (void) error;
    self->chunk_sum[chunk] = 0;
    for (gsize i = begin; i < end; i++)
        self->chunk_sum[chunk] += distance_with(self, i);
    ts_points_release(&self->points, begin, end);
    return TRUE;
}

/* The candidate is the newest centre. */
static gboolean
settle_chunk(guint64 chunk, gpointer data, GError **error)
{
    Clustering *self = data;
    gsize begin = chunk * CHUNK, end = MIN(begin + CHUNK, self->out->n);
    (void) error;
    for (gsize i = begin; i < end; i++) {
        double d2 = distance_with(self, i);
        if (self->n_centers > 0 && d2 >= self->distance2[i])
            continue;
        self->distance2[i] = d2;
        self->out->cluster[i] = (guint32) self->n_centers;
    }
    return TRUE;
}

/* Row `row` may become a centre. */
static void
propose(Clustering *self, gsize row)
{
    self->candidate = row;
    for (gsize c = 0; c < self->n_centers; c++)
        self->between2[c] = ts_points_distance2(&self->points, row, self->out->n + c);
}

/* The row at which the running sum of squared distances passes `at`. */
static gsize
row_at(const Clustering *self, double at)
{
    gsize last = 0;
    double sum = 0;
    for (gsize i = 0; i < self->out->n; i++) {
        if (self->distance2[i] > 0)
            last = i;
        sum += self->distance2[i];
        if (sum > at)
            return i;
    }
    return last;
}

/* Of a few rows, drawn in proportion to their squared distances, the one that brings the sum of
 * them down most. */
static gboolean
draw_center(Clustering *self, TsRng *rng, gsize *best, GError **error)
{
    gsize n_chunks = (self->out->n + CHUNK - 1) / CHUNK;
    guint n_trials = 2 + (guint) log((double) self->out->k);
    double total = 0, best_sum = INFINITY;
    for (gsize i = 0; i < self->out->n; i++)
        total += self->distance2[i];
    for (guint trial = 0; trial < n_trials; trial++) {
        gsize row = row_at(self, ts_rng_uniform(rng) * total);
        double sum = 0;
        propose(self, row);
        if (!ts_parallel_for(n_chunks, weigh_chunk, self, error))
            return FALSE;
        for (gsize chunk = 0; chunk < n_chunks; chunk++)
            sum += self->chunk_sum[chunk];
        if (sum < best_sum) {
            best_sum = sum;
            *best = row;
        }
    }
    return TRUE;
}

static gboolean
draw_centers(Clustering *self, guint64 seed, GError **error)
{
    TsRng rng;
    gsize n = self->out->n, d = self->points.d;
    g_autofree double *value = g_new(double, MAX(d, 1));
    ts_rng_init(&rng, seed, "kmeans", 0);
    gsize row = ts_rng_below(&rng, n);
    for (gsize c = 0; c < self->out->k; c++) {
        self->n_centers = c;
        if (c > 0 && !draw_center(self, &rng, &row, error))
            return FALSE;
        propose(self, row);
        if (!ts_parallel_for((n + CHUNK - 1) / CHUNK, settle_chunk, self, error))
            return FALSE;
        for (gsize j = 0; j < d; j++)
            value[j] = ts_points_get(&self->points, row, j);
        set_center(self, c, value);
    }
    return TRUE;
}

/* An empty cluster takes the row that is farthest from its centre, from a cluster that has others.
 */
static void
fill_cluster(Clustering *self, guint32 empty)
{
    gsize farthest = G_MAXSIZE;
    for (gsize i = 0; i < self->out->n; i++)
        if (self->members[self->out->cluster[i]] > 1 &&
            (farthest == G_MAXSIZE || self->distance2[i] > self->distance2[farthest]))
            farthest = i;
    g_assert(farthest != G_MAXSIZE);
    self->members[self->out->cluster[farthest]]--;
    self->members[empty] = 1;
    self->out->cluster[farthest] = empty;
    self->distance2[farthest] = 0;
}

/* Every row goes to its nearest centre; how many changed. */
static gboolean
assign(Clustering *self, gsize *n_changed, GError **error)
{
    TsKmeans *out = self->out;
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(&self->points, self->bases, out->k, self->queries, out->n, 1, error);
    if (near == NULL)
        return FALSE;
    g_autofree guint32 *before = g_memdup2(out->cluster, out->n * sizeof *before);
    memset(self->members, 0, out->k * sizeof *self->members);
    for (gsize i = 0; i < out->n; i++) {
        out->cluster[i] = near->index[i] - (guint32) out->n;
        self->distance2[i] = near->distance2[i];
        self->members[out->cluster[i]]++;
    }
    for (guint32 c = 0; c < out->k; c++)
        if (self->members[c] == 0)
            fill_cluster(self, c);
    *n_changed = 0;
    for (gsize i = 0; i < out->n; i++)
        *n_changed += before[i] != out->cluster[i];
    return TRUE;
}

/* Centres go to the means of their rows; how far, squared, all together. */
static double
move_centers(Clustering *self)
{
    TsKmeans *out = self->out;
    gsize d = out->d, step = ts_points_release_step(&self->points);
    double moved2 = 0;
    g_autofree double *old = g_memdup2(out->center, out->k * d * sizeof *old);
    memset(out->center, 0, out->k * d * sizeof *out->center);
    for (gsize i = 0; i < out->n; i++) {
        for (gsize j = 0; j < d; j++)
            out->center[out->cluster[i] * d + j] += ts_points_get(&self->points, i, j);
        if ((i + 1) % step == 0)
            ts_points_release(&self->points, i + 1 - step, i + 1);
    }
    for (gsize c = 0; c < out->k; c++) {
        for (gsize j = 0; j < d; j++) {
            double *value = &out->center[c * d + j];
            *value /= self->members[c];
            moved2 += (*value - old[c * d + j]) * (*value - old[c * d + j]);
        }
        set_center(self, c, &out->center[c * d]);
    }
    return moved2;
}

/* Mean over the columns of the variance. */
static double
mean_variance(const Clustering *self)
{
    gsize n = self->out->n, d = self->out->d, step = ts_points_release_step(&self->points);
    g_autofree double *mean = g_new0(double, MAX(d, 1));
    double m2 = 0;
    for (gsize i = 0; i < n; i++) {
        for (gsize j = 0; j < d; j++) {
            double value = ts_points_get(&self->points, i, j), delta = value - mean[j];
            mean[j] += delta / (double) (i + 1);
            m2 += delta * (value - mean[j]);
        }
        if ((i + 1) % step == 0)
            ts_points_release(&self->points, i + 1 - step, i + 1);
    }
    return d > 0 ? m2 / (double) n / (double) d : 0;
}

/* A medoid a cluster, and the inertia, by the distances of the last assignment. */
static void
finish(Clustering *self)
{
    TsKmeans *out = self->out;
    memset(out->medoid, 0xff, out->k * sizeof *out->medoid);
    for (gsize i = 0; i < out->n; i++) {
        guint32 *medoid = &out->medoid[out->cluster[i]];
        if (*medoid == G_MAXUINT32 || self->distance2[i] < self->distance2[*medoid])
            *medoid = (guint32) i;
        out->inertia += self->distance2[i];
    }
}

static gboolean
iterate(Clustering *self, GError **error)
{
    double enough = TOLERANCE * mean_variance(self);
    gsize n_changed = 1;
    for (guint round = 0; round < MAX_ROUNDS && n_changed > 0; round++) {
        if (ts_interrupt_check(error) || !assign(self, &n_changed, error))
            return FALSE;
        self->out->n_rounds = round + 1;
        if ((round > 0 && n_changed == 0) || move_centers(self) <= enough)
            break;
        n_changed = 1;
    }
    return assign(self, &n_changed, error);
}

TsKmeans *
ts_kmeans(const TsPoints *points, const guint32 *rows, gsize n, gsize k, guint64 seed,
          GError **error)
{
    g_auto(Clustering) self = {0};
    n = rows != NULL ? n : points->n;
    if (k < 1 || k > n) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "%" G_GSIZE_FORMAT " clusters of %" G_GSIZE_FORMAT
                     " rows: from 1 to that are possible",
                     k, n);
        return NULL;
    }
    if (n + k > G_MAXUINT32) {
        ts_error_set(error, TS_ERROR_RANGE, "%" G_GSIZE_FORMAT " rows are too many", n);
        return NULL;
    }
    if (!allocate(&self, n, k, points->d, points->f32 != NULL, error))
        return NULL;
    copy_rows(&self, points, rows);
    if (!draw_centers(&self, seed, error) || !iterate(&self, error))
        return NULL;
    finish(&self);
    return g_steal_pointer(&self.out);
}

void
ts_kmeans_free(TsKmeans *self)
{
    if (self == NULL)
        return;
    g_free(self->cluster);
    g_free(self->center);
    g_free(self->medoid);
    g_free(self);
}
