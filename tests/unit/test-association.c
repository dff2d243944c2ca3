/* Association of properties with classes by hand and by law. */
#include "base/rng.h"
#include "stats/association.h"
#include "unit.h"

#include <math.h>

static void
assert_near(double value, double expected)
{
    ck_assert_msg(fabs(value - expected) <= 1e-12 * MAX(1, fabs(expected)), "%.17g, not %.17g",
                  value, expected);
}

START_TEST(eta_by_hand)
{
    /* class 0: 1 3, class 1: 5 7; means 2 6 of 4: between 16, within 4 */
    const double values[] = {1, 5, NAN, 3, 7, 100};
    const gint32 of_row[] = {0, 1, 1, 0, 1, -1};
    TsAssociation link;
    ts_association_of_numbers(&link, values, of_row, 6, 2);
    ck_assert_uint_eq(link.n, 4);
    assert_near(link.strength, sqrt(0.8));
    assert_near(link.corrected, sqrt((16 - 2) / 20.0));
    /* F(1, 2) = 8: p = 1 - sqrt(F / (F + 2)) */
    assert_near(link.p, 1 - sqrt(0.8));
}
END_TEST

START_TEST(v_by_hand)
{
    const gint32 names[] = {0, 0, 1, 1, 2, -1}, of_row[] = {0, 0, 1, 1, -1, 1};
    TsAssociation link;
    ck_assert(ts_association_of_names(&link, names, 3, of_row, 6, 2, NULL));
    ck_assert_uint_eq(link.n, 4);
    assert_near(link.strength, 1);
    /* phi^2 1 - 1/3, fewer 2 - 1/3 of both */
    assert_near(link.corrected, sqrt((2.0 / 3) / (2.0 / 3)));
    assert_near(link.p, erfc(sqrt(4.0 / 2)));
}
END_TEST

START_TEST(nothing_to_compare_is_no_number)
{
    const double same[] = {0.1, 0.1, 0.1}, different[] = {1, 2, 3};
    const gint32 one[] = {0, 0, 0}, each[] = {0, 1, 2}, two[] = {0, 1, 1};
    TsAssociation link;
    ts_association_of_numbers(&link, same, two, 3, 2);
    ck_assert(isnan(link.strength) && isnan(link.p));
    ts_association_of_numbers(&link, different, one, 3, 1);
    ck_assert(isnan(link.strength));
    ts_association_of_numbers(&link, different, each, 3, 3);
    ck_assert(isnan(link.strength));
    ck_assert(ts_association_of_names(&link, one, 1, two, 3, 2, NULL));
    ck_assert(isnan(link.strength) && isnan(link.corrected));
}
END_TEST

START_TEST(chance_alone_is_corrected_away)
{
    enum { N = 400 };
    double values[N];
    gint32 names[N], of_row[N];
    TsRng rng;
    ts_rng_init(&rng, 1, "test", (guint64) _i);
    for (int i = 0; i < N; i++) {
        values[i] = ts_rng_normal(&rng);
        names[i] = i;
        of_row[i] = (gint32) ts_rng_below(&rng, 20);
    }
    TsAssociation link;
    ts_association_of_numbers(&link, values, of_row, N, 20);
    ck_assert(link.strength > 0.1 && link.corrected < 0.25 && link.corrected < link.strength);
    /* a name for each row tells all about the class, and nothing */
    ck_assert(ts_association_of_names(&link, names, N, of_row, N, 20, NULL));
    assert_near(link.strength, 1);
    ck_assert(link.corrected < 1e-6);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("association");
    TCase *tcase = tcase_create("association");
    tcase_add_test(tcase, eta_by_hand);
    tcase_add_test(tcase, v_by_hand);
    tcase_add_test(tcase, nothing_to_compare_is_no_number);
    tcase_add_loop_test(tcase, chance_alone_is_corrected_away, 0, 5);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
