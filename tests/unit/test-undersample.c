/* k-means and what keeps a given number of rows; tests/interop compares with imbalanced-learn. */
#include "balance/space/kmeans.h"
#include "balance/undersample/rose.h"
#include "balance/undersample/undersample.h"
#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "unit.h"

#include <math.h>
#include <string.h>

enum { N = 900, D = 5 };

typedef struct {
    float values[N * D];
    gint32 classes[N];
    TsPoints points;
} Table;

/* Values of few levels, so that many rows are equal. */
static void
fill(Table *self, guint levels)
{
    TsRng rng;
    ts_rng_init(&rng, 4, "test", levels);
    for (guint i = 0; i < N * D; i++)
        self->values[i] = (float) ts_rng_below(&rng, levels);
    for (guint i = 0; i < N; i++)
        self->classes[i] = i % 10 == 0 ? -1 : i % 7 == 0 ? 1 : 0;
    self->points = (TsPoints){.n = N, .d = D, .f32 = self->values};
}

static const gsize numbers_of_clusters[] = {1, 2, 30, 300, N};

START_TEST(clusters_have_rows_and_centres_are_their_means)
{
    Table table;
    gsize k = numbers_of_clusters[_i];
    fill(&table, 1000);
    g_autoptr(TsKmeans) found = ts_kmeans(&table.points, NULL, 0, k, 1, NULL);
    ck_assert_ptr_nonnull(found);
    g_autofree double *sum = g_new0(double, k *D);
    g_autofree guint *members = g_new0(guint, k);
    double inertia = 0;
    for (guint i = 0; i < N; i++) {
        guint32 c = found->cluster[i];
        members[c]++;
        for (guint j = 0; j < D; j++) {
            double value = (double) table.values[i * D + j];
            sum[c * D + j] += value;
            inertia += (value - found->center[c * D + j]) * (value - found->center[c * D + j]);
        }
    }
    for (gsize c = 0; c < k; c++) {
        ck_assert_uint_gt(members[c], 0);
        ck_assert_uint_eq(found->cluster[found->medoid[c]], c);
        for (guint j = 0; j < D; j++)
            ck_assert_double_eq_tol(found->center[c * D + j], sum[c * D + j] / members[c], 2);
    }
    ck_assert_double_eq_tol(found->inertia, inertia, 1e-4 * inertia + 1e-9);
}
END_TEST

START_TEST(equal_rows_fill_all_clusters_and_threads_change_nothing)
{
    Table table;
    fill(&table, 2); /* 32 different rows */
    ts_threads_set(1);
    g_autoptr(TsKmeans) one = ts_kmeans(&table.points, NULL, 0, 100, 1, NULL);
    ts_threads_set(4);
    g_autoptr(TsKmeans) four = ts_kmeans(&table.points, NULL, 0, 100, 1, NULL);
    guint members[100] = {0};
    for (guint i = 0; i < N; i++)
        members[one->cluster[i]]++;
    for (guint c = 0; c < 100; c++)
        ck_assert_uint_gt(members[c], 0);
    ck_assert_mem_eq(one->cluster, four->cluster, N * sizeof *one->cluster);
    ck_assert_double_eq(one->inertia, 0);
}
END_TEST

START_TEST(impossible_numbers_of_clusters_are_refused)
{
    Table table;
    fill(&table, 9);
    g_autoptr(GError) none = NULL, many = NULL;
    ck_assert_ptr_null(ts_kmeans(&table.points, NULL, 0, 0, 1, &none));
    ck_assert_ptr_null(ts_kmeans(&table.points, NULL, 0, N + 1, 1, &many));
    ck_assert(g_error_matches(none, TS_ERROR, TS_ERROR_ARGUMENT));
    ck_assert(g_error_matches(many, TS_ERROR, TS_ERROR_ARGUMENT));
}
END_TEST

static guint
count_kept(const Table *table, const guint8 *keep, gint32 class)
{
    guint n = 0;
    for (guint i = 0; i < N; i++)
        n += table->classes[i] == class && keep[i];
    return n;
}

/* Nearmiss 1 and 2, easiest, centroids: exactly as many as are wanted; rows without a class and
 * other classes stay. */
