/* Resampling: targets of strategies and texts, and laws of the repeats. */
#include "balance/resample/resample.h"
#include "base/error.h"
#include "base/rng.h"
#include "unit.h"

#include <math.h>
#include <string.h>

/* Counts and what imbalanced-learn's _validation.py makes of them. */
static const struct {
    TsResampleMethod method;
    const char *strategy;
    guint64 counts[4], targets[4];
} strategies[] = {
    {TS_RESAMPLE_OVER, "auto", {5, 9, 2, 9}, {9, 9, 9, 9}},
    {TS_RESAMPLE_OVER, "not majority", {5, 9, 2, 9}, {9, 9, 9, 9}},
    {TS_RESAMPLE_OVER, "all", {5, 9, 2, 9}, {9, 9, 9, 9}},
    {TS_RESAMPLE_OVER, "minority", {5, 9, 2, 2}, {5, 9, 9, 2}},
    {TS_RESAMPLE_OVER, "not minority", {5, 9, 2, 2}, {9, 9, 2, 9}},
    {TS_RESAMPLE_OVER, "auto", {5, 9, 0, 1}, {9, 9, 0, 9}},
    {TS_RESAMPLE_OVER, "0.5", {1000, 333, 0, 0}, {1000, 500, 0, 0}},
    {TS_RESAMPLE_OVER, "1", {0, 3, 0, 7}, {0, 7, 0, 7}},
    {TS_RESAMPLE_UNDER, "auto", {5, 9, 2, 9}, {2, 2, 2, 2}},
    {TS_RESAMPLE_UNDER, "not minority", {5, 9, 2, 2}, {2, 2, 2, 2}},
    {TS_RESAMPLE_UNDER, "all", {5, 9, 2, 9}, {2, 2, 2, 2}},
    {TS_RESAMPLE_UNDER, "majority", {5, 9, 2, 9}, {5, 2, 2, 9}},
    {TS_RESAMPLE_UNDER, "not majority", {5, 9, 2, 9}, {2, 9, 2, 2}},
    {TS_RESAMPLE_UNDER, "auto", {5, 9, 0, 3}, {3, 3, 0, 3}},
    {TS_RESAMPLE_UNDER, "0.7", {1000, 333, 0, 0}, {475, 333, 0, 0}},
};

START_TEST(strategies_are_those_of_imbalanced_learn)
{
    guint64 targets[4];
    ck_assert(ts_resample_strategy(strategies[_i].strategy, strategies[_i].method,
                                   strategies[_i].counts, 4, targets, NULL));
    for (int c = 0; c < 4; c++)
        ck_assert_uint_eq(targets[c], strategies[_i].targets[c]);
}
END_TEST

static const struct {
    TsResampleMethod method;
    const char *strategy;
    guint64 counts[3];
    TsError code;
    const char *message;
} wrong_strategies[] = {
    {TS_RESAMPLE_OVER, "majority", {1, 2, 3}, TS_ERROR_ARGUMENT, "the majority cannot grow"},
    {TS_RESAMPLE_UNDER, "minority", {1, 2, 3}, TS_ERROR_ARGUMENT, "the minority cannot shrink"},
    {TS_RESAMPLE_OVER, "most", {1, 2, 3}, TS_ERROR_ARGUMENT, "unknown strategy 'most'"},
    {TS_RESAMPLE_OVER, "", {1, 2, 3}, TS_ERROR_ARGUMENT, "unknown strategy ''"},
    {TS_RESAMPLE_OVER, "auto", {0, 2, 0}, TS_ERROR_FORMAT, "1 class with rows"},
    {TS_RESAMPLE_UNDER, "auto", {0, 0, 0}, TS_ERROR_FORMAT, "0 classes with rows"},
    {TS_RESAMPLE_OVER, "0.5", {1, 2, 3}, TS_ERROR_ARGUMENT, "a ratio is for two classes"},
    {TS_RESAMPLE_OVER, "1.5", {1, 2, 0}, TS_ERROR_ARGUMENT, "ratio 1.5 is outside"},
    {TS_RESAMPLE_OVER, "0", {1, 2, 0}, TS_ERROR_ARGUMENT, "ratio 0 is outside"},
    {TS_RESAMPLE_OVER, "0.2", {5, 10, 0}, TS_ERROR_ARGUMENT, "ratio 0.2 is reached already"},
    {TS_RESAMPLE_UNDER, "0.2", {5, 10, 0}, TS_ERROR_ARGUMENT, "ratio 0.2 is reached already"},
};

