/* Feature spaces of tables and of principal components; pictures and arrays are tested through the
 * tool (tests/cli/smote.bats). */
#include "balance/space/pca.h"
#include "balance/space/space.h"
#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "scratch.h"
#include "unit.h"

#include <math.h>
#include <string.h>

enum { N = 400, D = 30, RANK = 4 };

static TsManifest *
table(const char *text)
{
    g_autoptr(GError) error = NULL;
    TsManifest *manifest = ts_manifest_parse(g_strdup(text), strlen(text), "t.tsv", ".", &error);
    ck_assert_msg(manifest != NULL, "%s", error != NULL ? error->message : "");
    return manifest;
}

START_TEST(numeric_columns_are_the_features_and_those_about_the_row_are_not)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsManifest) manifest = table("id\tlabel\tx\tname\ty\tweight\tconst\n"
                                           "1\ta\t1.5\tn\t2\t1\t7\n"
                                           "2\tb\t-1e3\t4\t0.125\t1\t7\n");
    TsSpaceOptions how = {0};
    g_autoptr(TsSpace) space = ts_space_new(manifest, NULL, 0, &how, &error);
    ck_assert_msg(space != NULL, "%s", error != NULL ? error->message : "");
    const double wanted[] = {1.5, 2, 7, -1e3, 0.125, 7};
    ck_assert_uint_eq(space->points.n, 2);
    ck_assert_uint_eq(space->points.d, 3);
    for (gsize i = 0; i < 6; i++)
        ck_assert_double_eq(ts_points_get(&space->points, i / 3, i % 3), wanted[i]);
    ck_assert_uint_eq(space->columns[0], 2);
    ck_assert_uint_eq(space->columns[1], 4);
    ck_assert_uint_eq(space->columns[2], 6);
}
END_TEST

START_TEST(named_columns_and_chosen_rows_come_in_the_order_of_their_names)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsManifest) manifest = table("label\tp\tq,r\na\t1\t2\na\t3\t4\nb\t5\t6\n");
    const guint64 rows[] = {2, 0};
    TsSpaceOptions how = {.space = "columns", .columns = "q\\,r,p"};
    g_autoptr(TsSpace) space = ts_space_new(manifest, rows, 2, &how, &error);
    ck_assert_msg(space != NULL, "%s", error != NULL ? error->message : "");
    const double wanted[] = {6, 5, 2, 1};
    for (gsize i = 0; i < 4; i++)
        ck_assert_double_eq(ts_points_get(&space->points, i / 2, i % 2), wanted[i]);
}
END_TEST

static const struct {
    const char *text;
    TsSpaceOptions how;
    int code;
    const char *message;
} bad[] = {
    {"label\tp\na\t1\na\tnan\n", {0}, TS_ERROR_FORMAT, "t.tsv:3: column 'p': 'nan' is not"},
    {"label\tp\na\t-inf\na\t1\n", {0}, TS_ERROR_FORMAT, "t.tsv:2: column 'p': '-inf' is not"},
    {"label\tp\na\t1\na\t\\N\n", {0}, TS_ERROR_FORMAT, "t.tsv:3: column 'p': '\\N' is not"},
    {"label\tp\na\t1\na\tx\n", {0}, TS_ERROR_FORMAT, "no column holds numbers"},
    {"label\tp\na\t1\na\tx\n", {.columns = "p"}, TS_ERROR_FORMAT, "t.tsv:3: column 'p': 'x' is"},
    {"label\tp\na\t1\n", {.columns = "z"}, TS_ERROR_FORMAT, "z"},
    {"label\tp\na\t1\n", {.columns = "p,p"}, TS_ERROR_ARGUMENT, "'p' is there twice"},
    {"label\tp\na\t1\n", {.space = "pca:0"}, TS_ERROR_ARGUMENT, "pca"},
    {"label\tp\na\t1\n", {.space = "feature"}, TS_ERROR_ARGUMENT, "'feature' is not pixels"},
    {"label\tp\na\t1\n", {.space = "pixels", .columns = "p"}, TS_ERROR_ARGUMENT, "--columns"},
    {"label\tp\n", {0}, TS_ERROR_FORMAT, "no rows"},
};

