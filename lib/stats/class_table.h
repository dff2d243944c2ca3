/* How evenly samples are spread over classes: shares and the usual single numbers.
 *
 * Classes without a sample count as classes (they lower the normalised entropy and raise the Gini
 * coefficient), but the imbalance ratio is taken over the others, as it would be infinite.
 *
 *     TsClassTable table;
 *     ts_class_table_init(&table, classes->counts, classes->n);
 *     printf("%g : 1\n", table.imbalance_ratio);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    guint n_classes;
    guint n_empty;
    guint64 total;
    guint64 max, min;       /* counts of the largest and of the smallest class that is not empty */
    double imbalance_ratio; /* max / min; NaN without samples */
    double entropy;         /* -sum p log2 p, in bits; NaN without samples */
    double
        normalised_entropy; /* entropy / log2(n_classes), 1: even; NaN with fewer than 2 classes */
    double effective_classes; /* 2^entropy: as many even classes have the same entropy */
    double gini_impurity;     /* 1 - sum p^2 */
    double gini_coefficient;  /* of the counts: 0 even, towards 1 all in one class */
} TsClassTable;

/* Compute the table of `counts` (one per class). Nothing to free. */
void ts_class_table_init(TsClassTable *table, const guint64 *counts, guint n);

/* Count rows by two numberings (-1: none) of the same n_rows rows. Returns (n_a + 1) x (n_b + 1)
 * counts, row by row; the last row and the last column count the rows that are -1. NULL and
 * TS_ERROR_NO_MEMORY if that is too large. Free with g_free(). */
guint64 *ts_cross_count(const gint32 *a, guint n_a, const gint32 *b, guint n_b, guint64 n_rows,
                        GError **error);

G_END_DECLS
