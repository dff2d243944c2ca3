/* Small versions of large files: means of what they cover, for every way they are made. */
#include "base/error.h"
#include "pictures.h"

#include <math.h>

static double
sample(const TsImage *image, int x, int y, int band)
{
    gsize i = ((gsize) y * (gsize) image->width + (gsize) x) * (gsize) image->bands + (gsize) band;
    return image->type == TS_U16 ? ((guint16 *) image->data)[i] / 257.0 : image->data[i];
}

/* How much of pixel i lies within from .. to. */
static double
overlap(int i, double from, double to)
{
    return MAX(0, MIN(to, i + 1) - MAX(from, i));
}

/* Mean over what pixel (x, y) of `small` covers of `whole`, by definition. */
static double
mean_of_area(const TsImage *whole, const TsImage *small, int x, int y, int band)
{
    double sx = (double) whole->width / small->width, sy = (double) whole->height / small->height;
    double sum = 0;
    for (int j = (int) (y * sy); j < MIN(whole->height, (y + 1) * sy); j++)
        for (int i = (int) (x * sx); i < MIN(whole->width, (x + 1) * sx); i++)
            sum += sample(whole, i, j, band) * overlap(i, x * sx, (x + 1) * sx) *
                   overlap(j, y * sy, (y + 1) * sy);
    return sum / (sx * sy);
}

/* Each sample of the preview is within `tolerance` of the mean of the pixels that it covers. */
static void
check_preview(const char *path, int max_side, double tolerance)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) whole = ts_image_read(path, &error);
    ck_assert_msg(whole != NULL, "%s", message(error));
    g_autoptr(TsImage) preview = ts_image_read_preview(path, max_side, &error);
    ck_assert_msg(preview != NULL, "%s", message(error));
    int longer = MAX(whole->width, whole->height), side = MIN(max_side, longer);
    ck_assert_int_eq(MAX(preview->width, preview->height), side);
    double exact = (double) MIN(whole->width, whole->height) * side / longer;
    ck_assert_double_le(fabs(MIN(preview->width, preview->height) - exact), 1);
    ck_assert_int_eq(preview->type, whole->type);
    ck_assert_int_eq(preview->bands, whole->bands);
    ck_assert_int_eq(preview->has_alpha, whole->has_alpha);
    for (int y = 0; y < preview->height; y++)
        for (int x = 0; x < preview->width; x++)
            for (int b = 0; b < preview->bands; b++) {
                double off = sample(preview, x, y, b) - mean_of_area(whole, preview, x, y, b);
                ck_assert_msg(fabs(off) <= tolerance, "%s at %d: %d,%d is off by %g", path,
                              max_side, x, y, off);
            }
}

/* Slow waves over all bands. */
static TsImage *
waves(int width, int height, int bands, TsSampleType type)
{
    TsImage *image = ts_image_new(width, height, bands, type, NULL);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int b = 0; b < bands; b++) {
                double v = 128 + 50 * sin(x * 0.02 + b) + 60 * cos(y * 0.03 - b);
                int i = (y * width + x) * bands + b;
                if (type == TS_U16)
                    ((guint16 *) image->data)[i] = (guint16) (v * 257);
                else
                    image->data[i] = (guint8) v;
            }
    image->has_alpha = bands == 4;
    return image;
}

static const int sides[] = {1, 16, 50, 99, 100, 199, 399, 400, 5000};

START_TEST(previews_are_means_of_what_they_cover)
{
    const char *const names[] = {"p.png", "p.jpg", "p.tif", "p.webp"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = scratch(names[i]);
        g_autoptr(TsImage) image = waves(301, 400, 3, TS_U8);
        ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
        for (guint k = 0; k < G_N_ELEMENTS(sides); k++)
            check_preview(path, sides[k], strcmp(names[i], "p.jpg") == 0 ? 3 : 0.51);
    }
}
END_TEST

