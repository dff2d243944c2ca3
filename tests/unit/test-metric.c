/* Metrics by name and conditions on them. */
#include "unit.h"

#include "base/error.h"
#include "stats/metric.h"

#include <string.h>

/* Rows: a 3 right, 1 as b; b 2 right, 2 as a. */
static TsPredictions *
make(void)
{
    static const char *const names[] = {"a", "b<c", NULL};
    static const gint32 truth[] = {0, 0, 0, 0, 1, 1, 1, 1}, pred[] = {0, 0, 0, 1, 0, 0, 1, 1};
    TsPredictions *predictions = ts_predictions_new(8, names, FALSE, FALSE, NULL);
    memcpy(predictions->truth, truth, sizeof truth);
    memcpy(predictions->pred, pred, sizeof pred);
    ck_assert(ts_predictions_prepare(predictions, NULL));
    return predictions;
}

static const struct {
    const char *name;
    double value;
} metrics[] = {
    {"accuracy", 5. / 8},
    {"balanced_accuracy", 5. / 8},
    {"macro_precision", (3. / 5 + 2. / 3) / 2},
    {"macro_recall", 5. / 8},
    {"macro_f1", (6. / 9 + 4. / 7) / 2},
    {"weighted_precision", (3. / 5 + 2. / 3) / 2},
    {"weighted_recall", 5. / 8},
    {"weighted_f1", (6. / 9 + 4. / 7) / 2},
    {"precision:a", 3. / 5},
    {"recall:a", 3. / 4},
    {"f1:a", 6. / 9},
    {"support:a", 4},
    {"predicted:a", 5},
    {"recall:b<c", 0.5},
    {"recall[b<c]", 0.5},
    {"sensitivity[a]", 3. / 4},
    {"specificity[a]", 0.5},
    {"kappa", 0.25},
};

START_TEST(every_metric_has_its_name)
{
    g_autoptr(TsPredictions) predictions = make();
    g_autoptr(TsScorecard) card = ts_scorecard_new(predictions, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(metrics); i++) {
        g_autoptr(TsMetric) metric = ts_metric_parse(metrics[i].name, FALSE, NULL);
        ck_assert_msg(metric != NULL, "%s", metrics[i].name);
        ck_assert_str_eq(ts_metric_name(metric), metrics[i].name);
        ck_assert(ts_metric_bind(metric, predictions, NULL));
        double value = ts_metric_compute(metric, card);
        ck_assert_msg(value > metrics[i].value - 1e-15 && value < metrics[i].value + 1e-15, "%s",
                      metrics[i].name);
    }
}
END_TEST

START_TEST(weights_are_as_good_as_repeated_rows)
{
    static const double weight[] = {2, 1, 0, 3, 1, 1, 1, 0};
    static const guint64 repeated[] = {0, 0, 1, 3, 3, 3, 4, 5, 6};
    static const char *const names[] = {"accuracy", "gmean", "kappa", "mcc", "macro_f1"};
    g_autoptr(TsPredictions) predictions = make();
    g_autoptr(TsPredictions) other = ts_predictions_select(predictions, repeated, 9, NULL);
    g_autoptr(TsScorecard) weighted = ts_scorecard_new(predictions, weight);
    g_autoptr(TsScorecard) plain = ts_scorecard_new(other, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(TsMetric) metric = ts_metric_parse(names[i], FALSE, NULL);
        ck_assert_double_eq_tol(ts_metric_compute(metric, weighted),
                                ts_metric_compute(metric, plain), 1e-15);
    }
}
END_TEST

START_TEST(unknown_metrics_and_classes_are_wrong_arguments)
{
    static const char *const names[] = {
        "",         "acc",         "recall", "recall:",  "recall:c", "accuracy:a",
        "recall[a", "exact_match", "top0",   "log_loss", "micro_f1", "ap"};
    g_autoptr(TsPredictions) predictions = make();
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TsMetric) metric = ts_metric_parse(names[i], FALSE, &error);
        ck_assert(metric == NULL || !ts_metric_bind(metric, predictions, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("metric");
    TCase *tcase = tcase_create("metric");
    tcase_add_test(tcase, every_metric_has_its_name);
    tcase_add_test(tcase, weights_are_as_good_as_repeated_rows);
    tcase_add_test(tcase, unknown_metrics_and_classes_are_wrong_arguments);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
