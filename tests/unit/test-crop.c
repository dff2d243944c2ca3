/* Scaled crops: the filter by its definition, and parts of JPEG files that are those of the whole.
 */
#include "image/crop.h"

#include "base/error.h"
#include "image/jpeg.h"
#include "pictures.h"

#include <math.h>

/* A number of 0 .. n - 1 from a stream that is always the same. */
static int
below(guint32 *state, int n)
{
    *state = *state * 1664525 + 1013904223;
    return (int) ((*state >> 8) % (guint32) n);
}

static TsCrop
any_crop(guint32 *state, int width, int height)
{
    TsCrop crop = {below(state, width), below(state, height), 0, 0};
    crop.width = 1 + below(state, width - crop.x);
    crop.height = 1 + below(state, height - crop.y);
    return crop;
}

/* The triangle's weight of pixel k for output pixel i, not yet divided by their sum. */
static double
triangle(int k, int i, double step)
{
    return MAX(0, 1 - fabs((k + 0.5 - (i + 0.5) * step) / MAX(step, 1)));
}

static double
scaled_sample(const TsImage *image, TsCrop crop, int width, int height, int x, int y, int band)
{
    const double step_x = (double) crop.width / width, step_y = (double) crop.height / height;
    double sum = 0, weights = 0;
    for (int j = 0; j < crop.height; j++)
        for (int i = 0; triangle(j, y, step_y) > 0 && i < crop.width; i++) {
            const double weight = triangle(j, y, step_y) * triangle(i, x, step_x);
            sum += weight *
                   image->data[((crop.y + j) * image->width + crop.x + i) * image->bands + band];
            weights += weight;
        }
    return sum / weights;
}

START_TEST(scaled_crops_are_the_triangle_filters_of_their_pixels)
{
    guint32 state = 7;
    for (int bands = 1; bands <= 4; bands++) {
        g_autoptr(TsImage) image = pattern(61, 47, bands, TS_U8);
        for (int n = 0; n < 25; n++) {
            const TsCrop crop = any_crop(&state, 61, 47);
            const int width = 1 + below(&state, 40), height = 1 + below(&state, 40);
            g_autoptr(TsImage) out = ts_image_crop_scaled(image, crop, width, height, NULL);
            ck_assert(out != NULL && out->width == width && out->height == height);
            for (int i = 0; i < width * height * bands; i++) {
                const int x = i / bands % width, y = i / bands / width;
                const double exact = scaled_sample(image, crop, width, height, x, y, i % bands);
                ck_assert_double_le(fabs(out->data[i] - exact), 0.501);
            }
        }
    }
}
END_TEST

