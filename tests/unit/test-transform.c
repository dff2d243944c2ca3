/* Geometry: the laws of the square's symmetries, exactness, order, masks, and types of samples. */
#include "image/transform/blur.h"
#include "image/transform/map.h"
#include "image/transform/tone.h"
#include "image/transform/warp.h"
#include "pictures.h"

#include <math.h>

static const TsSampleType types[] = {TS_U8, TS_U16, TS_I16, TS_F32};

static TsImage *
warp_d4(const TsImage *image, TsD4 element)
{
    g_auto(TsMap) map = {0};
    ts_map_init(&map, image->width, image->height);
    ts_map_d4(&map, element);
    return ts_warp(image, &map, NULL);
}

START_TEST(symmetries_make_the_group_of_the_square)
{
    /* first, then second, is the third; read off a square of paper. */
    static const TsD4 table[8][8] = {
        {TS_D4_E, TS_D4_R90, TS_D4_R180, TS_D4_R270, TS_D4_H, TS_D4_V, TS_D4_T, TS_D4_HVT},
        {TS_D4_R90, TS_D4_R180, TS_D4_R270, TS_D4_E, TS_D4_HVT, TS_D4_T, TS_D4_H, TS_D4_V},
        {TS_D4_R180, TS_D4_R270, TS_D4_E, TS_D4_R90, TS_D4_V, TS_D4_H, TS_D4_HVT, TS_D4_T},
        {TS_D4_R270, TS_D4_E, TS_D4_R90, TS_D4_R180, TS_D4_T, TS_D4_HVT, TS_D4_V, TS_D4_H},
        {TS_D4_H, TS_D4_T, TS_D4_V, TS_D4_HVT, TS_D4_E, TS_D4_R180, TS_D4_R90, TS_D4_R270},
        {TS_D4_V, TS_D4_HVT, TS_D4_H, TS_D4_T, TS_D4_R180, TS_D4_E, TS_D4_R270, TS_D4_R90},
        {TS_D4_T, TS_D4_V, TS_D4_HVT, TS_D4_H, TS_D4_R270, TS_D4_R90, TS_D4_E, TS_D4_R180},
        {TS_D4_HVT, TS_D4_H, TS_D4_T, TS_D4_V, TS_D4_R90, TS_D4_R270, TS_D4_R180, TS_D4_E}};
    for (guint t = 0; t < G_N_ELEMENTS(types); t++) {
        g_autoptr(TsImage) image = pattern(7, 4, 3, types[t]);
        for (int a = 0; a < 8; a++)
            for (int b = 0; b < 8; b++) {
                g_autoptr(TsImage) first = warp_d4(image, (TsD4) a);
                g_autoptr(TsImage) both = warp_d4(first, (TsD4) b);
                g_autoptr(TsImage) one = warp_d4(image, table[a][b]);
                ck_assert_msg(same_pixels(both, one), "%d then %d is not %d", a, b, table[a][b]);
            }
    }
}
END_TEST

START_TEST(a_quarter_turn_brings_the_right_column_to_the_top)
{
    TsImage image = {.width = 3, .height = 2, .bands = 1, .type = TS_U8};
    guint8 pixels[] = {1, 2, 3, 4, 5, 6};
    image.data = pixels;
    g_autoptr(TsImage) turned = warp_d4(&image, TS_D4_R90);
    ck_assert_int_eq(turned->width, 2);
    ck_assert_mem_eq(turned->data, ((guint8[]){3, 6, 2, 5, 1, 4}), 6);
    g_autoptr(TsImage) transposed = warp_d4(&image, TS_D4_T);
    ck_assert_mem_eq(transposed->data, ((guint8[]){1, 4, 2, 5, 3, 6}), 6);
}
END_TEST

START_TEST(rotations_by_quarters_are_those_of_the_group)
{
    static const TsD4 turns[] = {TS_D4_E, TS_D4_R90, TS_D4_R180, TS_D4_R270};
    g_autoptr(TsImage) image = pattern(9, 9, 2, TS_U16);
    for (int quarter = -5; quarter < 6; quarter++) {
        g_auto(TsMap) map = {0};
        ts_map_init(&map, 9, 9);
        ts_map_rotate(&map, 90 * quarter);
        ck_assert(ts_map_is_exact(&map));
        g_autoptr(TsImage) rotated = ts_warp(image, &map, NULL);
        g_autoptr(TsImage) turned = warp_d4(image, turns[(quarter + 8) % 4]);
        ck_assert(same_pixels(rotated, turned));
    }
}
END_TEST

