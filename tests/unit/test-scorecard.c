/* Metrics of predictions, and draws of their rows. */
#include "unit.h"

#include "base/rng.h"
#include "stats/calibration.h"
#include "stats/compare.h"
#include "stats/row_draw.h"
#include "stats/threshold.h"

#include <math.h>
#include <string.h>

enum { N = 200, N_CLASSES = 3 };

/* Random answers, probabilities in sixteenths so that many are equal. */
static TsPredictions *
make(guint64 seed)
{
    static const char *const names[] = {"a", "b", "c", NULL};
    TsPredictions *p = ts_predictions_new(N, names, FALSE, TRUE, NULL);
    TsRng rng;
    ts_rng_init(&rng, seed, "test", 0);
    for (guint64 i = 0; i < N; i++) {
        p->truth[i] = (gint32) ts_rng_below(&rng, N_CLASSES);
        for (guint k = 0; k < 16; k++)
            p->p[i * N_CLASSES + (ts_rng_below(&rng, 3) == 0 ? (guint64) p->truth[i]
                                                             : ts_rng_below(&rng, N_CLASSES))] +=
                1. / 16;
    }
    ts_predictions_choose(p);
    ck_assert(ts_predictions_prepare(p, NULL));
    return p;
}

START_TEST(auroc_is_the_share_of_pairs_in_order)
{
    g_autoptr(TsPredictions) p = make(1);
    g_autoptr(TsScorecard) card = ts_scorecard_new(p, NULL);
    for (guint c = 0; c < N_CLASSES; c++) {
        double in_order = 0, n = 0;
        for (guint64 i = 0; i < N; i++)
            for (guint64 j = 0; j < N; j++) {
                double x = p->p[i * N_CLASSES + c], y = p->p[j * N_CLASSES + c];
                if (p->truth[i] != (gint32) c || p->truth[j] == (gint32) c)
                    continue;
                in_order += x > y ? 1 : x == y ? 0.5 : 0;
                n++;
            }
        ck_assert_double_eq_tol(ts_scorecard_of_class(card, TS_SCORE_AUROC, c), in_order / n,
                                1e-12);
    }
}
END_TEST

START_TEST(a_temperature_that_was_applied_is_found_again)
{
    g_autoptr(TsPredictions) p = make(2);
    TsTemperatureFit first, second;
    ck_assert(ts_temperature_fit(p, 15, &first, NULL)); /* p fits best now */
    ts_temperature_apply(p, 0.25);
    ck_assert(ts_temperature_fit(p, 15, &second, NULL));
    ck_assert_double_eq_tol(second.temperature, 4, 1e-6);
    ck_assert_double_eq_tol(second.log_loss[1], first.log_loss[1], 1e-9);
    ck_assert(second.log_loss[0] > second.log_loss[1]);
}
END_TEST

START_TEST(temperatures_beside_the_fitted_one_are_worse)
{
    static const double beside[] = {0.98, 1.02};
    for (guint i = 0; i < G_N_ELEMENTS(beside); i++) {
        g_autoptr(TsPredictions) p = make(2);
        TsTemperatureFit best, other;
        ck_assert(ts_temperature_fit(p, 15, &best, NULL));
        ts_temperature_apply(p, beside[i]);
        ck_assert(ts_temperature_fit(p, 15, &other, NULL));
        ck_assert(other.log_loss[0] > best.log_loss[1]);
    }
}
END_TEST

START_TEST(every_answer_is_in_one_bin)
{
    g_autoptr(TsPredictions) p = make(3);
    for (guint n_bins = 1; n_bins < 40; n_bins++) {
        g_autofree TsCalibrationBin *bins = g_new(TsCalibrationBin, n_bins);
        double sum = 0;
        ck_assert(ts_calibration_bins(p, NULL, n_bins, bins));
        for (guint b = 0; b < n_bins; b++) {
            sum += bins[b].weight;
            ck_assert(!(bins[b].weight > 0) || (bins[b].confidence > (double) b / n_bins &&
                                                bins[b].confidence <= (b + 1.) / n_bins + 1e-12));
        }
        ck_assert_double_eq(sum, N);
    }
}
END_TEST

static double
sum_of(const double *times, guint64 n)
{
    double sum = 0;
    for (guint64 i = 0; i < n; i++)
        sum += times[i];
    return sum;
}

