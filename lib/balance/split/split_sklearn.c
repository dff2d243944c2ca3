/* scikit-learn's splits of rows into training and test rows, and its plain and stratified folds. */
#include "balance/split/split_sklearn.h"

#include "balance/split/split_sklearn_groups.h"
#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows sorted by stratum: rows[begin[c]] .. rows[begin[c + 1] - 1], ascending, are of stratum c. */
typedef struct {
    guint n;        /* strata */
    guint64 *begin; /* n + 1 */
    guint32 *rows;
} Strata;

static void
strata_clear(Strata *self)
{
    g_free(self->begin);
    g_free(self->rows);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Strata, strata_clear)

static gboolean
strata_init(Strata *self, const TsSplitRows *rows, GError **error)
{
    self->n = rows->n_strata;
    self->begin = ts_try_alloc((gsize) self->n + 2, sizeof *self->begin, "strata", error);
    self->rows =
        self->begin != NULL ? ts_try_alloc(rows->n, sizeof *self->rows, "strata", error) : NULL;
    if (self->rows == NULL)
        return FALSE;
    for (guint64 row = 0; row < rows->n; row++)
        self->begin[rows->strata[row] + 2]++;
    for (guint c = 2; c <= self->n; c++)
        self->begin[c] += self->begin[c - 1];
    for (guint64 row = 0; row < rows->n; row++)
        self->rows[self->begin[rows->strata[row] + 1]++] = (guint32) row;
    return TRUE;
}

static guint64
stratum_size(const Strata *self, guint stratum)
{
    return self->begin[stratum + 1] - self->begin[stratum];
}

static gboolean
check_rows(const TsSplitRows *rows, GError **error)
{
    if (rows->n > G_MAXINT32)
        return ts_error_set(error, TS_ERROR_RANGE, "too many rows");
    for (guint64 row = 0; row < rows->n; row++)
        if ((rows->strata != NULL && rows->strata[row] < 0) ||
            (rows->groups != NULL && rows->groups[row] < 0))
            return ts_error_set(error, TS_ERROR_RANGE,
                                "rows without a %s, which scikit-learn does not take",
                                rows->strata != NULL && rows->strata[row] < 0 ? "label" : "group");
    return TRUE;
}

/* permutation(n)[:n_test] are 1 of the `n` numbers, the others 0. */
static gboolean
choose(guint64 n, guint64 n_test, TsRandomState *random, guint32 *chosen, GError **error)
{
    g_autofree guint32 *order = ts_try_alloc(n, sizeof *order, "rows", error);
    if (order == NULL)
        return FALSE;
    ts_random_state_permutation(random, order, n);
    memset(chosen, 0, n * sizeof *chosen);
    for (guint64 i = 0; i < n_test; i++)
        chosen[order[i]] = 1;
    return TRUE;
}

static gboolean
choose_groups(const TsSplitRows *rows, guint64 n_test, TsRandomState *random, guint32 *split_of_row,
              GError **error)
{
    g_autofree guint32 *chosen = ts_try_alloc(rows->n_groups, sizeof *chosen, "groups", error);
    if (chosen == NULL || !choose(rows->n_groups, n_test, random, chosen, error))
        return FALSE;
    for (guint64 row = 0; row < rows->n; row++)
        split_of_row[row] = chosen[rows->groups[row]];
    return TRUE;
}

typedef struct {
    double remainder;
    guint stratum;
} Remainder;

/* Largest remainder first, then by number. */
static int
compare_remainders(const void *a, const void *b)
{
    const Remainder *x = a, *y = b;
    if (x->remainder != y->remainder)
        return x->remainder > y->remainder ? -1 : 1;
    return (x->stratum > y->stratum) - (x->stratum < y->stratum);
}

/* rng.choice(ties, n, replace=False): those get one more. */
static void
raise_some(const Remainder *ties, guint n_ties, guint n, TsRandomState *random, guint32 *order,
           guint64 *shares)
{
    ts_random_state_permutation(random, order, n_ties);
    for (guint i = 0; i < n; i++)
        shares[ties[order[i]].stratum]++;
}

