/* Texture features: cases that can be computed by hand, and what has to stay the same when an image
 * is turned, mirrored or masked. */
#include "base/error.h"
#include "image/texture/texture.h"
#include "pictures.h"

#include <math.h>

static TsImage *
image_of(int width, int height, const guint8 *values)
{
    TsImage *image = ts_image_new(width, height, 1, TS_U8, NULL);
    memcpy(image->data, values, (gsize) width * (gsize) height);
    return image;
}

/* Side x side pixels, 0 and 255 in turn. */
static TsImage *
checkerboard(int side)
{
    TsImage *image = ts_image_new(side, side, 1, TS_U8, NULL);
    for (int i = 0; i < side * side; i++)
        image->data[i] = (i % side + i / side) % 2 == 0 ? 0 : 255;
    return image;
}

static TsImage *
transpose(const TsImage *image)
{
    TsImage *out = ts_image_new(image->height, image->width, 1, TS_U8, NULL);
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            out->data[x * image->height + y] = image->data[y * image->width + x];
    return out;
}

/* The features of an image, to be looked up by name. */
typedef struct {
    TsTexture *texture;
    double *values;
} Features;

static Features
measure(const TsImage *image, const TsImage *mask, const TsTextureOptions *options)
{
    g_autoptr(GError) error = NULL;
    Features all = {.texture = ts_texture_new(options, &error)};
    ck_assert_msg(all.texture != NULL, "%s", message(error));
    all.values = g_new(double, ts_texture_n(all.texture) + 1);
    ck_assert_msg(ts_texture_compute(all.texture, image, mask, all.values, &error), "%s",
                  message(error));
    return all;
}

static void
features_clear(Features *all)
{
    ts_texture_free(all->texture);
    g_free(all->values);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Features, features_clear)

static double
get(const Features *all, const char *name)
{
    const char *const *columns = ts_texture_columns(all->texture);
    for (guint i = 0; columns[i] != NULL; i++)
        if (strcmp(columns[i], name) == 0)
            return all->values[i];
    ck_abort_msg("there is no column %s", name);
    return 0;
}

static void
expect(const Features *all, const char *name, double value)
{
    ck_assert_msg(fabs(get(all, name) - value) < 1e-12, "%s is %.17g, %.17g was expected", name,
                  get(all, name), value);
}

static TsTextureOptions
only(const char *families)
{
    TsTextureOptions options = ts_texture_defaults();
    options.features = families;
    options.properties = "all";
    return options;
}

/* The matrix is [[2,2,1,0],[0,2,0,0],[0,0,3,1],[0,0,0,1]], of 12 pairs. */
START_TEST(the_image_of_the_specification_has_its_features)
{
    g_autoptr(TsImage) image =
        image_of(4, 4, (const guint8[]){0, 0, 1, 1, 0, 0, 1, 1, 0, 2, 2, 2, 2, 2, 3, 3});
    TsTextureOptions options = only("glcm");
    options.levels = 4;
    options.has_range = TRUE;
    options.high = 3;
    g_auto(Features) all = measure(image, NULL, &options);
    expect(&all, "glcm_contrast_l4_d1_a0", 7.0 / 12);
    expect(&all, "glcm_dissimilarity_l4_d1_a0", 5.0 / 12);
    expect(&all, "glcm_homogeneity_l4_d1_a0", (8 + 3.0 / 2 + 1.0 / 5) / 12);
    expect(&all, "glcm_ASM_l4_d1_a0", 24.0 / 144);
    expect(&all, "glcm_energy_l4_d1_a0", sqrt(24.0 / 144));
    expect(&all, "glcm_mean_l4_d1_a0", (2 + 8 + 3) / 12.0);
    expect(&all, "glcm_entropy_l4_d1_a0", log(12) - (3 * 2 * log(2) + 3 * log(3)) / 12);
}
END_TEST

