/* Metrics by name and conditions on them. */
#include "unit.h"

#include "base/error.h"
#include "stats/metric.h"

#include <string.h>

/* Rows: a 3 right, 1 as b; b 2 right, 2 as a. */
static TsConfusion *
make(void)
{
    static const char *const names[] = {"a", "b<c"};
    TsConfusion *confusion = ts_confusion_new(2, names, NULL);
    ts_confusion_add(confusion, 0, 0, 3);
    ts_confusion_add(confusion, 0, 1, 1);
    ts_confusion_add(confusion, 1, 0, 2);
    ts_confusion_add(confusion, 1, 1, 2);
    return confusion;
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
};

START_TEST(every_metric_has_its_name)
{
    g_autoptr(TsConfusion) confusion = make();
    for (guint i = 0; i < G_N_ELEMENTS(metrics); i++) {
        double value;
        ck_assert(ts_metric_compute(confusion, metrics[i].name, &value, NULL));
        ck_assert_msg(value > metrics[i].value - 1e-15 && value < metrics[i].value + 1e-15, "%s",
                      metrics[i].name);
    }
    ck_assert_uint_eq(g_strv_length((char **) ts_metric_names()), 8);
    for (guint i = 0; i < 8; i++)
        ck_assert_str_eq(ts_metric_names()[i], metrics[i].name);
}
END_TEST

START_TEST(unknown_metrics_and_classes_are_wrong_arguments)
{
    static const char *const names[] = {"", "acc", "recall", "recall:", "recall:c", "accuracy:a"};
    g_autoptr(TsConfusion) confusion = make();
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        double value;
        ck_assert(!ts_metric_compute(confusion, names[i], &value, &error));
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
    tcase_add_test(tcase, unknown_metrics_and_classes_are_wrong_arguments);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