/* _approximate_mode(): how many of the `n_draws` rows are of each stratum. */
static gboolean
share_draws(const guint64 *counts, guint n, guint64 n_draws, TsRandomState *random, guint64 *shares,
            GError **error)
{
    g_autofree Remainder *remainders = ts_try_alloc(n, sizeof *remainders, "strata", error);
    g_autofree guint32 *order =
        remainders != NULL ? ts_try_alloc(n, sizeof *order, "strata", error) : NULL;
    if (order == NULL)
        return FALSE;
    guint64 total = 0, given = 0;
    for (guint c = 0; c < n; c++)
        total += counts[c];
    for (guint c = 0; c < n; c++) {
        double exact = (double) counts[c] / (double) total * (double) n_draws;
        shares[c] = (guint64) floor(exact);
        remainders[c] = (Remainder){exact - floor(exact), c};
        given += shares[c];
    }
    qsort(remainders, n, sizeof *remainders, compare_remainders);
    guint end;
    for (guint begin = 0; begin < n && given < n_draws; begin = end) {
        for (end = begin + 1; end < n && remainders[end].remainder == remainders[begin].remainder;)
            end++;
        guint add = (guint) MIN(end - begin, n_draws - given);
        raise_some(remainders + begin, end - begin, add, random, order, shares);
        given += add;
    }
    return TRUE;
}

static gboolean
check_strata(const Strata *strata, guint64 n_train, guint64 n_test, GError **error)
{
    guint n_classes = 0;
    for (guint c = 0; c < strata->n; c++) {
        if (stratum_size(strata, c) == 1)
            return ts_error_set(error, TS_ERROR_RANGE,
                                "a class of one row; scikit-learn wants two at least");
        n_classes += stratum_size(strata, c) > 0;
    }
    return MIN(n_train, n_test) >= n_classes ||
           ts_error_set(error, TS_ERROR_RANGE,
                        "%" G_GUINT64_FORMAT " training and %" G_GUINT64_FORMAT
                        " test rows of %u classes; scikit-learn wants one of each at least",
                        n_train, n_test, n_classes);
}

/* The two permutations at the end put the rows in random order: they change no row's side, but a
 * next repeat starts behind them. */
static void
draw_order_of_sides(guint64 n_train, guint64 n_test, TsRandomState *random, guint32 *order)
{
    ts_random_state_permutation(random, order, n_train);
    ts_random_state_permutation(random, order, n_test);
}

static gboolean
choose_of_strata(const TsSplitRows *rows, guint64 n_test, TsRandomState *random,
                 guint32 *split_of_row, GError **error)
{
    g_auto(Strata) strata = {0};
    guint n = rows->n_strata;
    g_autofree guint64 *counts = ts_try_alloc(3 * (gsize) n, sizeof *counts, "strata", error);
    g_autofree guint32 *order =
        counts != NULL ? ts_try_alloc(rows->n, sizeof *order, "rows", error) : NULL;
    if (order == NULL || !strata_init(&strata, rows, error) ||
        !check_strata(&strata, rows->n - n_test, n_test, error))
        return FALSE;
    guint64 *train = counts + n, *test = train + n;
    for (guint c = 0; c < n; c++)
        counts[c] = stratum_size(&strata, c);
    if (!share_draws(counts, n, rows->n - n_test, random, train, error))
        return FALSE;
    for (guint c = 0; c < n; c++)
        counts[c] -= train[c];
    if (!share_draws(counts, n, n_test, random, test, error))
        return FALSE;
    for (guint c = 0; c < n; c++) {
        guint64 size = stratum_size(&strata, c);
        ts_random_state_permutation(random, order, size);
        for (guint64 i = 0; i < size; i++)
            split_of_row[strata.rows[strata.begin[c] + order[i]]] = i >= train[c];
    }
    draw_order_of_sides(rows->n - n_test, n_test, random, order);
    return TRUE;
}

