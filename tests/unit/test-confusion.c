/* Confusion matrix and the scores of a classifier. */
#include "unit.h"

#include "base/error.h"
#include "stats/confusion.h"

#include <math.h>

#define ck_assert_close(a, b) ck_assert_double_eq_tol((a), (b), 1e-15)

static TsConfusion *
make(guint n, const double *cells)
{
    TsConfusion *confusion = ts_confusion_new(n, NULL, NULL);
    for (guint i = 0; i < n * n; i++)
        ts_confusion_add(confusion, i / n, i % n, cells[i]);
    return confusion;
}

/* By hand:
 *            a  b  c   support  recall
 *     a      5  1  0      6      5/6
 *     b      2  2  0      4      1/2
 *     c      0  0  10    10       1
 *     pred.  7  3  10    20
 */
START_TEST(scores_are_those_computed_by_hand)
{
    static const double cells[] = {5, 1, 0, 2, 2, 0, 0, 0, 10};
    g_autoptr(TsConfusion) confusion = make(3, cells);
    ck_assert_close(ts_confusion_compute_total(confusion), 20);
    ck_assert_close(ts_confusion_compute_accuracy(confusion), 17. / 20);
    ck_assert_close(ts_confusion_compute_balanced_accuracy(confusion), (5. / 6 + 0.5 + 1) / 3);
    ck_assert_close(ts_confusion_compute_support(confusion, 1), 4);
    ck_assert_close(ts_confusion_compute_predicted(confusion, 1), 3);
    TsScores a = ts_confusion_compute_scores(confusion, 0);
    TsScores b = ts_confusion_compute_scores(confusion, 1);
    ck_assert_close(a.precision, 5. / 7);
    ck_assert_close(a.recall, 5. / 6);
    ck_assert_close(a.f1, 10. / 13);
    ck_assert_close(b.precision, 2. / 3);
    ck_assert_close(b.recall, 0.5);
    ck_assert_close(b.f1, 4. / 7);
    TsScores macro = ts_confusion_compute_average(confusion, TS_AVERAGE_MACRO);
    ck_assert_close(macro.precision, (5. / 7 + 2. / 3 + 1) / 3);
    ck_assert_close(macro.recall, (5. / 6 + 0.5 + 1) / 3);
    ck_assert_close(macro.f1, (10. / 13 + 4. / 7 + 1) / 3);
    TsScores weighted = ts_confusion_compute_average(confusion, TS_AVERAGE_WEIGHTED);
    ck_assert_close(weighted.precision, (6 * 5. / 7 + 4 * 2. / 3 + 10) / 20);
    ck_assert_close(weighted.recall, 17. / 20);
    ck_assert_close(weighted.f1, (6 * 10. / 13 + 4 * 4. / 7 + 10) / 20);
}
END_TEST

/* Class 2 is only predicted, class 3 neither there nor predicted, class 1 never right. */
START_TEST(classes_without_rows_or_predictions_count_as_documented)
{
    static const double cells[] = {3, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    g_autoptr(TsConfusion) confusion = make(4, cells);
    ck_assert_close(ts_confusion_compute_balanced_accuracy(confusion), 0.75 / 2);
    TsScores never_right = ts_confusion_compute_scores(confusion, 1);
    TsScores only_predicted = ts_confusion_compute_scores(confusion, 2);
    TsScores absent = ts_confusion_compute_scores(confusion, 3);
    ck_assert(never_right.precision == 0 && never_right.recall == 0 && never_right.f1 == 0);
    ck_assert(only_predicted.precision == 0 && only_predicted.recall == 0);
    ck_assert(absent.precision == 0 && absent.recall == 0 && absent.f1 == 0);
    TsScores macro = ts_confusion_compute_average(confusion, TS_AVERAGE_MACRO);
    ck_assert_close(macro.recall, 0.75 / 3);
    ck_assert_close(macro.precision, 0.6 / 3);
    ck_assert_close(macro.f1, 6. / 9 / 3);
    TsScores weighted = ts_confusion_compute_average(confusion, TS_AVERAGE_WEIGHTED);
    ck_assert_close(weighted.recall, 0.5);
}
END_TEST

START_TEST(an_empty_matrix_has_scores_of_zero)
{
    for (guint n = 0; n < 3; n++) {
        g_autoptr(TsConfusion) confusion = ts_confusion_new(n, NULL, NULL);
        ck_assert(ts_confusion_compute_accuracy(confusion) == 0);
        ck_assert(ts_confusion_compute_balanced_accuracy(confusion) == 0);
        ck_assert(ts_confusion_compute_average(confusion, TS_AVERAGE_MACRO).f1 == 0);
        ck_assert(ts_confusion_compute_average(confusion, TS_AVERAGE_WEIGHTED).f1 == 0);
    }
}
END_TEST

START_TEST(scores_do_not_change_with_the_order_of_the_classes)
{
    static const double cells[] = {5, 1, 0, 2, 2, 3, 0, 7, 10};
    static const guint order[] = {2, 0, 1};
    g_autoptr(TsConfusion) one = make(3, cells);
    g_autoptr(TsConfusion) other = ts_confusion_new(3, NULL, NULL);
    for (guint i = 0; i < 9; i++)
        ts_confusion_add(other, order[i / 3], order[i % 3], cells[i]);
    ck_assert_close(ts_confusion_compute_accuracy(one), ts_confusion_compute_accuracy(other));
    ck_assert_close(ts_confusion_compute_balanced_accuracy(one),
                    ts_confusion_compute_balanced_accuracy(other));
    ck_assert_close(ts_confusion_compute_average(one, TS_AVERAGE_MACRO).f1,
                    ts_confusion_compute_average(other, TS_AVERAGE_MACRO).f1);
    ck_assert_close(ts_confusion_compute_scores(one, 1).precision,
                    ts_confusion_compute_scores(other, 0).precision);
}
END_TEST

START_TEST(names_weights_and_reset)
{
    static const char *const names[] = {"cat", "dog"};
    g_autoptr(TsConfusion) confusion = ts_confusion_new(2, names, NULL);
    g_autoptr(TsConfusion) nameless = ts_confusion_new(12, NULL, NULL);
    ck_assert_str_eq(ts_confusion_name(confusion, 1), "dog");
    ck_assert_str_eq(ts_confusion_name(nameless, 11), "11");
    ck_assert_uint_eq(ts_confusion_n_classes(nameless), 12);
    ts_confusion_add(confusion, 0, 1, 0.5);
    ts_confusion_add(confusion, 0, 1, 0.25);
    ts_confusion_add(confusion, 0, 0, 0.25);
    ck_assert_close(ts_confusion_get(confusion, 0, 1), 0.75);
    ck_assert_close(ts_confusion_compute_accuracy(confusion), 0.25);
    ts_confusion_reset(confusion);
    ck_assert(ts_confusion_compute_total(confusion) == 0);
}
END_TEST

START_TEST(too_many_classes_are_an_error)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_confusion_new(G_MAXUINT, NULL, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_NO_MEMORY));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("confusion");
    TCase *tcase = tcase_create("confusion");
    tcase_add_test(tcase, scores_are_those_computed_by_hand);
    tcase_add_test(tcase, classes_without_rows_or_predictions_count_as_documented);
    tcase_add_test(tcase, an_empty_matrix_has_scores_of_zero);
    tcase_add_test(tcase, scores_do_not_change_with_the_order_of_the_classes);
    tcase_add_test(tcase, names_weights_and_reset);
    tcase_add_test(tcase, too_many_classes_are_an_error);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
