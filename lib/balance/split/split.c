/* Rows dealt to splits stratum by stratum. */
#include "balance/split/split.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/rng.h"

/* The table of how many rows of each stratum each split gets, while it is made. */
typedef struct {
    guint n_strata, n_splits;
    guint64 *counts;                /* (n_strata, n_splits) */
    double *remainders;             /* (n_strata, n_splits): what rounding down took away */
    guint8 *extra;                  /* (n_strata, n_splits): 1 where it was rounded up */
    double expected[TS_SPLITS_MAX]; /* remainders of the strata that are not yet done */
    gint64 need[TS_SPLITS_MAX];     /* rows that a split still lacks */
} Table;

static void
table_clear(Table *table)
{
    g_free(table->counts);
    g_free(table->remainders);
    g_free(table->extra);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Table, table_clear)

static gboolean
table_init(Table *table, const TsSplitShares *shares, const guint64 *sizes, guint n_strata,
           GError **error)
{
    gsize n_cells = (gsize) n_strata * shares->n;
    *table = (Table){.n_strata = n_strata, .n_splits = shares->n};
    table->counts = ts_try_alloc(n_cells, sizeof *table->counts, "table of splits", error);
    if (table->counts == NULL)
        return FALSE;
    table->remainders = ts_try_alloc(n_cells, sizeof *table->remainders, "table of splits", error);
    if (table->remainders == NULL)
        return FALSE;
    table->extra = ts_try_alloc(n_cells, 1, "table of splits", error);
    if (table->extra == NULL)
        return FALSE;
    guint64 total = 0, totals[TS_SPLITS_MAX];
    for (guint c = 0; c < n_strata; c++)
        total += sizes[c];
    ts_split_totals(shares, total, totals);
    for (guint s = 0; s < shares->n; s++)
        table->need[s] = (gint64) totals[s];
    for (gsize i = 0; i < n_cells; i++) {
        guint s = (guint) (i % shares->n);
        table->counts[i] =
            ts_split_whole_part(shares->shares[s], sizes[i / shares->n], &table->remainders[i]);
        table->expected[s] += table->remainders[i];
        table->need[s] -= (gint64) table->counts[i];
    }
    return TRUE;
}

/* Give the rows of a stratum that rounding down left over to the splits that lack most, counting
 * what later strata will bring. */
static void
round_up_stratum(Table *table, guint stratum, guint64 left)
{
    gsize at = (gsize) stratum * table->n_splits;
    for (guint s = 0; s < table->n_splits; s++)
        table->expected[s] -= table->remainders[at + s];
    for (; left > 0; left--) {
        int best = -1;
        for (guint s = 0; s < table->n_splits; s++)
            if (table->remainders[at + s] > 0 && !table->extra[at + s] &&
                (best < 0 || (double) table->need[s] - table->expected[s] >
                                 (double) table->need[best] - table->expected[best] + 1e-9))
                best = (int) s;
        /* Remainders of a stratum add up to `left`, each less than 1: there is one. */
        g_assert(best >= 0);
        table->extra[at + best] = 1;
        table->counts[at + best]++;
        table->need[best]--;
    }
}

/* A stratum that can give one row of split `from` to split `to`: one that was rounded up there and
 * can be rounded up here, or, if `any`, one that has a row at all. -1: none. */
static gint64
find_move(const Table *table, guint from, guint to, gboolean any)
{
    for (guint c = 0; c < table->n_strata; c++) {
        gsize at = (gsize) c * table->n_splits;
        if (any ? table->counts[at + from] > 0
                : table->extra[at + from] && !table->extra[at + to] &&
                      table->remainders[at + to] > 0)
            return c;
    }
    return -1;
}

static void
move_row(Table *table, guint stratum, guint from, guint to)
{
    gsize at = (gsize) stratum * table->n_splits;
    table->counts[at + from]--;
    table->counts[at + to]++;
    table->extra[at + from] = 0;
    table->extra[at + to] = 1;
}

/* Move one row from split `start`, which has too many, along a path of splits to one that has too
 * few. Breadth first, so the path is short. */