START_TEST(changes_by_nothing_are_the_identity)
{
    g_auto(TsMap) map = {0};
    ts_map_init(&map, 11, 6);
    ts_map_rotate(&map, 0);
    ts_map_scale(&map, 1);
    ts_map_shear(&map, 0);
    ts_map_shift(&map, 0, 0);
    ts_map_crop(&map, 0, 0, 11, 6);
    ts_map_resize(&map, 11, 6);
    ck_assert(ts_map_perspective(&map, (double[8]){0}));
    ck_assert(ts_map_elastic(&map, 0, 3, 1, NULL));
    ck_assert(ts_map_is_identity(&map));
    ts_map_rotate(&map, 360);
    ts_map_d4(&map, TS_D4_H);
    ck_assert(!ts_map_is_identity(&map));
    ts_map_d4(&map, TS_D4_H);
    ck_assert(ts_map_is_identity(&map));
}
END_TEST

/* Where the input position of one output pixel is. */
static void
check_position(const TsMap *map, int x, int y, double in_x, double in_y)
{
    double px, py;
    ts_map_positions(map, x, y, 1, &px, &py);
    ck_assert_double_eq_tol(px, in_x, 1e-9);
    ck_assert_double_eq_tol(py, in_y, 1e-9);
}

START_TEST(changes_work_in_their_order)
{
    g_auto(TsMap) shift_first = {0}, turn_first = {0};
    ts_map_init(&shift_first, 5, 5);
    ts_map_shift(&shift_first, 1, 0);
    ts_map_rotate(&shift_first, 90);
    ts_map_init(&turn_first, 5, 5);
    ts_map_rotate(&turn_first, 90);
    ts_map_shift(&turn_first, 1, 0);
    /* Counterclockwise: what was shifted to the right is then further up. */
    check_position(&shift_first, 2, 1, 2, 2);
    check_position(&turn_first, 3, 2, 2, 2);
}
END_TEST

START_TEST(positions_are_what_the_names_say)
{
    g_auto(TsMap) map = {0};
    ts_map_init(&map, 101, 51);
    ts_map_scale(&map, 2); /* the middle stays, the corner shows what was half-way to it */
    check_position(&map, 50, 25, 50, 25);
    check_position(&map, 100, 50, 75, 37.5);
    ts_map_init(&map, 101, 51);
    ts_map_shear(&map, 45);
    check_position(&map, 50, 35, 60, 35);
    ts_map_init(&map, 100, 60);
    ts_map_resize(&map, 50, 20); /* half-pixel centres */
    check_position(&map, 0, 0, 0.5, 1);
    ts_map_init(&map, 101, 51);
    ts_map_crop(&map, 7, 9, 20, 20);
    check_position(&map, 3, 4, 10, 13);
}
END_TEST

START_TEST(perspective_moves_corners_where_it_is_told)
{
    const double corners[8] = {0.1, 0.2, -0.2, 0.1, -0.1, -0.2, 0.05, -0.1};
    g_auto(TsMap) map = {0};
    ts_map_init(&map, 101, 201);
    ck_assert(ts_map_perspective(&map, corners));
    check_position(&map, 10, 40, 0, 0);
    check_position(&map, 80, 20, 100, 0);
    check_position(&map, 90, 160, 100, 200);
    check_position(&map, 5, 180, 0, 200);
    const double crossed[8] = {0.9, 0, -0.9, 0, 0, 0, 0, 0};
    ck_assert(!ts_map_perspective(&map, crossed));
}
END_TEST

