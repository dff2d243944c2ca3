/* Random changes: what they mean, what they depend on, and their texts. */
#include "base/error.h"
#include "base/rng.h"
#include "pictures.h"
#include "sample/augment.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 13, HEIGHT = 9, CHANNELS = 3, N = WIDTH * HEIGHT * CHANNELS };

static void
fill(guint8 *pixels)
{
    for (int i = 0; i < N; i++)
        pixels[i] = (guint8) (i * 37 + i / 5);
}

static void
change(const guint8 *in, const char *list, guint64 item, guint8 *out)
{
    TsAugment how;
    g_autoptr(GError) error = NULL;
    ck_assert_msg(ts_augment_parse(list, &how, &error), "%s", message(error));
    ck_assert_msg(ts_augment_u8(in, WIDTH, HEIGHT, CHANNELS, &how, 1, item, out, &error), "%s",
                  message(error));
}

START_TEST(no_change_is_the_identity)
{
    guint8 in[N], out[N];
    fill(in);
    const char *const lists[] = {
        "none", "rotate=0,scale=0,shear=0,shift=0,hflip@0,vflip@0,brightness=0,contrast=0,gamma=0",
        "perspective=0,elastic=0:4", "rotate=20@0,brightness=0.5@0"};
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint64 item = 0; item < 20; item++) {
            change(in, lists[i], item, out);
            ck_assert_msg(memcmp(in, out, N) == 0, "%s", lists[i]);
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

START_TEST(flips_mirror_as_many_samples_as_asked_for_exactly)
{
    static const struct {
        const char *list;
        gboolean columns;
        int expected;
    } cases[] = {{"hflip", TRUE, 500}, {"vflip", FALSE, 500}, {"hflip@0.2", TRUE, 200}};
    guint8 in[N], out[N];
    fill(in);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        int n_mirrored = 0;
        for (guint64 item = 0; item < 1000; item++) {
            change(in, cases[i].list, item, out);
            gboolean same = memcmp(in, out, N) == 0;
            ck_assert(same || is_mirrored(in, out, cases[i].columns));
            n_mirrored += !same;
        }
        ck_assert_int_gt(n_mirrored, cases[i].expected - 60);
        ck_assert_int_lt(n_mirrored, cases[i].expected + 60);
    }
}
END_TEST

START_TEST(constant_pictures_stay_constant)
{
    guint8 in[N], out[N];
    memset(in, 77, N);
    for (guint64 item = 0; item < 200; item++) {
        change(in, "rotate=180,scale=1,shear=40,shift=0.5,hflip,vflip,perspective=0.5,elastic=20:3",
               item, out);
        ck_assert_mem_eq(in, out, N);
    }
}
END_TEST

START_TEST(a_change_depends_on_its_stream_alone)
{
    guint8 in[N], a[N], b[N];
    fill(in);
    change(in, "rotate=20,scale=0.2,shift=0.1", 5, a);
    change(in, "rotate=20,scale=0.2,shift=0.1", 6, b);
    ck_assert_mem_ne(a, b, N);
    change(in, "rotate=20,scale=0.2,shift=0.1", 5, b);
    ck_assert_mem_eq(a, b, N);
}
END_TEST

static char *
draw_text(const char *list, guint64 item)
{
    TsAugment how;
    TsEdits edits;
    GString *text = g_string_new(NULL);
    ck_assert(ts_augment_parse(list, &how, NULL));
    ck_assert(ts_augment_draw(&how, 3, item, 64, 48, &edits, NULL));
    ts_edits_format(&edits, text);
    return g_string_free(text, FALSE);
}

START_TEST(one_change_does_not_move_another)
{
    for (guint64 item = 0; item < 50; item++) {
        g_autofree char *alone = draw_text("gamma=0.5", item);
        g_autofree char *more = draw_text("rotate=10,hflip,brightness=0.2@0.3,gamma=0.5", item);
        ck_assert_msg(g_str_has_suffix(more, alone), "'%s' and '%s'", more, alone);
    }
}
END_TEST

