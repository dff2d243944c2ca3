/* Splits that keep groups together: laws that hold for every table of strata and groups. */
#include "balance/split/row_groups.h"
#include "base/error.h"
#include "split-case.h"

#include <math.h>

START_TEST(groups_never_straddle)
{
    Case c;
    make_case(&c, (guint64) _i);
    ck_assert(deal_by_groups(&c, 3, c.split));
    gint64 split_of_group[256];
    memset(split_of_group, -1, sizeof split_of_group);
    for (guint64 row = 0; row < c.n_rows; row++) {
        ck_assert_uint_lt(c.split[row], c.shares->n);
        if (c.groups[row] < 0)
            continue;
        gint64 *split = &split_of_group[c.groups[row]];
        ck_assert(*split < 0 || *split == c.split[row]);
        *split = c.split[row];
    }
    guint32 again[N_ROWS_MAX];
    ck_assert(deal_by_groups(&c, 3, again));
    ck_assert_mem_eq(c.split, again, c.n_rows * sizeof *again);
    ts_split_shares_free(c.shares);
}
END_TEST

/* With groups that are small beside the splits, shares are met to about one group. */
START_TEST(small_groups_come_near_the_shares)
{
    Case c;
    make_case(&c, 0);
    c.n_rows = 3000;
    c.n_strata = 3;
    c.n_groups = 300;
    for (guint64 row = 0; row < c.n_rows; row++) {
        c.groups[row] = (gint32) (row / 10);
        c.strata[row] = row < 1500 ? 0 : row < 2500 ? 1 : 2;
    }
    ck_assert(deal_by_groups(&c, (guint64) _i, c.split));
    guint64 cells[(N_STRATA_MAX + 1) * TS_SPLITS_MAX];
    count_cells(&c, cells);
    const double size[] = {1500, 1000, 500};
    for (guint stratum = 0; stratum < 3; stratum++)
        for (guint s = 0; s < c.shares->n; s++)
            ck_assert(fabs((double) cells[stratum * TS_SPLITS_MAX + s] -
                           size[stratum] * c.shares->shares[s]) <= 10);
    ts_split_shares_free(c.shares);
}
END_TEST

/* The largest first gives 7 and 5, and no single group can mend that. */
START_TEST(groups_are_exchanged_where_moves_do_not_help)
{
    g_autoptr(TsSplitShares) shares = ts_split_shares_parse("a=0.5,b=0.5", NULL);
    const gint32 groups[] = {0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4};
    const TsSplitRows rows = {.n = 12, .groups = groups, .n_groups = 5};
    guint32 split[12];
    guint in_a = 0;
    ck_assert(ts_split_by_groups(shares, &rows, (guint64) _i, split, NULL));
    for (guint row = 0; row < 12; row++)
        in_a += split[row] == 0;
    ck_assert_uint_eq(in_a, 6);
}
END_TEST

START_TEST(locked_rows_stay_and_take_their_groups_along)
{
    Case c;
    make_case(&c, 7 + (guint64) _i);
    gint32 locked[N_ROWS_MAX];
    guint32 split[N_ROWS_MAX];
    ck_assert(deal_by_groups(&c, 3, c.split));
    for (guint64 row = 0; row < c.n_rows; row++)
        locked[row] = row % 3 == 0 ? (gint32) c.split[row] : -1;
    TsSplitRows rows = {.n = c.n_rows,
                        .strata = c.strata,
                        .n_strata = c.n_strata,
                        .groups = c.groups,
                        .n_groups = c.n_groups,
                        .locked = locked};
    ck_assert(ts_split_by_groups(c.shares, &rows, 4, split, NULL));
    for (guint64 row = 0; row < c.n_rows; row++)
        for (guint64 other = 0; other < c.n_rows; other += 3)
            if (row == other || (c.groups[row] >= 0 && c.groups[row] == c.groups[other]))
                ck_assert_uint_eq(split[row], c.split[other]);
    ts_split_shares_free(c.shares);
}
END_TEST

/* Labels that come together in many ways: each is shared out to about two rows, and all
 * rows, which count as much as one label does, to a few. */