START_TEST(strata_keep_the_count_of_each_class)
{
    g_autoptr(TsPredictions) p = make(4);
    g_autoptr(TsRowDraw) draw = ts_row_draw_new(p, NULL, TRUE, NULL);
    g_autoptr(TsScorecard) card = ts_scorecard_new(p, NULL);
    double times[N];
    ts_row_draw(draw, 7, 3, NULL, times);
    g_autoptr(TsScorecard) drawn = ts_scorecard_new(p, times);
    ck_assert_double_eq(sum_of(times, N), N);
    for (guint c = 0; c < N_CLASSES; c++)
        ck_assert_double_eq(drawn->support[c], card->support[c]);
}
END_TEST

START_TEST(groups_are_drawn_whole)
{
    g_autoptr(TsPredictions) p = make(5);
    gint32 group[N];
    double times[N], again[N];
    for (gint32 i = 0; i < N; i++)
        group[i] = i % 5 == 4 ? -1 : i / 10;
    g_autoptr(TsRowDraw) draw = ts_row_draw_new(p, group, FALSE, NULL);
    ck_assert_uint_eq(ts_row_draw_n(draw), 20 + N / 5);
    ts_row_draw(draw, 7, 3, NULL, times);
    for (guint64 i = 1; i < N; i++)
        ck_assert(group[i] < 0 || group[i] != group[i - 1] || times[i] == times[i - 1]);
    ts_row_draw(draw, 7, 3, NULL, again);
    ck_assert_mem_eq(times, again, sizeof times);
    ts_row_draw(draw, 7, 4, NULL, again);
    ck_assert(memcmp(times, again, sizeof times) != 0);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_row_draw_new(p, group, TRUE, &error));
    ck_assert_ptr_nonnull(error);
}
END_TEST

START_TEST(a_model_is_no_better_than_itself)
{
    const TsBootstrap how = {.n_replicates = 50, .confidence = 0.95};
    g_autoptr(TsPredictions) p = make(6);
    g_autoptr(TsPredictions) both = ts_predictions_pool(p, p, NULL);
    ck_assert(ts_predictions_prepare(both, NULL));
    g_autoptr(GPtrArray) metrics = ts_metric_defaults(both);
    g_autoptr(TsRowDraw) draw = ts_row_draw_new(p, NULL, FALSE, NULL);
    g_autofree TsDifference *found = g_new(TsDifference, metrics->len);
    TsMcNemar test;
    ck_assert(ts_compare(both, draw, metrics, &how, 30, NULL, found, NULL));
    for (guint m = 0; m < metrics->len; m++) {
        ck_assert_double_eq_tol(found[m].a, found[m].b, 1e-12);
        ck_assert_double_eq_tol(found[m].change.low, 0, 1e-12);
    }
    ck_assert_double_eq(found[0].p, 1); /* of the accuracy */
    ts_mcnemar_init(&test, p, p);
    ck_assert(test.only_a == 0 && test.only_b == 0 && test.p_exact == 1);
}
END_TEST

START_TEST(the_cheapest_threshold_is_below_any_other)
{
    g_autoptr(TsPredictions) p = make(7);
    TsThresholdRule rule;
    TsThreshold best;
    ck_assert(ts_threshold_parse("cost:fp=2,fn=3", &rule, NULL));
    ts_threshold_choose(&rule, p, 1, NULL, &best);
    for (guint k = 0; k <= 17; k++) {
        double cost = 0;
        for (guint64 i = 0; i < N; i++) {
            gboolean is_taken = p->p[i * N_CLASSES + 1] >= k / 16., is_true = p->truth[i] == 1;
            cost += is_taken && !is_true ? 2 : is_true && !is_taken ? 3 : 0;
        }
        ck_assert(best.value <= cost / N + 1e-12);
        if (k / 16. == best.threshold)
            ck_assert_double_eq_tol(best.value, cost / N, 1e-12);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("scorecard");
    TCase *tcase = tcase_create("scorecard");
    tcase_add_test(tcase, auroc_is_the_share_of_pairs_in_order);
    tcase_add_test(tcase, a_temperature_that_was_applied_is_found_again);
    tcase_add_test(tcase, temperatures_beside_the_fitted_one_are_worse);
    tcase_add_test(tcase, every_answer_is_in_one_bin);
    tcase_add_test(tcase, strata_keep_the_count_of_each_class);
    tcase_add_test(tcase, groups_are_drawn_whole);
    tcase_add_test(tcase, a_model_is_no_better_than_itself);
    tcase_add_test(tcase, the_cheapest_threshold_is_below_any_other);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