START_TEST(a_constant_image_has_no_contrast_and_correlation_one)
{
    g_autoptr(TsImage) image = ts_image_new(9, 7, 1, TS_U8, NULL);
    memset(image->data, 77, 63);
    TsTextureOptions options = only("first_order,entropy,laplacian,glcm");
    g_auto(Features) all = measure(image, NULL, &options);
    expect(&all, "glcm_contrast_d1_a45", 0);
    expect(&all, "glcm_correlation_d1_a45", 1);
    expect(&all, "glcm_ASM_d1_a135", 1);
    expect(&all, "glcm_entropy_d1_a0", 0);
    expect(&all, "entropy", 0);
    expect(&all, "laplacian_variance", 0);
    expect(&all, "first_order_mean", 77);
    expect(&all, "first_order_std", 0);
    ck_assert(isnan(get(&all, "first_order_skewness")));
    ck_assert(isnan(get(&all, "first_order_kurtosis")));
}
END_TEST

START_TEST(a_checkerboard_contrasts_beside_and_agrees_on_the_diagonal)
{
    g_autoptr(TsImage) image = checkerboard(10);
    TsTextureOptions options = only("first_order,entropy,laplacian,glcm");
    g_auto(Features) all = measure(image, NULL, &options);
    expect(&all, "glcm_contrast_d1_a0", 255 * 255);
    expect(&all, "glcm_correlation_d1_a90", -1);
    expect(&all, "glcm_contrast_d1_a45", 0);
    expect(&all, "glcm_correlation_d1_a135", 1);
    expect(&all, "entropy", 1);
    expect(&all, "first_order_mean", 127.5);
    expect(&all, "first_order_skewness", 0);
    expect(&all, "first_order_kurtosis", -2);
    expect(&all, "laplacian_variance", 4.0 * 255 * 4 * 255); /* +-4 * 255 */
}
END_TEST

START_TEST(transposing_swaps_rows_and_columns_and_turns_one_diagonal_round)
{
    g_autoptr(TsImage) image = pattern(23, 14, 1, TS_U8);
    g_autoptr(TsImage) turned = transpose(image);
    TsTextureOptions options = only("glcm");
    options.levels = 16;
    g_auto(Features) a = measure(image, NULL, &options);
    g_auto(Features) b = measure(turned, NULL, &options);
    expect(&b, "glcm_mean_l16_d1_a0", get(&a, "glcm_mean_l16_d1_a90"));
    expect(&b, "glcm_mean_l16_d1_a90", get(&a, "glcm_mean_l16_d1_a0"));
    expect(&b, "glcm_mean_l16_d1_a45", get(&a, "glcm_mean_l16_d1_a45"));
    expect(&b, "glcm_contrast_l16_d1_a135", get(&a, "glcm_contrast_l16_d1_a135"));
    /* This diagonal is walked the other way, so that i and j change places. */
    ck_assert(fabs(get(&b, "glcm_mean_l16_d1_a135") - get(&a, "glcm_mean_l16_d1_a135")) > 1e-6);
}
END_TEST

START_TEST(a_symmetric_matrix_is_that_of_the_opposite_offset)
{
    g_autoptr(TsImage) image = pattern(23, 14, 1, TS_U8);
    const int there[] = {2, 1}, back[] = {-2, -1};
    TsTextureOptions options = only("glcm");
    options.symmetric = TRUE;
    options.n_offsets = 1;
    options.offsets = there;
    g_auto(Features) a = measure(image, NULL, &options);
    options.offsets = back;
    g_auto(Features) b = measure(image, NULL, &options);
    for (guint i = 0; i < ts_texture_n(a.texture); i++)
        ck_assert_double_eq(a.values[i], b.values[i]);
    ck_assert_str_eq(ts_texture_columns(b.texture)[0], "glcm_contrast_x-2_y-1");
    options.symmetric = FALSE;
    g_auto(Features) c = measure(image, NULL, &options);
    ck_assert(fabs(get(&c, "glcm_mean_x-2_y-1") - get(&b, "glcm_mean_x-2_y-1")) > 1e-6);
}
END_TEST

START_TEST(merged_opposite_offsets_are_the_symmetric_matrix)
{
    g_autoptr(TsImage) image = pattern(40, 40, 1, TS_U8);
    const int both[] = {1, 0, -1, 0};
    TsTextureOptions options = only("glcm");
    options.offsets = both;
    options.n_offsets = 2;
    options.directions = TS_DIRECTIONS_MERGE;
    g_auto(Features) a = measure(image, NULL, &options);
    options.n_offsets = 1;
    options.symmetric = TRUE;
    g_auto(Features) b = measure(image, NULL, &options);
    for (guint i = 0; i < ts_texture_n(a.texture); i++)
        ck_assert_double_eq_tol(a.values[i], b.values[i], 1e-12);
}
END_TEST

