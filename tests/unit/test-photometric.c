/* Changes of tones and colours: laws, types of samples, and what is refused. */
#include "base/error.h"
#include "pictures.h"
#include "sample/augment.h"

#include <math.h>

enum { WIDTH = 48, HEIGHT = 36, N_PIXELS = WIDTH * HEIGHT };

static const TsSampleType types[] = {TS_U8, TS_U16, TS_I16, TS_F32};

/* Smooth colours, the same in every type: 8-bit values times 257, and as shares of 1. */
static TsImage *
colours(TsSampleType type, int bands)
{
    TsImage *image = ts_image_new(WIDTH, HEIGHT, bands, type, NULL);
    for (int i = 0; i < N_PIXELS * bands; i++) {
        const int pixel = i / bands, x = pixel % WIDTH, y = pixel / WIDTH;
        const int value = 40 + (x * 4 * (1 + i % bands) + y * 3 + 60 * (i % bands)) % 200;
        if (type == TS_U8)
            image->data[i] = (guint8) value;
        if (type == TS_U16)
            ((guint16 *) image->data)[i] = (guint16) (257 * value);
        if (type == TS_I16)
            ((gint16 *) image->data)[i] = (gint16) (128 * value);
        if (type == TS_F32)
            ((float *) image->data)[i] = (float) value / 255;
    }
    return image;
}

static double
share_at(const TsImage *image, int i)
{
    return image->type == TS_U8    ? image->data[i] / 255.0
           : image->type == TS_U16 ? ((guint16 *) image->data)[i] / 65535.0
           : image->type == TS_I16 ? ((gint16 *) image->data)[i] / 32767.0
                                   : (double) ((float *) image->data)[i];
}

static TsImage *
change(const TsImage *image, const char *text)
{
    g_autoptr(GError) error = NULL;
    TsImage *changed = ts_edits_apply_text(image, text, &error);
    ck_assert_msg(changed != NULL, "%s: %s", text, message(error));
    return changed;
}

START_TEST(changes_by_nothing_change_no_bit)
{
    const char *const nothing[] = {"brightness=0",  "contrast=0",     "gamma=1",
                                   "saturation=0",  "hue=0",          "blur=0",
                                   "sharpen=0",     "noise=0:7",      "salt-pepper=0:7",
                                   "erase=0:0:0:5", "erase=48:0:3:5", "stain=0:0:0:0:0:0"};
    for (guint t = 0; t < G_N_ELEMENTS(types); t++) {
        g_autoptr(TsImage) image = pattern(WIDTH, HEIGHT, 3, types[t]);
        for (guint i = 0; i < G_N_ELEMENTS(nothing); i++) {
            g_autoptr(TsImage) changed = change(image, nothing[i]);
            ck_assert_msg(same_pixels(image, changed), "%s", nothing[i]);
        }
    }
}
END_TEST

START_TEST(types_differ_by_rounding_alone)
{
    const char *const texts[] = {"brightness=0.4",
                                 "contrast=-0.5",
                                 "gamma=1.7",
                                 "saturation=0.8",
                                 "hue=0.21",
                                 "blur=1.3",
                                 "sharpen=1.5",
                                 "noise=0.1:3",
                                 "salt-pepper=0.2:5",
                                 "erase=3:4:20:9",
                                 "stain=0.1:0.02:-0.1:0.03:0.2:-0.01",
                                 "rotate=20,brightness=0.1,hue=0.1,blur=0.8"};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(TsImage) floats = colours(TS_F32, 3), bytes = colours(TS_U8, 3);
        g_autoptr(TsImage) words = colours(TS_U16, 3);
        g_autoptr(TsImage) of_floats = change(floats, texts[i]);
        g_autoptr(TsImage) of_bytes = change(bytes, texts[i]);
        g_autoptr(TsImage) of_words = change(words, texts[i]);
        gboolean bent =
            strchr(texts[i], ',') != NULL; /* an 8-bit resample rounds before the rest */
        for (int k = 0; k < 3 * N_PIXELS; k++) {
            const double exact = share_at(of_floats, k);
            ck_assert_double_eq_tol(share_at(of_bytes, k), share_at(of_words, k),
                                    (bent ? 2 : 0.51) / 255);
            if (!bent && exact > 0 && exact < 1) /* floats are not clamped */
                ck_assert_double_eq_tol(share_at(of_words, k), exact, 1.5 / 65535);
        }
    }
}
END_TEST

