/* Scores of tiles and the rules on them: laws, and small pictures whose numbers are known. */
#include "tiling/judge/judge.h"

#include "base/error.h"
#include "pictures.h"
#include "tiling/judge/filters.h"

#include <math.h>

static TsPixels
pixels_of(const TsImage *image)
{
    return (TsPixels){.like = image,
                      .data = image->data,
                      .stride = ts_image_row_size(image),
                      .width = image->width,
                      .height = image->height};
}

static void
measure(const TsFilters *filters, const TsImage *image, int otsu, double *numbers)
{
    g_autoptr(GError) error = NULL;
    TsPixels pixels = pixels_of(image);
    ck_assert_msg(ts_filters_measure(filters, &pixels, otsu, numbers, &error), "%s",
                  message(error));
}

static double
score(const TsImage *image, TsScore which)
{
    TsFilters filters = {.n = 1, .scores = {which}, .tolerance = 5.0 / 255};
    double number;
    measure(&filters, image, 100, &number);
    return number;
}

static TsFilters
all_scores(void)
{
    TsFilters filters = {.tolerance = 5.0 / 255};
    for (int i = 0; i < TS_N_SCORES; i++)
        ck_assert(ts_filters_add(&filters, (TsScore) i));
    return filters;
}

/* `image` of bytes in another type, full scale to full scale. */
static TsImage *
rescaled(const TsImage *image, TsSampleType type)
{
    TsImage *out = ts_image_new(image->width, image->height, image->bands, type, NULL);
    gsize n = (gsize) image->height * ts_image_row_size(image);
    out->has_alpha = image->has_alpha;
    for (gsize i = 0; i < n; i++) {
        if (type == TS_U16)
            ((guint16 *) out->data)[i] = (guint16) (257 * image->data[i]);
        if (type == TS_U32)
            ((guint32 *) out->data)[i] = 16843009u * image->data[i];
        if (type == TS_F64)
            ((double *) out->data)[i] = image->data[i] / 255.0;
    }
    return out;
}

START_TEST(scores_do_not_depend_on_the_type_of_samples)
{
    static const TsSampleType types[] = {TS_U16, TS_U32, TS_F64};
    TsFilters filters = all_scores();
    for (int bands = 1; bands <= 4; bands++) {
        g_autoptr(TsImage) bytes = pattern(37, 23, bands, TS_U8);
        bytes->has_alpha = bands == 2 || bands == 4;
        double want[TS_N_SCORES], got[TS_N_SCORES];
        measure(&filters, bytes, 120, want);
        for (gsize t = 0; t < G_N_ELEMENTS(types); t++) {
            g_autoptr(TsImage) other = rescaled(bytes, types[t]);
            measure(&filters, other, 120, got);
            for (int i = 0; i < TS_N_SCORES; i++)
                ck_assert_msg(want[i] == got[i], "%s: %.17g, %.17g", ts_score_name((TsScore) i),
                              want[i], got[i]);
        }
    }
}
END_TEST

START_TEST(a_white_value_stands_for_full_scale)
{
    TsFilters plain = all_scores(), scaled = all_scores();
    g_autoptr(TsImage) bytes = pattern(20, 20, 3, TS_U8);
    g_autoptr(TsImage) words = ts_image_new(20, 20, 3, TS_U16, NULL);
    double want[TS_N_SCORES], got[TS_N_SCORES];
    for (int i = 0; i < 20 * 20 * 3; i++)
        ((guint16 *) words->data)[i] = bytes->data[i];
    scaled.white = 255;
    measure(&plain, bytes, 120, want);
    measure(&scaled, words, 120, got);
    ck_assert_mem_eq(want, got, sizeof want);
}
END_TEST

static TsImage *
filled(int width, int height, int bands, const guint8 *pixel)
{
    TsImage *image = ts_image_new(width, height, bands, TS_U8, NULL);
    for (int i = 0; i < width * height * bands; i++)
        image->data[i] = pixel[i % bands];
    return image;
}