START_TEST(conventions_walk_diagonals_differently)
{
    g_autoptr(TsImage) image = pattern(20, 20, 1, TS_U8);
    const int distances[] = {1, 2};
    TsTextureOptions options = only("glcm");
    options.distances = distances;
    options.n_distances = 2;
    g_auto(Features) a = measure(image, NULL, &options);
    /* Two pixels at 45 degrees are (1, 1) in scikit-image, as one pixel is. */
    expect(&a, "glcm_contrast_d2_a45", get(&a, "glcm_contrast_d1_a45"));
    options.convention = TS_GLCM_MAHOTAS;
    g_auto(Features) b = measure(image, NULL, &options);
    ck_assert(fabs(get(&b, "glcm_mahotas_contrast_d2_a45") -
                   get(&b, "glcm_mahotas_contrast_d1_a45")) > 1);
    expect(&b, "glcm_mahotas_contrast_d1_a45", get(&a, "glcm_contrast_d1_a45"));
}
END_TEST

START_TEST(pairs_that_do_not_exist_have_no_value)
{
    TsTextureOptions options = only("first_order,entropy,laplacian,glcm");
    g_autoptr(TsImage) dot = image_of(1, 1, (const guint8[]){9});
    g_auto(Features) all = measure(dot, NULL, &options);
    expect(&all, "first_order_mean", 9);
    expect(&all, "entropy", 0);
    expect(&all, "laplacian_variance", 0);
    ck_assert(isnan(get(&all, "glcm_contrast_d1_a0")));
    ck_assert(isnan(get(&all, "glcm_correlation_d1_a135")));
    g_autoptr(TsImage) line = image_of(3, 1, (const guint8[]){1, 2, 4});
    g_auto(Features) row = measure(line, NULL, &options);
    expect(&row, "glcm_contrast_d1_a0", 2.5);
    ck_assert(isnan(get(&row, "glcm_contrast_d1_a90")));
}
END_TEST

START_TEST(pixels_outside_of_the_mask_change_nothing)
{
    g_autoptr(TsImage) image = pattern(20, 12, 1, TS_U8);
    g_autoptr(TsImage) other = ts_image_crop(image, 0, 0, 20, 12, NULL);
    g_autoptr(TsImage) mask = ts_image_new(20, 12, 1, TS_U8, NULL);
    for (int i = 0; i < 240; i++) {
        mask->data[i] = i % 7 == 0 ? 0 : i % 3 == 0 ? 2 : 1;
        if (mask->data[i] == 0)
            other->data[i] ^= 0x5a;
    }
    TsTextureOptions options = only("first_order,entropy,glcm");
    g_auto(Features) a = measure(image, mask, &options);
    g_auto(Features) b = measure(other, mask, &options);
    for (guint i = 0; i < ts_texture_n(a.texture); i++)
        ck_assert_double_eq(a.values[i], b.values[i]);
    options.mask_class = 3; /* nowhere */
    g_auto(Features) none = measure(image, mask, &options);
    for (guint i = 0; i < ts_texture_n(none.texture); i++)
        ck_assert_msg(isnan(none.values[i]), "%s", ts_texture_columns(none.texture)[i]);
}
END_TEST

START_TEST(floats_that_are_not_finite_do_not_count)
{
    g_autoptr(TsImage) image = pattern(15, 10, 1, TS_F32);
    float *samples = (float *) (void *) image->data;
    samples[37] = NAN;
    samples[80] = INFINITY;
    TsTextureOptions options = only("first_order,entropy,laplacian,glcm");
    options.has_range = TRUE;
    options.low = -100;
    options.high = -70;
    g_auto(Features) a = measure(image, NULL, &options);
    for (guint i = 0; i < ts_texture_n(a.texture); i++)
        ck_assert_msg(isfinite(a.values[i]), "%s", ts_texture_columns(a.texture)[i]);
    expect(&a, "entropy", log2(148));
}
END_TEST