START_TEST(as_many_rows_stay_as_are_wanted)
{
    Table table;
    guint8 keep[N];
    double score[N] = {0};
    const gboolean targeted[] = {TRUE, FALSE};
    const guint64 targets[] = {200, 1};
    fill(&table, 3);
    guint8 all[N];
    memset(all, TRUE, N);
    TsUndersample what = {&table.points, table.classes, 2, targeted, targets};
    gboolean kept = _i < 2    ? ts_nearmiss(&what, (guint) _i + 1, 3, 3, keep, NULL)
                    : _i == 2 ? ts_keep_easiest(&what, score, keep, NULL)
                              : ts_keep_centroids(&what, 1, FALSE, keep, NULL, NULL);
    ck_assert(kept);
    ck_assert_uint_eq(count_kept(&table, keep, 0), 200);
    ck_assert_uint_eq(count_kept(&table, keep, 1), count_kept(&table, all, 1));
    ck_assert_uint_eq(count_kept(&table, keep, -1), N / 10);
}
END_TEST

START_TEST(easy_rows_stay_and_of_equal_ones_the_first)
{
    const gint32 classes[] = {0, 0, 0, 0, 1, -1};
    const double score[] = {0.5, 0.9, 0.5, 0.1, 0, 0};
    const gboolean targeted[] = {TRUE, TRUE};
    const guint64 targets[] = {2, 0};
    const guint8 wanted[] = {TRUE, TRUE, FALSE, FALSE, FALSE, TRUE};
    guint8 keep[6];
    TsPoints points = {.n = 6};
    TsUndersample what = {&points, classes, 2, targeted, targets};
    ck_assert(ts_keep_easiest(&what, score, keep, NULL));
    ck_assert_mem_eq(keep, wanted, sizeof keep);
}
END_TEST

START_TEST(too_many_neighbours_are_refused)
{
    Table table;
    guint8 keep[N];
    const gboolean targeted[] = {TRUE, FALSE};
    const guint64 targets[] = {20, 1};
    fill(&table, 3);
    TsUndersample what = {&table.points, table.classes, 2, targeted, targets};
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_nearmiss(&what, 1, N, 3, keep, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
}
END_TEST

START_TEST(noise_grows_with_the_shrinkage)
{
    Table table;
    const guint64 add[] = {0, 400};
    double shrinkage[] = {1, 0}, spread[3] = {0};
    guint32 base[400];
    double values[400 * D];
    fill(&table, 1000);
    for (guint i = 0; i < 400; i++)
        for (base[i] = i; table.classes[base[i]] != 1;)
            base[i]++;
    for (guint s = 0; s < 3; s++) {
        TsRose how = {&table.points, table.classes, 2, add, shrinkage, FALSE, 1};
        shrinkage[1] = s;
        ck_assert(ts_rose(&how, base, values, NULL));
        for (guint i = 0; i < 400 * D; i++)
            spread[s] += fabs(values[i] - (double) table.values[base[i / D] * D + i % D]);
    }
    ck_assert_double_eq(spread[0], 0);
    ck_assert_double_gt(spread[1], 0);
    ck_assert_double_eq_tol(spread[2], 2 * spread[1], 1e-6 * spread[1]);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("undersample");
    TCase *clusters = tcase_create("clusters");
    tcase_add_loop_test(clusters, clusters_have_rows_and_centres_are_their_means, 0,
                        (int) G_N_ELEMENTS(numbers_of_clusters));
    tcase_add_test(clusters, equal_rows_fill_all_clusters_and_threads_change_nothing);
    tcase_add_test(clusters, impossible_numbers_of_clusters_are_refused);
    suite_add_tcase(suite, clusters);
    TCase *rows = tcase_create("rows");
    tcase_add_loop_test(rows, as_many_rows_stay_as_are_wanted, 0, 4);
    tcase_add_test(rows, easy_rows_stay_and_of_equal_ones_the_first);
    tcase_add_test(rows, too_many_neighbours_are_refused);
    tcase_add_test(rows, noise_grows_with_the_shrinkage);
    suite_add_tcase(suite, rows);
    return unit_run(suite);
}
