/* Which rows go where classes overlap; tests/interop compares with imbalanced-learn. */
#include "balance/undersample/clean.h"
#include "base/error.h"
#include "unit.h"

#include <string.h>

/* A row of class 1 among those of class 0, two close ones of both, and one without a class. */
static const float values[] = {0, 1, 2, 2.5f, 3, 4, 10, 10.1f, 20, 21, 22, 23, 10.05f};
static const gint32 classes[] = {0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, -1};
enum { N = G_N_ELEMENTS(classes) };

static void
check_gone(TsCleanMethod method, guint k, gboolean by_mode, const gboolean *targeted,
           const char *gone)
{
    TsPoints points = {.n = N, .d = 1, .f32 = values};
    TsCleanOptions how = {.method = method, .k = k, .by_mode = by_mode};
    guint8 keep[N];
    char found[N + 1] = "";
    g_autoptr(GError) error = NULL;
    ck_assert(ts_clean(&points, classes, 2, targeted, &how, keep, &error));
    for (guint i = 0; i < N; i++)
        found[i] = keep[i] ? '.' : 'x';
    ck_assert_str_eq(found, gone);
}

START_TEST(tomek_links_lose_the_ends_that_are_targeted)
{
    gboolean first[] = {TRUE, FALSE}, both[] = {TRUE, TRUE};
    check_gone(TS_CLEAN_TOMEK, 1, FALSE, first, "..x...x......");
    check_gone(TS_CLEAN_TOMEK, 1, FALSE, both, "..xx..xx.....");
}
END_TEST

START_TEST(rows_that_their_neighbours_contradict_go)
{
    gboolean second[] = {FALSE, TRUE}, both[] = {TRUE, TRUE};
    check_gone(TS_CLEAN_ENN, 3, TRUE, second, "...x...x.....");
    check_gone(TS_CLEAN_ENN, 1, FALSE, both, "..xxx.xx.....");
}
END_TEST

START_TEST(repeating_ends_and_what_stays_agrees)
{
    gboolean both[] = {TRUE, TRUE};
    guint8 keep[N];
    TsPoints points = {.n = N, .d = 1, .f32 = values};
    TsCleanOptions how = {.method = TS_CLEAN_RENN, .k = 2, .by_mode = TRUE};
    ck_assert(ts_clean(&points, classes, 2, both, &how, keep, NULL));
    ck_assert(!keep[3] && keep[N - 1] && keep[0] && keep[11]);
}
END_TEST

START_TEST(too_few_rows_are_an_error)
{
    gboolean both[] = {TRUE, TRUE};
    guint8 keep[N];
    TsPoints points = {.n = 3, .d = 1, .f32 = values};
    TsCleanOptions how = {.method = TS_CLEAN_ENN, .k = 3};
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_clean(&points, classes, 2, both, &how, keep, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("clean");
    TCase *rows = tcase_create("rows");
    tcase_add_test(rows, tomek_links_lose_the_ends_that_are_targeted);
    tcase_add_test(rows, rows_that_their_neighbours_contradict_go);
    tcase_add_test(rows, repeating_ends_and_what_stays_agrees);
    tcase_add_test(rows, too_few_rows_are_an_error);
    suite_add_tcase(suite, rows);
    return unit_run(suite);
}
