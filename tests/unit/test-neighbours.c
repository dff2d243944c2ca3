/* Nearest neighbours against the plain definition. */
#include "balance/space/neighbours.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/threads.h"
#include "unit.h"

#include <math.h>
#include <string.h>

typedef struct {
    double distance2;
    guint32 row;
} Candidate;

static int
compare(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    if (x->distance2 != y->distance2)
        return x->distance2 < y->distance2 ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Sort all distances of each query: what neighbours are by definition. */
static void
check_against_sort(const TsPoints *points, const guint32 *base, gsize n_base, const guint32 *query,
                   gsize n_query, guint k)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(points, base, n_base, query, n_query, k, &error);
    ck_assert_msg(near != NULL, "%s", error != NULL ? error->message : "");
    n_base = base != NULL ? n_base : points->n;
    const guint32 *asked = query != NULL ? query : base;
    n_query = query != NULL ? n_query : n_base;
    ck_assert_uint_eq(near->n, n_query);
    g_autofree Candidate *all = g_new(Candidate, n_base);
    for (gsize i = 0; i < n_query; i++) {
        guint32 self = asked != NULL ? asked[i] : (guint32) i;
        gsize n = 0;
        for (gsize j = 0; j < n_base; j++) {
            guint32 row = base != NULL ? base[j] : (guint32) j;
            if (row != self)
                all[n++] = (Candidate){ts_points_distance2(points, self, row), row};
        }
        qsort(all, n, sizeof *all, compare);
        for (guint j = 0; j < k; j++) {
            ck_assert_uint_eq(near->index[i * k + j], all[j].row);
            ck_assert(near->distance2[i * k + j] == all[j].distance2);
        }
    }
}

static float *
random_values(gsize n, gsize d, guint64 seed, gboolean bytes, double shift)
{
    float *values = g_new(float, n *d);
    TsRng rng;
    ts_rng_init(&rng, seed, "test", 0);
    for (gsize i = 0; i < n * d; i++)
        values[i] = (float) (bytes ? (double) ts_rng_below(&rng, 4) : ts_rng_normal(&rng) + shift);
    return values;
}

START_TEST(neighbours_are_the_first_of_all_rows_sorted_by_distance)
{
    static const struct {
        gsize n, d;
        guint k;
    } cases[] = {{2, 1, 1}, {40, 3, 5}, {600, 17, 4}, {1300, 64, 6}, {1100, 5, 20}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree float *values = random_values(cases[i].n, cases[i].d, i, FALSE, 0);
        TsPoints points = {.n = cases[i].n, .d = cases[i].d, .f32 = values};
        check_against_sort(&points, NULL, 0, NULL, 0, cases[i].k);
    }
}
END_TEST

START_TEST(equal_distances_go_by_row_number)
{
    g_autofree float *values = random_values(1100, 3, 1, TRUE, 0);
    TsPoints points = {.n = 1100, .d = 3, .f32 = values};
    check_against_sort(&points, NULL, 0, NULL, 0, 7);
    memset(values, 0, 1100 * 3 * sizeof *values);
    check_against_sort(&points, NULL, 0, NULL, 0, 3);
}
END_TEST

/* Far from the origin, |a|^2 + |b|^2 - 2 a.b alone would lose every digit. */
START_TEST(values_far_from_zero_keep_their_neighbours)
{
    g_autofree float *values = random_values(700, 8, 2, FALSE, 30000);
    TsPoints points = {.n = 700, .d = 8, .f32 = values};
    check_against_sort(&points, NULL, 0, NULL, 0, 5);
    values[0] = 1e30f; /* one row far out */
    check_against_sort(&points, NULL, 0, NULL, 0, 5);
}
END_TEST

START_TEST(doubles_closer_than_single_precision_are_told_apart)
{
    enum { N = 600 };
    g_autofree double *values = g_new(double, N);
    for (guint i = 0; i < N; i++)
        values[i] = 1 + (double) (i * i % 601) * 1e-12;
    values[3] = 1e200;
    TsPoints points = {.n = N, .d = 1, .f64 = values};
    check_against_sort(&points, NULL, 0, NULL, 0, 2);
}
END_TEST

