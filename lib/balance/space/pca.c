/* Principal components by subspace iteration. */
#include "balance/space/pca.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/rng.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

enum {
    BLOCK = 256, /* rows or columns of points that are worked on together */
    SPARE = 10,  /* directions beyond those that are asked for, which speed the iteration up */
    MAX_ROUNDS = 40,
    MAX_SWEEPS = 60,
};

/* l directions in d dimensions, and the n points along them. */
typedef struct {
    const TsPoints *points;
    gsize l;
    double *mean;      /* (d) */
    double *direction; /* (l, d), orthonormal or zero */
    double *score;     /* (n, l) */
    double *vector;    /* (l, l), the eigenvectors of score' score, one a column */
    double *value;     /* (l) */
} Pca;

static void
pca_clear(Pca *self)
{
    g_free(self->mean);
    g_free(self->direction);
    g_free(self->score);
    g_free(self->vector);
    g_free(self->value);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pca, pca_clear)

static gboolean
allocate(Pca *self, GError **error)
{
    gsize n = self->points->n, d = self->points->d, l = self->l;
    self->mean = ts_try_alloc(d, sizeof(double), "components", error);
    self->direction = self->mean ? ts_try_alloc(d, l * sizeof(double), "components", error) : NULL;
    self->score = self->direction ? ts_try_alloc(n, l * sizeof(double), "components", error) : NULL;
    self->vector = self->score ? ts_try_alloc(l, l * sizeof(double), "components", error) : NULL;
    self->value = self->vector ? ts_try_alloc(l, sizeof(double), "components", error) : NULL;
    return self->value != NULL;
}

/* Rows [row, row + n) and columns [column, column + m) of the centred points. */
static void
copy_block(const Pca *self, gsize row, gsize n, gsize column, gsize m, double *out)
{
    for (gsize i = 0; i < n; i++)
        for (gsize j = 0; j < m; j++)
            out[i * m + j] =
                ts_points_get(self->points, row + i, column + j) - self->mean[column + j];
    ts_points_release(self->points, row, row + n);
}

/* score = points direction'. */
static void
project(Pca *self)
{
    gsize n = self->points->n, d = self->points->d, l = self->l;
#pragma omp parallel for schedule(dynamic)
    for (gsize row = 0; row < n; row += BLOCK) {
        gsize n_now = MIN(BLOCK, n - row);
        g_autofree double *block = g_new(double, n_now *d);
        copy_block(self, row, n_now, 0, d, block);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int) n_now, (int) l, (int) d, 1,
                    block, (int) d, self->direction, (int) d, 0, self->score + row * l, (int) l);
    }
}

/* direction = score' points, a block of columns of the points by itself. */
static void
project_back(Pca *self)
{
    gsize n = self->points->n, d = self->points->d, l = self->l;
#pragma omp parallel for schedule(dynamic)
    for (gsize column = 0; column < d; column += BLOCK) {
        gsize m = MIN(BLOCK, d - column);
        g_autofree double *block = g_new(double, BLOCK *m);
        for (gsize row = 0; row < n; row += BLOCK) {
            gsize n_now = MIN(BLOCK, n - row);
            copy_block(self, row, n_now, column, m, block);
            cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int) l, (int) m, (int) n_now, 1,
                        self->score + row * l, (int) l, block, (int) m, row > 0,
                        self->direction + column, (int) d);
        }
    }
}

/* Modified Gram-Schmidt, twice; what depends on those before becomes zero. */
static void
orthonormalise(Pca *self)
{
    int d = (int) self->points->d;
    for (gsize i = 0; i < self->l; i++) {
        double *own = self->direction + i * self->points->d;
        double before = cblas_dnrm2(d, own, 1);
        for (int pass = 0; pass < 2; pass++)
            for (gsize j = 0; j < i; j++) {
                const double *other = self->direction + j * self->points->d;
                cblas_daxpy(d, -cblas_ddot(d, own, 1, other, 1), other, 1, own, 1);
            }
        double norm = cblas_dnrm2(d, own, 1);
        cblas_dscal(d, norm > 1e-12 * before ? 1 / norm : 0, own, 1);
    }
}