START_TEST(signed_samples_stay_within_their_type)
{
    const char *const texts[] = {"brightness=5", "contrast=9", "gamma=0.1",
                                 "noise=5:1",    "sharpen=90", "salt-pepper=0.5:2"};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(TsImage) image = pattern(WIDTH, HEIGHT, 1, TS_I16);
        g_autoptr(TsImage) changed = change(image, texts[i]);
        int n_turned = 0; /* signs that a number too large has wrapped to */
        for (int k = 0; k < N_PIXELS && i < 1; k++)
            n_turned += (((gint16 *) image->data)[k] > 0) != (((gint16 *) changed->data)[k] > 0);
        ck_assert_int_eq(n_turned, 0);
        ck_assert(!same_pixels(image, changed));
    }
}
END_TEST

START_TEST(a_third_of_the_circle_turns_red_to_green)
{
    TsImage image = {.width = 4, .height = 1, .bands = 3, .type = TS_U8};
    guint8 pixels[] = {255, 0, 0, 0, 255, 0, 10, 20, 200, 77, 77, 77};
    image.data = pixels;
    g_autoptr(TsImage) turned = change(&image, "hue=0.3333333333333333");
    ck_assert_mem_eq(turned->data, ((guint8[]){0, 255, 0, 0, 0, 255, 200, 10, 20, 77, 77, 77}), 12);
    g_autoptr(TsImage) half = change(&image, "hue=0.5");
    g_autoptr(TsImage) other = change(&image, "hue=-0.5");
    ck_assert(same_pixels(half, other));
    ck_assert_mem_eq(half->data, ((guint8[]){0, 255, 255}), 3);
}
END_TEST

START_TEST(without_saturation_only_grey_is_left)
{
    g_autoptr(TsImage) image = colours(TS_U8, 3), grey = change(image, "saturation=-1");
    g_autoptr(TsImage) converted = ts_image_convert_bands(image, 1, NULL);
    for (int i = 0; i < N_PIXELS; i++)
        for (int b = 0; b < 3; b++)
            ck_assert_int_le(abs(grey->data[3 * i + b] - converted->data[i]), 1);
}
END_TEST

START_TEST(contrast_keeps_the_mean_and_brightness_scales_it)
{
    g_autoptr(TsImage) image = colours(TS_F32, 5);
    g_autoptr(TsImage) flat = change(image, "contrast=-1"), bright = change(image, "brightness=1");
    double sum = 0;
    for (int i = 0; i < 5 * N_PIXELS; i++)
        sum += share_at(image, i);
    for (int i = 0; i < 5 * N_PIXELS; i++) {
        ck_assert_double_eq_tol(share_at(flat, i), sum / 5 / N_PIXELS, 1e-6);
        ck_assert_double_eq_tol(share_at(bright, i), 2 * share_at(image, i), 1e-6);
    }
}
END_TEST

/* Mean and deviation of what was added to a constant picture of shares `level`. */
static void
measure(const char *text, double level, double *mean, double *deviation)
{
    g_autoptr(TsImage) image = ts_image_new(200, 200, 1, TS_F32, NULL);
    for (int i = 0; i < 40000; i++)
        ((float *) image->data)[i] = (float) level;
    g_autoptr(TsImage) changed = change(image, text);
    double sum = 0, squares = 0;
    for (int i = 0; i < 40000; i++) {
        const double added = share_at(changed, i) - level;
        sum += added;
        squares += added * added;
    }
    *mean = sum / 40000;
    *deviation = sqrt(squares / 40000 - *mean * *mean);
}

START_TEST(noise_has_the_moments_that_it_is_asked_for)
{
    double mean, deviation;
    measure("noise=0.1:9", 0.5, &mean, &deviation);
    ck_assert_double_eq_tol(mean, 0, 0.003);
    ck_assert_double_eq_tol(deviation, 0.1, 0.002);
    measure("poisson=50:9", 0.5, &mean, &deviation); /* 25 counts: sqrt(25) / 50 */
    ck_assert_double_eq_tol(mean, 0, 0.003);
    ck_assert_double_eq_tol(deviation, 0.1, 0.002);
    measure("poisson=8:9", 0.5, &mean, &deviation); /* 4 counts, drawn in another way */
    ck_assert_double_eq_tol(mean, 0, 0.006);
    ck_assert_double_eq_tol(deviation, 0.25, 0.005);
    measure("poisson=4000:9", 0.25, &mean, &deviation);
    ck_assert_double_eq_tol(mean, 0, 0.0003);
    ck_assert_double_eq_tol(deviation, sqrt(1000) / 4000, 0.0002);
    measure("salt-pepper=0.2:9", 0.5, &mean, &deviation); /* a fifth is half a white away */
    ck_assert_double_eq_tol(mean, 0, 0.01);
    ck_assert_double_eq_tol(deviation, sqrt(0.2 * 0.25), 0.005);
}
END_TEST