/* What train --augment has done since its first version: one affine map about the centre, bilinear,
 * drawn from one stream. */
static void
change_as_ever(const guint8 *in, guint64 item, guint8 *out)
{
    TsRng rng;
    double u[5];
    ts_rng_init(&rng, 1, "augment", item);
    for (int i = 0; i < 5; i++)
        u[i] = 2 * ts_rng_uniform(&rng) - 1;
    double angle = 12 * u[0] * G_PI / 180, scale = exp(-log1p(0.2) * u[1]);
    double shear = tan(15 * u[2] * G_PI / 180);
    double a = scale * cos(angle), b = scale * (shear * cos(angle) - sin(angle));
    double d = scale * sin(angle), e = scale * (shear * sin(angle) + cos(angle));
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            double px = x - (WIDTH - 1) / 2.0 - 0.1 * u[3] * WIDTH;
            double py = y - (HEIGHT - 1) / 2.0 - 0.1 * u[4] * HEIGHT;
            double qx = CLAMP((WIDTH - 1) / 2.0 + a * px + b * py, 0, WIDTH - 1);
            double qy = CLAMP((HEIGHT - 1) / 2.0 + d * px + e * py, 0, HEIGHT - 1);
            int x0 = (int) qx, y0 = (int) qy;
            int x1 = MIN(x0 + 1, WIDTH - 1), y1 = MIN(y0 + 1, HEIGHT - 1);
            for (int c = 0; c < CHANNELS; c++) {
                const guint8 *pixels = in + c;
                double top = pixels[(y0 * WIDTH + x0) * CHANNELS] * (1 - qx + x0) +
                             pixels[(y0 * WIDTH + x1) * CHANNELS] * (qx - x0);
                double bottom = pixels[(y1 * WIDTH + x0) * CHANNELS] * (1 - qx + x0) +
                                pixels[(y1 * WIDTH + x1) * CHANNELS] * (qx - x0);
                *out++ = (guint8) (top * (1 - qy + y0) + bottom * (qy - y0) + 0.5);
            }
        }
}

START_TEST(the_first_settings_of_train_give_the_pixels_they_always_gave)
{
    guint8 in[N], now[N], then[N];
    int n_different = 0;
    fill(in);
    for (guint64 item = 0; item < 200; item++) {
        change(in, "rotate=12,scale=0.2,shear=15,shift=0.1", item, now);
        change_as_ever(in, item, then);
        for (int i = 0; i < N; i++) {
            n_different += now[i] != then[i];
            ck_assert_int_le(abs(now[i] - then[i]), 1); /* a half, rounded in other arithmetic */
        }
    }
    ck_assert_int_le(n_different, 20);
}
END_TEST

