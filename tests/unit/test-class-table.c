/* Class tables and weights: values by hand, and laws that hold for every table of counts. */
#include "balance/weights.h"
#include "base/error.h"
#include "base/rng.h"
#include "stats/class_table.h"
#include "unit.h"

#include <math.h>

static void
assert_near(double value, double expected)
{
    ck_assert_msg(fabs(value - expected) <= 1e-12 * MAX(1, fabs(expected)), "%.17g, not %.17g",
                  value, expected);
}

static guint
random_counts(guint64 item, guint64 *counts)
{
    TsRng rng;
    ts_rng_init(&rng, 3, "test", item);
    guint n = 2 + (guint) ts_rng_below(&rng, 20);
    for (guint i = 0; i < n; i++)
        counts[i] = ts_rng_below(&rng, 5) == 0 ? 0 : ts_rng_below(&rng, 1000);
    counts[0] = 1 + ts_rng_below(&rng, 1000);
    return n;
}

START_TEST(values_by_hand)
{
    const guint64 counts[] = {4, 0, 2, 2};
    TsClassTable t;
    ts_class_table_init(&t, counts, 4);
    ck_assert_uint_eq(t.total, 8);
    ck_assert_uint_eq(t.n_empty, 1);
    ck_assert_uint_eq(t.n_singletons, 0);
    ck_assert_uint_eq(t.max, 4);
    ck_assert_uint_eq(t.min, 2);
    assert_near(t.imbalance_ratio, 2);
    assert_near(t.entropy, 1.5);
    assert_near(t.normalised_entropy, 0.75);
    assert_near(t.effective_classes, exp2(1.5));
    assert_near(t.gini_impurity, 1 - (0.25 + 0.0625 + 0.0625));
    /* mean of |x_i - x_j| over all 16 pairs is 24 / 16, over twice the mean 2 */
    assert_near(t.gini_coefficient, 24.0 / 16 / 4);
}
END_TEST

START_TEST(even_tables_are_even_and_single_classes_are_not)
{
    const guint64 even[] = {7, 7, 7, 7, 7}, single[] = {0, 9, 0};
    TsClassTable t;
    ts_class_table_init(&t, even, 5);
    assert_near(t.imbalance_ratio, 1);
    assert_near(t.normalised_entropy, 1);
    assert_near(t.effective_classes, 5);
    assert_near(t.gini_coefficient, 0);
    ts_class_table_init(&t, single, 3);
    assert_near(t.entropy, 0);
    assert_near(t.effective_classes, 1);
    assert_near(t.gini_coefficient, 2.0 / 3);
}
END_TEST

START_TEST(no_samples_means_no_numbers)
{
    const guint64 none[] = {0, 0};
    TsClassTable t;
    ts_class_table_init(&t, none, 2);
    ck_assert_uint_eq(t.n_empty, 2);
    ck_assert(isnan(t.imbalance_ratio) && isnan(t.entropy) && isnan(t.gini_coefficient));
    ts_class_table_init(&t, none, 0);
    ck_assert_uint_eq(t.n_classes, 0);
    ck_assert(isnan(t.imbalance_ratio));
}
END_TEST

START_TEST(scaling_all_counts_changes_no_share)
{
    guint64 counts[32], many[32];
    guint n = random_counts((guint64) _i, counts);
    for (guint i = 0; i < n; i++)
        many[i] = counts[i] * 1000;
    TsClassTable a, b;
    ts_class_table_init(&a, counts, n);
    ts_class_table_init(&b, many, n);
    assert_near(a.imbalance_ratio, b.imbalance_ratio);
    assert_near(a.entropy, b.entropy);
    assert_near(a.gini_coefficient, b.gini_coefficient);
    ck_assert(a.normalised_entropy >= 0 && a.normalised_entropy <= 1 + 1e-12);
    ck_assert(a.gini_coefficient >= -1e-12 && a.gini_coefficient < 1);
}
END_TEST

static void
assert_weights(const char *scheme, const guint64 *counts, guint n, const double *expected)
{
    g_autofree double *weights = g_new(double, n);
    ck_assert(ts_class_weights(scheme, counts, n, weights, NULL));
    for (guint i = 0; i < n; i++)
        assert_near(weights[i], expected[i]);
}

START_TEST(weights_by_hand)
{
    const guint64 counts[] = {1, 4, 0};
    assert_weights("balanced", counts, 3, (double[]){5.0 / 2, 5.0 / 8, 0});
    assert_weights("inverse", counts, 3, (double[]){1 / 0.625, 0.25 / 0.625, 0});
    assert_weights("sqrt", counts, 3, (double[]){1 / 0.75, 0.5 / 0.75, 0});
    double a = 1 / log(1.22), b = 1 / log(1.82);
    assert_weights("log", counts, 3, (double[]){2 * a / (a + b), 2 * b / (a + b), 0});
    double e = 1, f = 0.1 / (1 - 0.9 * 0.9 * 0.9 * 0.9);
    assert_weights("effnum:0.9", counts, 3, (double[]){2 * e / (e + f), 2 * f / (e + f), 0});
    assert_weights("effnum:0", counts, 3, (double[]){1, 1, 0});
}
END_TEST