static gboolean
augment(Table *table, guint start, gboolean any)
{
    gint64 stratum[TS_SPLITS_MAX];
    guint before[TS_SPLITS_MAX], queue[TS_SPLITS_MAX], n_queue = 0;
    gboolean seen[TS_SPLITS_MAX] = {FALSE};
    queue[n_queue++] = start;
    seen[start] = TRUE;
    for (guint i = 0; i < n_queue; i++) {
        guint from = queue[i];
        for (guint to = 0; to < table->n_splits; to++) {
            gint64 move = seen[to] ? -1 : find_move(table, from, to, any);
            if (move < 0)
                continue;
            seen[to] = TRUE;
            before[to] = from;
            stratum[to] = move;
            queue[n_queue++] = to;
            if (table->need[to] <= 0)
                continue;
            table->need[to]--;
            table->need[start]++;
            for (guint s = to; s != start; s = before[s])
                move_row(table, (guint) stratum[s], before[s], s);
            return TRUE;
        }
    }
    return FALSE;
}

/* Strata in random order, so that none is always served last. */
static gboolean
fill_table(Table *table, const guint64 *sizes, guint64 seed, GError **error)
{
    g_autofree guint64 *order =
        ts_try_alloc(table->n_strata, sizeof *order, "order of strata", error);
    if (order == NULL)
        return FALSE;
    for (guint c = 0; c < table->n_strata; c++)
        order[c] = c;
    TsRng rng;
    ts_rng_init(&rng, seed, "split strata", 0);
    ts_rng_shuffle(&rng, order, table->n_strata);
    for (guint i = 0; i < table->n_strata; i++) {
        guint c = (guint) order[i];
        guint64 given = 0;
        for (guint s = 0; s < table->n_splits; s++)
            given += table->counts[(gsize) c * table->n_splits + s];
        round_up_stratum(table, c, sizes[c] - given);
    }
    for (guint s = 0; s < table->n_splits; s++)
        while (table->need[s] < 0 && (augment(table, s, FALSE) || augment(table, s, TRUE)))
            ;
    return TRUE;
}

/* Rows sorted by stratum: rows[begin[c]] .. rows[begin[c + 1] - 1] are those of stratum c. */
static gboolean
sort_by_stratum(const gint32 *strata, guint n_strata, guint64 n_rows, guint64 **rows,
                guint64 **begin, GError **error)
{
    *rows = ts_try_alloc(n_rows, sizeof **rows, "rows of strata", error);
    *begin = *rows != NULL
                 ? ts_try_alloc((gsize) n_strata + 2, sizeof **begin, "rows of strata", error)
                 : NULL;
    if (*begin == NULL)
        return FALSE;
    guint last = n_strata - 1;
    for (guint64 row = 0; row < n_rows; row++)
        (*begin)[(strata != NULL && strata[row] >= 0 ? (guint) strata[row] : last) + 2]++;
    for (guint c = 2; c <= n_strata; c++)
        (*begin)[c] += (*begin)[c - 1];
    for (guint64 row = 0; row < n_rows; row++)
        (*rows)[(*begin)[(strata != NULL && strata[row] >= 0 ? (guint) strata[row] : last) + 1]++] =
            row;
    return TRUE;
}

/* Shuffle the rows of each stratum and hand out as many to each split as the table says. */
static gboolean
deal_rows(const Table *table, guint64 *rows, const guint64 *begin, guint64 seed,
          guint32 *split_of_row, GError **error)
{
    for (guint c = 0; c < table->n_strata; c++) {
        if (ts_interrupt_check(error))
            return FALSE;
        TsRng rng;
        ts_rng_init(&rng, seed, "split rows", c);
        ts_rng_shuffle(&rng, rows + begin[c], begin[c + 1] - begin[c]);
        guint64 at = begin[c];
        for (guint s = 0; s < table->n_splits; s++)
            for (guint64 i = 0; i < table->counts[(gsize) c * table->n_splits + s]; i++)
                split_of_row[rows[at++]] = s;
    }
    return TRUE;
}

gboolean
ts_split_by_strata(const TsSplitShares *shares, const TsSplitRows *to_deal, guint64 seed,
                   guint32 *split_of_row, GError **error)
{
    /* The last stratum is that of the rows that have none. */
    guint n_strata = to_deal->strata != NULL ? to_deal->n_strata + 1 : 1;
    g_autofree guint64 *rows = NULL, *begin = NULL;
    if (!sort_by_stratum(to_deal->strata, n_strata, to_deal->n, &rows, &begin, error))
        return FALSE;
    g_autofree guint64 *sizes = ts_try_alloc(n_strata, sizeof *sizes, "sizes of strata", error);
    if (sizes == NULL)
        return FALSE;
    for (guint c = 0; c < n_strata; c++)
        sizes[c] = begin[c + 1] - begin[c];
    g_auto(Table) table = {0};
    return table_init(&table, shares, sizes, n_strata, error) &&
           fill_table(&table, sizes, seed, error) &&
           deal_rows(&table, rows, begin, seed, split_of_row, error);
}
