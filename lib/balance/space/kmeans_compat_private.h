/* What the two k-means of scikit-learn share (kmeans_compat.h). */
#pragma once

#include "balance/random_state.h"
#include "balance/space/kmeans.h"
#include "base/memory.h"

G_BEGIN_DECLS

/* Values are held in double precision and rounded to single after each step where points are
 * single: that is what arithmetic in single precision gives. */
typedef struct {
    gsize n, d, k;
    gboolean single;
    TsScratch values;
    double *x;      /* (n, d) */
    double *norm;   /* (n) squared */
    double *center; /* (k, d) */
    double *next;   /* (k, d) */
    double *weight; /* (k) rows of a cluster; of mini batches, as they are counted */
    double *cdf;    /* (n) of rows drawn alike */
    guint32 *batch; /* rows of a mini batch, or drawn to start from */
    guint32 *label; /* (n) */
    guint32 *label_before;
    TsRandomState random;
} TsKmeansCompat;

static inline double
ts_kmeans_rounded(const TsKmeansCompat *self, double value)
{
    return self->single ? (double) (float) value : value;
}

static inline const double *
ts_kmeans_row(const TsKmeansCompat *self, const guint32 *rows, gsize i)
{
    return self->x + (rows != NULL ? rows[i] : i) * self->d;
}

/* Every one of n rows gets the same share, as choice() adds shares up. */
void ts_kmeans_set_shares(TsKmeansCompat *self, gsize n);

/* choice(n, p=shares). */
gsize ts_kmeans_draw_row(TsKmeansCompat *self, gsize n);

/* Centres by greedy k-means++ on n rows (NULL: all). TS_ERROR_NO_MEMORY, TS_ERROR_INTERRUPTED. */
gboolean ts_kmeans_start(TsKmeansCompat *self, const guint32 *rows, gsize n, GError **error);

/* Labels of n rows: the first of the nearest centres. */
void ts_kmeans_assign(TsKmeansCompat *self, const guint32 *rows, gsize n);

/* Sum of the squared distances of n rows to the centres of their labels. */
double ts_kmeans_inertia(const TsKmeansCompat *self, const guint32 *rows, gsize n);

/* The next centres become those that there are. */
void ts_kmeans_swap_centers(TsKmeansCompat *self);

/* MiniBatchKMeans: centres and labels. TS_ERROR_NO_MEMORY, TS_ERROR_INTERRUPTED. */
gboolean ts_kmeans_in_batches(TsKmeansCompat *self, TsKmeans *out, GError **error);

G_END_DECLS
