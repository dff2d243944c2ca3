/* Shares of classes and numbers that say how uneven they are. */
#include "stats/class_table.h"

#include <math.h>
#include <stdlib.h>

static int
compare_counts(const void *a, const void *b)
{
    guint64 x = *(const guint64 *) a, y = *(const guint64 *) b;
    return (x > y) - (x < y);
}

/* Mean absolute difference over twice the mean; from sorted counts x_1 <= ... <= x_n:
 * sum (2i - n - 1) x_i / (n sum x_i). */
static double
gini_of_sorted(const guint64 *sorted, guint n, double total)
{
    double sum = 0;
    for (guint i = 0; i < n; i++)
        sum += (2.0 * (i + 1) - n - 1) * (double) sorted[i];
    return sum / (n * total);
}

void
ts_class_table_init(TsClassTable *table, const guint64 *counts, guint n)
{
    *table = (TsClassTable){.n_classes = n,
                            .imbalance_ratio = NAN,
                            .entropy = NAN,
                            .normalised_entropy = NAN,
                            .effective_classes = NAN,
                            .gini_impurity = NAN,
                            .gini_coefficient = NAN};
    g_autofree guint64 *sorted = g_new0(guint64, n + 1);
    for (guint i = 0; i < n; i++)
        sorted[i] = counts[i];
    qsort(sorted, n, sizeof *sorted, compare_counts);
    for (guint i = 0; i < n; i++) {
        table->total += sorted[i];
        table->n_empty += sorted[i] == 0;
        table->n_singletons += sorted[i] == 1;
    }
    if (table->total == 0)
        return;
    table->max = sorted[n - 1];
    table->min = sorted[table->n_empty];
    table->imbalance_ratio = (double) table->max / (double) table->min;
    double entropy = 0, squares = 0, total = (double) table->total;
    for (guint i = table->n_empty; i < n; i++) {
        double p = (double) sorted[i] / total;
        entropy -= p * log2(p);
        squares += p * p;
    }
    table->entropy = MAX(entropy, 0);
    table->normalised_entropy = n > 1 ? table->entropy / log2(n) : NAN;
    table->effective_classes = exp2(table->entropy);
    table->gini_impurity = 1 - squares;
    table->gini_coefficient = gini_of_sorted(sorted, n, total);
}

TsTier
ts_tier(const TsTiers *tiers, guint64 count)
{
    if (count > tiers->head)
        return TS_TIER_HEAD;
    return count < tiers->tail ? TS_TIER_TAIL : TS_TIER_MEDIUM;
}

const char *
ts_tier_name(TsTier tier)
{
    static const char *const names[] = {"head", "medium", "tail"};
    return names[tier];
}