static void
assert_terms(const char *name, guint64 n_samples, const double *expected)
{
    const guint64 counts[] = {1, 16, 0};
    double values[3];
    ck_assert(ts_class_terms(name, counts, 3, n_samples, values, NULL));
    for (guint i = 0; i < 3; i++) {
        ck_assert_int_eq(isnan(values[i]), isnan(expected[i]));
        if (!isnan(expected[i]))
            assert_near(values[i], expected[i]);
    }
}

START_TEST(terms_by_hand)
{
    assert_terms("positive", 17, (double[]){16, 1.0 / 16, NAN});
    assert_terms("sampling:1", 17, (double[]){1.0 / 17, 16.0 / 17, 0});
    assert_terms("sampling:0", 17, (double[]){0.5, 0.5, 0});
    assert_terms("sampling:0.5", 17, (double[]){0.2, 0.8, 0});
    assert_terms("repeat:0.25", 16, (double[]){2, 1, NAN});
    assert_terms("margin:0.5", 17, (double[]){0.5, 0.25, NAN});
    assert_terms("logit:1", 17, (double[]){log(1.0 / 17), log(16.0 / 17), NAN});
    assert_terms("logit:-2", 17, (double[]){-2 * log(1.0 / 17), -2 * log(16.0 / 17), NAN});
    assert_terms("balanced", 17, (double[]){8.5, 17.0 / 32, 0});
}
END_TEST

START_TEST(only_weights_are_weights)
{
    const guint64 counts[] = {1, 2};
    double values[2];
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_class_weights("margin:0.5", counts, 2, values, &error));
    ck_assert_str_eq(error->message, "unknown weights 'margin:0.5', there are: balanced, effnum:B, "
                                     "class-balanced:B, inverse, sqrt, log");
}
END_TEST

START_TEST(tiers_part_at_their_counts)
{
    const TsTiers tiers = {.head = 100, .tail = 20};
    ck_assert_int_eq(ts_tier(&tiers, 101), TS_TIER_HEAD);
    ck_assert_int_eq(ts_tier(&tiers, 100), TS_TIER_MEDIUM);
    ck_assert_int_eq(ts_tier(&tiers, 20), TS_TIER_MEDIUM);
    ck_assert_int_eq(ts_tier(&tiers, 19), TS_TIER_TAIL);
    ck_assert_int_eq(ts_tier(&tiers, 0), TS_TIER_TAIL);
}
END_TEST

START_TEST(rarer_classes_weigh_more_and_scales_are_kept)
{
    static const char *const schemes[] = {"balanced", "effnum:0.999", "inverse", "sqrt", "log"};
    guint64 counts[32];
    double weights[32];
    guint n = random_counts((guint64) _i, counts);
    for (gsize k = 0; k < G_N_ELEMENTS(schemes); k++) {
        ck_assert(ts_class_weights(schemes[k], counts, n, weights, NULL));
        double sum = 0, weighted = 0, total = 0;
        guint present = 0;
        for (guint i = 0; i < n; i++) {
            sum += weights[i];
            weighted += weights[i] * (double) counts[i];
            total += (double) counts[i];
            present += counts[i] > 0;
            for (guint j = 0; j < n; j++)
                ck_assert(counts[j] == 0 || counts[i] <= counts[j] || weights[i] < weights[j]);
        }
        if (k == 0)
            assert_near(weighted, total);
        else
            assert_near(sum, present);
    }
}
END_TEST

START_TEST(unknown_schemes_are_wrong_usage)
{
    static const char *const wrong[] = {"",           "Balanced", "balanced:1",  "effnum",
                                        "effnum:",    "effnum:1", "effnum:-0.1", "effnum:x",
                                        "effnum:nan", "inverse "};
    const guint64 counts[] = {1, 2};
    double weights[2];
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_msg(!ts_class_weights(wrong[i], counts, 2, weights, &error), "'%s'", wrong[i]);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("class-table");
    TCase *table = tcase_create("table");
    tcase_add_test(table, values_by_hand);
    tcase_add_test(table, even_tables_are_even_and_single_classes_are_not);
    tcase_add_test(table, no_samples_means_no_numbers);
    tcase_add_loop_test(table, scaling_all_counts_changes_no_share, 0, 50);
    tcase_add_test(table, tiers_part_at_their_counts);
    suite_add_tcase(suite, table);
    TCase *weights = tcase_create("weights");
    tcase_add_test(weights, weights_by_hand);
    tcase_add_test(weights, terms_by_hand);
    tcase_add_test(weights, only_weights_are_weights);
    tcase_add_loop_test(weights, rarer_classes_weigh_more_and_scales_are_kept, 0, 50);
    tcase_add_test(weights, unknown_schemes_are_wrong_usage);
    suite_add_tcase(suite, weights);
    return unit_run(suite);
}