START_TEST(lists_are_read_and_nonsense_is_refused)
{
    TsAugment how;
    ck_assert(ts_augment_parse("rotate=10,scale=0.5..2@0.3,shear=3,hflip,crop=8x6", &how, NULL));
    ck_assert_int_eq(how.n, 5);
    ck_assert_double_eq(how.item[0].half, 10);
    ck_assert_double_eq_tol(how.item[1].half, log(2), 1e-12);
    ck_assert_double_eq_tol(how.item[1].middle, 0, 1e-12);
    ck_assert_double_eq(how.item[1].probability, 0.3);
    ck_assert_int_eq(how.item[4].width, 8);
    ck_assert(ts_augment_parse("none", &how, NULL) && !ts_augment_is_active(&how));
    const char *const bad[] = {"",           "rotate",      "rotate=",  "rotate=-1",  "rotate=181",
                               "spin=3",     "hflip,",      "hflip=1",  "rotate=5@2", "rotate=9..3",
                               "rotate=1:2", "hflip,hflip", "crop=8",   "crop=0x3",   "elastic=5",
                               "scale=0..2", "hflip@",      "gamma=-1", "crop=8x6:1"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        gboolean is_square = strcmp(bad[i], "crop=8") == 0;
        ck_assert_msg(ts_augment_parse(bad[i], &how, &error) == is_square, "%s", bad[i]);
        ck_assert(is_square || g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

START_TEST(texts_of_changes_are_read_back_and_nonsense_is_refused)
{
    const char *const good[] = {
        "rotate=12.31,hflip,brightness=0.08",
        "d4=hvt,shift=0.1:-0.25,crop=1:2:30:40,resized-crop=0:0:9:9:64:48,elastic=20:3:4294967295",
        "padded-crop=-4:3:reflect,shear-y=4,posterize=3,solarize=0.5,autocontrast",
        "equalize,sharpness=-0.5",
        "perspective=0.1:0:0:0:0:0:0:-0.125,gamma=1.5,contrast=-0.5,scale=1.25,shear=-3,vflip"};
    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        TsEdits edits;
        g_autoptr(GError) error = NULL;
        ck_assert_msg(ts_edits_parse(good[i], &edits, &error), "%s", message(error));
        g_autoptr(GString) text = g_string_new(NULL);
        ts_edits_format(&edits, text);
        ck_assert_str_eq(text->str, good[i]);
    }
    const char *const bad[] = {"spin=3",
                               "rotate",
                               "rotate=",
                               "rotate=x",
                               "rotate=1:2",
                               "hflip=1",
                               "hflip,",
                               "d4=r45",
                               "d4",
                               "scale=0",
                               "crop=1:2:3",
                               "crop=1:2:-3:4",
                               "crop=1.5:2:3:4",
                               "rotate=nan",
                               "elastic=1:2:0.5",
                               "hflip|spin",
                               "shift=1",
                               "padded-crop=1:2",
                               "padded-crop=1:2:wrap",
                               "posterize=9"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_msg(!ts_edits_check_text(bad[i], &error), "%s", bad[i]);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    }
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_edits_check_text("spin=3", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "rotate, scale"));
}
END_TEST

START_TEST(steps_are_made_one_after_the_other)
{
    g_autoptr(TsImage) image = pattern(20, 14, 3, TS_U8);
    g_autoptr(TsImage) first = ts_edits_apply_text(image, "rotate=10,brightness=0.5", NULL);
    g_autoptr(TsImage) second = ts_edits_apply_text(first, "shift=0.1:0,contrast=0.2", NULL);
    g_autoptr(TsImage) both =
        ts_edits_apply_text(image, "rotate=10,brightness=0.5|shift=0.1:0,contrast=0.2", NULL);
    g_autoptr(TsImage) one =
        ts_edits_apply_text(image, "rotate=10,brightness=0.5,shift=0.1:0,contrast=0.2", NULL);
    ck_assert(same_pixels(both, second));
    ck_assert(!same_pixels(both, one));
    int width = 20, height = 14;
    ck_assert(ts_edits_get_size("d4=r90,crop=0:0:10:9|d4=t", &width, &height, NULL));
    g_autoptr(TsImage) sized = ts_edits_apply_text(image, "d4=r90,crop=0:0:10:9|d4=t", NULL);
    ck_assert_int_eq(sized->width, width);
    ck_assert_int_eq(sized->height, height);
    ck_assert_int_eq(width, 9);
}
END_TEST

START_TEST(what_reaches_over_the_picture_is_refused)
{
    g_autoptr(TsImage) image = pattern(20, 14, 3, TS_U8);
    const char *const bad[] = {"crop=10:0:11:5",   "crop=0:0:0:5",
                               "crop=0:14:1:1",    "resized-crop=0:0:5:5:0:9",
                               "elastic=1:1001:1", "perspective=0.9:0:-0.9:0:0:0:0:0"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(ts_edits_apply_text(image, bad[i], &error));
        ck_assert_msg(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT), "%s", bad[i]);
    }
    TsAugment how;
    TsEdits edits;
    g_autoptr(GError) error = NULL;
    ck_assert(ts_augment_parse("crop=21x5", &how, NULL));
    ck_assert(!ts_augment_draw(&how, 0, 0, 20, 14, &edits, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
}
END_TEST

START_TEST(padded_crops_are_windows_of_the_padded_picture)
{
    enum { W = 7, H = 5 };
    const char *const names[] = {"zero", "reflect", "edge"};
    g_autoptr(TsImage) image = pattern(W, H, 3, TS_U16);
    for (int mode = 0; mode < 3; mode++)
        for (int x = -12; x <= 12; x += 3)
            for (int y = -9; y <= 9; y += 3) {
                g_autofree char *text = g_strdup_printf("padded-crop=%d:%d:%s", x, y, names[mode]);
                g_autoptr(TsImage) out = ts_edits_apply_text(image, text, NULL);
                for (int i = 0; i < W * H; i++) {
                    int at[2] = {x + i % W, y + i / W};
                    const int sides[2] = {W, H};
                    gboolean inside = TRUE;
                    for (int k = 0; k < 2; k++) {
                        inside &= at[k] >= 0 && at[k] < sides[k];
                        while (mode == 1 && (at[k] < 0 || at[k] >= sides[k]))
                            at[k] = at[k] < 0 ? -at[k] : 2 * (sides[k] - 1) - at[k];
                        at[k] = CLAMP(at[k], 0, sides[k] - 1);
                    }
                    const guint16 *pixels = (const guint16 *) image->data;
                    const guint16 *ours = (const guint16 *) out->data;
                    for (int b = 0; b < 3; b++)
                        ck_assert_int_eq(
                            ours[3 * i + b],
                            mode == 0 && !inside ? 0 : pixels[3 * (at[1] * W + at[0]) + b]);
                }
            }
}
END_TEST

START_TEST(drawn_windows_reach_as_far_as_the_padding)
{
    TsAugment how;
    guint seen[9] = {0};
    ck_assert(ts_augment_parse("crop=pad:4:reflect", &how, NULL));
    for (guint64 item = 0; item < 900; item++) {
        TsEdits edits;
        ck_assert(ts_augment_draw(&how, 1, item, 32, 32, &edits, NULL));
        ck_assert_int_eq(edits.edit[0].kind, TS_EDIT_PADDED_CROP);
        ck_assert_double_eq(edits.edit[0].v[2], 1);
        seen[(int) edits.edit[0].v[0] + 4]++;
    }
    for (int i = 0; i < 9; i++)
        ck_assert(seen[i] > 60 && seen[i] < 140);
    const char *const bad[] = {"crop=pad:0", "crop=pad:2.5", "crop=pad:2:wrap", "crop=pad:"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        ck_assert(!ts_augment_parse(bad[i], &how, NULL));
}
END_TEST

START_TEST(policies_draw_each_change_as_often_at_the_magnitude_asked_for)
{
    TsAugment how;
    guint counts[TS_N_EDITS] = {0}, n = 0, negative = 0;
    ck_assert(ts_augment_parse("randaugment=2:15", &how, NULL));
    ck_assert(ts_augment_check(&how, 1, TS_U8, 32, 32, NULL));
    ck_assert(!ts_augment_check(&how, 5, TS_U8, 32, 32, NULL));
    for (guint64 item = 0; item < 7000; item++) {
        TsEdits edits;
        ck_assert(ts_augment_draw(&how, 1, item, 32, 64, &edits, NULL));
        ck_assert_uint_le(edits.n, 2);
        for (guint i = 0; i < edits.n; i++, n++) {
            const TsEdit *edit = &edits.edit[i];
            counts[edit->kind]++;
            negative += edit->kind == TS_EDIT_ROTATE && edit->v[0] < 0;
            if (edit->kind == TS_EDIT_ROTATE || edit->kind == TS_EDIT_CONTRAST)
                ck_assert_double_eq_tol(fabs(edit->v[0]), edit->kind == TS_EDIT_ROTATE ? 15 : 0.45,
                                        1e-12);
            if (edit->kind == TS_EDIT_POSTERIZE)
                ck_assert_double_eq(edit->v[0], 6);
            if (edit->kind == TS_EDIT_SHEAR)
                ck_assert_double_eq_tol(tan(fabs(edit->v[0]) * G_PI / 180), 0.15, 1e-12);
        }
    }
    ck_assert(n > 12800 && n < 13200); /* 13 of 14 change something */
    ck_assert(negative > 430 && negative < 570);
    for (int kind = 0; kind < TS_N_EDITS; kind++)
        if (counts[kind] > 0)
            ck_assert_int_le(abs((int) counts[kind] - (kind == TS_EDIT_SHIFT ? 2000 : 1000)), 150);
    ck_assert(ts_augment_parse("trivialaugment", &how, NULL));
    double most = 0;
    for (guint64 item = 0; item < 3000; item++) {
        TsEdits edits;
        ck_assert(ts_augment_draw(&how, 1, item, 32, 64, &edits, NULL));
        ck_assert_uint_le(edits.n, 1);
        if (edits.n == 1 && edits.edit[0].kind == TS_EDIT_SHIFT)
            most = MAX(most, fabs(edits.edit[0].v[1]));
    }
    ck_assert_double_eq_tol(most, 0.5, 1e-12); /* 32 of 64 pixels */
    const char *const bad[] = {"randaugment=2", "randaugment=0:9", "randaugment=2:31",
                               "randaugment=9:9", "trivialaugment=3"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        ck_assert(!ts_augment_parse(bad[i], &how, NULL));
}
END_TEST

START_TEST(networks_keep_their_input_size)
{
    TsAugment how;
    ck_assert(ts_augment_parse("crop=8x8", &how, NULL));
    ck_assert(!ts_augment_check(&how, 3, TS_U8, 16, 16, NULL));
    ck_assert(ts_augment_check(&how, 3, TS_U8, 8, 8, NULL));
    ck_assert(ts_augment_parse("d4", &how, NULL));
    ck_assert(!ts_augment_check(&how, 3, TS_U8, 16, 12, NULL));
    ck_assert(ts_augment_check(&how, 3, TS_U8, 16, 16, NULL));
}
END_TEST

START_TEST(drawn_crops_lie_inside_and_are_of_all_sizes)
{
    TsAugment how;
    double smallest = 1, largest = 0;
    ck_assert(ts_augment_parse("resized-crop=0.2..0.9", &how, NULL));
    for (guint64 item = 0; item < 500; item++) {
        TsEdits edits;
        ck_assert(ts_augment_draw(&how, 0, item, 60, 50, &edits, NULL));
        const double *v = edits.edit[0].v;
        ck_assert(v[0] >= 0 && v[1] >= 0 && v[0] + v[2] <= 60 && v[1] + v[3] <= 50);
        double area = v[2] * v[3] / 3000;
        smallest = MIN(smallest, area);
        largest = MAX(largest, area);
    }
    ck_assert_double_lt(smallest, 0.25);
    ck_assert_double_gt(largest, 0.8);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, no_change_is_the_identity);
    tcase_add_test(tests, flips_mirror_as_many_samples_as_asked_for_exactly);
    tcase_add_test(tests, constant_pictures_stay_constant);
    tcase_add_test(tests, a_change_depends_on_its_stream_alone);
    tcase_add_test(tests, one_change_does_not_move_another);
    tcase_add_test(tests, the_first_settings_of_train_give_the_pixels_they_always_gave);
    tcase_add_test(tests, lists_are_read_and_nonsense_is_refused);
    tcase_add_test(tests, texts_of_changes_are_read_back_and_nonsense_is_refused);
    tcase_add_test(tests, steps_are_made_one_after_the_other);
    tcase_add_test(tests, what_reaches_over_the_picture_is_refused);
    tcase_add_test(tests, networks_keep_their_input_size);
    tcase_add_test(tests, padded_crops_are_windows_of_the_padded_picture);
    tcase_add_test(tests, drawn_windows_reach_as_far_as_the_padding);
    tcase_add_test(tests, policies_draw_each_change_as_often_at_the_magnitude_asked_for);
    tcase_add_test(tests, drawn_crops_lie_inside_and_are_of_all_sizes);
}

int
main(void)
{
    return pictures_run("augment", add_tests);
}