START_TEST(what_is_no_feature_is_named_with_its_row)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsManifest) manifest = table(bad[_i].text);
    g_autoptr(TsSpace) space = ts_space_new(manifest, NULL, 0, &bad[_i].how, &error);
    ck_assert_ptr_null(space);
    ck_assert_msg(g_error_matches(error, TS_ERROR, bad[_i].code), "%s", error->message);
    ck_assert_msg(strstr(error->message, bad[_i].message) != NULL, "%s", error->message);
}
END_TEST

/* Points on RANK axes of D dimensions, and noise of a thousandth. */
static void
fill(float *values)
{
    TsRng rng;
    double axis[RANK][D];
    ts_rng_init(&rng, 1, "test", 0);
    for (gsize i = 0; i < RANK * D; i++)
        axis[i / D][i % D] = ts_rng_normal(&rng);
    for (gsize i = 0; i < N; i++) {
        double along[RANK];
        for (gsize r = 0; r < RANK; r++)
            along[r] = ts_rng_normal(&rng) * (double) (RANK - r);
        for (gsize j = 0; j < D; j++) {
            double value = 100 + 1e-3 * ts_rng_normal(&rng);
            for (gsize r = 0; r < RANK; r++)
                value += along[r] * axis[r][j];
            values[i * D + j] = (float) value;
        }
    }
}

static double *
project(const TsPoints *points, guint k)
{
    g_autoptr(GError) error = NULL;
    double *scores = ts_pca_project(points, k, &error);
    ck_assert_msg(scores != NULL, "%s", error != NULL ? error->message : "");
    return scores;
}

START_TEST(components_keep_the_distances_that_the_axes_make)
{
    float values[N * D];
    fill(values);
    TsPoints points = {.n = N, .d = D, .f32 = values};
    g_autofree double *scores = project(&points, RANK);
    TsPoints few = {.n = N, .d = RANK, .f64 = scores};
    double variance[RANK] = {0}, product = 0;
    for (gsize i = 0; i + 1 < N; i++) {
        double near = sqrt(ts_points_distance2(&few, i, i + 1));
        ck_assert_double_eq_tol(near, sqrt(ts_points_distance2(&points, i, i + 1)), 0.02);
    }
    for (gsize i = 0; i < N; i++) {
        product += scores[i * RANK] * scores[i * RANK + 1];
        for (gsize r = 0; r < RANK; r++)
            variance[r] += scores[i * RANK + r] * scores[i * RANK + r];
    }
    for (gsize r = 1; r < RANK; r++)
        ck_assert_double_lt(variance[r], variance[r - 1]);
    ck_assert_double_eq_tol(product / variance[0], 0, 1e-6);
}
END_TEST

START_TEST(all_components_are_a_rotation)
{
    float values[N * D];
    fill(values);
    TsPoints points = {.n = D / 2, .d = D, .f32 = values}; /* fewer points than dimensions */
    g_autofree double *scores = project(&points, D / 2);
    TsPoints turned = {.n = D / 2, .d = D / 2, .f64 = scores};
    for (gsize i = 1; i < points.n; i++)
        ck_assert_double_eq_tol(ts_points_distance2(&turned, 0, i),
                                ts_points_distance2(&points, 0, i), 1e-6);
}
END_TEST

START_TEST(components_do_not_depend_on_the_number_of_threads)
{
    float values[N * D];
    fill(values);
    TsPoints points = {.n = N, .d = D, .f32 = values};
    ts_threads_set(1);
    g_autofree double *one = project(&points, 7);
    ts_threads_set(4);
    g_autofree double *four = project(&points, 7);
    ck_assert_int_eq(memcmp(one, four, N * 7 * sizeof *one), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("space");
    TCase *tests = tcase_create("space");
    tcase_add_test(tests, numeric_columns_are_the_features_and_those_about_the_row_are_not);
    tcase_add_test(tests, named_columns_and_chosen_rows_come_in_the_order_of_their_names);
    tcase_add_loop_test(tests, what_is_no_feature_is_named_with_its_row, 0, G_N_ELEMENTS(bad));
    tcase_add_test(tests, components_keep_the_distances_that_the_axes_make);
    tcase_add_test(tests, all_components_are_a_rotation);
    tcase_add_test(tests, components_do_not_depend_on_the_number_of_threads);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