/* Turn rows and columns p and q of the symmetric matrix so that element (p, q) becomes 0. */
static void
rotate(double *matrix, double *vector, gsize l, gsize p, gsize q)
{
    double apq = matrix[p * l + q];
    if (apq == 0)
        return;
    double theta = (matrix[q * l + q] - matrix[p * l + p]) / (2 * apq);
    double t = copysign(1, theta) / (fabs(theta) + hypot(theta, 1));
    double c = 1 / hypot(t, 1), s = t * c;
    for (gsize i = 0; i < l; i++) {
        double ip = matrix[i * l + p], iq = matrix[i * l + q];
        matrix[i * l + p] = c * ip - s * iq;
        matrix[i * l + q] = s * ip + c * iq;
    }
    for (gsize i = 0; i < l; i++) {
        double pi = matrix[p * l + i], qi = matrix[q * l + i];
        matrix[p * l + i] = c * pi - s * qi;
        matrix[q * l + i] = s * pi + c * qi;
        double vp = vector[i * l + p], vq = vector[i * l + q];
        vector[i * l + p] = c * vp - s * vq;
        vector[i * l + q] = s * vp + c * vq;
    }
}

/* Cyclic Jacobi; the matrix becomes diagonal. */
static void
solve_symmetric(double *matrix, double *vector, gsize l)
{
    memset(vector, 0, l * l * sizeof *vector);
    for (gsize i = 0; i < l; i++)
        vector[i * l + i] = 1;
    for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
        double off = 0, diagonal = 0;
        for (gsize p = 0; p < l; p++)
            for (gsize q = 0; q < l; q++)
                *(p == q ? &diagonal : &off) += matrix[p * l + q] * matrix[p * l + q];
        if (off <= 1e-24 * diagonal)
            return;
        for (gsize p = 0; p + 1 < l; p++)
            for (gsize q = p + 1; q < l; q++)
                rotate(matrix, vector, l, p, q);
    }
}

/* matrix = score' score, a row of it by itself. */
static void
square_scores(const Pca *self, double *matrix)
{
    gsize n = self->points->n, l = self->l;
#pragma omp parallel for schedule(dynamic)
    for (gsize p = 0; p < l; p++)
        cblas_dgemv(CblasRowMajor, CblasTrans, (int) n, (int) l, 1, self->score, (int) l,
                    self->score + p, (int) l, 0, matrix + p * l, 1);
}

/* The eigenvectors of score' score, largest eigenvalue first; returns the sum of the first k. */
static double
find_axes(Pca *self, guint k)
{
    gsize l = self->l;
    g_autofree double *matrix = g_new0(double, l *l), *vector = g_new(double, l *l);
    g_autofree gboolean *taken = g_new0(gboolean, l);
    square_scores(self, matrix);
    solve_symmetric(matrix, vector, l);
    double sum = 0;
    for (gsize j = 0; j < l; j++) {
        gsize best = l;
        for (gsize i = 0; i < l; i++)
            if (!taken[i] && (best == l || matrix[i * l + i] > matrix[best * l + best]))
                best = i;
        taken[best] = TRUE;
        self->value[j] = matrix[best * l + best];
        sum += j < k ? self->value[j] : 0;
        for (gsize i = 0; i < l; i++)
            self->vector[i * l + j] = vector[i * l + best];
    }
    return sum;
}

static void
begin(Pca *self)
{
    TsRng rng;
    gsize n = self->points->n, d = self->points->d;
    ts_rng_init(&rng, 0, "pca", d);
    for (gsize i = 0; i < n; i++)
        for (gsize j = 0; j < d; j++)
            self->mean[j] += ts_points_get(self->points, i, j) / (double) n;
    for (gsize i = 0; i < self->l * d; i++)
        self->direction[i] = ts_rng_normal(&rng);
    orthonormalise(self);
}

double *
ts_pca_project(const TsPoints *points, guint k, GError **error)
{
    g_assert(k >= 1 && k <= MIN(points->n, points->d));
    g_auto(Pca) self = {.points = points, .l = MIN(k + SPARE, MIN(points->n, points->d))};
    g_autofree double *out = ts_try_alloc(points->n, k * sizeof *out, "components", error);
    if (out == NULL || !allocate(&self, error))
        return NULL;
    begin(&self);
    double before = 0;
    for (int round = 1; round <= MAX_ROUNDS; round++) {
        if (ts_interrupt_check(error))
            return NULL;
        project(&self);
        double now = find_axes(&self, k);
        if (fabs(now - before) <= 1e-6 * now || round == MAX_ROUNDS)
            break;
        before = now;
        project_back(&self);
        orthonormalise(&self);
    }
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int) points->n, (int) k, (int) self.l,
                1, self.score, (int) self.l, self.vector, (int) self.l, 0, out, (int) k);
    return g_steal_pointer(&out);
}
