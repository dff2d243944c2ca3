/* Laws of synthetic samples; tests/interop compares them with imbalanced-learn. */
#include "balance/smote/smote.h"
#include "balance/space/neighbours.h"
#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "unit.h"

#include <string.h>

enum { N = 300, D = 6, FEW = 40 };

typedef struct {
    float values[N * D];
    gint32 classes[N];
    TsPoints points;
} Table;

/* Class 1 is few rows, in the midst of class 0. */
static void
fill(Table *table)
{
    TsRng rng;
    ts_rng_init(&rng, 5, "test", 0);
    for (gsize i = 0; i < N * D; i++)
        table->values[i] = (float) ts_rng_normal(&rng);
    for (gsize i = 0; i < N; i++)
        table->classes[i] = i % (N / FEW) == 0 && i < FEW * (N / FEW);
    table->points = (TsPoints){.n = N, .d = D, .f32 = table->values};
}

static GArray *
make(const Table *table, TsSmoteKind kind, guint64 add_few, guint64 *made)
{
    TsSmoteOptions how = {.kind = kind, .k = 5, .m = 10, .seed = 3};
    guint64 add[] = {0, add_few};
    g_autoptr(GError) error = NULL;
    GArray *blends = ts_smote(&table->points, table->classes, 2, add, &how, made, &error);
    ck_assert_msg(blends != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(made[0], 0);
    ck_assert_uint_eq(made[1], blends->len);
    return blends;
}

START_TEST(every_row_of_the_class_is_used_as_often_as_the_others)
{
    Table table;
    guint64 made[2];
    guint used[N] = {0};
    fill(&table);
    g_autoptr(GArray) blends = make(&table, TS_SMOTE_PLAIN, 3 * FEW + 7, made);
    ck_assert_uint_eq(made[1], 3 * FEW + 7);
    for (guint i = 0; i < blends->len; i++) {
        const TsBlend *blend = &g_array_index(blends, TsBlend, i);
        ck_assert_int_eq(table.classes[blend->a], 1);
        ck_assert_int_eq(table.classes[blend->b], 1);
        ck_assert_uint_ne(blend->a, blend->b);
        ck_assert(blend->lambda >= 0 && blend->lambda < 1 && blend->scale == 1);
        used[blend->a]++;
    }
    for (guint i = 0; i < N; i++)
        ck_assert(table.classes[i] == 1 ? used[i] == 3 || used[i] == 4 : used[i] == 0);
}
END_TEST

START_TEST(borderline_2_goes_at_most_half_the_way_to_others)
{
    Table table;
    guint64 made[2];
    guint to_others = 0;
    fill(&table);
    g_autoptr(GArray) blends = make(&table, TS_SMOTE_BORDERLINE_2, 100, made);
    ck_assert_uint_eq(made[1], 100);
    for (guint i = 0; i < blends->len; i++) {
        const TsBlend *blend = &g_array_index(blends, TsBlend, i);
        gboolean other = table.classes[blend->b] != 1;
        to_others += other;
        ck_assert(other ? blend->scale < 0.5 : blend->scale == 1);
    }
    ck_assert_uint_gt(to_others, 0);
}
END_TEST

START_TEST(adasyn_makes_about_as_many_as_asked)
{
    Table table;
    guint64 made[2];
    fill(&table);
    g_autoptr(GArray) blends = make(&table, TS_SMOTE_ADASYN, 400, made);
    ck_assert_uint_eq(blends->len, made[1]);
    ck_assert_uint_ge(made[1], 400 - FEW / 2);
    ck_assert_uint_le(made[1], 400 + FEW / 2);
}
END_TEST

/* Whether the row has rows of class 1 among its nearest. */
static gboolean
is_near_its_class(const Table *table, const TsNeighbours *near, guint32 row)
{
    for (guint j = 0; j < near->k; j++)
        if (table->classes[near->index[row * near->k + j]] == 1)
            return TRUE;
    return FALSE;
}

START_TEST(safe_level_stays_away_from_ends_that_are_alone)
{
    Table table;
    guint64 made[2];
    fill(&table);
    g_autoptr(TsNeighbours) near = ts_neighbours_new(&table.points, NULL, 0, NULL, 0, 5, NULL);
    g_autoptr(GArray) blends = make(&table, TS_SMOTE_SAFE_LEVEL, 500, made);
    ck_assert_uint_eq(made[1], 500);
    for (guint i = 0; i < blends->len; i++) {
        const TsBlend *blend = &g_array_index(blends, TsBlend, i);
        gboolean of_a = is_near_its_class(&table, near, blend->a);
        gboolean of_b = is_near_its_class(&table, near, blend->b);
        ck_assert(of_a || of_b);
        ck_assert(blend->lambda >= 0 && blend->lambda <= 1);
        if (!of_a)
            ck_assert_double_eq(blend->lambda, 1);
        if (!of_b)
            ck_assert_double_eq(blend->lambda, 0);
    }
}
END_TEST

START_TEST(eos_goes_towards_enemies)
{
    Table table;
    guint64 made[2];
    fill(&table);
    g_autoptr(GArray) blends = make(&table, TS_SMOTE_EOS, 200, made);
    ck_assert_uint_eq(made[1], 200);
    for (guint i = 0; i < blends->len; i++) {
        const TsBlend *blend = &g_array_index(blends, TsBlend, i);
        ck_assert_int_eq(table.classes[blend->a], 1);
        ck_assert_int_eq(table.classes[blend->b], 0);
    }
}
END_TEST

/* All rows of class 1 are in cluster 0 but for the first six, which lie close together in 1. */
START_TEST(sparse_clusters_get_more_and_the_total_is_exact)
{
    Table table;
    guint64 made[2];
    guint32 cluster[N] = {0};
    guint n_first = 0, n_dense = 0;
    fill(&table);
    for (gsize i = 0; i < N; i++)
        if (table.classes[i] == 1 && n_first++ < FEW / 2) {
            cluster[i] = 1;
            for (gsize j = 0; j < D; j++)
                table.values[i * D + j] *= 0.1F;
        }
    TsSmoteOptions how = {.kind = TS_SMOTE_CLUSTERS,
                          .k = 2,
                          .m = 10,
                          .cluster = cluster,
                          .n_clusters = 2,
                          .cluster_threshold = 0.01,
                          .density_exponent = 1};
    guint64 add[] = {0, 101};
    g_autoptr(GArray) blends = ts_smote(&table.points, table.classes, 2, add, &how, made, NULL);
    ck_assert_uint_eq(made[1], 101);
    for (guint i = 0; i < blends->len; i++) {
        const TsBlend *blend = &g_array_index(blends, TsBlend, i);
        ck_assert_uint_eq(cluster[blend->a], cluster[blend->b]);
        n_dense += cluster[blend->a];
    }
    ck_assert_uint_ge(n_dense, 7); /* a tenth of the distance, an eleventh of the rows */
    ck_assert_uint_le(n_dense, 12);
    how.k = FEW;
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_smote(&table.points, table.classes, 2, add, &how, made, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "class 1: no cluster has enough rows"));
}
END_TEST