START_TEST(opacity_is_laid_over_white_and_grey_is_weighted)
{
    const guint8 rgba[] = {10, 20, 30, 255, 0, 0, 0, 0};
    g_autoptr(TsImage) image = ts_image_new(2, 1, 4, TS_U8, NULL);
    memcpy(image->data, rgba, sizeof rgba);
    image->has_alpha = TRUE;
    TsTextureOptions options = only("first_order,moments");
    options.bands = 3;
    g_auto(Features) all = measure(image, NULL, &options);
    expect(&all, "first_order_min", 19); /* 0.2125 * 10 + 0.7154 * 20 + 0.0721 * 30 = 18.596 */
    expect(&all, "first_order_max", 255);
    expect(&all, "moments_mean_b2", (30 + 255) / 2.0);
    options.grey = TS_GREY_BT601;
    g_auto(Features) other = measure(image, NULL, &options);
    expect(&other, "first_order_min", 18); /* 18.15 */
}
END_TEST

/* Turned by 90 degrees to the left. */
static TsImage *
turn(const TsImage *image)
{
    TsImage *out = ts_image_new(image->height, image->width, 1, TS_U8, NULL);
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            out->data[(image->width - 1 - x) * image->height + y] =
                image->data[y * image->width + x];
    return out;
}

START_TEST(patterns_of_a_lone_bright_pixel)
{
    g_autoptr(TsImage) image = ts_image_new(5, 5, 1, TS_U8, NULL);
    image->data[12] = 100;
    TsTextureOptions options = only("lbp");
    options.lbp = TS_LBP_DEFAULT;
    options.lbp_points = 4;
    g_auto(Features) all = measure(image, NULL, &options);
    /* All neighbours of a dark pixel are at least as bright, also those outside, which are 0. */
    expect(&all, "lbp_default_p4_r1_15", 24.0 / 25);
    expect(&all, "lbp_default_p4_r1_0", 1.0 / 25);
    image->data[12] = 0;
    for (int i = 0; i < 25; i++)
        image->data[i] += 100; /* constant: what is outside is darker */
    g_auto(Features) flat = measure(image, NULL, &options);
    expect(&flat, "lbp_default_p4_r1_15", 9.0 / 25);
    expect(&flat, "lbp_default_p4_r1_14", 3.0 / 25); /* right edge: neighbour 0 is outside */
    expect(&flat, "lbp_default_p4_r1_13", 3.0 / 25); /* upper edge: neighbour 1 */
    expect(&flat, "lbp_default_p4_r1_12", 1.0 / 25);
}
END_TEST

START_TEST(turning_an_image_keeps_patterns_that_do_not_know_directions)
{
    g_autoptr(TsImage) image = pattern(21, 17, 1, TS_U8);
    g_autoptr(TsImage) turned = turn(image);
    const TsLbpMethod methods[] = {TS_LBP_ROR, TS_LBP_UNIFORM};
    for (guint m = 0; m < G_N_ELEMENTS(methods); m++) {
        TsTextureOptions options = only("lbp");
        options.lbp = methods[m];
        g_auto(Features) a = measure(image, NULL, &options);
        g_auto(Features) b = measure(turned, NULL, &options);
        for (guint i = 0; i < ts_texture_n(a.texture); i++)
            ck_assert_double_eq(a.values[i], b.values[i]);
    }
    TsTextureOptions options = only("lbp");
    options.lbp = TS_LBP_DEFAULT;
    g_auto(Features) a = measure(image, NULL, &options);
    g_auto(Features) b = measure(turned, NULL, &options);
    guint n_other = 0;
    for (guint i = 0; i < ts_texture_n(a.texture); i++)
        n_other += a.values[i] != b.values[i];
    ck_assert_uint_gt(n_other, 10);
}
END_TEST

START_TEST(patterns_do_not_change_with_brightness_and_contrast)
{
    g_autoptr(TsImage) image = ts_image_new(16, 16, 1, TS_U8, NULL);
    for (int i = 0; i < 256; i++)
        image->data[i] = (guint8) (1 + (i * 37 + i * i) % 100);
    TsTextureOptions options = only("lbp");
    options.lbp = TS_LBP_NRI_UNIFORM;
    g_auto(Features) a = measure(image, NULL, &options);
    ck_assert_uint_eq(ts_texture_n(a.texture), 59);
    for (int i = 0; i < 256; i++)
        image->data[i] = (guint8) (2 * image->data[i]);
    g_auto(Features) b = measure(image, NULL, &options);
    double sum = 0;
    for (guint i = 0; i < 59; i++) {
        ck_assert_double_eq(a.values[i], b.values[i]);
        sum += a.values[i];
    }
    ck_assert_double_eq_tol(sum, 1, 1e-12);
}
END_TEST