START_TEST(what_is_behind_the_horizon_is_far_outside)
{
    const double corners[8] = {0.45, 0.4, -0.45, 0.4, 0, 0, 0, 0};
    g_auto(TsMap) map = {0};
    g_autoptr(TsImage) image = ramp(64, 64, 1);
    ts_map_init(&map, 64, 64);
    ck_assert(ts_map_perspective(&map, corners));
    g_autoptr(TsImage) warped = ts_warp(image, &map, NULL);
    g_autoptr(TsImage) mask = ts_warp_mask(image, &map, 255, NULL);
    ck_assert_ptr_nonnull(warped);
    ck_assert_int_eq(mask->data[0], 255);
    ck_assert_int_ne(mask->data[63 * 64 + 32], 255);
}
END_TEST

START_TEST(sixteen_bits_are_eight_bits_with_more_of_them)
{
    g_autoptr(TsImage) small = ramp(40, 30, 3), large = ts_image_new(40, 30, 3, TS_U16, NULL);
    for (int i = 0; i < 40 * 30 * 3; i++)
        ((guint16 *) large->data)[i] = (guint16) (257 * small->data[i]);
    g_auto(TsMap) map = {0};
    ts_map_init(&map, 40, 30);
    ts_map_rotate(&map, 17);
    ts_map_scale(&map, 1.3);
    g_autoptr(TsImage) a = ts_warp(small, &map, NULL), b = ts_warp(large, &map, NULL);
    for (int i = 0; i < 40 * 30 * 3; i++)
        ck_assert_int_le(abs(257 * a->data[i] - ((guint16 *) b->data)[i]), 129);
}
END_TEST

START_TEST(interpolation_is_bilinear_in_every_type)
{
    for (guint t = 0; t < G_N_ELEMENTS(types); t++) {
        g_autoptr(TsImage) image = ts_image_new(2, 2, 1, types[t], NULL);
        g_auto(TsMap) map = {0};
        const int values[] = {10, 20, 30, 60};
        for (int i = 0; i < 4; i++) {
            if (types[t] == TS_U8)
                image->data[i] = (guint8) values[i];
            if (types[t] == TS_U16)
                ((guint16 *) image->data)[i] = (guint16) values[i];
            if (types[t] == TS_I16)
                ((gint16 *) image->data)[i] = (gint16) -values[i];
            if (types[t] == TS_F32)
                ((float *) image->data)[i] = (float) values[i];
        }
        ts_map_init(&map, 2, 2);
        ts_map_shift(&map, -0.25, -0.5);
        g_autoptr(TsImage) out = ts_warp(image, &map, NULL);
        /* (10 + 2.5 + 30 + 7.5) / 2 = 25 at the top left */
        if (types[t] == TS_U8)
            ck_assert_int_eq(out->data[0], 25);
        if (types[t] == TS_U16)
            ck_assert_int_eq(((guint16 *) out->data)[0], 25);
        if (types[t] == TS_I16)
            ck_assert_int_eq(((gint16 *) out->data)[0], -25);
        if (types[t] == TS_F32)
            ck_assert_float_eq(((float *) out->data)[0], 25);
    }
}
END_TEST

/* A picture whose red channel is the class that its mask has: both have to stay together. */
START_TEST(masks_go_with_their_pictures)
{
    enum { SIDE = 96 };
    g_autoptr(TsImage) image = ts_image_new(SIDE, SIDE, 1, TS_U8, NULL);
    g_autoptr(TsImage) mask = ts_image_new(SIDE, SIDE, 1, TS_U8, NULL);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            mask->data[y * SIDE + x] = (guint8) (x / 24 + 4 * (y / 24));
            image->data[y * SIDE + x] = (guint8) (10 * mask->data[y * SIDE + x]);
        }
    g_auto(TsMap) map = {0};
    ts_map_init(&map, SIDE, SIDE);
    ts_map_rotate(&map, 25);
    ts_map_perspective(&map, (double[8]){0.1, 0, 0, 0.1, -0.1, 0, 0, 0});
    ts_map_elastic(&map, 60, 6, 9, NULL);
    ts_map_shift(&map, 5.5, -3);
    g_autoptr(TsImage) moved = ts_warp(image, &map, NULL);
    g_autoptr(TsImage) labels = ts_warp_mask(mask, &map, 255, NULL);
    int n_inside = 0, n_ignored = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        const guint8 *at = moved->data + i;
        n_ignored += labels->data[i] == 255;
        ck_assert(labels->data[i] < 16 || labels->data[i] == 255);
        if (i < SIDE || i >= SIDE * (SIDE - 1) || i % SIDE == 0 || labels->data[i] == 255)
            continue;
        /* Inside of a class, where no two are mixed. */
        if (at[-1] != at[0] || at[1] != at[0] || at[-SIDE] != at[0] || at[SIDE] != at[0])
            continue;
        n_inside++;
        ck_assert_int_eq(at[0], 10 * labels->data[i]);
    }
    ck_assert_int_gt(n_ignored, 0);
    ck_assert_int_gt(n_inside, SIDE * SIDE / 3);
}
END_TEST

