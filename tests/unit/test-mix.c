/* Batches mixed: pictures and shares of labels by the formulas. */
#include "base/error.h"
#include "sample/mix.h"
#include "unit.h"

#include <math.h>
#include <string.h>

enum { N = 3, CHANNELS = 2, WIDTH = 7, HEIGHT = 5, SIZE = CHANNELS * WIDTH * HEIGHT };

static TsMix
parse(const char *text)
{
    TsMix mix = {0};
    ck_assert(ts_mix_add(text, &mix, NULL));
    return mix;
}

static void
fill(float *images)
{
    for (int i = 0; i < N * SIZE; i++)
        images[i] = (float) sin(i);
}

START_TEST(mixup_adds_first_and_last)
{
    const TsMix mix = parse("mixup:alpha=1");
    for (guint64 batch = 0; batch < 50; batch++) {
        float before[N * SIZE], after[N * SIZE];
        TsMixDraw draw;
        ck_assert(ts_mix_draw(&mix, 1, batch, WIDTH, HEIGHT, &draw));
        ck_assert_double_ge(draw.lambda, 0);
        ck_assert_double_le(draw.lambda, 1);
        fill(before);
        fill(after);
        ts_mix_images(&draw, after, N, CHANNELS, WIDTH, HEIGHT);
        for (int k = 0; k < N; k++)
            for (int i = 0; i < SIZE; i++) {
                const double own = before[k * SIZE + i], other = before[(N - 1 - k) * SIZE + i];
                const double expected = draw.lambda * own + (1 - draw.lambda) * other;
                ck_assert_double_le(fabs(after[k * SIZE + i] - expected), 1e-6);
            }
    }
}
END_TEST

START_TEST(the_share_of_a_cut_is_its_area)
{
    const TsMix mix = parse("cutmix");
    for (guint64 batch = 0; batch < 200; batch++) {
        float before[N * SIZE], after[N * SIZE];
        TsMixDraw draw;
        int n_own = 0;
        ck_assert(ts_mix_draw(&mix, 1, batch, WIDTH, HEIGHT, &draw));
        fill(before);
        fill(after);
        ts_mix_images(&draw, after, N, CHANNELS, WIDTH, HEIGHT);
        for (int i = 0; i < SIZE; i++) {
            n_own += after[i] == before[i];
            ck_assert(after[i] == before[i] || after[i] == before[(N - 1) * SIZE + i]);
        }
        ck_assert_double_le(fabs((double) n_own / SIZE - draw.lambda), 1e-12);
        ck_assert_mem_eq(after + SIZE, before + SIZE, SIZE * sizeof *after);
    }
}
END_TEST

START_TEST(lambda_is_of_the_beta_distribution)
{
    /* Mean 1/2, variance 1 / (4 (2 alpha + 1)). */
    enum { DRAWS = 20000 };
    const TsMix mix = parse("mixup:alpha=0.2,p=0.5");
    double n = 0, sum = 0, squares = 0;
    for (guint64 batch = 0; batch < DRAWS; batch++) {
        TsMixDraw draw;
        if (!ts_mix_draw(&mix, 2, batch, WIDTH, HEIGHT, &draw))
            continue;
        n++;
        sum += draw.lambda - 0.5;
        squares += (draw.lambda - 0.5) * (draw.lambda - 0.5);
    }
    ck_assert_double_le(fabs(n / DRAWS - 0.5), 5 * 0.5 / sqrt(DRAWS));
    ck_assert_double_le(fabs(sum / n), 5 * 0.5 / sqrt(n));
    ck_assert_double_le(fabs(squares / n - 1 / (4 * 1.4)), 0.005);
}
END_TEST

START_TEST(remix_gives_the_rare_class_the_label)
{
    const TsMix mix = parse("remix:kappa=3,tau=0.5"), plain = parse("mixup");
    TsMixDraw draw = {.item = &mix.item[0], .lambda = 0.4};
    ck_assert(ts_mix_label_share(&draw, 300, 100) == 0);
    ck_assert(ts_mix_label_share(&draw, 299, 100) == 0.4);
    ck_assert(ts_mix_label_share(&draw, 100, 300) == 0.4); /* 1 - lambda is not below tau */
    draw.lambda = 0.6;
    ck_assert(ts_mix_label_share(&draw, 100, 300) == 1);
    ck_assert(ts_mix_label_share(&draw, 100, 299) == 0.6);
    ck_assert(ts_mix_label_share(&draw, 300, 100) == 0.6);
    draw.item = &plain.item[0];
    ck_assert(ts_mix_label_share(&draw, 100, 300) == 0.6);
}
END_TEST

START_TEST(several_take_turns)
{
    TsMix mix = parse("mixup");
    ck_assert(ts_mix_add("cutmix", &mix, NULL));
    guint n_cut = 0;
    for (guint64 batch = 0; batch < 1000; batch++) {
        TsMixDraw draw, again;
        ck_assert(ts_mix_draw(&mix, 3, batch, WIDTH, HEIGHT, &draw));
        ck_assert(ts_mix_draw(&mix, 3, batch, WIDTH, HEIGHT, &again));
        ck_assert(draw.item == again.item && draw.lambda == again.lambda);
        n_cut += draw.item->kind == TS_CUTMIX;
    }
    ck_assert_uint_gt(n_cut, 420);
    ck_assert_uint_lt(n_cut, 580);
}
END_TEST

START_TEST(what_is_no_mix_is_refused)
{
    static const char *const bad[] = {"blend",        "mixup:alpha=0",   "mixup:p=2",
                                      "cutmix:tau=1", "remix:kappa=0.5", ""};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        TsMix mix = {0};
        ck_assert_msg(!ts_mix_add(bad[i], &mix, &error), "%s", bad[i]);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
    TsMix mix = parse("remix");
    ck_assert(!ts_mix_add("remix:alpha=2", &mix, NULL));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("mix");
    TCase *tests = tcase_create("mix");
    tcase_add_test(tests, mixup_adds_first_and_last);
    tcase_add_test(tests, the_share_of_a_cut_is_its_area);
    tcase_add_test(tests, lambda_is_of_the_beta_distribution);
    tcase_add_test(tests, remix_gives_the_rare_class_the_label);
    tcase_add_test(tests, several_take_turns);
    tcase_add_test(tests, what_is_no_mix_is_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
