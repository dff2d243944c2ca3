/* Drift and its tests by hand and by law; bootstrap replicates and their intervals. */
#include "base/rng.h"
#include "stats/drift.h"
#include "stats/interval.h"
#include "stats/ks.h"
#include "unit.h"

#include <math.h>

static void
assert_near(double value, double expected)
{
    ck_assert_msg(fabs(value - expected) <= 1e-12 * MAX(1, fabs(expected)), "%.17g, not %.17g",
                  value, expected);
}

START_TEST(values_by_hand)
{
    const guint64 a[] = {10, 30, 0}, b[] = {30, 30, 0};
    TsDrift drift;
    ts_drift_init(&drift, a, b, 3);
    ck_assert_uint_eq(drift.n_a, 40);
    ck_assert_uint_eq(drift.n_b, 60);
    assert_near(drift.l_inf, 0.25);
    ck_assert_uint_eq(drift.l_inf_class, 0);
    assert_near(drift.psi, (0.25 - 0.5) * log(0.5) + (0.75 - 0.5) * log(1.5));
    double jsd = 0.25 * log2(0.25 / 0.375) + 0.75 * log2(0.75 / 0.625) + 0.5 * log2(0.5 / 0.375) +
                 0.5 * log2(0.5 / 0.625);
    assert_near(drift.jsd, jsd / 2);
    /* expected: 16 24 / 24 36, each off by 6 */
    assert_near(drift.chi_square, 36.0 / 16 + 36.0 / 24 + 36.0 / 24 + 36.0 / 36);
    ck_assert_uint_eq(drift.df, 1);
    assert_near(drift.p, erfc(sqrt(drift.chi_square / 2)));
    assert_near(drift.cramers_v, sqrt(drift.chi_square / 100));
    assert_near(drift.min_expected, 16);
}
END_TEST

START_TEST(equal_shares_do_not_drift_and_disjoint_ones_drift_wholly)
{
    const guint64 a[] = {1, 2, 3}, twice[] = {2, 4, 6}, left[] = {5, 0, 0}, right[] = {0, 3, 4};
    TsDrift drift;
    ts_drift_init(&drift, a, twice, 3);
    assert_near(drift.l_inf, 0);
    assert_near(drift.jsd, 0);
    assert_near(drift.psi, 0);
    assert_near(drift.p, 1);
    ts_drift_init(&drift, left, right, 3);
    assert_near(drift.l_inf, 1);
    assert_near(drift.jsd, 1);
    assert_near(drift.cramers_v, 1);
    ck_assert_uint_eq(drift.only_a, 1);
    ck_assert_uint_eq(drift.only_b, 2);
}
END_TEST

START_TEST(nothing_has_no_drift_and_one_class_no_test)
{
    const guint64 none[] = {0, 0}, some[] = {4, 0}, more[] = {7, 0};
    TsDrift drift;
    ts_drift_init(&drift, none, some, 2);
    ck_assert(isnan(drift.l_inf) && isnan(drift.jsd) && isnan(drift.psi) && isnan(drift.p));
    ts_drift_init(&drift, some, more, 2);
    assert_near(drift.l_inf, 0);
    ck_assert_uint_eq(drift.df, 0);
    ck_assert(isnan(drift.p) && isnan(drift.cramers_v));
}
END_TEST

START_TEST(a_table_that_tells_all_has_v_1)
{
    const guint64 diagonal[] = {3, 0, 0, 0, 5, 0, 0, 0, 0}, even[] = {1, 2, 2, 4};
    assert_near(ts_cramers_v(diagonal, 3, 3), 1);
    assert_near(ts_cramers_v(even, 2, 2), 0);
    ck_assert(isnan(ts_cramers_v(diagonal, 1, 3)));
}
END_TEST

START_TEST(distance_of_two_samples_by_hand)
{
    double a[] = {3, 1, 2, 2}, b[] = {2, 4, 5}, none[1];
    TsKs test;
    ts_ks_init(&test, a, 4, b, 3);
    assert_near(test.d, 2.0 / 3); /* at 2: 3/4 and 1/3; at 3: 1 and 1/3 */
    ts_ks_init(&test, a, 4, a, 4);
    assert_near(test.d, 0);
    assert_near(test.p, 1);
    ts_ks_init(&test, a, 4, none, 0);
    ck_assert(isnan(test.d) && isnan(test.p));
    /* the tables' 5 % and 1 % points */
    ck_assert(fabs(ts_kolmogorov_q(1.3581015) - 0.05) < 1e-6);
    ck_assert(fabs(ts_kolmogorov_q(1.6276236) - 0.01) < 1e-6);
    ck_assert(ts_kolmogorov_q(0.19) == 1 && ts_kolmogorov_q(0.21) > 1 - 1e-9);
}
END_TEST

