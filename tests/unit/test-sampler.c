/* Orders of epochs: how often each sample comes. */
#include "base/error.h"
#include "sample/sampler.h"
#include "unit.h"

#include <math.h>
#include <string.h>

/* Add how often each of `n` samples comes in `n_epochs` epochs. */
static void
count(const TsSampler *sampler, guint64 n, guint n_epochs, guint *counts)
{
    const guint64 n_drawn = ts_sampler_n_drawn(sampler);
    g_autofree guint64 *order = g_new(guint64, n_drawn);
    for (guint epoch = 0; epoch < n_epochs; epoch++) {
        ts_sampler_draw(sampler, 1, epoch, order);
        for (guint64 k = 0; k < n_drawn; k++) {
            ck_assert_uint_lt(order[k], n);
            counts[order[k]]++;
        }
    }
}

START_TEST(whole_repeats_are_exact_in_every_epoch)
{
    const double repeats[] = {1, 0, 3, 2, 1};
    g_autoptr(TsSampler) sampler = ts_sampler_new_repeats(repeats, 5, NULL);
    ck_assert_uint_eq(ts_sampler_n_drawn(sampler), 7);
    guint counts[5] = {0};
    count(sampler, 5, 10, counts);
    for (guint i = 0; i < 5; i++)
        ck_assert_uint_eq(counts[i], (guint) repeats[i] * 10);
}
END_TEST

START_TEST(fractions_are_probabilities_of_one_time_more)
{
    enum { N = 50, EPOCHS = 4000 };
    double repeats[N];
    for (guint i = 0; i < N; i++)
        repeats[i] = i % 5 == 0 ? 2 : 1 + (i % 4) * 0.25 + 0.1;
    double fractions = 0;
    for (guint i = 0; i < N; i++)
        fractions += repeats[i] - floor(repeats[i]);
    g_autoptr(TsSampler) sampler = ts_sampler_new_repeats(repeats, N, NULL);
    const double more = ceil(fractions);
    guint counts[N] = {0};
    count(sampler, N, EPOCHS, counts);
    for (guint i = 0; i < N; i++) {
        const double fraction = repeats[i] - floor(repeats[i]);
        const double p = fraction * more / fractions, mean = counts[i] / (double) EPOCHS;
        ck_assert_double_le(fabs(mean - floor(repeats[i]) - p), 5 * sqrt(0.25 / EPOCHS));
        if (fraction == 0)
            ck_assert_uint_eq(counts[i], (guint) repeats[i] * EPOCHS);
    }
}
END_TEST

START_TEST(no_fraction_comes_twice_in_an_epoch)
{
    enum { N = 20 };
    double repeats[N];
    for (guint i = 0; i < N; i++)
        repeats[i] = 0.95 - 0.01 * i;
    g_autoptr(TsSampler) sampler = ts_sampler_new_repeats(repeats, N, NULL);
    guint64 order[N];
    for (guint epoch = 0; epoch < 500; epoch++) {
        guint seen[N] = {0};
        ts_sampler_draw(sampler, 3, epoch, order);
        for (guint k = 0; k < ts_sampler_n_drawn(sampler); k++)
            ck_assert_uint_eq(seen[order[k]]++, 0);
    }
}
END_TEST

START_TEST(draws_are_in_proportion_to_the_weights)
{
    enum { EPOCHS = 4000 };
    const double weights[] = {0, 1, 2, 0, 5, 2, 0};
    g_autoptr(TsSampler) sampler = ts_sampler_new_draws(weights, 7, NULL);
    ck_assert_uint_eq(ts_sampler_n_drawn(sampler), 7);
    guint counts[7] = {0};
    count(sampler, 7, EPOCHS, counts);
    for (guint i = 0; i < 7; i++) {
        const double p = weights[i] / 10, n = 7.0 * EPOCHS;
        ck_assert_double_le(fabs(counts[i] - p * n), 5 * sqrt(n * p * (1 - p)));
    }
}
END_TEST

START_TEST(an_order_follows_from_seed_and_epoch)
{
    const double amounts[] = {1.5, 2.5, 0.5, 1, 1, 1, 1, 4};
    for (int draws = 0; draws < 2; draws++) {
        g_autoptr(TsSampler) sampler = draws ? ts_sampler_new_draws(amounts, 8, NULL)
                                             : ts_sampler_new_repeats(amounts, 8, NULL);
        const gsize n = ts_sampler_n_drawn(sampler);
        guint64 a[16], b[16];
        ts_sampler_draw(sampler, 7, 3, a);
        ts_sampler_draw(sampler, 7, 4, b);
        ck_assert_mem_ne(a, b, n * sizeof *a);
        ts_sampler_draw(sampler, 7, 3, b);
        ck_assert_mem_eq(a, b, n * sizeof *a);
        ts_sampler_draw(sampler, 8, 3, b);
        ck_assert_mem_ne(a, b, n * sizeof *a);
    }
}
END_TEST

START_TEST(nothing_to_draw_is_an_error)
{
    const double none[] = {0, 0}, far_too_many[] = {4e9, 4e9};
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_sampler_new_draws(none, 2, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    g_clear_error(&error);
    ck_assert_ptr_null(ts_sampler_new_repeats(none, 2, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    g_clear_error(&error);
    ck_assert_ptr_null(ts_sampler_new_repeats(far_too_many, 2, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("sampler");
    TCase *tests = tcase_create("sampler");
    tcase_add_test(tests, whole_repeats_are_exact_in_every_epoch);
    tcase_add_test(tests, fractions_are_probabilities_of_one_time_more);
    tcase_add_test(tests, no_fraction_comes_twice_in_an_epoch);
    tcase_add_test(tests, draws_are_in_proportion_to_the_weights);
    tcase_add_test(tests, an_order_follows_from_seed_and_epoch);
    tcase_add_test(tests, nothing_to_draw_is_an_error);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
