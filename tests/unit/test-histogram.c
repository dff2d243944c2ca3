/* lib/stats/histogram: every number lies in its bin. */
#include "unit.h"

#include "base/rng.h"
#include "stats/histogram.h"

#include <math.h>

START_TEST(every_number_lies_in_its_bin)
{
    enum { N = 20000 };
    static float x[N];
    TsRng rng;
    ts_rng_init(&rng, 1, "numbers", 0);
    for (int i = 0; i < N; i++)
        x[i] = (float) (ts_rng_normal(&rng) * pow(10, 60 * ts_rng_uniform(&rng) - 35));
    g_autoptr(TsHistogram) h = ts_histogram_new();
    ts_histogram_add(h, x, N);
    const double *limit, *count;
    guint n = ts_histogram_bins(h, &limit, &count);
    double sum = 0;
    for (guint bin = 0; bin < n; bin++) {
        double expected = 0;
        for (int i = 0; i < N; i++) {
            gboolean above = bin == 0 || x[i] > limit[bin - 1];
            expected += above && (x[i] <= limit[bin] || bin == n - 1);
        }
        ck_assert_msg(count[bin] == expected, "bin %u: %g, not %g", bin, count[bin], expected);
        sum += count[bin];
        ck_assert(bin == 0 || limit[bin] > limit[bin - 1]);
    }
    ck_assert(sum == N && h->n == N);
}
END_TEST

START_TEST(only_bins_in_use_are_given)
{
    const double *limit, *count;
    const float x[] = {0, 0, 1e-13f, -3, 5, NAN, INFINITY};
    g_autoptr(TsHistogram) h = ts_histogram_new();
    ck_assert_uint_eq(ts_histogram_bins(h, &limit, &count), 0);
    ts_histogram_add(h, x, 7);
    guint n = ts_histogram_bins(h, &limit, &count);
    ck_assert(count[0] == 0 && count[1] == 1 && count[n - 1] == 1);
    ck_assert(limit[0] < -3 && limit[1] >= -3 && limit[1] < -2.7);
    ck_assert(limit[n - 1] >= 5 && limit[n - 1] < 5.5);
    ck_assert(h->n == 5 && h->n_not_finite == 2 && h->min == -3 && h->max == 5);
    ck_assert(fabs(h->sum - 2) < 1e-9 && fabs(h->sum_of_squares - 34) < 1e-9);
    /* TensorFlow's ends: 774 of them on each side of 0 up to 1e20. */
    ck_assert_uint_eq(h->n_bins, 2 * 774 + 1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("histogram");
    TCase *bins = tcase_create("bins");
    tcase_add_test(bins, every_number_lies_in_its_bin);
    tcase_add_test(bins, only_bins_in_use_are_given);
    suite_add_tcase(suite, bins);
    return unit_run(suite);
}
