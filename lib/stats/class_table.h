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
    guint n_singletons; /* classes of one sample */
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

/* Where a class stands in a long tail. */
typedef enum { TS_TIER_HEAD, TS_TIER_MEDIUM, TS_TIER_TAIL } TsTier;

/* Counts that part the tiers: the head has more than `head` samples, the tail fewer than `tail`.
 * The field's are 100 and 20 (Liu et al., "Large-Scale Long-Tailed Recognition in an Open World",
 * CVPR 2019). */
typedef struct {
    guint64 head, tail;
} TsTiers;

/* The tier of a class of `count` samples. */
TsTier ts_tier(const TsTiers *tiers, guint64 count);

/* "head", "medium" or "tail". */
const char *ts_tier_name(TsTier tier);

/* Compute the table of `counts` (one per class). Nothing to free. */
void ts_class_table_init(TsClassTable *table, const guint64 *counts, guint n);

G_END_DECLS
