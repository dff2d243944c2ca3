/* The smoothed bootstrap: rows repeated with normal noise (ROSE, Menardi & Torelli, "Training and
 * assessing classification rules with imbalanced data", Data Mining and Knowledge Discovery 28,
 * 2014).
 *
 * A new row is x + s h sd z: z normal numbers, sd the deviations of the columns within the class
 * (of the class itself, ddof 0), s the shrinkage that is asked for, and h = (4 / ((d + 2) n))^(1 /
 * (d + 4)) of all n rows, as in imbalanced-learn.
 *
 *     TsRose how = {&points, class_of_row, n_classes, add, shrinkage};
 *     if (!ts_rose(&how, base, values, error))
 *         return FALSE;
 */
#pragma once

#include "balance/space/points.h"

G_BEGIN_DECLS

typedef struct {
    const TsPoints *points;
    const gint32 *class_of_row; /* (n), -1: none */
    guint n_classes;
    const guint64 *add;      /* (n_classes) new rows of each class */
    const double *shrinkage; /* (n_classes), at least 0; 0: mere repetition */
    gboolean compat;         /* bases and noise are those of RandomOverSampler for random_state =
                                seed */
    guint64 seed;
} TsRose;

/* Make the rows, class by class: base[i], (sum of add), is the row that new row i starts from,
 * which the caller says, or, with compat, is told; `values` its values, (sum of add, d), the
 * caller's. TS_ERROR_ARGUMENT for add[c] > 0 of a class without rows; TS_ERROR_NO_MEMORY. */
gboolean ts_rose(const TsRose *how, guint32 *base, double *values, GError **error);

G_END_DECLS