START_TEST(replicates_keep_the_number_and_the_shares)
{
    const guint64 counts[] = {500, 0, 300, 200, 0};
    const TsBootstrap how = {.n_replicates = 400, .confidence = 0.9, .seed = 5};
    guint64 drawn[5], again[5];
    double first[400], sum = 0, squares = 0;
    for (guint r = 0; r < how.n_replicates; r++) {
        ts_bootstrap_draw(&how, 3, r, counts, 5, drawn);
        ck_assert_uint_eq(drawn[0] + drawn[2] + drawn[3], 1000);
        ck_assert_uint_eq(drawn[1] + drawn[4], 0);
        first[r] = (double) drawn[0];
        sum += first[r];
        squares += (first[r] - 500) * (first[r] - 500);
    }
    ts_bootstrap_draw(&how, 3, 399, counts, 5, again);
    ck_assert_mem_eq(drawn, again, sizeof drawn);
    ts_bootstrap_draw(&how, 4, 399, counts, 5, again);
    ck_assert_mem_ne(drawn, again, sizeof drawn);
    /* binomial: variance 1000 * 0.5 * 0.5 = 250 */
    ck_assert(fabs(sum / 400 - 500) < 4);
    ck_assert(squares / 400 > 180 && squares / 400 < 330);
    TsInterval interval = ts_bootstrap_interval(&how, first);
    ck_assert(interval.low > 465 && interval.low < 483);
    ck_assert(interval.high > 517 && interval.high < 535);
}
END_TEST

START_TEST(groups_are_drawn_whole)
{
    const gint32 of_class[] = {0, 1, 0, -1, 1, 2}, of_group[] = {2, 0, 2, 1, 0, -1};
    g_autoptr(TsSampleGroups) groups = ts_sample_groups_new(of_class, of_group, 6, 3, NULL);
    const guint64 first[] = {0, 2, 4, 5};
    const guint32 classes[] = {1, 1, 0, 0, 2};
    ck_assert_uint_eq(groups->n, 3);
    ck_assert_mem_eq(groups->first, first, sizeof first);
    ck_assert_mem_eq(groups->classes, classes, sizeof classes);
    const TsBootstrap how = {.n_replicates = 300, .confidence = 0.9, .seed = 5};
    double mean = 0;
    for (guint r = 0; r < how.n_replicates; r++) {
        guint64 drawn[3];
        ts_bootstrap_draw_groups(&how, 0, r, groups, 3, drawn);
        ck_assert_uint_eq(drawn[0] % 2 + drawn[1] % 2, 0);
        ck_assert_uint_eq(drawn[0] / 2 + drawn[1] / 2 + drawn[2], 3);
        mean += (double) drawn[0] / how.n_replicates;
    }
    ck_assert(fabs(mean - 2) < 0.25);
}
END_TEST

START_TEST(intervals_are_linear_quantiles)
{
    double values[] = {4, 1, 2, 5, 3}, missing[] = {1, NAN, 2, 3, 4};
    const TsBootstrap how = {.n_replicates = 5, .confidence = 0.75};
    TsInterval interval = ts_bootstrap_interval(&how, values);
    assert_near(interval.low, 1.5);
    assert_near(interval.high, 4.5);
    interval = ts_bootstrap_interval(&how, missing);
    ck_assert(isnan(interval.low) && isnan(interval.high));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("drift");
    TCase *drift = tcase_create("drift");
    tcase_add_test(drift, values_by_hand);
    tcase_add_test(drift, equal_shares_do_not_drift_and_disjoint_ones_drift_wholly);
    tcase_add_test(drift, nothing_has_no_drift_and_one_class_no_test);
    tcase_add_test(drift, distance_of_two_samples_by_hand);
    tcase_add_test(drift, a_table_that_tells_all_has_v_1);
    suite_add_tcase(suite, drift);
    TCase *bootstrap = tcase_create("bootstrap");
    tcase_add_test(bootstrap, replicates_keep_the_number_and_the_shares);
    tcase_add_test(bootstrap, groups_are_drawn_whole);
    tcase_add_test(bootstrap, intervals_are_linear_quantiles);
    suite_add_tcase(suite, bootstrap);
    return unit_run(suite);
}
