/* Rows left out where classes overlap: Tomek links and edited nearest neighbours.
 *
 *   tomek   two rows of different classes that are each other's nearest neighbour (Tomek, 1976):
 *           those of targeted classes go
 *   enn     a row goes unless its k nearest rows agree with it (Wilson, 1972): all of them, or the
 *           class most frequent among them (the first one, if several are)
 *   renn    enn again and again, until nothing goes, or a class has become smaller than the
 *           smallest was, or has gone (Tomek, 1976)
 *   allknn  enn with k = 1, 2, ..., under the same rule for stopping
 *
 * Every round compares with the rows that the last one left. Rows without a class are nobody's
 * neighbours and stay. The rows that stay are those of imbalanced-learn 0.14, where no two
 * distances are equal; there the nearest by row number count (balance/neighbours.h).
 *
 *     TsCleanOptions how = {.method = TS_CLEAN_ENN, .k = 3};
 *     if (!ts_clean(&points, classes, 2, targeted, &how, keep, error))
 *         return FALSE;
 */
#pragma once

#include "balance/points.h"

G_BEGIN_DECLS

typedef enum { TS_CLEAN_TOMEK, TS_CLEAN_ENN, TS_CLEAN_RENN, TS_CLEAN_ALLKNN } TsCleanMethod;

typedef struct {
    TsCleanMethod method;
    guint k;          /* neighbours, at least 1; not for tomek */
    gboolean by_mode; /* the most frequent class decides, not all; not for tomek */
    guint max_rounds; /* of renn; 0: 100 */
} TsCleanOptions;

/* Say which rows stay: keep[i] becomes TRUE or FALSE for each row of the points. Only rows of
 * classes c with targeted[c] go. TS_ERROR_ARGUMENT for fewer labelled rows than k + 1; errors of
 * the neighbour search. */
gboolean
ts_clean(const TsPoints *points, const gint32 *class_of_row, guint n_classes,
         const gboolean *targeted, const TsCleanOptions *how, guint8 *keep, GError **error);

G_END_DECLS