START_TEST(wrong_strategies_are_refused)
{
    guint64 targets[3];
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_resample_strategy(wrong_strategies[_i].strategy, wrong_strategies[_i].method,
                                    wrong_strategies[_i].counts, 3, targets, &error));
    ck_assert(g_error_matches(error, TS_ERROR, (int) wrong_strategies[_i].code));
    ck_assert_msg(g_str_has_prefix(error->message, wrong_strategies[_i].message), "%s",
                  error->message);
}
END_TEST

static char *class_names[] = {(char *) "cat", (char *) "dog", (char *) "a,b=c", (char *) "emu",
                              NULL};
static const guint64 class_counts[] = {40, 15, 7, 0};

static const struct {
    const char *text;
    guint64 targets[4];
} targets_texts[] = {
    {"cat=500", {500, 15, 7, 0}},     {"cat=10%,dog=10%", {4, 2, 7, 0}},
    {"cat=1%,dog=0%", {1, 0, 7, 0}},  {"*=100", {100, 100, 100, 0}},
    {"*=50%,dog=15", {20, 15, 4, 0}}, {"dog=15,*=200%", {80, 15, 14, 0}},
    {"a\\,b\\=c=3", {40, 15, 3, 0}},  {"a\\,b=c=3", {40, 15, 3, 0}},
    {"emu=0,cat=0", {0, 15, 7, 0}},
};

START_TEST(targets_are_read)
{
    guint64 targets[4];
    g_autoptr(GError) error = NULL;
    ck_assert_msg(ts_resample_targets(targets_texts[_i].text, TS_RESAMPLE_ANY, class_names,
                                      class_counts, 4, targets, &error),
                  "%s", error != NULL ? error->message : "no message");
    for (int c = 0; c < 4; c++)
        ck_assert_uint_eq(targets[c], targets_texts[_i].targets[c]);
}
END_TEST

static const struct {
    TsResampleMethod method;
    const char *text, *message;
} wrong_targets[] = {
    {TS_RESAMPLE_ANY, "", "'': CLASS=VALUE"},
    {TS_RESAMPLE_ANY, "cat", "'cat': CLASS=VALUE"},
    {TS_RESAMPLE_ANY, "=3", "'=3': CLASS=VALUE"},
    {TS_RESAMPLE_ANY, "cat=", "target: '' is not a whole number"},
    {TS_RESAMPLE_ANY, "cat=x", "target: 'x' is not a whole number"},
    {TS_RESAMPLE_ANY, "cat=1.5", "target: '1.5' is not a whole number"},
    {TS_RESAMPLE_ANY, "cat=-1", "target -1 is below 0"},
    {TS_RESAMPLE_ANY, "cat=-1%", "target -1% is out of range"},
    {TS_RESAMPLE_ANY, "cat=1e300%", "target 1e300% is out of range"},
    {TS_RESAMPLE_ANY, "cat=%", "target: '' is not a number"},
    {TS_RESAMPLE_ANY, "cow=3", "no class 'cow', there are: cat, dog"},
    {TS_RESAMPLE_ANY, "cat=3,cat=4", "class 'cat' is there twice"},
    {TS_RESAMPLE_ANY, "*=3,*=4", "class '*' is there twice"},
    {TS_RESAMPLE_ANY, "emu=3", "class 'emu' has no row"},
    {TS_RESAMPLE_OVER, "cat=3", "class 'cat' has 40 rows, its target 3 is less"},
    {TS_RESAMPLE_UNDER, "dog=16", "class 'dog' has 15 rows, its target 16 is more"},
};

