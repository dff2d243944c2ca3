/* Properties of images by hand; moments that do not depend on how samples are parted. */
#include "base/error.h"
#include "base/rng.h"
#include "image/properties.h"
#include "unit.h"

#include <math.h>

static void
assert_near(double value, double expected)
{
    ck_assert_msg(fabs(value - expected) <= 1e-12 * MAX(1, fabs(expected)), "%.17g, not %.17g",
                  value, expected);
}

START_TEST(grey_by_hand)
{
    /* a dot of 90 on 0 in 3 x 3 */
    g_autoptr(TsImage) image = ts_image_new(3, 3, 1, TS_U8, NULL);
    image->data[4] = 90;
    TsImageProperties p;
    ck_assert(ts_image_properties_init(&p, image, NULL));
    assert_near(p.values[TS_PROPERTY_WIDTH], 3);
    assert_near(p.values[TS_PROPERTY_AREA], 9);
    assert_near(p.values[TS_PROPERTY_BRIGHTNESS], 10.0 / 255);
    assert_near(p.values[TS_PROPERTY_CONTRAST], sqrt((80 * 80 + 8 * 100) / 9.0) / 255);
    assert_near(p.values[TS_PROPERTY_SHARPNESS], 0); /* of one Laplacian */
    assert_near(p.values[TS_PROPERTY_ENTROPY],
                -(8.0 / 9 * log2(8.0 / 9) + 1.0 / 9 * log2(1.0 / 9)));
    ck_assert(isnan(p.values[TS_PROPERTY_RED]) && isnan(p.values[TS_PROPERTY_SATURATION]));
    ck_assert_int_eq(p.n_channels, 1);
    assert_near(p.channels[0].n, 9);
    assert_near(p.channels[0].mean, 10.0 / 255);
    assert_near(p.channels[0].max, 90.0 / 255);
    assert_near(ts_moments_sd(&p.channels[0]), sqrt((80 * 80 + 8 * 100) / 9.0) / 255);
    ts_image_properties_clear(&p);
}
END_TEST

START_TEST(colour_by_hand_and_without_opacity)
{
    g_autoptr(TsImage) image = ts_image_new(2, 1, 4, TS_U8, NULL);
    const guint8 pixels[] = {200, 100, 0, 255, 50, 50, 50, 0};
    memcpy(image->data, pixels, sizeof pixels);
    image->has_alpha = TRUE;
    TsImageProperties p;
    ck_assert(ts_image_properties_init(&p, image, NULL));
    ck_assert_int_eq(p.n_channels, 3);
    assert_near(p.values[TS_PROPERTY_RED], 250.0 / 450);
    assert_near(p.values[TS_PROPERTY_BLUE], 50.0 / 450);
    assert_near(p.values[TS_PROPERTY_SATURATION], 0.5);
    assert_near(p.values[TS_PROPERTY_BRIGHTNESS], (119 + 50) / 2.0 / 255); /* 118.5 is rounded up */
    ck_assert(isnan(p.values[TS_PROPERTY_SHARPNESS]));
    assert_near(p.channels[2].mean, 25.0 / 255);
    ts_image_properties_clear(&p);
}
END_TEST

START_TEST(every_type_has_the_same_moments)
{
    static const TsSampleType types[] = {TS_I8, TS_U16, TS_I16, TS_U32, TS_I32, TS_F32, TS_F64};
    static const double scales[] = {127, 65535, 32767, 4294967295.0, 2147483647.0, 1, 1};
    const TsSampleType type = types[_i];
    g_autoptr(TsImage) image = ts_image_new(3, 1, 1, type, NULL);
    const int v[] = {3, 100, 14};
    for (int i = 0; i < 3; i++) {
        void *at = image->data;
        switch (type) {
        case TS_I8:
            ((gint8 *) at)[i] = (gint8) v[i];
            break;
        case TS_U16:
        case TS_I16:
            ((gint16 *) at)[i] = (gint16) v[i];
            break;
        case TS_F32:
            ((float *) at)[i] = (float) v[i];
            break;
        case TS_F64:
            ((double *) at)[i] = v[i];
            break;
        default:
            ((gint32 *) at)[i] = v[i];
        }
    }
    TsImageProperties p;
    ck_assert(ts_image_properties_init(&p, image, NULL));
    assert_near(p.channels[0].mean * scales[_i], 39);
    assert_near(p.channels[0].m2 * scales[_i] * scales[_i], 36 * 36 + 61 * 61 + 25 * 25);
    assert_near(p.channels[0].min * scales[_i], 3);
    ts_image_properties_clear(&p);
}
END_TEST

START_TEST(samples_that_are_no_numbers_are_refused)
{
    g_autoptr(TsImage) image = ts_image_new(3, 1, 1, TS_F32, NULL);
    ((float *) (void *) image->data)[1] = NAN;
    TsImageProperties p;
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_image_properties_init(&p, image, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
}
END_TEST

START_TEST(parts_join_to_the_whole)
{
    TsMoments all = {0}, parts[3] = {{0}}, joined = {0};
    double values[300], sum = 0, spread = 0;
    TsRng rng;
    ts_rng_init(&rng, 2, "test", 0);
    for (int i = 0; i < 300; i++) {
        values[i] = 1e6 + ts_rng_normal(&rng); /* a mean that sums of squares would drown in */
        sum += values[i] / 300;
        TsMoments one = {1, values[i], 0, values[i], values[i]};
        ts_moments_add(&all, &one);
        ts_moments_add(&parts[ts_rng_below(&rng, 3)], &one);
    }
    for (int i = 0; i < 300; i++)
        spread += (values[i] - sum) * (values[i] - sum);
    for (int i = 0; i < 3; i++)
        ts_moments_add(&joined, &parts[i]);
    ck_assert(fabs(all.m2 / spread - 1) < 1e-10 && fabs(joined.m2 / spread - 1) < 1e-10);
    assert_near(joined.mean, all.mean);
    assert_near(joined.n, 300);
    assert_near(joined.min, all.min);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("properties");
    TCase *tcase = tcase_create("properties");
    tcase_add_test(tcase, grey_by_hand);
    tcase_add_test(tcase, colour_by_hand_and_without_opacity);
    tcase_add_loop_test(tcase, every_type_has_the_same_moments, 0, 7);
    tcase_add_test(tcase, samples_that_are_no_numbers_are_refused);
    tcase_add_test(tcase, parts_join_to_the_whole);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
