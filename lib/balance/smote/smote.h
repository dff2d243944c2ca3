/* Synthetic samples between neighbours: SMOTE and its kin.
 *
 * A synthetic sample is a recipe, two rows and how far from one to the other, so that pictures are
 * mixed when they are loaded and feature tables when they are written; nothing here makes them.
 *
 *   plain         Chawla et al., "SMOTE", JAIR 16, 2002: towards one of the k nearest rows of the
 *                 same class
 *   borderline-1  Han et al., "Borderline-SMOTE", ICIC 2005: only from rows in danger, of whose m
 *                 nearest rows at least half, but not all, are of other classes
 *   borderline-2  the same, towards neighbours of any class, at most half the way to those of
 *                 others
 *   adasyn        He et al., "ADASYN", IJCNN 2008: the more from a row, the more of its k nearest
 *                 rows are of other classes
 *   svm           Nguyen, Cooper & Kamei, "Borderline over-sampling for imbalanced data
 *                 classification", IJKESDP 3, 2011: from support vectors; those in danger towards
 *                 neighbours of the class, the others away from them
 *   clusters      Last, Douzas & Bacao, "Oversampling for imbalanced learning based on k-means and
 *                 SMOTE", arXiv 1711.00837: within clusters where the class has its share, the more
 *                 the sparser it is there
 *   safe-level    Bunkhumpornpat, Sinapiromsaran & Lursinsap, "Safe-level-SMOTE", PAKDD 2009:
 *                 nearer to the end that has more of its class around it
 *   eos           Dablain, Bellinger, Krawczyk & Chawla, "Efficient augmentation for imbalanced
 *                 deep learning", arXiv 2207.06080: towards enemies, rows of other classes among
 *                 the m nearest
 *
 * Neighbours are those of balance/space/neighbours.h. Every base is used evenly: as often as every
 * other, or once more, except under ADASYN. With `compat`, bases, neighbours and steps are drawn as
 * imbalanced-learn 0.14 draws them for random_state = seed, in its order, so that the numbers are
 * its numbers: with one stream that starts anew for each class (and for each cluster), or one
 * stream for all (ADASYN, and the share of svm). safe-level and eos are not in it and have no such
 * order.
 *
 *     TsSmoteOptions how = {.kind = TS_SMOTE_PLAIN, .k = 5, .m = 10, .seed = 0};
 *     g_autoptr(GArray) blends = ts_smote(&points, classes, 2, add, &how, made, error);
 *     if (blends == NULL)
 *         return FALSE;
 *     ts_blend_f32(&points, &g_array_index(blends, TsBlend, 0), row);
 */
#pragma once

#include "balance/space/points.h"
#include "balance/undersample/clean.h"

G_BEGIN_DECLS

typedef enum {
    TS_SMOTE_PLAIN,
    TS_SMOTE_BORDERLINE_1,
    TS_SMOTE_BORDERLINE_2,
    TS_SMOTE_ADASYN,
    TS_SMOTE_SVM,
    TS_SMOTE_CLUSTERS,
    TS_SMOTE_SAFE_LEVEL,
    TS_SMOTE_EOS,
} TsSmoteKind;

typedef struct {
    TsSmoteKind kind;
    guint k;      /* neighbours to go towards; fewer where a class has no more than k rows */
    guint m;      /* neighbours that say who is in danger (borderline, svm), or enemies (eos) */
    guint64 seed; /* with compat at most 2^32 - 1 */
    gboolean compat;
    double out_step;        /* svm: how far safe rows are left behind, 0.5 */
    const guint32 *cluster; /* clusters: per row, below n_clusters */
    guint n_clusters;
    double cluster_threshold; /* share of the class that a cluster needs; NAN: half its share of
                                 all new rows */
    double density_exponent;  /* NAN: 0.16 (log n / log 1.6)^1.8 of the n rows in the cluster */
    char *const *names;       /* of the classes, for messages; NULL: their numbers */
} TsSmoteOptions;

/* a + lambda * (scale * (b - a)): `scale` is 1 but for borderline-2, which shortens the way first.
 */
typedef struct {
    guint32 a, b; /* rows of the points */
    double lambda, scale;
} TsBlend;

/* Plan add[c] new rows of each class c, classes in order, and put into made[c] how many there are:
 * fewer, none, if no row of the class is in danger (borderline), near its class (safe-level) or
 * near others (eos); a little more or less under ADASYN, which rounds a share for each row; with
 * compat also more under clusters and less under svm, as imbalanced-learn does. A class of one row
 * is repeated (lambda 0). Class numbers are -1 (no class) to n_classes - 1. Returns an array of
 * TsBlend, free with g_array_unref(). TS_ERROR_ARGUMENT for k or m of 0 or m without so many rows,
 * and for add[c] > 0 of a class without rows; TS_ERROR_RANGE for 2^31 new rows; TS_ERROR_FORMAT
 * where ADASYN finds no neighbour of another class, svm no support vector that is not noise, or
 * clusters no cluster; errors of the neighbour search. */
GArray *ts_smote(const TsPoints *points, const gint32 *class_of_row, guint n_classes,
                 const guint64 *add, const TsSmoteOptions *how, guint64 *made, GError **error);

/* Say which of the points and of the new rows behind them, (n + blends->len), stay when all classes
 * are cleaned; free with g_free(). Errors of ts_clean(). */
guint8 *ts_smote_clean(const TsPoints *points, const gint32 *class_of_row, guint n_classes,
                       const GArray *blends, const TsCleanOptions *how, GError **error);

/* The values of a synthetic sample, (d), of points in single or in double precision. As NumPy
 * computes them: the difference in the precision of the points, the rest in double, one rounding.
 */
/* After how many new rows, whose parents lie anywhere, to release the points. */
gsize ts_blend_release_step(const TsPoints *points);

void ts_blend_f32(const TsPoints *points, const TsBlend *blend, float *out);
void ts_blend_f64(const TsPoints *points, const TsBlend *blend, double *out);

G_END_DECLS
