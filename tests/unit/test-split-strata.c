/* Splits by strata: laws that hold for every table of them; shares and counts. */
#include "base/error.h"
#include "base/threads.h"
#include "split-case.h"

#include <math.h>

START_TEST(totals_are_exact_and_every_stratum_is_within_one_row)
{
    Case c;
    make_case(&c, (guint64) _i);
    ck_assert(deal_by_strata(&c, 5, c.split));
    guint64 cells[(N_STRATA_MAX + 1) * TS_SPLITS_MAX], totals[TS_SPLITS_MAX];
    guint64 sums[TS_SPLITS_MAX] = {0};
    count_cells(&c, cells);
    for (guint stratum = 0; stratum <= c.n_strata; stratum++) {
        guint64 size = 0;
        for (guint s = 0; s < c.shares->n; s++)
            size += cells[stratum * TS_SPLITS_MAX + s];
        for (guint s = 0; s < c.shares->n; s++) {
            double exact = (double) size * c.shares->shares[s];
            guint64 got = cells[stratum * TS_SPLITS_MAX + s];
            sums[s] += got;
            ck_assert_msg(fabs((double) got - exact) < 1,
                          "stratum %u of %" G_GUINT64_FORMAT " rows, split %u: %" G_GUINT64_FORMAT,
                          stratum, size, s, got);
        }
    }
    ts_split_totals(c.shares, c.n_rows, totals);
    for (guint s = 0; s < c.shares->n; s++) {
        ck_assert_uint_eq(sums[s], totals[s]);
        ck_assert(fabs((double) totals[s] - (double) c.n_rows * c.shares->shares[s]) < 1);
    }
    ts_split_shares_free(c.shares);
}
END_TEST

/* Many strata of one and two rows: there the greedy choice alone is not enough. */
START_TEST(totals_are_exact_for_strata_of_one_row)
{
    Case c;
    make_case(&c, (guint64) _i);
    c.n_strata = 37;
    c.n_rows = 37 + (guint64) _i % 37;
    for (guint64 row = 0; row < c.n_rows; row++)
        c.strata[row] = (gint32) (row % 37);
    ck_assert(deal_by_strata(&c, 1, c.split));
    guint64 totals[TS_SPLITS_MAX], sums[TS_SPLITS_MAX] = {0};
    guint64 cells[(N_STRATA_MAX + 1) * TS_SPLITS_MAX];
    count_cells(&c, cells);
    ts_split_totals(c.shares, c.n_rows, totals);
    for (guint s = 0; s < c.shares->n; s++) {
        for (guint stratum = 0; stratum < 37; stratum++) {
            double size = stratum < (guint) _i % 37 ? 2 : 1;
            guint64 got = cells[stratum * TS_SPLITS_MAX + s];
            ck_assert(fabs((double) got - size * c.shares->shares[s]) < 1);
            sums[s] += got;
        }
        ck_assert_uint_eq(sums[s], totals[s]);
    }
    ts_split_shares_free(c.shares);
}
END_TEST

/* Found by search: strata and shares where the greedy choice ends in a table that needs an
 * augmenting path (the first four) or that does not exist with these totals (the others). */
static const struct {
    guint n_splits, n_strata;
    double parts[5];
    guint64 sizes[3];
    gboolean exists;
} hard[] = {
    {4, 3, {2, 3, 3, 4}, {3, 16, 6}, TRUE},     {4, 3, {4, 3, 2, 3}, {21, 8, 18}, TRUE},
    {5, 3, {4, 2, 3, 4, 3}, {4, 24, 22}, TRUE}, {5, 3, {4, 4, 3, 4, 3}, {21, 6, 9}, TRUE},
    {5, 2, {3, 4, 3, 4, 4}, {12, 9, 0}, FALSE}, {5, 3, {2, 2, 3, 2, 3}, {28, 4, 6}, FALSE},
};

START_TEST(hard_tables_have_exact_totals)
{
    char *names[] = {(char *) "a", (char *) "b", (char *) "c", (char *) "d", (char *) "e", NULL};
    double share[5], whole = 0;
    for (guint s = 0; s < hard[_i].n_splits; s++)
        whole += hard[_i].parts[s];
    for (guint s = 0; s < hard[_i].n_splits; s++)
        share[s] = hard[_i].parts[s] / whole;
    TsSplitShares shares = {.n = hard[_i].n_splits, .names = names, .shares = share};
    gint32 strata[60];
    guint64 n_rows = 0, totals[TS_SPLITS_MAX];
    for (guint c = 0; c < hard[_i].n_strata; c++)
        for (guint64 k = 0; k < hard[_i].sizes[c]; k++)
            strata[n_rows++] = (gint32) c;
    ts_split_totals(&shares, n_rows, totals);
    double worst = 0;
    for (guint64 seed = 0; seed < 30; seed++) {
        guint32 split[60];
        guint64 cells[3][5] = {{0}}, sums[5] = {0};
        const TsSplitRows rows = {.n = n_rows, .strata = strata, .n_strata = hard[_i].n_strata};
        ck_assert(ts_split_by_strata(&shares, &rows, seed, split, NULL));
        for (guint64 row = 0; row < n_rows; row++) {
            cells[strata[row]][split[row]]++;
            sums[split[row]]++;
        }
        for (guint s = 0; s < shares.n; s++) {
            ck_assert_uint_eq(sums[s], totals[s]);
            for (guint c = 0; c < hard[_i].n_strata; c++)
                worst =
                    MAX(worst, fabs((double) cells[c][s] - (double) hard[_i].sizes[c] * share[s]));
        }
    }
    ck_assert(worst < 2 && (worst < 1) == hard[_i].exists);
}
END_TEST

