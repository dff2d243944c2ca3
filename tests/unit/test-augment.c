/* Random affine changes: what they leave alone, what they mirror, and what they depend on. */
#include "base/error.h"
#include "sample/augment.h"
#include "unit.h"

#include <string.h>

enum { WIDTH = 13, HEIGHT = 9, CHANNELS = 3, N = WIDTH * HEIGHT * CHANNELS };

static void
fill(guint8 *pixels)
{
    for (int i = 0; i < N; i++)
        pixels[i] = (guint8) (i * 37 + i / 5);
}

static void
change(const guint8 *in, const TsAugment *how, guint64 item, guint8 *out)
{
    TsRng rng;
    ts_rng_init(&rng, 1, "augment", item);
    ts_augment_u8(in, WIDTH, HEIGHT, CHANNELS, how, &rng, out);
}

START_TEST(no_change_is_the_identity)
{
    guint8 in[N], out[N];
    fill(in);
    for (guint64 item = 0; item < 20; item++) {
        change(in, &(TsAugment){0}, item, out);
        ck_assert_mem_eq(in, out, N);
    }
}
END_TEST

/* TRUE if `out` is `in` with columns, or rows, in reverse. */
static gboolean
is_mirrored(const guint8 *in, const guint8 *out, gboolean columns)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            int from_x = columns ? WIDTH - 1 - x : x, from_y = columns ? y : HEIGHT - 1 - y;
            if (memcmp(out + (y * WIDTH + x) * CHANNELS, in + (from_y * WIDTH + from_x) * CHANNELS,
                       CHANNELS) != 0)
                return FALSE;
        }
    return TRUE;
}

START_TEST(flips_mirror_about_half_of_the_samples_exactly)
{
    guint8 in[N], out[N];
    fill(in);
    for (int columns = FALSE; columns <= TRUE; columns++) {
        TsAugment how = {.hflip = columns, .vflip = !columns};
        int n_mirrored = 0;
        for (guint64 item = 0; item < 1000; item++) {
            change(in, &how, item, out);
            gboolean same = memcmp(in, out, N) == 0;
            ck_assert(same || is_mirrored(in, out, columns));
            n_mirrored += !same;
        }
        ck_assert_int_gt(n_mirrored, 440);
        ck_assert_int_lt(n_mirrored, 560);
    }
}
END_TEST

START_TEST(constant_pictures_stay_constant)
{
    guint8 in[N], out[N];
    TsAugment how = {180, 1, 40, 0.5, TRUE, TRUE};
    memset(in, 77, N);
    for (guint64 item = 0; item < 200; item++) {
        change(in, &how, item, out);
        ck_assert_mem_eq(in, out, N);
    }
}
END_TEST

START_TEST(a_change_depends_on_its_stream_alone)
{
    guint8 in[N], a[N], b[N];
    TsAugment how = {.rotate = 20, .scale = 0.2, .shift = 0.1};
    fill(in);
    change(in, &how, 5, a);
    change(in, &how, 6, b);
    ck_assert_mem_ne(a, b, N);
    change(in, &how, 5, b);
    ck_assert_mem_eq(a, b, N);
}
END_TEST

START_TEST(texts_are_read_and_nonsense_is_refused)
{
    TsAugment how;
    ck_assert(ts_augment_parse("rotate=10,scale=0.5,shear=3,shift=0.25,hflip", &how, NULL));
    ck_assert(ts_augment_is_active(&how) && how.hflip && !how.vflip);
    ck_assert_double_eq(how.rotate, 10);
    ck_assert_double_eq(how.shift, 0.25);
    ck_assert(ts_augment_parse("none", &how, NULL) && !ts_augment_is_active(&how));
    const char *const bad[] = {"rotate", "rotate=", "rotate=-1", "rotate=181", "spin=3", "hflip,"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_msg(!ts_augment_parse(bad[i], &how, &error), "%s", bad[i]);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("augment");
    TCase *tests = tcase_create("augment");
    tcase_add_test(tests, no_change_is_the_identity);
    tcase_add_test(tests, flips_mirror_about_half_of_the_samples_exactly);
    tcase_add_test(tests, constant_pictures_stay_constant);
    tcase_add_test(tests, a_change_depends_on_its_stream_alone);
    tcase_add_test(tests, texts_are_read_and_nonsense_is_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