START_TEST(a_wave_answers_the_filter_of_its_frequency_and_direction)
{
    g_autoptr(TsImage) image = ts_image_new(64, 48, 1, TS_U8, NULL);
    for (int i = 0; i < 64 * 48; i++)
        image->data[i] = (guint8) lround(128 + 100 * cos(2 * G_PI * 0.2 * (i % 64)));
    TsTextureOptions options = only("gabor");
    g_auto(Features) all = measure(image, NULL, &options);
    double best = get(&all, "gabor_mean_f0.2_a0");
    for (guint i = 0; i < ts_texture_n(all.texture); i += 2)
        ck_assert(all.values[i] <= best);
    ck_assert_double_eq_tol(best, 50, 2); /* half of the amplitude */
    /* Turned, it answers the filter that is turned. */
    g_autoptr(TsImage) turned = transpose(image);
    g_auto(Features) other = measure(turned, NULL, &options);
    expect(&other, "gabor_mean_f0.2_a90", best);
    expect(&other, "gabor_var_f0.1_a0", get(&all, "gabor_var_f0.1_a90"));
}
END_TEST

START_TEST(filters_and_patterns_leave_out_what_is_not_finite)
{
    g_autoptr(TsImage) image = pattern(30, 30, 1, TS_F32);
    float *samples = (float *) (void *) image->data;
    TsTextureOptions options = only("lbp,gabor,laplacian");
    g_auto(Features) whole = measure(image, NULL, &options);
    samples[0] = NAN;
    g_auto(Features) all = measure(image, NULL, &options);
    for (guint i = 0; i < ts_texture_n(all.texture); i++)
        ck_assert_msg(isfinite(all.values[i]), "%s", ts_texture_columns(all.texture)[i]);
    double sum = 0;
    for (guint i = 0; i < 10; i++)
        sum += all.values[i];
    ck_assert_double_eq_tol(sum, 1, 1e-12);
    ck_assert(fabs(get(&all, "gabor_mean_f0.4_a0") - get(&whole, "gabor_mean_f0.4_a0")) < 1);
}
END_TEST

/* Circles and kernels reach far over these images on all sides. */
START_TEST(images_of_every_small_size_have_features)
{
    const TsSampleType types[] = {TS_U8, TS_I16, TS_F32};
    TsTextureOptions options = only("first_order,entropy,laplacian,moments,lbp,gabor");
    options.bands = 1;
    options.lbp_points = 24;
    options.lbp_radius = 5.5;
    options.frequencies = (const double[]){0.05, 0.5};
    options.n_frequencies = 2;
    options.orientations = 3;
    for (int width = 1; width <= 9; width += 1)
        for (int height = 1; height <= 9; height += 2)
            for (guint t = 0; t < G_N_ELEMENTS(types); t++) {
                g_autoptr(TsImage) image = pattern(width, height, 1, types[t]);
                g_auto(Features) all = measure(image, NULL, &options);
                double patterns = 0;
                for (guint i = 0; i < ts_texture_n(all.texture); i++) {
                    const char *name = ts_texture_columns(all.texture)[i];
                    gboolean shape = strstr(name, "skewness") || strstr(name, "kurtosis");
                    ck_assert_msg(isfinite(all.values[i]) || (shape && width * height == 1),
                                  "%s of %d x %d", name, width, height);
                    patterns += g_str_has_prefix(name, "lbp") ? all.values[i] : 0;
                }
                ck_assert_double_eq_tol(patterns, 1, 1e-12);
            }
}
END_TEST

static void
refuse(const TsTextureOptions *options, const char *named)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsTexture) texture = ts_texture_new(options, &error);
    ck_assert_msg(texture == NULL, "%s was not refused", named);
    ck_assert_msg(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT), "%s", error->message);
    ck_assert_msg(strstr(error->message, named) != NULL, "'%s' does not name %s", error->message,
                  named);
}

