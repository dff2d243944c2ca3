/* Rows left out where classes overlap, or where others of their class stand for them.
 *
 *   tomek   two rows of different classes that are each other's nearest neighbour (Tomek, 1976):
 *           those of targeted classes go
 *   enn     a row goes unless its k nearest rows agree with it (Wilson, 1972): all of them, or the
 *           class most frequent among them (the first one, if several are)
 *   renn    enn again and again, until nothing goes, or a class has become smaller than the
 *           smallest was, or has gone (Tomek, 1976)
 *   allknn  enn with k = 1, 2, ..., under the same rule for stopping
 *
 *   ncr     rows that enn by mode would drop, and the k nearest of every row of the smallest class
 *           that itself and its k - 1 nearest vote out of it, if their classes have more than
 *           `threshold` times its rows (Laurikkala, 2001)
 *   cnn     from a class stay a row that is drawn and, one row after the other, those whose nearest
 *           row, of those that stay and of the smallest class, is of the other class (Hart, 1968)
 *   oss     from a class stay the row that is drawn and those nearer to the smallest class than to
 *           it; then tomek (Kubat & Matwin, 1997)
 *
 * Every round compares with the rows that the last one left. Rows without a class are nobody's
 * neighbours and stay. The rows that stay are those of imbalanced-learn 0.14, where no two
 * distances are equal; there the nearest by row number count (balance/space/neighbours.h).
 *
 *     TsCleanOptions how = {.method = TS_CLEAN_ENN, .k = 3};
 *     if (!ts_clean(&points, classes, 2, targeted, &how, keep, error))
 *         return FALSE;
 */
#pragma once

#include "balance/space/points.h"

G_BEGIN_DECLS

typedef enum {
    TS_CLEAN_TOMEK,
    TS_CLEAN_ENN,
    TS_CLEAN_RENN,
    TS_CLEAN_ALLKNN,
    TS_CLEAN_NCR,
    TS_CLEAN_CNN,
    TS_CLEAN_OSS,
} TsCleanMethod;

typedef struct {
    TsCleanMethod method;
    guint k;              /* neighbours, at least 1; not for tomek, cnn and oss */
    gboolean by_mode;     /* the most frequent class decides, not all; enn, renn, allknn */
    guint max_rounds;     /* of renn; 0: 100 */
    const char *strategy; /* of imbalanced-learn, which renn and allknn ask anew in every round
                             which classes it is about, as that does; NULL: `targeted` stays */
    double threshold;     /* of ncr; imbalanced-learn's is 0.5 */
    guint n_seeds;        /* rows drawn of each class, cnn and oss; 0: 1 */
    guint64 seed;         /* cnn and oss draw as imbalanced-learn for random_state = seed, < 2^32 */
    gboolean compat;      /* cnn also passes over the rows that imbalanced-learn passes over because
                             it takes numbers in the class for numbers in the data */
} TsCleanOptions;

/* Say which rows stay: keep[i] becomes TRUE or FALSE for each row of the points. Only rows of
 * classes c with targeted[c] go. TS_ERROR_ARGUMENT for fewer labelled rows than k + 1; errors of
 * the neighbour search. */
gboolean
ts_clean(const TsPoints *points, const gint32 *class_of_row, guint n_classes,
         const gboolean *targeted, const TsCleanOptions *how, guint8 *keep, GError **error);

G_END_DECLS