START_TEST(types_that_cannot_be_interpolated_are_refused_but_turned)
{
    g_autoptr(TsImage) image = pattern(6, 5, 1, TS_I32);
    g_autoptr(GError) error = NULL;
    g_auto(TsMap) map = {0};
    ts_map_init(&map, 6, 5);
    ts_map_rotate(&map, 5);
    ck_assert_ptr_null(ts_warp(image, &map, &error));
    ck_assert(strstr(error->message, "cannot be interpolated") != NULL);
    g_autoptr(TsImage) there = warp_d4(image, TS_D4_R90);
    g_autoptr(TsImage) back = warp_d4(there, TS_D4_R270);
    ck_assert(same_pixels(image, back));
}
END_TEST

START_TEST(elastic_fields_are_smooth_and_a_matter_of_their_seed)
{
    g_auto(TsMap) a = {0}, b = {0}, c = {0};
    double ax[64], ay[64], bx[64], by[64], cx[64], cy[64], moved = 0;
    ts_map_init(&a, 64, 64);
    ts_map_init(&b, 64, 64);
    ts_map_init(&c, 64, 64);
    ts_map_elastic(&a, 50, 5, 7, NULL);
    ts_map_elastic(&b, 50, 5, 7, NULL);
    ts_map_elastic(&c, 50, 5, 8, NULL);
    ts_map_positions(&a, 0, 30, 64, ax, ay);
    ts_map_positions(&b, 0, 30, 64, bx, by);
    ts_map_positions(&c, 0, 30, 64, cx, cy);
    ck_assert_mem_eq(ax, bx, sizeof ax);
    ck_assert_mem_ne(ax, cx, sizeof ax);
    for (int i = 0; i < 64; i++) {
        moved += fabs(ax[i] - i) / 64;
        if (i > 0)
            ck_assert_double_lt(fabs(ax[i] - ax[i - 1] - 1), 2); /* unsmoothed: some 30 */
    }
    /* alpha / sqrt(3) / (2 sigma sqrt(pi)) is the deviation, 1.6 pixels here. */
    ck_assert_double_gt(moved, 0.4);
    ck_assert_double_lt(moved, 4);
}
END_TEST

/* The samples of `image` as floats, 8-bit ones as shares of 255 and 16-bit ones of 65535. */
static float
share_at(const TsImage *image, int i)
{
    return image->type == TS_U8    ? (float) image->data[i] / 255
           : image->type == TS_U16 ? (float) ((guint16 *) image->data)[i] / 65535
                                   : ((float *) image->data)[i];
}

/* The ramp of bytes in any type, white as white. */
static TsImage *
ramp_of(TsSampleType type)
{
    g_autoptr(TsImage) bytes = ramp(30, 20, 3);
    TsImage *image = ts_image_new(30, 20, 3, type, NULL);
    for (int i = 0; i < 30 * 20 * 3; i++) {
        if (type == TS_U8)
            image->data[i] = bytes->data[i];
        if (type == TS_U16)
            ((guint16 *) image->data)[i] = (guint16) (257 * bytes->data[i]);
        if (type == TS_F32)
            ((float *) image->data)[i] = (float) bytes->data[i] / 255;
    }
    return image;
}

