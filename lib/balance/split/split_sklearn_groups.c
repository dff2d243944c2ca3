/* scikit-learn's GroupKFold and StratifiedGroupKFold. Sums are added up in NumPy's order, since
 * ties of sums decide which group goes where. */
#include "balance/split/split_sklearn_groups.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <math.h>
#include <stdlib.h>

/* add.reduce() of contiguous doubles: eight partial sums, halves from 128 numbers on. */
static double
pairwise_sum(const double *x, gsize n)
{
    if (n > 128) {
        gsize half = n / 2 - n / 2 % 8;
        return pairwise_sum(x, half) + pairwise_sum(x + half, n - half);
    }
    double r[8] = {0}, sum = 0;
    gsize i = 0;
    if (n >= 8) {
        for (; i < n - n % 8; i++)
            r[i % 8] += x[i];
        sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    }
    for (; i < n; i++)
        sum += x[i];
    return sum;
}

/* np.std() of contiguous doubles; they are spent. */
static double
standard_deviation(double *x, gsize n)
{
    double mean = pairwise_sum(x, n) / (double) n;
    for (gsize i = 0; i < n; i++) {
        double d = x[i] - mean;
        x[i] = d * d;
    }
    return sqrt(pairwise_sum(x, n) / (double) n);
}

/* The same of a column of a table, whose rows NumPy adds one after the other. */
static double
column_deviation(const double *x, gsize n, gsize step)
{
    double sum = 0, squares = 0;
    for (gsize i = 0; i < n; i++)
        sum += x[i * step];
    double mean = sum / (double) n;
    for (gsize i = 0; i < n; i++) {
        double d = x[i * step] - mean, square = d * d;
        squares += square;
    }
    return sqrt(squares / (double) n);
}

typedef struct {
    double key;
    guint32 place, group;
} Ordered;