START_TEST(wrong_targets_are_wrong_usage)
{
    guint64 targets[4];
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_resample_targets(wrong_targets[_i].text, wrong_targets[_i].method, class_names,
                                   class_counts, 4, targets, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    ck_assert_msg(g_str_has_prefix(error->message, wrong_targets[_i].message), "%s",
                  error->message);
}
END_TEST

/* Wishes for cat 40, dog 15, "a,b=c" 7, emu 0 rows, and what comes of them. */
static const struct {
    TsResampleWish wish;
    guint64 requested[4], targets[4];
} plans[] = {
    {{.strategy = "as-is"}, {40, 15, 7, 0}, {40, 15, 7, 0}},
    {{.cap = "20"}, {40, 15, 7, 0}, {20, 15, 7, 0}},
    {{.method = TS_RESAMPLE_OVER, .cap = "20", .floor = "10"}, {40, 15, 7, 0}, {40, 15, 10, 0}},
    {{.floor = "max*0.5"}, {40, 15, 7, 0}, {40, 20, 20, 0}},
    {{.strategy = "all", .cap = "30"}, {40, 40, 40, 0}, {30, 30, 30, 0}},
    {{.strategy = "auto", .max_repeats = 2}, {40, 40, 40, 0}, {40, 30, 14, 0}},
    {{.strategy = "median"}, {15, 15, 15, 0}, {15, 15, 15, 0}},
    {{.strategy = "mean*0.5"}, {10, 10, 10, 0}, {10, 10, 10, 0}},
    {{.strategy = "max*0.3", .method = TS_RESAMPLE_OVER}, {40, 15, 12, 0}, {40, 15, 12, 0}},
    {{.strategy = "min*2", .method = TS_RESAMPLE_UNDER}, {14, 14, 7, 0}, {14, 14, 7, 0}},
    {{.strategy = "list:dog,a\\,b=c"}, {40, 40, 40, 0}, {40, 40, 40, 0}},
    {{.strategy = "list:cat", .method = TS_RESAMPLE_UNDER}, {7, 15, 7, 0}, {7, 15, 7, 0}},
    /* sqrt: 6.325, 3.873, 2.646 of 12.843 */
    {{.strategy = "power:0.5"}, {30, 19, 13, 0}, {30, 19, 13, 0}},
    {{.strategy = "power:0.5", .method = TS_RESAMPLE_OVER}, {40, 24, 17, 0}, {40, 24, 17, 0}},
    {{.strategy = "power:0.5", .method = TS_RESAMPLE_UNDER}, {17, 10, 7, 0}, {17, 10, 7, 0}},
    {{.strategy = "power:0", .total = "100"}, {34, 33, 33, 0}, {34, 33, 33, 0}},
    {{.total = "200%"}, {80, 30, 14, 0}, {80, 30, 14, 0}},
    {{.total = "4"}, {3, 1, 0, 0}, {2, 1, 1, 0}},
    {{.total = "100", .cap = "45", .floor = "20"}, {65, 24, 11, 0}, {45, 35, 20, 0}},
    {{.targets = "cat=1,dog=1,*=2", .total = "9"}, {2, 2, 5, 0}, {2, 2, 5, 0}},
    {{.targets = "cat=0,dog=3", .floor = "9"}, {0, 3, 7, 0}, {0, 9, 9, 0}},
    {{.strategy = "effnum:0"}, {21, 21, 20, 0}, {21, 21, 20, 0}},
    {{.strategy = "effnum:1"}, {40, 15, 7, 0}, {40, 15, 7, 0}},
    /* (1 - 0.9^n) / 0.1: 9.852, 7.941, 5.217 of 23.010 */
    {{.strategy = "effnum:0.9"}, {27, 21, 14, 0}, {27, 21, 14, 0}},
    /* sqrt(0.3 * 62 / 15) = 1.114, sqrt(0.3 * 62 / 7) = 1.630 */
    {{.strategy = "repeat-factor:0.3"}, {40, 17, 11, 0}, {40, 17, 11, 0}},
    {{.strategy = "repeat-factor:0.3,dog=0"}, {40, 15, 11, 0}, {40, 15, 11, 0}},
};

START_TEST(plans_come_to_what_is_wished)
{
    guint64 requested[4], targets[4];
    g_autoptr(GError) error = NULL;
    ck_assert_msg(
        ts_resample_plan(&plans[_i].wish, class_names, class_counts, 4, requested, targets, &error),
        "%s", error != NULL ? error->message : "no message");
    for (int c = 0; c < 4; c++) {
        ck_assert_uint_eq(requested[c], plans[_i].requested[c]);
        ck_assert_uint_eq(targets[c], plans[_i].targets[c]);
    }
}
END_TEST

static const struct {
    TsResampleWish wish;
    const char *message;
} wrong_wishes[] = {
    {{.strategy = "power:x"}, "strategy: power: 'x' is not a number"},
    {{.strategy = "effnum:2"}, "strategy: effnum: 2 is outside"},
    {{.strategy = "median*x"}, "strategy: factor: 'x' is not a number"},
    {{.strategy = "modus"}, "strategy: unknown strategy 'modus'"},
    {{.strategy = "list:cow"}, "strategy: no class 'cow', there are: cat"},
    {{.strategy = "list:cat,cat"}, "strategy: class 'cat' is there twice"},
    {{.strategy = "repeat-factor:0.1", .method = TS_RESAMPLE_UNDER},
     "strategy: repeat-factor repeats rows"},
    {{.strategy = "repeat-factor:0.1,cow=1"}, "strategy: no class 'cow'"},
    {{.targets = "cat"}, "target: 'cat': CLASS=VALUE"},
    {{.cap = "0"}, "cap: no row would be left"},
    {{.cap = "few"}, "cap: 'few' is neither a number of rows nor max"},
    {{.cap = "5", .floor = "6"}, "cap: 5 is below the floor of 6"},
    {{.floor = "-1"}, "floor: '-1' is neither"},
    {{.total = "0"}, "total: 0 is outside"},
    {{.total = "2"}, "total: 2 rows cannot be reached: the classes may come to 3 to"},
    {{.total = "100", .cap = "30"},
     "total: 100 rows cannot be reached: the classes may come to 3 "
     "to 90"},
    {{.total = "61", .method = TS_RESAMPLE_OVER}, "total: 61 rows cannot be reached"},
    {{.total = "63", .method = TS_RESAMPLE_UNDER}, "total: 63 rows cannot be reached"},
};

START_TEST(wrong_wishes_are_wrong_usage)
{
    guint64 requested[4], targets[4];
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_resample_plan(&wrong_wishes[_i].wish, class_names, class_counts, 4, requested,
                                targets, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    ck_assert_msg(g_str_has_prefix(error->message, wrong_wishes[_i].message), "%s", error->message);
}
END_TEST

/* Many classes, sizes of all magnitudes: the total is met and no class passes its limits. */
START_TEST(totals_are_exact_within_limits)
{
    enum { N = 1000 };
    guint64 counts[N], requested[N], targets[N], sum = 0;
    char *names[N + 1] = {NULL};
    TsRng rng;
    ts_rng_init(&rng, 3, "test", (guint64) _i);
    for (int c = 0; c < N; c++) {
        counts[c] = (guint64) exp(ts_rng_uniform(&rng) * 20) - (c % 7 == 0);
        names[c] = (char *) "c";
    }
    g_autofree char *total = g_strdup_printf("%d", 20011 + _i * 1000003);
    TsResampleWish wish = {.strategy = "power:0.3", .total = total, .floor = "3", .cap = "max*.5"};
    ck_assert(ts_resample_plan(&wish, names, counts, N, requested, targets, NULL));
    for (int c = 0; c < N; c++) {
        sum += targets[c];
        ck_assert(counts[c] == 0 ? targets[c] == 0 : targets[c] >= 3);
    }
    ck_assert_uint_eq(sum, (guint64) (20011 + _i * 1000003));
}
END_TEST

enum { N_CLASSES = 6, N_ROWS = 500 };

typedef struct {
    gint32 class_of_row[N_ROWS];
    guint64 counts[N_CLASSES], targets[N_CLASSES];
    guint32 repeats[N_ROWS];
} Case;

static void
make_case(Case *c, guint64 item)
{
    TsRng rng;
    ts_rng_init(&rng, 21, "test", item);
    memset(c, 0, sizeof *c);
    for (int row = 0; row < N_ROWS; row++) {
        double u = ts_rng_uniform(&rng);
        c->class_of_row[row] = (gint32) (u * u * N_CLASSES) - (u < 0.1);
        if (c->class_of_row[row] >= 0)
            c->counts[c->class_of_row[row]]++;
    }
    for (int k = 0; k < N_CLASSES; k++)
        c->targets[k] = c->counts[k] > 0 ? ts_rng_below(&rng, 3 * c->counts[k] + 1) : 0;
}

static void
resample(Case *c, gboolean bootstrap, guint64 seed)
{
    ck_assert(ts_resample_repeats(c->class_of_row, N_ROWS, c->counts, c->targets, N_CLASSES,
                                  bootstrap, seed, c->repeats, NULL));
}

START_TEST(targets_are_met_exactly_and_others_stay)
{
    Case c;
    make_case(&c, (guint64) _i);
    for (int bootstrap = 0; bootstrap < 2; bootstrap++) {
        guint64 sums[N_CLASSES] = {0};
        resample(&c, bootstrap, 1);
        for (int row = 0; row < N_ROWS; row++) {
            if (c.class_of_row[row] >= 0)
                sums[c.class_of_row[row]] += c.repeats[row];
            else
                ck_assert_uint_eq(c.repeats[row], 1);
        }
        ck_assert_mem_eq(sums, c.targets, sizeof sums);
    }
}
END_TEST

START_TEST(rows_of_a_class_are_used_evenly)
{
    Case c;
    make_case(&c, (guint64) _i);
    resample(&c, FALSE, 1);
    for (int row = 0; row < N_ROWS; row++) {
        gint32 k = c.class_of_row[row];
        if (k < 0)
            continue;
        guint64 each = c.targets[k] / c.counts[k];
        ck_assert(c.repeats[row] == each || c.repeats[row] == each + 1);
    }
}
END_TEST

START_TEST(the_bootstrap_keeps_every_row_and_is_uneven)
{
    Case c;
    make_case(&c, 0);
    for (int k = 0; k < N_CLASSES; k++)
        c.targets[k] = 4 * c.counts[k];
    resample(&c, TRUE, 1);
    guint32 most = 0;
    for (int row = 0; row < N_ROWS; row++) {
        ck_assert_uint_ge(c.repeats[row], 1);
        most = MAX(most, c.repeats[row]);
    }
    ck_assert_uint_gt(most, 5);
}
END_TEST

START_TEST(the_seed_decides)
{
    Case a, b;
    make_case(&a, 3);
    for (int k = 0; k < N_CLASSES; k++)
        a.targets[k] = a.counts[k] / 2;
    b = a;
    resample(&a, FALSE, 5);
    resample(&b, FALSE, 5);
    ck_assert_mem_eq(a.repeats, b.repeats, sizeof a.repeats);
    resample(&b, FALSE, 6);
    ck_assert_mem_ne(a.repeats, b.repeats, sizeof a.repeats);
}
END_TEST

START_TEST(too_many_repeats_are_refused)
{
    const gint32 class_of_row[] = {0};
    const guint64 counts[] = {1}, targets[] = {G_GUINT64_CONSTANT(1) << 40};
    guint32 repeats[1];
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_resample_repeats(class_of_row, 1, counts, targets, 1, FALSE, 0, repeats, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("resample");
    TCase *targets = tcase_create("targets");
    tcase_add_loop_test(targets, strategies_are_those_of_imbalanced_learn, 0,
                        (int) G_N_ELEMENTS(strategies));
    tcase_add_loop_test(targets, wrong_strategies_are_refused, 0,
                        (int) G_N_ELEMENTS(wrong_strategies));
    tcase_add_loop_test(targets, targets_are_read, 0, (int) G_N_ELEMENTS(targets_texts));
    tcase_add_loop_test(targets, wrong_targets_are_wrong_usage, 0,
                        (int) G_N_ELEMENTS(wrong_targets));
    tcase_add_loop_test(targets, plans_come_to_what_is_wished, 0, (int) G_N_ELEMENTS(plans));
    tcase_add_loop_test(targets, wrong_wishes_are_wrong_usage, 0, (int) G_N_ELEMENTS(wrong_wishes));
    tcase_add_loop_test(targets, totals_are_exact_within_limits, 0, 5);
    suite_add_tcase(suite, targets);
    TCase *repeats = tcase_create("repeats");
    tcase_add_loop_test(repeats, targets_are_met_exactly_and_others_stay, 0, 20);
    tcase_add_loop_test(repeats, rows_of_a_class_are_used_evenly, 0, 20);
    tcase_add_test(repeats, the_bootstrap_keeps_every_row_and_is_uneven);
    tcase_add_test(repeats, the_seed_decides);
    tcase_add_test(repeats, too_many_repeats_are_refused);
    suite_add_tcase(suite, repeats);
    return unit_run(suite);
}