START_TEST(options_that_cannot_be_are_refused_by_name)
{
    TsTextureOptions options = only("glcm,colour");
    refuse(&options, "'colour'");
    options = only("glcm,entropy,glcm");
    refuse(&options, "'glcm' is there twice");
    options = only("glcm");
    options.levels = 1;
    refuse(&options, "--levels");
    options = only("glcm");
    options.properties = "contrast,asm";
    refuse(&options, "'asm'");
    options.properties = "contrast,contrast";
    refuse(&options, "glcm_contrast_d1_a0");
    options = only("glcm");
    options.has_range = TRUE;
    refuse(&options, "--range");
    options = only("glcm");
    options.distances = (const int[]){0};
    refuse(&options, "--distances");
    options = only("glcm");
    options.convention = TS_GLCM_IBSI;
    options.angles = (const double[]){30};
    options.n_angles = 1;
    refuse(&options, "--angles: 30");
    options = only("glcm");
    options.offsets = (const int[]){0, 0};
    options.n_offsets = 1;
    refuse(&options, "--offset");
    options = only("lbp");
    options.lbp_points = 1;
    refuse(&options, "--lbp-points");
    options.lbp_points = 17;
    options.lbp = TS_LBP_ROR;
    refuse(&options, "--lbp-points: 17 is outside of 2 to 16");
    options = only("lbp");
    options.lbp_radius = 0;
    refuse(&options, "--lbp-radius");
    options = only("gabor");
    options.frequencies = (const double[]){0.6};
    options.n_frequencies = 1;
    refuse(&options, "--frequencies: 0.6");
    options = only("gabor");
    options.orientations = 0;
    refuse(&options, "--orientations");
    options = only("gabor");
    options.gabor_bandwidth = 0;
    refuse(&options, "--bandwidth");
    options = only("first_order");
    options.percentiles = (const double[]){101};
    options.n_percentiles = 1;
    refuse(&options, "--percentiles: 101");
}
END_TEST

START_TEST(images_that_do_not_suit_are_refused)
{
    TsTextureOptions options = only("glcm");
    g_autoptr(TsTexture) texture = ts_texture_new(&options, NULL);
    g_autofree double *values = g_new(double, ts_texture_n(texture));
    g_autoptr(TsImage) floats = pattern(5, 5, 1, TS_F32);
    g_autoptr(TsImage) bands = pattern(5, 5, 5, TS_U8);
    g_autoptr(TsImage) image = pattern(5, 5, 1, TS_U8);
    g_autoptr(TsImage) mask = pattern(5, 6, 1, TS_U8);
    const struct {
        const TsImage *image, *mask;
        const char *named;
    } bad[] = {{floats, NULL, "--range"},
               {bands, NULL, "--band"},
               {image, mask, "5 x 6"},
               {image, bands, "5 bands"}};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert(!ts_texture_compute(texture, bad[i].image, bad[i].mask, values, &error));
        ck_assert_msg(strstr(error->message, bad[i].named) != NULL, "%s", error->message);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, the_image_of_the_specification_has_its_features);
    tcase_add_test(tests, a_constant_image_has_no_contrast_and_correlation_one);
    tcase_add_test(tests, a_checkerboard_contrasts_beside_and_agrees_on_the_diagonal);
    tcase_add_test(tests, transposing_swaps_rows_and_columns_and_turns_one_diagonal_round);
    tcase_add_test(tests, a_symmetric_matrix_is_that_of_the_opposite_offset);
    tcase_add_test(tests, merged_opposite_offsets_are_the_symmetric_matrix);
    tcase_add_test(tests, conventions_walk_diagonals_differently);
    tcase_add_test(tests, pairs_that_do_not_exist_have_no_value);
    tcase_add_test(tests, pixels_outside_of_the_mask_change_nothing);
    tcase_add_test(tests, floats_that_are_not_finite_do_not_count);
    tcase_add_test(tests, opacity_is_laid_over_white_and_grey_is_weighted);
    tcase_add_test(tests, patterns_of_a_lone_bright_pixel);
    tcase_add_test(tests, turning_an_image_keeps_patterns_that_do_not_know_directions);
    tcase_add_test(tests, patterns_do_not_change_with_brightness_and_contrast);
    tcase_add_test(tests, a_wave_answers_the_filter_of_its_frequency_and_direction);
    tcase_add_test(tests, filters_and_patterns_leave_out_what_is_not_finite);
    tcase_add_test(tests, images_of_every_small_size_have_features);
    tcase_add_test(tests, options_that_cannot_be_are_refused_by_name);
    tcase_add_test(tests, images_that_do_not_suit_are_refused);
}

int
main(void)
{
    return pictures_run("texture", add_tests);
}