gboolean
ts_sklearn_train_test(const TsSplitRows *rows, guint64 n_test, TsRandomState *random,
                      guint32 *split_of_row, GError **error)
{
    if (rows->strata != NULL && rows->groups != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "scikit-learn divides by classes and groups at once into folds alone; "
                            "--no-stratify or --no-groups");
    if (random == NULL && (rows->strata != NULL || rows->groups != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "scikit-learn divides by %s with shuffling alone",
                            rows->strata != NULL ? "classes" : "groups");
    guint64 n = rows->groups != NULL ? rows->n_groups : rows->n;
    if (!check_rows(rows, error))
        return FALSE;
    if (n_test == 0 || n_test >= n)
        return ts_error_set(error, TS_ERROR_RANGE,
                            "%" G_GUINT64_FORMAT " test %s of %" G_GUINT64_FORMAT
                            ": a side is empty",
                            n_test, rows->groups != NULL ? "groups" : "rows", n);
    if (rows->strata != NULL)
        return choose_of_strata(rows, n_test, random, split_of_row, error);
    if (rows->groups != NULL)
        return choose_groups(rows, n_test, random, split_of_row, error);
    for (guint64 row = 0; random == NULL && row < n; row++)
        split_of_row[row] = row >= n - n_test;
    return random == NULL || choose(n, n_test, random, split_of_row, error);
}

static gboolean
plain_folds(guint64 n, guint k, TsRandomState *random, guint32 *fold_of_row, GError **error)
{
    g_autofree guint32 *order = ts_try_alloc(n, sizeof *order, "rows", error);
    if (order == NULL)
        return FALSE;
    for (guint64 i = 0; i < n; i++)
        order[i] = (guint32) i;
    if (random != NULL)
        ts_random_state_shuffle(random, order, n);
    guint64 at = 0;
    for (guint fold = 0; fold < k; fold++)
        for (guint64 end = at + n / k + (fold < n % k); at < end; at++)
            fold_of_row[order[at]] = fold;
    return TRUE;
}

typedef struct {
    guint32 first_row;
    guint stratum;
} Appearance;

static int
compare_appearances(const void *a, const void *b)
{
    const Appearance *x = a, *y = b;
    return (x->first_row > y->first_row) - (x->first_row < y->first_row);
}

/* Strata in the order of their first rows; the number of those that have rows. */
static guint
order_of_appearance(const Strata *strata, Appearance *order)
{
    guint n = 0;
    for (guint c = 0; c < strata->n; c++)
        if (stratum_size(strata, c) > 0)
            order[n++] = (Appearance){strata->rows[strata->begin[c]], c};
    qsort(order, n, sizeof *order, compare_appearances);
    return n;
}

/* Strata laid one behind the other are dealt round robin: that says how many rows of a stratum each
 * fold gets. They are given out in blocks, or shuffled. */
static gboolean
stratified_folds(const TsSplitRows *rows, guint k, TsRandomState *random, guint32 *fold_of_row,
                 GError **error)
{
    g_auto(Strata) strata = {0};
    g_autofree guint32 *folds = ts_try_alloc(rows->n, sizeof *folds, "rows", error);
    g_autofree Appearance *order =
        folds != NULL ? ts_try_alloc(rows->n_strata, sizeof *order, "strata", error) : NULL;
    if (order == NULL || !strata_init(&strata, rows, error))
        return FALSE;
    guint n = order_of_appearance(&strata, order);
    guint64 start = 0;
    for (guint i = 0; i < n; i++) {
        const guint32 *members = strata.rows + strata.begin[order[i].stratum];
        guint64 size = stratum_size(&strata, order[i].stratum), at = 0;
        for (guint fold = 0; fold < k; fold++)
            for (guint64 place = (fold + k - start % k) % k; place < size; place += k)
                folds[at++] = fold;
        if (random != NULL)
            ts_random_state_shuffle(random, folds, size);
        for (guint64 j = 0; j < size; j++)
            fold_of_row[members[j]] = folds[j];
        start += size;
    }
    return TRUE;
}

/* At least one class has a row for every fold. */
static gboolean
check_folds_of_strata(const TsSplitRows *rows, guint k, GError **error)
{
    g_autofree guint64 *counts = ts_try_alloc(rows->n_strata, sizeof *counts, "strata", error);
    guint64 largest = 0;
    if (counts == NULL)
        return FALSE;
    for (guint64 row = 0; row < rows->n; row++)
        counts[rows->strata[row]]++;
    for (guint c = 0; c < rows->n_strata; c++)
        largest = MAX(largest, counts[c]);
    return largest >= k ||
           ts_error_set(error, TS_ERROR_RANGE,
                        "%u folds, the largest class has %" G_GUINT64_FORMAT " rows", k, largest);
}

gboolean
ts_sklearn_k_fold(const TsSplitRows *rows, guint k, TsRandomState *random, guint32 *fold_of_row,
                  GError **error)
{
    guint64 n = rows->groups != NULL ? rows->n_groups : rows->n;
    if (!check_rows(rows, error))
        return FALSE;
    if (k > n)
        return ts_error_set(error, TS_ERROR_RANGE, "%u folds of %" G_GUINT64_FORMAT " %s", k, n,
                            rows->groups != NULL ? "groups" : "rows");
    if (rows->strata != NULL && !check_folds_of_strata(rows, k, error))
        return FALSE;
    if (rows->groups != NULL && rows->strata != NULL)
        return ts_sklearn_stratified_group_folds(rows, k, random, fold_of_row, error);
    if (rows->groups != NULL)
        return ts_sklearn_group_folds(rows, k, random, fold_of_row, error);
    if (rows->strata != NULL)
        return stratified_folds(rows, k, random, fold_of_row, error);
    return plain_folds(n, k, random, fold_of_row, error);
}
