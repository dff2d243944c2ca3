/* K-means SMOTE: within clusters where the class is at home, the more the sparser it is there. */
#include "balance/smote/smote_private.h"

#include <math.h>
#include <string.h>

/* A cluster that is used. */
typedef struct {
    guint32 *rows; /* of the class */
    gsize n;
    double weight;
    guint64 add;
} Cluster;

static void
cluster_clear(Cluster *self)
{
    g_free(self->rows);
}

/* The mean distance of two rows, each pair from the lower one, in the order of the rows. */
static double
mean_distance(const TsPoints *points, const guint32 *rows, gsize n)
{
    g_autofree double *part = g_new0(double, n);
#pragma omp parallel for schedule(dynamic)
    for (gsize i = 0; i < n; i++)
        for (gsize j = i + 1; j < n; j++)
            part[i] += sqrt(ts_points_distance2(points, rows[i], rows[j]));
    double sum = 0;
    for (gsize i = 0; i < n; i++)
        sum += part[i];
    return 2 * sum / ((double) n * (double) n - (double) n);
}

static double
sparsity(const TsSmoteClass *self, const Cluster *cluster)
{
    double exponent = self->how->density_exponent;
    if (isnan(exponent))
        exponent = pow(log((double) cluster->n) / log(1.6), 1.8) * 0.16;
    double mean = mean_distance(self->points, cluster->rows, cluster->n);
    return pow(mean, exponent) / (double) cluster->n;
}

/* A row more than neighbours is enough. imbalanced-learn comes back to the rows from the share,
 * which may round to a little less: 3 rows of 47 are too few for 2 neighbours. */
static gboolean
has_enough(const TsSmoteClass *self, gsize n, double share, gsize n_all)
{
    if (self->how->compat && share * (double) n_all < self->how->k + 1.0)
        return FALSE;
    return n > self->how->k;
}

/* Add cluster `number` if the class has enough of it. */
static void
consider(const TsSmoteClass *self, guint32 number, GArray *clusters)
{
    gsize n_all = 0;
    Cluster one = {.rows = g_new(guint32, self->n_rows)};
    for (gsize i = 0; i < self->points->n; i++)
        n_all += self->how->cluster[i] == number && self->class_of_row[i] >= 0;
    for (gsize i = 0; i < self->n_rows; i++)
        if (self->how->cluster[self->rows[i]] == number)
            one.rows[one.n++] = self->rows[i];
    double threshold = self->how->cluster_threshold;
    if (isnan(threshold))
        threshold = (double) self->add / (double) self->add_all / 2;
    double share = n_all > 0 ? (double) one.n / (double) n_all : 0;
    if (n_all == 0 || (self->how->n_clusters > 1 && share < threshold) ||
        !has_enough(self, one.n, share, n_all)) {
        cluster_clear(&one);
        return;
    }
    one.weight = sparsity(self, &one);
    g_array_append_val(clusters, one);
}

/* Rows of each cluster by its weight: rounded up with compat, else by largest remainders. Where no
 * two rows differ, weights are 0 and count alike. */
static void
share_out(const TsSmoteClass *self, GArray *clusters)
{
    double sum = 0;
    for (guint i = 0; i < clusters->len; i++)
        sum += g_array_index(clusters, Cluster, i).weight;
    guint64 total = 0;
    for (guint i = 0; i < clusters->len; i++) {
        Cluster *one = &g_array_index(clusters, Cluster, i);
        one->weight = sum > 0 ? one->weight / sum : 1.0 / clusters->len;
        double wanted = (double) self->add * one->weight;
        one->add = (guint64) (self->how->compat ? ceil(wanted) : floor(wanted));
        one->weight = wanted - floor(wanted); /* what is left */
        total += one->add;
    }
    for (; total < self->add; total++) {
        Cluster *best = &g_array_index(clusters, Cluster, 0);
        for (guint i = 1; i < clusters->len; i++)
            if (g_array_index(clusters, Cluster, i).weight > best->weight)
                best = &g_array_index(clusters, Cluster, i);
        best->add++;
        best->weight = -1;
    }
}

static gboolean
draw_cluster(TsSmoteClass *self, const Cluster *cluster, guint number, GError **error)
{
    if (cluster->add == 0)
        return TRUE;
    g_autofree char *purpose = g_strdup_printf("smote, cluster %u", number);
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, cluster->rows, cluster->n, NULL, 0, self->how->k, error);
    if (near == NULL)
        return FALSE;
    ts_smote_draw(self, cluster->rows, near, cluster->add, 1, purpose);
    return TRUE;
}

gboolean
ts_smote_make_clusters(TsSmoteClass *self, GError **error)
{
    g_autoptr(GArray) clusters = g_array_new(FALSE, FALSE, sizeof(Cluster));
    g_array_set_clear_func(clusters, (GDestroyNotify) cluster_clear);
    for (guint c = 0; c < self->how->n_clusters; c++)
        consider(self, c, clusters);
    if (clusters->len == 0)
        return ts_smote_class_error(self, TS_ERROR_FORMAT,
                                    "no cluster has enough rows of it; lower --cluster-threshold "
                                    "or -k, or change --clusters",
                                    error);
    share_out(self, clusters);
    for (guint i = 0; i < clusters->len; i++)
        if (!draw_cluster(self, &g_array_index(clusters, Cluster, i), i, error))
            return FALSE;
    return TRUE;
}
