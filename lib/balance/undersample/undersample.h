/* Rows of large classes chosen so that a given number of them is left.
 *
 *   NearMiss    rows near to the smallest class stay (Mani & Zhang, "kNN approach to unbalanced
 * data distributions", 2003): by the sum of the distances to the k nearest rows of it (version 1)
 * or to the k farthest (2); or, of the rows that are among the k3 nearest of some row of it, those
 * whose sum is largest (3), which may be fewer hardness    rows stay that a classifier gives their
 * own class the highest probability (Smith et al., "An instance level analysis of data complexity",
 * Machine Learning 95, 2014) centroids   a class is clustered into as many clusters as rows are
 * wanted; the centres stand for it, or of every cluster the row that is nearest to its centre
 *
 * Rows kept for their distances or probabilities are those of imbalanced-learn 0.14 where no two
 * distances or probabilities are equal; there the lower row number stays. (Its threshold on
 * probabilities keeps all equal ones, which can be more than were wanted.)
 *
 *     TsUndersample what = {&points, class_of_row, n_classes, targeted, targets};
 *     if (!ts_nearmiss(&what, 1, 3, 3, keep, error))
 *         return FALSE;
 */
#pragma once

#include "balance/space/points.h"

G_BEGIN_DECLS

typedef struct {
    const TsPoints *points;
    const gint32 *class_of_row; /* (n), -1: no class; those rows stay and count for nothing */
    guint n_classes;
    const gboolean *targeted; /* (n_classes); other classes stay as they are */
    const guint64 *targets;   /* (n_classes) rows that are to stay, at most as many as there are */
} TsUndersample;

/* The class with the fewest rows, of several the one seen first; -1 if no row has a class. */
gint32 ts_smallest_class(const gint32 *class_of_row, gsize n, guint n_classes);

/* The numbers of the rows of a class, ascending. Free with g_free(). TS_ERROR_NO_MEMORY. */
guint32 *
ts_rows_of_class(const gint32 *class_of_row, gsize n, gint32 which, gsize *n_found, GError **error);

/* NearMiss, version 1 to 3. keep[i] becomes TRUE or FALSE for each row. `k3` is used by version 3.
 * TS_ERROR_ARGUMENT for k of 0 or more than the smallest class has rows, and k3 of 0 or more than a
 * targeted class has; errors of the neighbour search. */
gboolean ts_nearmiss(const TsUndersample *what, guint version, guint k, guint k3, guint8 *keep,
                     GError **error);

/* Keep the rows of highest `score`, (n): the probability of the row's own class, from a model that
 * has not seen the row. what->points is not used but for the number of rows. TS_ERROR_NO_MEMORY. */
gboolean
ts_keep_easiest(const TsUndersample *what, const double *score, guint8 *keep, GError **error);

/* Replace targeted classes by as many centroids as their targets say: keep[i] becomes FALSE for all
 * of their rows, and `centers` the centroids, (sum of the targets, d), class by class; free with
 * g_free(). Where `centers` is NULL one row of each cluster stays instead, the nearest to its
 * centre. `seed` says where clusters start; with `compat`, below 2^32, it is the random_state of
 * imbalanced-learn's ClusterCentroids, and a row that is the nearest of two centres stays once.
 * Errors of ts_kmeans(). */
gboolean ts_keep_centroids(const TsUndersample *what, guint64 seed, gboolean compat, guint8 *keep,
                           double **centers, GError **error);

G_END_DECLS