START_TEST(a_constant_tile_has_no_range_contrast_focus_or_entropy)
{
    g_autoptr(TsImage) image = filled(9, 7, 3, (const guint8[]){10, 20, 40});
    ck_assert(score(image, TS_SCORE_RANGE) == 0);
    ck_assert(score(image, TS_SCORE_CONTRAST) == 0);
    ck_assert(fabs(score(image, TS_SCORE_FOCUS)) < 1e-20);
    ck_assert(score(image, TS_SCORE_ENTROPY) == 0);
    ck_assert(score(image, TS_SCORE_SATURATION) == 0.75);
    ck_assert_double_eq_tol(score(image, TS_SCORE_BRIGHTNESS),
                            (0.299 * 10 + 0.587 * 20 + 0.114 * 40) / 255, 1e-15);
    ck_assert(score(image, TS_SCORE_INK) == 0);
    image->data[5] = 41;
    ck_assert(score(image, TS_SCORE_RANGE) == 41.0 / 255 - 40.0 / 255);
}
END_TEST

START_TEST(the_parts_of_a_tile_are_counted)
{
    g_autoptr(TsImage) image = filled(4, 2, 3, (const guint8[]){255, 255, 255});
    memcpy(image->data, (const guint8[]){200, 0, 0, 100, 100, 102, 250, 250, 250}, 9);
    ck_assert(score(image, TS_SCORE_INK) == 6.0 / 8);
    ck_assert(score(image, TS_SCORE_WHITESPACE) == 6.0 / 8);
    ck_assert(score(image, TS_SCORE_GREYSPACE) == 7.0 / 8);
    ck_assert(score(image, TS_SCORE_TISSUE) == 2.0 / 8); /* levels 60 and 100 */
    ck_assert_double_eq_tol(score(image, TS_SCORE_SATURATION), (1 + 2.0 / 102) / 8, 1e-15);
    /* Levels 60, 100, 250 and five times 255. */
    ck_assert_double_eq_tol(score(image, TS_SCORE_ENTROPY), 3 * 3.0 / 8 - 5.0 / 8 * log2(5.0 / 8),
                            1e-12);
}
END_TEST

START_TEST(pixels_without_data_are_left_out_of_all_scores)
{
    TsFilters filters = all_scores();
    g_autoptr(TsImage) half = ts_image_new(8, 6, 4, TS_U8, NULL);
    g_autoptr(TsImage) noise = pattern(8, 3, 3, TS_U8);
    double want[TS_N_SCORES], got[TS_N_SCORES];
    half->has_alpha = TRUE;
    for (int i = 0; i < 8 * 3; i++) {
        memcpy(half->data + 4 * i, noise->data + 3 * i, 3);
        half->data[4 * i + 3] = 200;
    }
    measure(&filters, noise, 120, want);
    measure(&filters, half, 120, got);
    for (int i = 0; i < TS_N_SCORES; i++)
        if (i == TS_SCORE_TRANSPARENT)
            ck_assert(got[i] == 0.5);
        else if (i != TS_SCORE_FOCUS) /* which needs neighbours: fewer of them are left */
            ck_assert_msg(want[i] == got[i], "%s", ts_score_name((TsScore) i));
    memset(half->data, 0, 8 * 6 * 4);
    measure(&filters, half, 120, got);
    for (int i = 0; i < TS_N_SCORES; i++)
        ck_assert(i == TS_SCORE_TRANSPARENT ? got[i] == 1
                  : i == TS_SCORE_NODATA    ? got[i] == 0
                                            : isnan(got[i]));
}
END_TEST

START_TEST(nodata_is_a_value_in_all_bands_or_not_a_number)
{
    TsFilters filters = {.n = 1, .scores = {TS_SCORE_NODATA}, .has_nodata = TRUE, .nodata = -9};
    g_autoptr(TsImage) heights = ts_image_new(2, 2, 2, TS_I16, NULL);
    g_autoptr(TsImage) floats = ts_image_new(2, 2, 1, TS_F32, NULL);
    double number;
    gint16 *sample = (gint16 *) heights->data;
    sample[0] = sample[1] = sample[2] = sample[7] = -9;
    measure(&filters, heights, -1, &number);
    ck_assert(number == 0.25);
    ((float *) floats->data)[2] = NAN;
    ((float *) floats->data)[3] = -9;
    measure(&filters, floats, -1, &number);
    ck_assert(number == 0.5);
    filters.has_nodata = FALSE;
    measure(&filters, floats, -1, &number);
    ck_assert(number == 0.25);
}
END_TEST

