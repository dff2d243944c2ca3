/* Several labels in a cell: how they are read, and the statistics of their sets by hand. */
#include "base/error.h"
#include "stats/class_counts.h"
#include "stats/label_sets.h"
#include "unit.h"

#include <math.h>

static TsManifest *
parse(const char *text)
{
    TsManifest *manifest =
        ts_manifest_parse(g_strdup(text), strlen(text), "m.tsv", "/nowhere", NULL);
    ck_assert_ptr_nonnull(manifest);
    return manifest;
}

/* zebra: 4 rows; ant: 2; bee: 1 */
static const char *const TABLE = "labels\tsplit\n"
                                 "zebra;ant\ttrain\n"
                                 "zebra\ttrain\n"
                                 "zebra;zebra\ttest\n"
                                 "\ttest\n"
                                 "\\N\ttest\n"
                                 "bee;ant;zebra\t\\N\n";

START_TEST(sets_are_sorted_and_without_repetition)
{
    g_autoptr(TsManifest) manifest = parse(TABLE);
    g_autoptr(TsLabelSets) sets = ts_label_sets_new(manifest, "labels", NULL);
    ck_assert_uint_eq(sets->n, 3);
    ck_assert_str_eq(sets->names[0], "ant");
    ck_assert_str_eq(sets->names[2], "zebra");
    const guint64 first[] = {0, 2, 3, 4, 4, 4, 7};
    const guint32 labels[] = {0, 2, 2, 2, 0, 1, 2};
    const guint8 is_labelled[] = {1, 1, 1, 1, 0, 1};
    ck_assert_mem_eq(sets->first, first, sizeof first);
    ck_assert_mem_eq(sets->labels, labels, sizeof labels);
    ck_assert_mem_eq(sets->is_labelled, is_labelled, sizeof is_labelled);
}
END_TEST

START_TEST(statistics_by_hand)
{
    g_autoptr(TsManifest) manifest = parse(TABLE);
    g_autoptr(TsLabelSets) sets = ts_label_sets_new(manifest, "labels", NULL);
    double irlbl[3];
    TsLabelSetStats stats;
    ts_label_sets_compute(sets, irlbl, &stats);
    ck_assert_double_eq(irlbl[0], 2);
    ck_assert_double_eq(irlbl[1], 4);
    ck_assert_double_eq(irlbl[2], 1);
    ck_assert_uint_eq(stats.n_sets, 4);
    ck_assert_uint_eq(stats.n_single, 3);
    ck_assert_double_eq_tol(stats.cardinality, 7.0 / 5, 1e-15);
    ck_assert_double_eq_tol(stats.density, 7.0 / 15, 1e-15);
    ck_assert_double_eq_tol(stats.mean_ir, 7.0 / 3, 1e-15);
    double a = 2 - 7.0 / 3, b = 4 - 7.0 / 3, c = 1 - 7.0 / 3;
    ck_assert_double_eq_tol(stats.cvir, sqrt((a * a + b * b + c * c) / 2) / (7.0 / 3), 1e-15);
    double two = 1 - sqrt(2) / 1.5, three = 1 - cbrt(8) / (7.0 / 3);
    ck_assert_double_eq_tol(stats.scumble, (two + three) / 4, 1e-15);
}
END_TEST

START_TEST(pairs_are_counted)
{
    g_autoptr(TsManifest) manifest = parse(TABLE);
    g_autoptr(TsLabelSets) sets = ts_label_sets_new(manifest, "labels", NULL);
    g_autofree guint64 *pairs = ts_label_sets_count_pairs(sets, NULL);
    const guint64 expected[] = {2, 1, 2, 1, 1, 1, 2, 1, 4};
    ck_assert_mem_eq(pairs, expected, sizeof expected);
}
END_TEST

START_TEST(parts_are_all_splits_and_the_rest)
{
    g_autoptr(TsManifest) manifest = parse(TABLE);
    const TsClassColumns columns = {.label = "labels", .split = "split", .is_multi = TRUE};
    g_autoptr(TsClassCounts) counts = ts_class_counts_new(manifest, &columns, NULL);
    ck_assert_uint_eq(counts->n_parts, 4);
    ck_assert_str_eq(counts->parts[1], "test");
    ck_assert_str_eq(counts->parts[3], "(none)");
    ck_assert_int_eq(ts_class_counts_find(counts, "train"), 2);
    ck_assert_int_eq(ts_class_counts_find(counts, "val"), -1);
    ck_assert_uint_eq(ts_class_counts_train(counts), 2);
    const guint64 expected[] = {2, 1, 4, 0, 0, 1, 1, 0, 2, 1, 1, 1};
    const guint64 labelled[] = {5, 2, 2, 1}, unlabelled[] = {1, 1, 0, 0};
    ck_assert_mem_eq(counts->counts, expected, sizeof expected);
    ck_assert_mem_eq(counts->labelled, labelled, sizeof labelled);
    ck_assert_mem_eq(counts->unlabelled, unlabelled, sizeof unlabelled);
}
END_TEST

START_TEST(one_label_a_row_counts_the_same_way)
{
    g_autoptr(TsManifest) manifest = parse("label\nb\n\\N\na\nb\n");
    const TsClassColumns columns = {.label = "label"};
    g_autoptr(TsClassCounts) counts = ts_class_counts_new(manifest, &columns, NULL);
    ck_assert_uint_eq(counts->n_parts, 1);
    ck_assert_uint_eq(ts_class_counts_of(counts, 0)[0], 1);
    ck_assert_uint_eq(ts_class_counts_of(counts, 0)[1], 2);
    ck_assert_uint_eq(counts->labelled[0], 3);
    ck_assert_uint_eq(counts->unlabelled[0], 1);
}
END_TEST

START_TEST(bad_sets_are_named)
{
    g_autoptr(TsManifest) manifest = parse("labels\na;\n");
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_label_sets_new(manifest, "labels", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    g_clear_error(&error);
    ck_assert_ptr_null(ts_label_sets_new(manifest, "label", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("label-sets");
    TCase *tcase = tcase_create("label-sets");
    tcase_add_test(tcase, sets_are_sorted_and_without_repetition);
    tcase_add_test(tcase, statistics_by_hand);
    tcase_add_test(tcase, pairs_are_counted);
    tcase_add_test(tcase, parts_are_all_splits_and_the_rest);
    tcase_add_test(tcase, one_label_a_row_counts_the_same_way);
    tcase_add_test(tcase, bad_sets_are_named);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