START_TEST(tones_are_the_same_in_every_type)
{
    static void (*const changes[])(TsPixels *, double) = {ts_change_brightness, ts_change_contrast,
                                                          ts_change_gamma};
    for (guint k = 0; k < G_N_ELEMENTS(changes); k++) {
        TsImage *results[3];
        const TsSampleType kinds[] = {TS_U8, TS_U16, TS_F32};
        for (int t = 0; t < 3; t++) {
            g_auto(TsPixels) pixels = {0};
            results[t] = ramp_of(kinds[t]);
            ck_assert(ts_pixels_load(&pixels, results[t], NULL));
            changes[k](&pixels, 0.3);
            ts_pixels_store(&pixels, results[t]);
        }
        for (int i = 0; i < 30 * 20 * 3; i++) {
            ck_assert_float_eq_tol(share_at(results[0], i), share_at(results[1], i), 0.51f / 255);
            ck_assert_float_eq_tol(share_at(results[1], i), MIN(share_at(results[2], i), 1),
                                   0.6f / 65535);
        }
        for (int t = 0; t < 3; t++)
            ts_image_free(results[t]);
    }
}
END_TEST

START_TEST(tones_of_nothing_change_no_bit_and_opacity_stays)
{
    for (guint t = 0; t < G_N_ELEMENTS(types); t++)
        for (int strength = 0; strength < 2; strength++) {
            g_autoptr(TsImage) image = pattern(9, 7, 4, types[t]);
            g_autoptr(TsImage) changed = ts_image_crop(image, 0, 0, 9, 7, NULL);
            g_auto(TsPixels) pixels = {0};
            changed->has_alpha = TRUE;
            ck_assert(ts_pixels_load(&pixels, changed, NULL));
            ts_change_brightness(&pixels, strength * 0.5);
            ts_change_contrast(&pixels, strength * 0.5);
            ts_change_gamma(&pixels, 1 + strength * 0.5);
            ts_pixels_store(&pixels, changed);
            ck_assert(same_pixels(image, changed) == !strength);
            const gsize size = ts_sample_type_size(types[t]);
            for (gsize i = 3; i < 9 * 7 * 4; i += 4)
                ck_assert_mem_eq(image->data + i * size, changed->data + i * size, size);
        }
}
END_TEST

START_TEST(blur_keeps_constants_and_the_sum_inside)
{
    float data[41 * 31] = {0}, sum = 0;
    data[15 * 41 + 20] = 1;
    ck_assert(ts_smooth_gaussian(data, 41, 31, 1, 2.5, NULL));
    for (int i = 0; i < 41 * 31; i++)
        sum += data[i];
    ck_assert_float_eq_tol(sum, 1, 1e-5f);
    ck_assert_float_eq_tol(data[15 * 41 + 20], 1 / (2 * (float) G_PI * 6.25f), 1e-4f);
    ck_assert_float_eq_tol(data[15 * 41 + 22], data[17 * 41 + 20], 1e-7f);
    for (int i = 0; i < 41 * 31; i++)
        data[i] = 5;
    ck_assert(ts_smooth_gaussian(data, 41, 31, 1, 9, NULL));
    for (int i = 0; i < 41 * 31; i++)
        ck_assert_float_eq_tol(data[i], 5, 1e-5f);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, symmetries_make_the_group_of_the_square);
    tcase_add_test(tests, a_quarter_turn_brings_the_right_column_to_the_top);
    tcase_add_test(tests, rotations_by_quarters_are_those_of_the_group);
    tcase_add_test(tests, changes_by_nothing_are_the_identity);
    tcase_add_test(tests, changes_work_in_their_order);
    tcase_add_test(tests, positions_are_what_the_names_say);
    tcase_add_test(tests, perspective_moves_corners_where_it_is_told);
    tcase_add_test(tests, what_is_behind_the_horizon_is_far_outside);
    tcase_add_test(tests, sixteen_bits_are_eight_bits_with_more_of_them);
    tcase_add_test(tests, interpolation_is_bilinear_in_every_type);
    tcase_add_test(tests, masks_go_with_their_pictures);
    tcase_add_test(tests, types_that_cannot_be_interpolated_are_refused_but_turned);
    tcase_add_test(tests, tones_are_the_same_in_every_type);
    tcase_add_test(tests, tones_of_nothing_change_no_bit_and_opacity_stays);
    tcase_add_test(tests, blur_keeps_constants_and_the_sum_inside);
    tcase_add_test(tests, elastic_fields_are_smooth_and_a_matter_of_their_seed);
}

int
main(void)
{
    return pictures_run("transform", add_tests);
}