/* Written down again, plainly. */
static double
plain_laplacian_variance(const TsImage *grey)
{
    int w = grey->width, h = grey->height;
    double sum = 0, squares = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                int left = w == 1 ? 0 : abs(x - 1), right = x + 1 < w ? x + 1 : MAX(0, w - 2);
                int up = h == 1 ? 0 : abs(y - 1), down = y + 1 < h ? y + 1 : MAX(0, h - 2);
                double value = grey->data[y * w + left] + grey->data[y * w + right] +
                               grey->data[up * w + x] + grey->data[down * w + x] -
                               4 * grey->data[y * w + x];
                if (pass == 0)
                    sum += value;
                else
                    squares += (value - sum / (w * h)) * (value - sum / (w * h));
            }
    return squares / (w * h);
}

START_TEST(focus_is_the_variance_of_the_laplacian)
{
    static const int sizes[][2] = {{1, 1}, {1, 5}, {5, 1}, {2, 2}, {31, 17}};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(TsImage) grey = pattern(sizes[i][0], sizes[i][1], 1, TS_U8);
        double want = plain_laplacian_variance(grey);
        ck_assert_double_eq_tol(score(grey, TS_SCORE_FOCUS), want, 1e-9 * want + 1e-9);
    }
}
END_TEST

/* The definition, by every split. */
static int
plain_otsu(const guint64 histogram[256])
{
    int best = -1;
    double largest = 0;
    for (int t = 0; t < 255; t++) {
        double n[2] = {0}, sum[2] = {0};
        for (int i = 0; i < 256; i++) {
            n[i > t] += (double) histogram[i];
            sum[i > t] += i * (double) histogram[i];
        }
        double difference = n[0] > 0 && n[1] > 0 ? sum[0] / n[0] - sum[1] / n[1] : 0;
        double between = n[0] * n[1] * difference * difference;
        if (between > largest * (1 + 1e-12)) {
            largest = between;
            best = t;
        }
    }
    return best;
}

START_TEST(otsu_separates_best)
{
    for (int seed = 0; seed < 50; seed++) {
        guint64 histogram[256] = {0};
        for (int i = 0; i < 4 + 13 * seed; i++)
            histogram[(i * i * (seed + 3) + 7 * i) % (i % 3 == 0 ? 90 : 256)] +=
                (guint64) (1 + i % 5);
        ck_assert_int_eq(ts_otsu(histogram), plain_otsu(histogram));
    }
    ck_assert_int_eq(ts_otsu((guint64[256]){[17] = 5}), -1);
    ck_assert_int_eq(ts_otsu((guint64[256]){[17] = 5, [200] = 1}), 17);
}
END_TEST

START_TEST(otsu_of_a_small_image_is_that_of_its_pixels)
{
    g_autofree char *path = scratch("grey.png");
    g_autoptr(TsImage) image = pattern(90, 70, 1, TS_U8);
    guint64 histogram[256] = {0};
    TsFilters filters = {0};
    TsPixels pixels = pixels_of(image);
    int threshold = -2;
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
    ck_assert(ts_filters_histogram(&filters, &pixels, histogram, NULL));
    ck_assert(ts_otsu_of_image(path, &filters, &threshold, NULL));
    ck_assert_int_eq(threshold, ts_otsu(histogram));
}
END_TEST

static TsTileView
view_of(const TsImage *image)
{
    return (TsTileView){.like = image,
                        .pixels = image->data,
                        .stride = ts_image_row_size(image),
                        .width = image->width,
                        .height = image->height};
}

/* Judge `image` with the options; the judge is made anew. */
static void
judge_once(const TsJudgeOptions *options, const TsImage *image, TsVerdict *verdict)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("judged.png");
    TsJudgeInput input = {.path = path};
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
    g_autoptr(TsJudge) judge = ts_judge_new(options, &input, 1, &error);
    ck_assert_msg(judge != NULL, "%s", message(error));
    g_autoptr(TsJudgeImage) state = NULL;
    ck_assert_msg(ts_judge_begin_image(judge, 0, &state, &error), "%s", message(error));
    TsTileView view = view_of(image);
    ck_assert_msg(ts_judge_look(judge, state, &view, verdict, &error), "%s", message(error));
    ck_assert_uint_eq(verdict->n_values, g_strv_length((char **) ts_judge_columns(judge)));
    verdict->reason = g_intern_string(verdict->reason); /* it outlives the judge */
}

