/* How often each row is written so that its class comes to its target. */
#include "balance/resample/resample.h"

#include "balance/random_state.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/rng.h"

/* The rows of class c stand at begin[c] .. begin[c + 1] - 1, in order. */
static guint64 *
sort_rows_by_class(const gint32 *class_of_row, guint64 n_rows, const guint64 *counts, guint n,
                   guint64 *begin, GError **error)
{
    for (guint c = 0; c < n; c++)
        begin[c + 1] = begin[c] + counts[c];
    guint64 *rows = ts_try_alloc(begin[n], sizeof *rows, "rows of classes", error);
    g_autofree guint64 *at = g_new(guint64, n + 1);
    for (guint c = 0; c < n; c++)
        at[c] = begin[c];
    for (guint64 row = 0; rows != NULL && row < n_rows; row++)
        if (class_of_row[row] >= 0)
            rows[at[class_of_row[row]]++] = row;
    return rows;
}

/* Put `wanted` of the rows at the front, at random. */
static void
choose_some(TsRng *rng, guint64 *rows, guint64 n, guint64 wanted)
{
    if (wanted > 0 && wanted < n)
        ts_rng_shuffle(rng, rows, n);
}

static gboolean
repeat_class(TsRng *rng, guint64 *rows, guint64 n, guint64 target, gboolean bootstrap,
             guint32 *repeats, GError **error)
{
    guint64 each = n > 0 ? target / n : 0, rest = n > 0 ? target % n : 0;
    if (each >= G_MAXUINT32 || (bootstrap && target >= G_MAXUINT32))
        return ts_error_set(
            error, TS_ERROR_RANGE,
            "target of %" G_GUINT64_FORMAT " rows: a row would be repeated too often", target);
    gboolean draws = bootstrap && target > n;
    for (guint64 i = 0; i < n; i++)
        repeats[rows[i]] = draws ? 1 : (guint32) each;
    if (draws) {
        for (guint64 i = n; i < target; i++)
            repeats[rows[ts_rng_below(rng, n)]]++;
        return TRUE;
    }
    choose_some(rng, rows, n, rest);
    for (guint64 i = 0; i < rest; i++)
        repeats[rows[i]]++;
    return TRUE;
}

gboolean
ts_resample_repeats(const gint32 *class_of_row, guint64 n_rows, const guint64 *counts,
                    const guint64 *targets, guint n, gboolean bootstrap, guint64 seed,
                    guint32 *repeats, GError **error)
{
    g_autofree guint64 *begin = ts_try_alloc((gsize) n + 1, sizeof *begin, "classes", error);
    g_autofree guint64 *rows =
        begin != NULL ? sort_rows_by_class(class_of_row, n_rows, counts, n, begin, error) : NULL;
    if (rows == NULL)
        return FALSE;
    for (guint64 row = 0; row < n_rows; row++)
        repeats[row] = 1;
    for (guint c = 0; c < n; c++) {
        TsRng rng;
        ts_rng_init(&rng, seed, "resample", c);
        if (ts_interrupt_check(error) ||
            !repeat_class(&rng, rows + begin[c], counts[c], targets[c], bootstrap, repeats, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
draw_class(TsRandomState *random, const guint64 *rows, guint64 n, guint64 target, gboolean is_drawn,
           guint32 *repeats, GError **error)
{
    for (guint64 i = n; i < target; i++)
        repeats[rows[ts_random_state_below(random, n)]]++;
    if (!is_drawn || target > n)
        return TRUE;
    g_autofree guint32 *order = ts_try_alloc(n, sizeof *order, "rows", error);
    if (order == NULL)
        return FALSE;
    ts_random_state_permutation(random, order, n);
    for (guint64 i = target; i < n; i++)
        repeats[rows[order[i]]] = 0;
    return TRUE;
}

gboolean
ts_resample_repeats_compat(const gint32 *class_of_row, guint64 n_rows, const guint64 *counts,
                           const guint64 *targets, guint n, const gboolean *drawn, guint64 seed,
                           guint32 *repeats, GError **error)
{
    TsRandomState random;
    g_autofree guint64 *begin = ts_try_alloc((gsize) n + 1, sizeof *begin, "classes", error);
    g_autofree guint64 *rows =
        begin != NULL ? sort_rows_by_class(class_of_row, n_rows, counts, n, begin, error) : NULL;
    if (rows == NULL)
        return FALSE;
    ts_random_state_init(&random, (guint32) seed);
    for (guint64 row = 0; row < n_rows; row++)
        repeats[row] = 1;
    for (guint c = 0; c < n; c++) {
        if (targets[c] > G_MAXUINT32 || counts[c] > G_MAXUINT32)
            return ts_error_set(error, TS_ERROR_RANGE, "class with too many rows");
        if (ts_interrupt_check(error) ||
            !draw_class(&random, rows + begin[c], counts[c], targets[c],
                        drawn[c] || targets[c] < counts[c], repeats, error))
            return FALSE;
    }
    return TRUE;
}