START_TEST(the_seed_decides_and_threads_do_not)
{
    Case c;
    make_case(&c, 1);
    c.n_rows = 1000;
    for (guint64 row = 0; row < c.n_rows; row++)
        c.strata[row] = (gint32) (row % c.n_strata);
    guint32 again[N_ROWS_MAX], other[N_ROWS_MAX];
    ts_threads_set(1);
    ck_assert(deal_by_strata(&c, 7, c.split));
    ts_threads_set(4);
    ck_assert(deal_by_strata(&c, 7, again));
    ck_assert(deal_by_strata(&c, 8, other));
    ck_assert_mem_eq(c.split, again, 1000 * sizeof *again);
    ck_assert_mem_ne(c.split, other, 1000 * sizeof *again);
    /* One stratum: the table is the same for every seed, only the rows can differ. */
    ck_assert(deal_by_totals(&c, 7, again));
    ck_assert(deal_by_totals(&c, 8, other));
    ck_assert_mem_ne(again, other, 1000 * sizeof *again);
    ts_split_shares_free(c.shares);
}
END_TEST

START_TEST(without_strata_only_totals_count)
{
    Case c;
    make_case(&c, (guint64) _i);
    ck_assert(deal_by_totals(&c, 5, c.split));
    guint64 totals[TS_SPLITS_MAX], sums[TS_SPLITS_MAX] = {0};
    for (guint64 row = 0; row < c.n_rows; row++)
        sums[c.split[row]]++;
    ts_split_totals(c.shares, c.n_rows, totals);
    ck_assert_mem_eq(sums, totals, sizeof *sums * c.shares->n);
    ts_split_shares_free(c.shares);
}
END_TEST

START_TEST(wrong_shares_are_wrong_usage)
{
    static const char *const wrong[] = {
        "",         "a",         "a=",      "=1",        "a=0.5",      "a=0.6,b=.6", "a=0,b=1",
        "a=-1,b=2", "a=.5,a=.5", "a=x,b=1", "a=nan,b=1", "a=.5,b=.5,", "a=inf,b=.5", "a=50,b=40"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_msg(ts_split_shares_parse(wrong[i], &error) == NULL, "'%s'", wrong[i]);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

START_TEST(totals_by_largest_remainder)
{
    g_autoptr(TsSplitShares) s = ts_split_shares_parse("a=0.7,b=0.15,c=0.15", NULL);
    guint64 totals[3];
    ts_split_totals(s, 10, totals);
    ck_assert(totals[0] == 7 && totals[1] == 2 && totals[2] == 1);
    ts_split_totals(s, 100, totals);
    ck_assert(totals[0] == 70 && totals[1] == 15 && totals[2] == 15);
    ts_split_totals(s, 1, totals);
    ck_assert(totals[0] == 1 && totals[1] == 0 && totals[2] == 0);
    ts_split_totals(s, 0, totals);
    ck_assert(totals[0] + totals[1] + totals[2] == 0);
}
END_TEST

START_TEST(counts_are_met)
{
    g_autoptr(TsSplitShares) s = ts_split_counts_parse("a=3,b=rest,c=11", NULL);
    guint32 split[40];
    guint64 sums[3] = {0};
    ck_assert(ts_split_shares_fit(s, 40, NULL));
    gint32 strata[40];
    for (gint32 row = 0; row < 40; row++)
        strata[row] = row % 3;
    const TsSplitRows rows = {.n = 40, .strata = strata, .n_strata = 3};
    ck_assert(ts_split_by_strata(s, &rows, 1, split, NULL));
    for (guint row = 0; row < 40; row++)
        sums[split[row]]++;
    ck_assert(sums[0] == 3 && sums[1] == 26 && sums[2] == 11);
    ck_assert(ts_split_shares_fit(s, 14, NULL) && s->totals[1] == 0);
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_split_shares_fit(s, 13, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
}
END_TEST

START_TEST(wrong_counts_are_wrong_usage)
{
    static const char *const wrong[] = {"a",           "a=0",           "a=-1",
                                        "a=.5,b=rest", "a=rest,b=rest", "a=1,a=2"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_msg(ts_split_counts_parse(wrong[i], &error) == NULL, "'%s'", wrong[i]);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("split by strata");
    TCase *strata = tcase_create("strata");
    tcase_add_loop_test(strata, totals_are_exact_and_every_stratum_is_within_one_row, 0, 42);
    tcase_add_loop_test(strata, totals_are_exact_for_strata_of_one_row, 0, 42);
    tcase_add_loop_test(strata, hard_tables_have_exact_totals, 0, (int) G_N_ELEMENTS(hard));
    tcase_add_test(strata, the_seed_decides_and_threads_do_not);
    tcase_add_loop_test(strata, without_strata_only_totals_count, 0, 14);
    tcase_add_test(strata, totals_by_largest_remainder);
    tcase_add_test(strata, wrong_shares_are_wrong_usage);
    tcase_add_test(strata, counts_are_met);
    tcase_add_test(strata, wrong_counts_are_wrong_usage);
    suite_add_tcase(suite, strata);
    return unit_run(suite);
}