START_TEST(base_and_queries_may_be_any_rows)
{
    g_autofree float *values = random_values(900, 10, 3, FALSE, 0);
    TsPoints points = {.n = 900, .d = 10, .f32 = values};
    guint32 odd[450], third[300];
    for (guint32 i = 0; i < 450; i++)
        odd[i] = 2 * i + 1;
    for (guint32 i = 0; i < 300; i++)
        third[i] = 899 - 3 * i;
    check_against_sort(&points, odd, 450, NULL, 0, 5);
    check_against_sort(&points, odd, 450, third, 300, 5);
    check_against_sort(&points, NULL, 0, third, 300, 5);
}
END_TEST

/* Panels of a few rows, from memory and from a file that is let go all the time. */
START_TEST(the_budget_changes_nothing)
{
    static const guint64 budgets[] = {1 << 12, 1 << 14, 1 << 17};
    guint32 odd[150], third[100];
    for (guint32 i = 0; i < 150; i++)
        odd[i] = 2 * i + 1;
    for (guint32 i = 0; i < 100; i++)
        third[i] = 299 - 3 * i;
    ts_threads_set(1); /* threads would only wait for each other over a few rows */
    for (guint i = 0; i < G_N_ELEMENTS(budgets); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree float *values = random_values(300, 9, i, i % 2 == 0, 0);
        g_auto(TsScratch) file = {0};
        ts_memory_set(budgets[i]);
        ck_assert(ts_scratch_alloc(&file, 300 * 9, sizeof *values, "test", &error));
        ck_assert_int_eq(file.in_file, ts_memory_is_large(300 * 9 * sizeof *values));
        memcpy(file.data, values, 300 * 9 * sizeof *values);
        TsPoints points = {.n = 300, .d = 9, .f32 = file.data, .mapped = file.in_file};
        ck_assert(ts_points_check(&points, "x.npy", &error));
        check_against_sort(&points, NULL, 0, NULL, 0, 5);
        check_against_sort(&points, odd, 150, NULL, 0, 3);
        check_against_sort(&points, odd, 150, third, 100, 4);
        check_against_sort(&points, NULL, 0, third, 100, 4);
        ck_assert_mem_eq(file.data, values, 300 * 9 * sizeof *values);
    }
    ts_memory_set(0);
}
END_TEST

START_TEST(threads_change_nothing)
{
    g_autofree float *values = random_values(2600, 6, 4, TRUE, 0);
    TsPoints points = {.n = 2600, .d = 6, .f32 = values};
    ts_threads_set(1);
    g_autoptr(TsNeighbours) one = ts_neighbours_new(&points, NULL, 0, NULL, 0, 5, NULL);
    ts_threads_set(2);
    g_autoptr(TsNeighbours) two = ts_neighbours_new(&points, NULL, 0, NULL, 0, 5, NULL);
    ck_assert_mem_eq(one->index, two->index, one->n * 5 * sizeof(guint32));
}
END_TEST

START_TEST(impossible_k_and_numbers_that_are_not_finite_are_errors)
{
    float values[] = {1, 2, 3, 4};
    TsPoints points = {.n = 4, .d = 1, .f32 = values};
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_neighbours_new(&points, NULL, 0, NULL, 0, 4, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    ck_assert_ptr_nonnull(strstr(error->message, "from 1 to 3"));
    g_clear_error(&error);
    ck_assert_ptr_null(ts_neighbours_new(&points, NULL, 0, NULL, 0, 0, &error));
    g_clear_error(&error);
    ck_assert(ts_points_check(&points, "x.npy", &error));
    values[2] = NAN;
    ck_assert(!ts_points_check(&points, "x.npy", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "x.npy: row 3, column 1"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("neighbours");
    TCase *search = tcase_create("search");
    tcase_add_test(search, neighbours_are_the_first_of_all_rows_sorted_by_distance);
    tcase_add_test(search, equal_distances_go_by_row_number);
    tcase_add_test(search, values_far_from_zero_keep_their_neighbours);
    tcase_add_test(search, doubles_closer_than_single_precision_are_told_apart);
    tcase_add_test(search, base_and_queries_may_be_any_rows);
    tcase_add_test(search, the_budget_changes_nothing);
    tcase_add_test(search, threads_change_nothing);
    tcase_add_test(search, impossible_k_and_numbers_that_are_not_finite_are_errors);
    suite_add_tcase(suite, search);
    return unit_run(suite);
}