START_TEST(other_samples_are_cut_out_and_resized)
{
    g_autoptr(TsImage) image = pattern(30, 20, 5, TS_U16);
    g_autoptr(TsImage) crop = ts_image_crop(image, 3, 4, 20, 11, NULL);
    g_autoptr(TsImage) expected = ts_image_resize(crop, 9, 17, NULL);
    g_autoptr(TsImage) out = ts_image_crop_scaled(image, (TsCrop){3, 4, 20, 11}, 9, 17, NULL);
    ck_assert(same_pixels(out, expected));
    const TsCrop outside[] = {{-1, 0, 5, 5}, {0, 0, 0, 5}, {11, 0, 20, 5}, {0, 5, 5, G_MAXINT}};
    for (guint i = 0; i < G_N_ELEMENTS(outside); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(ts_image_crop_scaled(image, outside[i], 9, 9, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
    }
}
END_TEST

/* The bytes of a JPEG with EXIF's orientation put in. */
static GBytes *
jpeg_of(const TsImage *image, int orientation)
{
    const TsEncodeOptions options = {.quality = 80};
    g_autoptr(GBytes) plain = ts_image_encode(image, ".jpg", "a", &options, NULL);
    gsize n;
    const guint8 *bytes = g_bytes_get_data(plain, &n);
    const guint8 exif[] = {0xff,
                           0xe1,
                           0,
                           34,
                           'E',
                           'x',
                           'i',
                           'f',
                           0,
                           0,
                           'I',
                           'I',
                           42,
                           0,
                           8,
                           0,
                           0,
                           0,
                           1,
                           0,
                           0x12,
                           1,
                           3,
                           0,
                           1,
                           0,
                           0,
                           0,
                           (guint8) orientation,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0};
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, bytes, 2);
    g_byte_array_append(out, exif, sizeof exif);
    g_byte_array_append(out, bytes + 2, (guint) n - 2);
    return g_byte_array_free_to_bytes(out);
}

static TsImage *
read_crop(GBytes *jpeg, TsCrop crop, int width, int height)
{
    g_autoptr(GError) error = NULL;
    gsize n;
    const guint8 *bytes = g_bytes_get_data(jpeg, &n);
    g_autoptr(TsCropReader) reader = ts_crop_reader_open(bytes, n, "a.jpg");
    ck_assert_ptr_nonnull(reader);
    TsImage *out = ts_crop_reader_read(reader, crop, width, height, &error);
    ck_assert_msg(out != NULL, "%s", message(error));
    return out;
}

START_TEST(a_part_of_a_jpeg_has_the_pixels_of_the_whole)
{
    guint32 state = 5;
    for (int bands = 1; bands <= 3; bands += 2)
        for (int orientation = 1; orientation <= 8; orientation++) {
            g_autoptr(TsImage) image = pattern(131, 87, bands, TS_U8);
            g_autoptr(GBytes) jpeg = jpeg_of(image, orientation);
            gsize n;
            const guint8 *bytes = g_bytes_get_data(jpeg, &n);
            g_autoptr(TsImage) whole = ts_image_read_bytes(bytes, n, "a.jpg", NULL);
            ck_assert_int_eq(whole->width, orientation > 4 ? 87 : 131);
            for (int k = 0; k < 60; k++) {
                const TsCrop crop = any_crop(&state, whole->width, whole->height);
                g_autoptr(TsImage) cut =
                    ts_image_crop(whole, crop.x, crop.y, crop.width, crop.height, NULL);
                g_autoptr(TsImage) part = read_crop(jpeg, crop, crop.width, crop.height);
                ck_assert_msg(same_pixels(part, cut), "%d,%d %dx%d of %d bands, orientation %d",
                              crop.x, crop.y, crop.width, crop.height, bands, orientation);
                /* Enlarged: at full size, too. */
                g_autoptr(TsImage) scaled =
                    ts_image_crop_scaled(whole, crop, crop.width * 2, crop.height + 1, NULL);
                g_autoptr(TsImage) large = read_crop(jpeg, crop, crop.width * 2, crop.height + 1);
                ck_assert_double_le(mean_difference(scaled, large), 0.01);
            }
        }
}
END_TEST

/* Soft shapes, as photographs have them. */
static TsImage *
waves(int width, int height)
{
    TsImage *image = ts_image_new(width, height, 3, TS_U8, NULL);
    for (int i = 0; i < width * height * 3; i++)
        image->data[i] = (guint8) (128 + 60 * sin((i / 3 % width) * 0.05 + i % 3) +
                                   60 * cos((i / 3 / width) * 0.07 - i % 3));
    return image;
}

START_TEST(reduced_crops_lie_where_full_ones_do)
{
    guint32 state = 11;
    g_autoptr(TsImage) image = waves(700, 500);
    g_autoptr(GBytes) jpeg = jpeg_of(image, 1);
    for (int k = 0; k < 40; k++) {
        TsCrop crop = any_crop(&state, 400, 300);
        crop.width += 300;
        crop.height += 200;
        const int width = 20 + below(&state, 100), height = 20 + below(&state, 100);
        g_autoptr(TsImage) full = ts_image_crop_scaled(image, crop, width, height, NULL);
        g_autoptr(TsImage) out = read_crop(jpeg, crop, width, height);
        double worst = 0;
        for (int i = 0; i < width * height * 3; i++)
            worst = MAX(worst, abs(full->data[i] - out->data[i]));
        ck_assert_double_le(mean_difference(full, out), 1.5);
        ck_assert_double_le(worst, 16);
    }
}
END_TEST

START_TEST(what_is_no_plain_jpeg_is_not_opened_and_damage_is_found)
{
    g_autoptr(TsImage) image = pattern(64, 64, 3, TS_U8);
    g_autoptr(GBytes) png = ts_image_encode(image, ".png", "a", NULL, NULL);
    g_autoptr(GBytes) jpeg = jpeg_of(image, 1);
    g_autoptr(GError) error = NULL;
    gsize n;
    ck_assert_ptr_null(
        ts_crop_reader_open(g_bytes_get_data(png, NULL), g_bytes_get_size(png), "a"));
    const guint8 *bytes = g_bytes_get_data(jpeg, &n);
    for (gsize length = 0; length < 700; length++) {
        g_autoptr(TsCropReader) reader = ts_crop_reader_open(bytes, length, "a.jpg");
        ck_assert(reader == NULL ||
                  ts_crop_reader_read(reader, (TsCrop){0, 0, 64, 64}, 9, 9, NULL) == NULL);
    }
    g_autoptr(TsCropReader) half = ts_crop_reader_open(bytes, n / 2, "a.jpg");
    ck_assert_ptr_null(ts_crop_reader_read(half, (TsCrop){0, 40, 64, 24}, 9, 9, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_msg(g_str_has_prefix(error->message, "a.jpg: "), "%s", error->message);
    g_clear_error(&error);
    g_autoptr(TsCropReader) reader = ts_crop_reader_open(bytes, n, "a.jpg");
    ck_assert_ptr_null(ts_crop_reader_read(reader, (TsCrop){60, 0, 5, 5}, 9, 9, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, scaled_crops_are_the_triangle_filters_of_their_pixels);
    tcase_add_test(tests, other_samples_are_cut_out_and_resized);
    tcase_add_test(tests, a_part_of_a_jpeg_has_the_pixels_of_the_whole);
    tcase_add_test(tests, reduced_crops_lie_where_full_ones_do);
    tcase_add_test(tests, what_is_no_plain_jpeg_is_not_opened_and_damage_is_found);
}

int
main(void)
{
    return pictures_run("crop", add_all);
}