START_TEST(threads_and_repetition_change_nothing)
{
    Table table;
    guint64 made[2];
    fill(&table);
    ts_threads_set(1);
    g_autoptr(GArray) one = make(&table, TS_SMOTE_BORDERLINE_1, 90, made);
    ts_threads_set(2);
    g_autoptr(GArray) two = make(&table, TS_SMOTE_BORDERLINE_1, 90, made);
    ck_assert_uint_eq(one->len, two->len);
    ck_assert_mem_eq(one->data, two->data, one->len * sizeof(TsBlend));
}
END_TEST

START_TEST(small_classes_take_fewer_neighbours_and_a_lone_row_is_repeated)
{
    float values[] = {0, 1, 10, 11, 12, 13};
    gint32 classes[] = {0, 1, 2, 2, 2, -1};
    TsPoints points = {.n = 6, .d = 1, .f32 = values};
    TsSmoteOptions how = {.kind = TS_SMOTE_PLAIN, .k = 5, .m = 10};
    guint64 add[] = {2, 0, 4}, made[3];
    g_autoptr(GArray) blends = ts_smote(&points, classes, 3, add, &how, made, NULL);
    ck_assert_uint_eq(blends->len, 6);
    const TsBlend *lone = &g_array_index(blends, TsBlend, 1);
    ck_assert(lone->a == 0 && lone->b == 0 && lone->lambda == 0);
    for (guint i = 2; i < 6; i++)
        ck_assert_int_eq(classes[g_array_index(blends, TsBlend, i).b], 2);
    float row;
    ts_blend_f32(&points, &(TsBlend){2, 4, 0.25, 1}, &row);
    ck_assert(row == 10.5f);
}
END_TEST

START_TEST(what_cannot_be_is_an_error)
{
    float values[] = {0, 1, 10, 11};
    gint32 classes[] = {0, 0, 1, 1};
    TsPoints points = {.n = 4, .d = 1, .f32 = values};
    TsSmoteOptions how = {.kind = TS_SMOTE_ADASYN, .k = 1, .m = 1};
    guint64 add[] = {3, 0, 0}, made[3];
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_smote(&points, classes, 2, add, &how, made, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    g_clear_error(&error);
    how.kind = TS_SMOTE_PLAIN;
    add[2] = 1;
    ck_assert_ptr_null(ts_smote(&points, classes, 3, add, &how, made, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "class 2: has no rows"));
    g_clear_error(&error);
    add[2] = G_MAXUINT64;
    ck_assert_ptr_null(ts_smote(&points, classes, 3, add, &how, made, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
    g_clear_error(&error);
    how.k = 0;
    ck_assert_ptr_null(ts_smote(&points, classes, 2, add, &how, made, &error));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("smote");
    TCase *laws = tcase_create("laws");
    tcase_add_test(laws, every_row_of_the_class_is_used_as_often_as_the_others);
    tcase_add_test(laws, borderline_2_goes_at_most_half_the_way_to_others);
    tcase_add_test(laws, adasyn_makes_about_as_many_as_asked);
    tcase_add_test(laws, safe_level_stays_away_from_ends_that_are_alone);
    tcase_add_test(laws, eos_goes_towards_enemies);
    tcase_add_test(laws, sparse_clusters_get_more_and_the_total_is_exact);
    tcase_add_test(laws, threads_and_repetition_change_nothing);
    tcase_add_test(laws, small_classes_take_fewer_neighbours_and_a_lone_row_is_repeated);
    tcase_add_test(laws, what_cannot_be_is_an_error);
    suite_add_tcase(suite, laws);
    return unit_run(suite);
}