START_TEST(previews_keep_bands_and_depth)
{
    for (int bands = 1; bands <= 4; bands++)
        for (int type = TS_U8; type <= TS_U16; type += TS_U16) {
            g_autofree char *path = scratch("d.png");
            g_autoptr(TsImage) image = waves(400, 120, bands, (TsSampleType) type);
            image->has_alpha = bands == 2 || bands == 4;
            ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
            check_preview(path, 90, 0.51);
        }
}
END_TEST

START_TEST(previews_are_turned_like_the_image)
{
    g_autofree char *path = scratch("t.tif");
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int tiled = 0; tiled <= 1; tiled++) {
            g_autoptr(TsImage) image = waves(200, 80, 3, TS_U8);
            write_tiff(image, path, tiled, orientation);
            check_preview(path, 45, 0.51);
        }
}
END_TEST

START_TEST(previews_of_damaged_files_are_errors)
{
    const char *const names[] = {"e.png", "e.jpg", "e.tif"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = scratch(names[i]), *bytes = NULL;
        g_autoptr(TsImage) image = pattern(300, 200, 3, TS_U8);
        gsize n;
        ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
        ck_assert(g_file_get_contents(path, &bytes, &n, NULL));
        const gsize lengths[] = {n / 2, 30, 1};
        for (guint k = 0; k < G_N_ELEMENTS(lengths); k++) {
            g_autoptr(GError) error = NULL;
            ck_assert(g_file_set_contents(path, bytes, (gssize) lengths[k], NULL));
            ck_assert_ptr_null(ts_image_read_preview(path, 32, &error));
            ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
            ck_assert_msg(g_str_has_prefix(error->message, path), "%s", error->message);
        }
    }
    g_autofree char *missing = scratch("missing.jpg");
    ck_assert_ptr_null(ts_image_read_preview(missing, 32, NULL));
}
END_TEST

START_TEST(bytes_are_read_reduced)
{
    g_autoptr(TsImage) image = ramp(101, 66, 3);
    for (int divisor = 1; divisor <= 8; divisor *= 2) {
        g_autoptr(GError) error = NULL;
        TsEncodeOptions options = {.quality = 95};
        g_autoptr(GBytes) jpeg = ts_image_encode(image, ".jpg", "a", &options, NULL);
        g_autoptr(GBytes) png = ts_image_encode(image, ".png", "a", NULL, NULL);
        gsize n, m;
        const guint8 *bytes = g_bytes_get_data(jpeg, &n), *others = g_bytes_get_data(png, &m);
        g_autoptr(TsImage) small = ts_image_read_reduced(bytes, n, divisor, "a", &error);
        ck_assert_msg(small != NULL, "%s", message(error));
        ck_assert_int_eq(small->width, (101 + divisor - 1) / divisor);
        ck_assert_int_eq(small->height, (66 + divisor - 1) / divisor);
        for (int y = 0; y < 66 / divisor; y++)
            for (int x = 0; x < 101 / divisor; x++) {
                double middle = (sample(image, x * divisor, y * divisor, 1) +
                                 sample(image, (x + 1) * divisor - 1, (y + 1) * divisor - 1, 1)) /
                                2;
                ck_assert_double_le(fabs(sample(small, x, y, 1) - middle), 3);
            }
        g_autoptr(TsImage) whole = ts_image_read_reduced(others, m, divisor, "a", NULL);
        ck_assert(same_pixels(whole, image));
        ck_assert_ptr_null(ts_image_read_reduced(bytes, n / 2, divisor, "a.jpg", &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    }
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, previews_are_means_of_what_they_cover);
    tcase_add_test(tests, previews_keep_bands_and_depth);
    tcase_add_test(tests, previews_are_turned_like_the_image);
    tcase_add_test(tests, previews_of_damaged_files_are_errors);
    tcase_add_test(tests, bytes_are_read_reduced);
}

int
main(void)
{
    return pictures_run("preview", add_all);
}
