/* MiniBatchKMeans of scikit-learn, draw for draw. */
#include "balance/space/kmeans_compat_private.h"
#include "base/interrupt.h"

#include <math.h>
#include <string.h>

enum {
    BATCH = 1024,
    MAX_PASSES = 100,   /* over the rows, in batches */
    MAX_IN_VAIN = 10,   /* batches without improvement */
    REASSIGN_AFTER = 10 /* times k rows */
};

#define REASSIGN_BELOW 0.01 /* of the rows of the largest cluster */

/* Centres that stand for few rows become rows of the batch. */
static void
reassign(TsKmeansCompat *self, gsize n_batch)
{
    g_autofree gboolean *goes = g_new(gboolean, self->k);
    g_autofree guint32 *order = g_new(guint32, n_batch);
    double most = 0, least = INFINITY;
    gsize n_go = 0, at = 0;
    for (gsize c = 0; c < self->k; c++)
        most = MAX(most, self->weight[c]);
    double bound = ts_kmeans_rounded(self, ts_kmeans_rounded(self, REASSIGN_BELOW) * most);
    for (gsize c = 0; c < self->k; c++)
        n_go += goes[c] = self->weight[c] < bound;
    for (; n_go > n_batch / 2; n_go--) { /* the heaviest stay */
        gsize heaviest = self->k;
        for (gsize c = 0; c < self->k; c++)
            if (goes[c] && (heaviest == self->k || self->weight[c] >= self->weight[heaviest]))
                heaviest = c;
        goes[heaviest] = FALSE;
    }
    if (n_go > 0)
        ts_random_state_permutation(&self->random, order, n_batch);
    for (gsize c = 0; c < self->k; c++)
        if (!goes[c])
            least = MIN(least, self->weight[c]);
    for (gsize c = 0; c < self->k; c++) {
        if (!goes[c])
            continue;
        memcpy(self->next + c * self->d, ts_kmeans_row(self, self->batch, order[at++]),
               self->d * sizeof *self->next);
        self->weight[c] = least;
    }
}

/* The means of all rows that a centre has seen. */
static void
move_with_batch(TsKmeansCompat *self, gsize n_batch)
{
    gsize d = self->d;
    g_autofree gsize *members = g_new0(gsize, self->k);
    for (gsize i = 0; i < n_batch; i++)
        members[self->label[i]]++;
    memcpy(self->next, self->center, self->k * d * sizeof *self->next);
    for (gsize c = 0; c < self->k; c++)
        for (gsize j = 0; members[c] > 0 && j < d; j++)
            self->next[c * d + j] =
                ts_kmeans_rounded(self, self->center[c * d + j] * self->weight[c]);
    for (gsize i = 0; i < n_batch; i++) {
        const double *row = ts_kmeans_row(self, self->batch, i);
        double *next = self->next + self->label[i] * d;
        for (gsize j = 0; j < d; j++)
            next[j] = ts_kmeans_rounded(self, next[j] + row[j]);
    }
    for (gsize c = 0; c < self->k; c++) {
        self->weight[c] = ts_kmeans_rounded(self, self->weight[c] + (double) members[c]);
        double scale = ts_kmeans_rounded(self, 1 / self->weight[c]);
        for (gsize j = 0; members[c] > 0 && j < d; j++)
            self->next[c * d + j] = ts_kmeans_rounded(self, self->next[c * d + j] * scale);
    }
}

static gboolean
any_empty(const TsKmeansCompat *self)
{
    for (gsize c = 0; c < self->k; c++)
        if (self->weight[c] == 0)
            return TRUE;
    return FALSE;
}

/* What stops the batches: a mean of their inertias that no longer falls. */
typedef struct {
    double mean, least;
    guint in_vain;
} Course;

static gboolean
has_converged(Course *self, gsize step, gsize n, gsize n_batch, double inertia)
{
    if (step == 0)
        return FALSE;
    double alpha = MIN((double) n_batch * 2 / (double) (n + 1), 1);
    self->mean = isnan(self->mean) ? inertia : self->mean * (1 - alpha) + inertia * alpha;
    self->in_vain = self->mean < self->least ? 0 : self->in_vain + 1;
    self->least = MIN(self->least, self->mean);
    return self->in_vain >= MAX_IN_VAIN;
}

gboolean
ts_kmeans_in_batches(TsKmeansCompat *self, TsKmeans *out, GError **error)
{
    gsize n = self->n, n_batch = MIN((gsize) BATCH, n), n_start = 3 * n_batch, unseen = 0;
    n_start = MIN(n_start < self->k ? 3 * self->k : n_start, n);
    for (gsize i = 0; i < n_start; i++) /* rows to compare starts on, of which there is one */
        ts_random_state_below(&self->random, n);
    for (gsize i = 0; n_start < n && i < n_start; i++)
        self->batch[i] = (guint32) ts_random_state_below(&self->random, n);
    if (!ts_kmeans_start(self, n_start < n ? self->batch : NULL, n_start, error))
        return FALSE;
    ts_kmeans_set_shares(self, n);
    memset(self->weight, 0, self->k * sizeof *self->weight);
    Course course = {.mean = NAN, .least = INFINITY};
    gsize n_steps = MAX_PASSES * n / n_batch;
    for (gsize step = 0; step < n_steps; step++) {
        if (ts_interrupt_check(error))
            return FALSE;
        for (gsize i = 0; i < n_batch; i++)
            self->batch[i] = (guint32) ts_kmeans_draw_row(self, n);
        unseen += n_batch;
        gboolean renew = any_empty(self) || unseen >= REASSIGN_AFTER * self->k;
        ts_kmeans_assign(self, self->batch, n_batch);
        double inertia = ts_kmeans_inertia(self, self->batch, n_batch) / (double) n_batch;
        move_with_batch(self, n_batch);
        if (renew) {
            unseen = 0;
            reassign(self, n_batch);
        }
        ts_kmeans_swap_centers(self);
        out->n_rounds = (guint) step + 1;
        if (has_converged(&course, step, n, n_batch, inertia))
            break;
    }
    ts_kmeans_assign(self, NULL, n);
    return TRUE;
}
