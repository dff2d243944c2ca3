/* Conditions: what they say, and what is none. */
#include "base/error.h"
#include "stats/condition.h"
#include "unit.h"

#include <math.h>

static const struct {
    const char *text, *name;
    double value;
    gboolean holds;
} conditions[] = {
    {"accuracy<0.7", "accuracy", 0.625, TRUE},
    {"accuracy<0.625", "accuracy", 0.625, FALSE},
    {"accuracy<=0.625", "accuracy", 0.625, TRUE},
    {"accuracy>0.625", "accuracy", 0.625, FALSE},
    {"accuracy>0.6", "accuracy", 0.625, TRUE},
    {"accuracy>=0.625", "accuracy", 0.625, TRUE},
    {"accuracy>=0.63", "accuracy", 0.625, FALSE},
    {" accuracy <= 1e0 ", "accuracy", 0.625, TRUE},
    {"empty==0", "empty", 0, TRUE},
    {"empty == 0", "empty", 1, FALSE},
    {"empty!=-1", "empty", -1, FALSE},
    {"empty!=-1", "empty", 0, TRUE},
    {"recall:b<c<0.6", "recall:b<c", 0.5, TRUE},
    {"count:a==b>=3", "count:a==b", 3, TRUE},
    {"x<1", "x", NAN, FALSE},
    {"x>=1", "x", NAN, FALSE},
    {"x!=1", "x", NAN, FALSE},
};

START_TEST(conditions_hold_as_they_say)
{
    g_autoptr(TsCondition) condition = ts_condition_parse(conditions[_i].text, NULL);
    ck_assert_ptr_nonnull(condition);
    ck_assert_str_eq(ts_condition_name(condition), conditions[_i].name);
    ck_assert_int_eq(ts_condition_holds(condition, conditions[_i].value), conditions[_i].holds);
}
END_TEST

START_TEST(what_is_no_condition_is_refused)
{
    static const char *const texts[] = {"",           "accuracy",      "accuracy<",
                                        "accuracy=1", "accuracy<0.9x", "accuracy<nan",
                                        "accuracy<x", "accuracy>=",    "accuracy!1"};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_msg(ts_condition_parse(texts[i], &error) == NULL, "%s", texts[i]);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("condition");
    TCase *tcase = tcase_create("condition");
    tcase_add_loop_test(tcase, conditions_hold_as_they_say, 0, G_N_ELEMENTS(conditions));
    tcase_add_test(tcase, what_is_no_condition_is_refused);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