/* Largest key first; among equals the first place. */
static int
compare_ordered(const void *a, const void *b)
{
    const Ordered *x = a, *y = b;
    if (x->key != y->key)
        return x->key > y->key ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static void
give_rows(const TsSplitRows *rows, const guint32 *fold_of_group, guint32 *fold_of_row)
{
    for (guint64 row = 0; row < rows->n; row++)
        fold_of_row[row] = fold_of_group[rows->groups[row]];
}

/* permutation(groups), then np.array_split(): the first n % k runs are one longer. */
static gboolean
fold_runs(guint n, guint k, TsRandomState *random, guint32 *fold_of_group, GError **error)
{
    g_autofree guint32 *order = ts_try_alloc(n, sizeof *order, "groups", error);
    if (order == NULL)
        return FALSE;
    ts_random_state_permutation(random, order, n);
    guint at = 0;
    for (guint fold = 0; fold < k; fold++)
        for (guint end = at + n / k + (fold < n % k); at < end; at++)
            fold_of_group[order[at]] = fold;
    return TRUE;
}

/* Largest group first (among equals the last, as a stable order read backwards has it), each into
 * the first of the lightest folds. */
static gboolean
fold_lightest(const TsSplitRows *rows, guint k, guint32 *fold_of_group, GError **error)
{
    guint n = rows->n_groups;
    g_autofree Ordered *order = ts_try_alloc(n, sizeof *order, "groups", error);
    g_autofree double *weight =
        order != NULL ? ts_try_alloc(k, sizeof *weight, "folds", error) : NULL;
    if (weight == NULL)
        return FALSE;
    for (guint g = 0; g < n; g++)
        order[g] = (Ordered){0, n - g, g};
    for (guint64 row = 0; row < rows->n; row++)
        order[rows->groups[row]].key++;
    qsort(order, n, sizeof *order, compare_ordered);
    for (guint i = 0; i < n; i++) {
        guint lightest = 0;
        for (guint fold = 1; fold < k; fold++)
            if (weight[fold] < weight[lightest])
                lightest = fold;
        weight[lightest] += order[i].key;
        fold_of_group[order[i].group] = lightest;
    }
    return TRUE;
}

gboolean
ts_sklearn_group_folds(const TsSplitRows *rows, guint k, TsRandomState *random,
                       guint32 *fold_of_row, GError **error)
{
    g_autofree guint32 *fold_of_group =
        ts_try_alloc(rows->n_groups, sizeof *fold_of_group, "groups", error);
    if (fold_of_group == NULL ||
        (random != NULL ? !fold_runs(rows->n_groups, k, random, fold_of_group, error)
                        : !fold_lightest(rows, k, fold_of_group, error)))
        return FALSE;
    give_rows(rows, fold_of_group, fold_of_row);
    return TRUE;
}

/* The table of rows by fold and class while groups are dealt. */
typedef struct {
    guint k, n_classes, n_groups;
    guint *class_of_stratum; /* classes are the strata that have rows */
    double *totals;          /* (n_classes) */
    double *of_group;        /* (n_groups, n_classes) */
    double *of_fold;         /* (k, n_classes) */
    double *shares;          /* (k, n_classes): of_fold / totals */
    double *spread;          /* (max(k, n_classes)), scratch */
} Folds;

static void
folds_clear(Folds *self)
{
    g_free(self->class_of_stratum);
    g_free(self->totals);
    g_free(self->of_group);
    g_free(self->of_fold);
    g_free(self->shares);
    g_free(self->spread);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Folds, folds_clear)

static gboolean
alloc_doubles(double **x, gsize n, gsize m, GError **error)
{
    gsize size;
    if (!g_size_checked_mul(&size, n, m))
        return ts_error_set(error, TS_ERROR_NO_MEMORY, "table of groups: too large");
    *x = ts_try_alloc(size, sizeof **x, "table of groups", error);
    return *x != NULL;
}

static gboolean
folds_init(Folds *self, const TsSplitRows *rows, guint k, GError **error)
{
    self->k = k;
    self->n_groups = rows->n_groups;
    self->class_of_stratum =
        ts_try_alloc(rows->n_strata, sizeof *self->class_of_stratum, "strata", error);
    if (self->class_of_stratum == NULL)
        return FALSE;
    for (guint64 row = 0; row < rows->n; row++)
        self->class_of_stratum[rows->strata[row]] = 1;
    for (guint c = 0; c < rows->n_strata; c++)
        if (self->class_of_stratum[c] > 0)
            self->class_of_stratum[c] = self->n_classes++;
    gsize n = self->n_classes;
    if (!alloc_doubles(&self->totals, n, 1, error) ||
        !alloc_doubles(&self->of_group, rows->n_groups, n, error) ||
        !alloc_doubles(&self->of_fold, k, n, error) || !alloc_doubles(&self->shares, k, n, error) ||
        !alloc_doubles(&self->spread, MAX(k, n), 1, error))
        return FALSE;
    for (guint64 row = 0; row < rows->n; row++) {
        guint class = self->class_of_stratum[rows->strata[row]];
        self->totals[class]++;
        self->of_group[(gsize) rows->groups[row] * n + class]++;
    }
    return TRUE;
}

/* Mean over the classes of the spread of their shares over the folds. */
static double
unevenness(const Folds *self)
{
    guint n = self->n_classes, k = self->k;
    if (n == 1) {
        for (guint fold = 0; fold < k; fold++)
            self->spread[fold] = self->shares[fold];
        return standard_deviation(self->spread, k);
    }
    for (guint c = 0; c < n; c++)
        self->spread[c] = column_deviation(self->shares + c, k, n);
    return pairwise_sum(self->spread, n) / n;
}

static void
set_shares(const Folds *self, guint fold, const double *more)
{
    gsize at = (gsize) fold * self->n_classes;
    for (guint c = 0; c < self->n_classes; c++)
        self->shares[at + c] =
            (self->of_fold[at + c] + (more != NULL ? more[c] : 0)) / self->totals[c];
}

/* The least uneven fold; where that is as good as equal (np.isclose()), the one with fewer rows. */
static guint
best_fold(const Folds *self, const double *group)
{
    guint best = 0;
    double least = INFINITY, fewest = INFINITY;
    for (guint fold = 0; fold < self->k; fold++) {
        set_shares(self, fold, group);
        double value = unevenness(self);
        set_shares(self, fold, NULL);
        double n_rows =
            pairwise_sum(self->of_fold + (gsize) fold * self->n_classes, self->n_classes);
        gboolean close = isfinite(least) && fabs(value - least) <= 1e-8 + 1e-5 * fabs(least);
        if (value < least || (close && n_rows < fewest)) {
            least = value;
            fewest = n_rows;
            best = fold;
        }
    }
    return best;
}

/* Groups by the spread of their class counts, widest first, equal ones in shuffled order. */
static Ordered *
order_by_spread(const Folds *self, TsRandomState *random, GError **error)
{
    guint n = self->n_groups;
    g_autofree guint32 *shuffled = ts_try_alloc(n, sizeof *shuffled, "groups", error);
    Ordered *order = shuffled != NULL ? ts_try_alloc(n, sizeof *order, "groups", error) : NULL;
    if (order == NULL)
        return NULL;
    for (guint g = 0; g < n; g++)
        shuffled[g] = g;
    if (random != NULL)
        ts_random_state_shuffle(random, shuffled, n);
    for (guint i = 0; i < n; i++) {
        const double *counts = self->of_group + (gsize) shuffled[i] * self->n_classes;
        for (guint c = 0; c < self->n_classes; c++)
            self->spread[c] = counts[c];
        order[i] = (Ordered){standard_deviation(self->spread, self->n_classes), i, shuffled[i]};
    }
    qsort(order, n, sizeof *order, compare_ordered);
    return order;
}

gboolean
ts_sklearn_stratified_group_folds(const TsSplitRows *rows, guint k, TsRandomState *random,
                                  guint32 *fold_of_row, GError **error)
{
    g_auto(Folds) self = {0};
    g_autofree guint32 *fold_of_group =
        ts_try_alloc(rows->n_groups, sizeof *fold_of_group, "groups", error);
    if (fold_of_group == NULL || !folds_init(&self, rows, k, error))
        return FALSE;
    g_autofree Ordered *order = order_by_spread(&self, random, error);
    if (order == NULL)
        return FALSE;
    for (guint i = 0; i < rows->n_groups; i++) {
        const double *group = self.of_group + (gsize) order[i].group * self.n_classes;
        guint fold = best_fold(&self, group);
        for (guint c = 0; c < self.n_classes; c++)
            self.of_fold[(gsize) fold * self.n_classes + c] += group[c];
        set_shares(&self, fold, NULL);
        fold_of_group[order[i].group] = fold;
        if (i % 1024 == 0 && ts_interrupt_check(error))
            return FALSE;
    }
    give_rows(rows, fold_of_group, fold_of_row);
    return TRUE;
}