START_TEST(rules_drop_what_breaks_them_and_name_themselves)
{
    static const struct {
        const char *keep, *drop, *reason;
    } cases[] = {
        {"range>=0.5", "entropy<3", NULL},
        {"range>0.95", NULL, "--keep range>0.95"},
        {NULL, "entropy > 5", "--drop entropy > 5"},
        {"range>0.95", "entropy<3", "--keep range>0.95"},
        {"transparent=0", "transparent!=0", NULL},
    };
    g_autoptr(TsImage) image = ramp(64, 64, 3);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *keep[] = {cases[i].keep, NULL}, *drop[] = {cases[i].drop, NULL};
        TsJudgeOptions options = {.keep = keep, .drop = drop, .tolerance = -1};
        g_auto(TsVerdict) verdict = {0};
        image->data[0] = 0;
        image->data[3] = 225; /* a range of 225 / 255, at least */
        judge_once(&options, image, &verdict);
        ck_assert_int_eq(verdict.keep, cases[i].reason == NULL);
        ck_assert_pstr_eq(verdict.reason, cases[i].reason);
    }
}
END_TEST

START_TEST(a_missing_number_is_null_and_fulfils_no_rule)
{
    g_autoptr(TsImage) image = ts_image_new(4, 4, 4, TS_U8, NULL);
    const char *keep[] = {"entropy>=0", NULL}, *drop[] = {"entropy>=0", NULL};
    TsJudgeOptions keeps = {.keep = keep}, drops = {.drop = drop};
    g_auto(TsVerdict) kept = {0};
    g_auto(TsVerdict) dropped = {0};
    image->has_alpha = TRUE;
    judge_once(&keeps, image, &dropped);
    judge_once(&drops, image, &kept);
    ck_assert(!dropped.keep && kept.keep);
    ck_assert_ptr_null(kept.values[0]);
}
END_TEST

static const struct {
    const char *scores, *keep, *ink, *nodata, *message;
} refused[] = {
    {"fokus", NULL, NULL, NULL, "--score: 'fokus' is none of range, ink, nodata"},
    {"focus,focus", NULL, NULL, NULL, "--score: 'focus' stands there twice"},
    {NULL, "entropy", NULL, NULL, "--keep: 'entropy' is no rule"},
    {NULL, "entropy<", NULL, NULL, "--keep: 'entropy<' is no rule"},
    {NULL, "entropy<low", NULL, NULL, "--keep: 'low' in 'entropy<low' is not a number"},
    {NULL, "entropi<1", NULL, NULL, "--keep: 'entropi' is none of range, ink"},
    {NULL, NULL, "grey", NULL, "--ink takes white, black, or a value for each band"},
    {NULL, NULL, NULL, "some", "--nodata"},
};

START_TEST(wrong_options_are_named)
{
    const char *keep[] = {refused[_i].keep, NULL};
    g_autoptr(GError) error = NULL;
    TsJudgeOptions options = {.scores = refused[_i].scores,
                              .keep = keep,
                              .ink = refused[_i].ink,
                              .nodata = refused[_i].nodata};
    ck_assert_ptr_null(ts_judge_new(&options, NULL, 0, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    ck_assert_msg(g_str_has_prefix(error->message, refused[_i].message), "%s", error->message);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, scores_do_not_depend_on_the_type_of_samples);
    tcase_add_test(tests, a_white_value_stands_for_full_scale);
    tcase_add_test(tests, a_constant_tile_has_no_range_contrast_focus_or_entropy);
    tcase_add_test(tests, the_parts_of_a_tile_are_counted);
    tcase_add_test(tests, pixels_without_data_are_left_out_of_all_scores);
    tcase_add_test(tests, nodata_is_a_value_in_all_bands_or_not_a_number);
    tcase_add_test(tests, focus_is_the_variance_of_the_laplacian);
    tcase_add_test(tests, otsu_separates_best);
    tcase_add_test(tests, otsu_of_a_small_image_is_that_of_its_pixels);
    tcase_add_test(tests, rules_drop_what_breaks_them_and_name_themselves);
    tcase_add_test(tests, a_missing_number_is_null_and_fulfils_no_rule);
    tcase_add_loop_test(tests, wrong_options_are_named, 0, G_N_ELEMENTS(refused));
}

int
main(void)
{
    return pictures_run("judge", add_tests);
}