START_TEST(noise_is_a_matter_of_its_seed)
{
    const char *const kinds[] = {"noise=0.1", "poisson=30", "salt-pepper=0.1"};
    g_autoptr(TsImage) image = colours(TS_U8, 3);
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *one = g_strdup_printf("%s:1", kinds[i]);
        g_autofree char *two = g_strdup_printf("%s:2", kinds[i]);
        g_autoptr(TsImage) a = change(image, one), b = change(image, one), c = change(image, two);
        ck_assert(same_pixels(a, b));
        ck_assert(!same_pixels(a, c));
    }
}
END_TEST

START_TEST(erased_rectangles_are_zero_and_cut_at_the_edge)
{
    g_autoptr(TsImage) image = colours(TS_U8, 3), erased = change(image, "erase=40:30:20:4");
    for (int i = 0; i < 3 * N_PIXELS; i++) {
        const int x = i / 3 % WIDTH, y = i / 3 / WIDTH;
        gboolean inside = x >= 40 && y >= 30 && y < 34;
        ck_assert_int_eq(erased->data[i], inside ? 0 : image->data[i]);
    }
}
END_TEST

START_TEST(jpeg_comes_closer_with_its_quality)
{
    g_autoptr(TsImage) image = colours(TS_U8, 3);
    g_autoptr(TsImage) poor = change(image, "jpeg=5"), good = change(image, "jpeg=95");
    ck_assert_double_lt(mean_difference(image, good), 4);
    ck_assert_double_lt(2 * mean_difference(image, good), mean_difference(image, poor));
}
END_TEST

START_TEST(clahe_stretches_what_is_flat_and_leaves_hues)
{
    g_autoptr(TsImage) image = ts_image_new(64, 64, 1, TS_U8, NULL);
    for (int i = 0; i < 64 * 64; i++)
        image->data[i] = (guint8) (100 + (i * 7 + i / 64) % 20);
    g_autoptr(TsImage) strong = change(image, "clahe=40:2"), weak = change(image, "clahe=2:2");
    guint8 low = 255, high = 0, weak_low = 255, weak_high = 0;
    for (int i = 0; i < 64 * 64; i++) {
        low = MIN(low, strong->data[i]);
        high = MAX(high, strong->data[i]);
        weak_low = MIN(weak_low, weak->data[i]);
        weak_high = MAX(weak_high, weak->data[i]);
    }
    ck_assert_int_gt(high - low, 150);
    ck_assert_int_lt(weak_high - weak_low, 80);
    g_autoptr(TsImage) rgb = colours(TS_U16, 3), equal = change(rgb, "clahe=3:3");
    for (int i = 0; i < N_PIXELS; i++) {
        const guint16 *a = (guint16 *) rgb->data + 3 * i, *b = (guint16 *) equal->data + 3 * i;
        if (MIN(MIN(b[0], b[1]), b[2]) > 0 && MAX(MAX(b[0], b[1]), b[2]) < 65535)
            ck_assert_int_le(abs((a[0] - a[1]) - (b[0] - b[1])), 1);
    }
}
END_TEST

START_TEST(more_eosin_takes_green_away)
{
    g_autoptr(TsImage) image = ts_image_new(2, 2, 3, TS_U8, NULL);
    memset(image->data, 200, 12);
    g_autoptr(TsImage) stained = change(image, "stain=0:0:0:0.3:0:0");
    /* Densities of eosin: 0.07, 0.99, 0.11 */
    ck_assert_int_eq(stained->data[0], (int) (200 * exp(-0.3 * 0.07) + 0.5));
    ck_assert_int_eq(stained->data[1], (int) (200 * exp(-0.3 * 0.99) + 0.5));
    ck_assert_int_eq(stained->data[2], (int) (200 * exp(-0.3 * 0.11) + 0.5));
}
END_TEST

START_TEST(opacity_is_not_changed)
{
    const char *const texts[] = {
        "hue=0.2",       "blur=2",    "noise=0.2:1",         "jpeg=9",
        "erase=0:0:9:9", "clahe=2:2", "stain=0.1:0:0:0:0:0", "salt-pepper=0.5:1"};
    g_autoptr(TsImage) image = colours(TS_U8, 4);
    image->has_alpha = TRUE;
    for (guint t = 0; t < G_N_ELEMENTS(texts); t++) {
        g_autoptr(TsImage) changed = change(image, texts[t]);
        int n_changed = 0;
        for (int i = 0; i < 4 * N_PIXELS; i++) {
            ck_assert(i % 4 != 3 || image->data[i] == changed->data[i]);
            n_changed += image->data[i] != changed->data[i];
        }
        ck_assert_int_gt(n_changed, 0);
    }
}
END_TEST