START_TEST(every_label_of_a_row_counts)
{
    enum { N = 2000, N_LABELS = 12 };
    g_autoptr(TsSplitShares) shares = ts_split_shares_parse("a=0.6,b=0.3,c=0.1", NULL);
    guint64 begin[N + 1] = {0}, total[N_LABELS + 1] = {0}, cells[N_LABELS + 1][3] = {{0}};
    guint32 labels[N * N_LABELS], split[N];
    TsRng rng;
    ts_rng_init(&rng, 3, "labels", (guint64) _i);
    for (guint row = 0; row < N; row++) {
        begin[row + 1] = begin[row];
        for (guint32 label = 0; label < N_LABELS; label++)
            if (ts_rng_uniform(&rng) < 0.5 / (label + 1))
                labels[begin[row + 1]++] = label;
    }
    const TsSplitRows rows = {.n = N, .label_begin = begin, .labels = labels, .n_strata = N_LABELS};
    ck_assert(ts_split_by_groups(shares, &rows, 5, split, NULL));
    for (guint row = 0; row < N; row++) {
        cells[N_LABELS][split[row]]++;
        total[N_LABELS]++;
        for (guint64 i = begin[row]; i < begin[row + 1]; i++) {
            cells[labels[i]][split[row]]++;
            total[labels[i]]++;
        }
    }
    for (guint label = 0; label <= N_LABELS; label++)
        for (guint s = 0; s < 3; s++)
            ck_assert_msg(
                fabs((double) cells[label][s] - (double) total[label] * shares->shares[s]) <=
                    (label < N_LABELS ? 2.5 : 8),
                "label %u, split %u", label, s);
}
END_TEST

START_TEST(a_group_locked_to_two_splits_is_refused)
{
    g_autoptr(TsSplitShares) shares = ts_split_shares_parse("a=0.5,b=0.5", NULL);
    const gint32 groups[] = {0, 1, 0}, locked[] = {0, -1, 1};
    const TsSplitRows rows = {.n = 3, .groups = groups, .n_groups = 2, .locked = locked};
    guint32 split[3];
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_split_by_groups(shares, &rows, 0, split, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
}
END_TEST

START_TEST(one_group_goes_to_the_largest_split)
{
    g_autoptr(TsSplitShares) shares = ts_split_shares_parse("a=0.2,b=0.8", NULL);
    const gint32 groups[] = {0, 0, 0};
    guint32 split[3];
    const TsSplitRows rows = {.n = 3, .groups = groups, .n_groups = 1};
    ck_assert(ts_split_by_groups(shares, &rows, 0, split, NULL));
    ck_assert(split[0] == 1 && split[1] == 1 && split[2] == 1);
}
END_TEST

START_TEST(relations_are_joined_through_chains)
{
    const gint32 patient[] = {0, 1, 2, -1, -1, 3, 2};
    const gint32 twin[] = {-1, 1, 0, 1, -1, -1, -1};
    const gint32 slide[] = {0, -1, -1, 0, -1, -1, -1};
    const TsRowRelation relations[] = {{patient, 4}, {twin, 2}, {slide, 1}};
    const gint32 want[] = {0, 0, 1, 0, -1, 2, 1};
    gint32 group[7];
    guint n_groups;
    ck_assert(ts_row_groups_merge(relations, 3, 7, group, &n_groups, NULL));
    ck_assert_uint_eq(n_groups, 3);
    ck_assert_mem_eq(group, want, sizeof want);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("split by groups");
    TCase *groups = tcase_create("groups");
    tcase_add_loop_test(groups, groups_never_straddle, 0, 28);
    tcase_add_loop_test(groups, small_groups_come_near_the_shares, 0, 10);
    tcase_add_loop_test(groups, groups_are_exchanged_where_moves_do_not_help, 0, 5);
    tcase_add_loop_test(groups, locked_rows_stay_and_take_their_groups_along, 0, 7);
    tcase_add_loop_test(groups, every_label_of_a_row_counts, 0, 5);
    tcase_add_test(groups, a_group_locked_to_two_splits_is_refused);
    tcase_add_test(groups, one_group_goes_to_the_largest_split);
    tcase_add_test(groups, relations_are_joined_through_chains);
    suite_add_tcase(suite, groups);
    return unit_run(suite);
}