START_TEST(what_a_picture_cannot_have_is_refused_by_name)
{
    static const struct {
        const char *text;
        TsSampleType type;
        int bands;
        const char *expected;
    } cases[] = {{"hue=0.1", TS_U8, 1, "hue needs RGB, this picture has 1 band"},
                 {"saturation=0.1", TS_U8, 2, "saturation needs grey or RGB"},
                 {"stain=0:0:0:0:0:1", TS_U16, 5, "stain needs RGB, this picture has 5 bands"},
                 {"jpeg=50", TS_U16, 3, "jpeg takes 8-bit samples"},
                 {"jpeg=50", TS_U8, 2, "jpeg needs grey or RGB"},
                 {"clahe=2:8", TS_F32, 1, "clahe takes 8-bit and 16-bit samples"},
                 {"blur=1", TS_U32, 1, "blur takes 8-bit, 16-bit"},
                 {"rotate=1", TS_F64, 1, "rotate takes 8-bit, 16-bit"}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TsImage) image = pattern(9, 9, cases[i].bands, cases[i].type);
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(ts_edits_apply_text(image, cases[i].text, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
        ck_assert_msg(strstr(error->message, cases[i].expected) != NULL, "%s", error->message);
    }
}
END_TEST

START_TEST(every_name_can_be_drawn_and_read_back)
{
    const char *list = "hflip,vflip,d4,rotate=9,scale=0.2,shear=5,shift=0.1,perspective=0.2,"
                       "elastic=9:3,resized-crop=0.5..1,crop=20x20,brightness=0.2,contrast=0.2,"
                       "gamma=0.2,saturation=0.2,hue=0.1,blur=2,sharpen=1,noise=0.1,"
                       "poisson=30..90,salt-pepper=0.1,jpeg=20..90,erase=0.02..0.3,clahe=1..4:2,"
                       "stain=0.1,shear-y=5,padded-crop=3:reflect,posterize=4..8,solarize=0.3..1,"
                       "autocontrast@0.5,equalize@0.5,sharpness=0.9,randaugment=8:30,"
                       "trivialaugment";
    TsAugment how;
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) image = colours(TS_U8, 3);
    ck_assert_msg(ts_augment_parse(list, &how, &error), "%s", message(error));
    ck_assert_int_eq(how.n, TS_N_AUGMENTS);
    for (guint64 item = 0; item < 30; item++) {
        TsEdits drawn, read;
        ck_assert(ts_augment_draw(&how, 0, item, WIDTH, HEIGHT, &drawn, NULL));
        ts_edits_round(&drawn);
        g_autoptr(GString) text = g_string_new(NULL);
        ts_edits_format(&drawn, text);
        ck_assert_msg(ts_edits_parse(text->str, &read, &error), "%s", message(error));
        g_autoptr(TsImage) a = ts_edits_apply(image, &drawn, &error);
        g_autoptr(TsImage) b = change(image, text->str);
        ck_assert_msg(a != NULL, "%s", message(error));
        ck_assert(same_pixels(a, b));
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, changes_by_nothing_change_no_bit);
    tcase_add_test(tests, types_differ_by_rounding_alone);
    tcase_add_test(tests, signed_samples_stay_within_their_type);
    tcase_add_test(tests, a_third_of_the_circle_turns_red_to_green);
    tcase_add_test(tests, without_saturation_only_grey_is_left);
    tcase_add_test(tests, contrast_keeps_the_mean_and_brightness_scales_it);
    tcase_add_test(tests, noise_has_the_moments_that_it_is_asked_for);
    tcase_add_test(tests, noise_is_a_matter_of_its_seed);
    tcase_add_test(tests, erased_rectangles_are_zero_and_cut_at_the_edge);
    tcase_add_test(tests, jpeg_comes_closer_with_its_quality);
    tcase_add_test(tests, clahe_stretches_what_is_flat_and_leaves_hues);
    tcase_add_test(tests, more_eosin_takes_green_away);
    tcase_add_test(tests, opacity_is_not_changed);
    tcase_add_test(tests, what_a_picture_cannot_have_is_refused_by_name);
    tcase_add_test(tests, every_name_can_be_drawn_and_read_back);
}

int
main(void)
{
    return pictures_run("photometric", add_tests);
}
