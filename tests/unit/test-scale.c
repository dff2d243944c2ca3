/* Scaled sources: parts are parts of the whole, whatever they are read by; the whole is right. */
#include "base/error.h"
#include "image/tiff.h"
#include "pictures.h"

#include <math.h>

static TsImageSource *
open_scaled(const char *path, int width, int height, TsFilter filter)
{
    g_autoptr(GError) error = NULL;
    TsImageSource *source = ts_image_source_open_scaled(path, width, height, filter, &error);
    ck_assert_msg(source != NULL, "%s", message(error));
    ck_assert_int_eq(ts_image_source_info(source)->width, width);
    ck_assert_int_eq(ts_image_source_info(source)->height, height);
    return source;
}

static TsImage *
read_scaled(const char *path, int width, int height, TsFilter filter)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImageSource) source = open_scaled(path, width, height, filter);
    TsImage *image = ts_image_source_read_region(source, 0, 0, width, height, &error);
    ck_assert_msg(image != NULL, "%s", message(error));
    return image;
}

/* Regions at arbitrary places, also going back. */
static void
check_parts(TsImageSource *source, const TsImage *whole)
{
    guint32 state = 99;
    for (int i = 0; i < 20; i++) {
        g_autoptr(GError) error = NULL;
        int at[4];
        for (int k = 0; k < 4; k++)
            at[k] = (int) ((state = state * 1664525 + 1013904223) >> 16);
        int x = at[0] % whole->width, y = at[1] % whole->height;
        int width = 1 + at[2] % (whole->width - x), height = 1 + at[3] % (whole->height - y);
        g_autoptr(TsImage) part = ts_image_source_read_region(source, x, y, width, height, &error);
        ck_assert_msg(part != NULL, "%s", message(error));
        g_autoptr(TsImage) crop = ts_image_crop(whole, x, y, width, height, NULL);
        ck_assert_msg(same_pixels(part, crop), "%d,%d %dx%d", x, y, width, height);
    }
}

/* Bands that overlap, touch, leave gaps and go back. */
static void
check_bands(TsImageSource *source, const TsImage *whole)
{
    static const int bands[][2] = {{0, 1}, {1, 4}, {3, 5}, {8, 2}, {13, 3}, {0, 7}, {5, 12}};
    for (guint i = 0; i < G_N_ELEMENTS(bands); i++) {
        g_autoptr(GError) error = NULL;
        int n = bands[i][1], y = MIN(bands[i][0], whole->height - n);
        g_autoptr(TsImage) band = ts_image_source_new_image(source, whole->width, n, NULL);
        ck_assert_msg(ts_image_source_read_rows(source, y, n, band, 0, &error), "%s",
                      message(error));
        g_autoptr(TsImage) crop = ts_image_crop(whole, 0, y, whole->width, n, NULL);
        ck_assert_msg(same_pixels(band, crop), "rows %d to %d", y, y + n - 1);
    }
}

START_TEST(parts_and_rows_are_those_of_the_whole)
{
    static const int sizes[][2] = {{29, 17}, {61, 20}, {150, 140}, {7, 19}};
    static const char *const suffixes[] = {".png", ".tif", ".jpg"};
    for (int bands = 1; bands <= 4; bands++)
        for (guint k = 0; k < G_N_ELEMENTS(suffixes); k++) {
            g_autofree char *name = g_strconcat("p", suffixes[k], NULL);
            g_autofree char *path = scratch(name);
            g_autoptr(TsImage) image = pattern(62, 90, bands, k == 2 ? TS_U8 : TS_U16);
            if (k == 2 && bands % 2 == 0)
                continue;
            if (k == 1) {
                write_tiff(image, path, bands == 3, 1);
            } else {
                image->has_alpha = bands % 2 == 0;
                ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
            }
            for (int i = 0; i < 8; i++) {
                const int *size = sizes[i / 2];
                TsFilter filter = i % 2 == 0 ? TS_FILTER_LANCZOS : TS_FILTER_NEAREST;
                g_autoptr(TsImage) whole = read_scaled(path, size[0], size[1], filter);
                g_autoptr(TsImageSource) source = open_scaled(path, size[0], size[1], filter);
                g_autoptr(TsImageSource) flat = open_scaled(path, size[0], size[1], filter);
                ts_image_source_set_memory(flat, 0);
                check_parts(source, whole);
                check_bands(source, whole);
                check_bands(flat, whole);
                check_parts(flat, whole);
            }
        }
}
END_TEST

/* Two ways to the same: all at once, and as rows pass. */
START_TEST(triangle_is_that_of_resize)
{
    static const int sizes[][2] = {{31, 27}, {50, 131}, {120, 60}};
    g_autofree char *path = scratch("t.tif");
    for (int type = TS_U8; type <= TS_F32; type++)
        for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
            g_autoptr(TsImage) image = pattern(50, 60, 3, (TsSampleType) type);
            ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
            g_autoptr(TsImage) got =
                read_scaled(path, sizes[i][0], sizes[i][1], TS_FILTER_TRIANGLE);
            g_autoptr(TsImage) want = ts_image_resize(image, sizes[i][0], sizes[i][1], NULL);
            ck_assert_msg(same_pixels(got, want), "%s, size %u",
                          ts_sample_type_name((TsSampleType) type), i);
        }
}
END_TEST

/* The definition, with no regard to time. */
static double
lanczos_by_definition(const TsImage *image, int width, int height, int x, int y)
{
    double fx = (double) image->width / width, fy = (double) image->height / height;
    double sum = 0, weights = 0;
    for (int v = 0; v < image->height; v++)
        for (int u = 0; u < image->width; u++) {
            double dx = (u + 0.5 - (x + 0.5) * fx) / MAX(fx, 1);
            double dy = (v + 0.5 - (y + 0.5) * fy) / MAX(fy, 1);
            double weight = 1;
            for (int k = 0; k < 2; k++) {
                double d = k == 0 ? dx : dy, a = G_PI * d;
                weight *= fabs(d) >= 3 ? 0 : d == 0 ? 1 : 3 * sin(a) * sin(a / 3) / (a * a);
            }
            sum += weight * ((const float *) image->data)[v * image->width + u];
            weights += weight;
        }
    return sum / weights;
}

START_TEST(lanczos_is_its_definition)
{
    static const int sizes[][2] = {{11, 9}, {40, 7}, {33, 50}};
    g_autofree char *path = scratch("l.tif");
    g_autoptr(TsImage) image = pattern(30, 25, 1, TS_F32);
    for (int i = 0; i < 30 * 25; i++)
        ((float *) image->data)[i] = (float) ((i * 7919) % 1013);
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(TsImage) got = read_scaled(path, sizes[i][0], sizes[i][1], TS_FILTER_LANCZOS);
        for (int y = 0; y < got->height; y++)
            for (int x = 0; x < got->width; x++) {
                double want = lanczos_by_definition(image, got->width, got->height, x, y);
                double have = ((const float *) got->data)[y * got->width + x];
                ck_assert_msg(fabs(have - want) < 1e-3, "%d,%d: %g instead of %g", x, y, have,
                              want);
            }
    }
}
END_TEST

START_TEST(nearest_takes_the_pixel_in_the_middle)
{
    g_autofree char *path = scratch("n.png");
    g_autoptr(TsImage) image = pattern(10, 4, 1, TS_U8);
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
    g_autoptr(TsImage) got = read_scaled(path, 4, 8, TS_FILTER_NEAREST);
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 4; x++)
            ck_assert_int_eq(got->data[y * 4 + x],
                             image->data[y / 2 * 10 + (int) ((x + 0.5) * 2.5)]);
}
END_TEST

/* What nobody can see has no colour. */
START_TEST(colours_count_by_their_opacity)
{
    g_autofree char *path = scratch("o.png");
    g_autoptr(TsImage) image = ts_image_new(40, 40, 4, TS_U8, NULL);
    image->has_alpha = TRUE;
    for (int i = 0; i < 1600; i++) {
        gboolean seen = i % 40 < 13;
        image->data[4 * i] = seen ? 200 : 0;
        image->data[4 * i + 1] = seen ? 100 : 255;
        image->data[4 * i + 3] = seen ? 255 : 0;
    }
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
    g_autoptr(TsImage) got = read_scaled(path, 10, 10, TS_FILTER_LANCZOS);
    int n_part = 0;
    for (int i = 0; i < 100; i++) {
        n_part += got->data[4 * i + 3] > 0 && got->data[4 * i + 3] < 255;
        if (got->data[4 * i + 3] == 0)
            continue;
        ck_assert_int_eq(got->data[4 * i], 200);
        ck_assert_int_eq(got->data[4 * i + 1], 100);
    }
    ck_assert_int_ge(n_part, 10);
}
END_TEST

/* A level of the size is taken as it is; else the next larger one is scaled. */
START_TEST(levels_are_made_use_of)
{
    g_autofree char *path = scratch("p.tif");
    g_autofree char *level = scratch("level.tif");
    g_autoptr(TsImage) image = pattern(96, 64, 1, TS_U8);
    TsTiffWriterOptions options = {.width = 96,
                                   .height = 64,
                                   .like = image,
                                   .pyramid = TS_TIFF_CHAIN,
                                   .tile_width = 32,
                                   .tile_height = 32};
    g_autoptr(TsTiffWriter) writer = ts_tiff_writer_new(path, &options, TRUE, NULL);
    ck_assert(ts_tiff_writer_put_rows(writer, image, NULL) && ts_tiff_writer_commit(writer, NULL));
    g_autoptr(TsImageSource) half = ts_image_source_open_level(path, 1, NULL);
    g_autoptr(TsImage) want = ts_image_source_read_region(half, 0, 0, 48, 32, NULL);
    g_autoptr(TsImage) got = read_scaled(path, 48, 32, TS_FILTER_LANCZOS);
    ck_assert(same_pixels(want, got));
    ck_assert(ts_image_write(want, level, NULL, TRUE, NULL));
    g_autoptr(TsImage) third = read_scaled(level, 32, 21, TS_FILTER_LANCZOS);
    g_autoptr(TsImage) same = read_scaled(path, 32, 21, TS_FILTER_LANCZOS);
    ck_assert(same_pixels(third, same));
    g_autoptr(TsImage) label = read_scaled(path, 48, 32, TS_FILTER_NEAREST);
    ck_assert_int_eq(label->data[1], image->data[96 + 3]);
}
END_TEST

/* Orientation comes first. */
START_TEST(turned_images_are_scaled_upright)
{
    g_autofree char *path = scratch("turned.tif");
    g_autofree char *upright = scratch("upright.png");
    g_autoptr(TsImage) image = pattern(50, 30, 1, TS_U8);
    for (int tiled = 0; tiled < 2; tiled++) {
        write_tiff(image, path, tiled, 6);
        g_autoptr(TsImage) turned = ts_image_read(path, NULL);
        ck_assert(ts_image_write(turned, upright, NULL, TRUE, NULL));
        g_autoptr(TsImage) want = read_scaled(upright, 13, 22, TS_FILTER_LANCZOS);
        g_autoptr(TsImageSource) source = open_scaled(path, 13, 22, TS_FILTER_LANCZOS);
        check_bands(source, want);
        check_parts(source, want);
    }
}
END_TEST

START_TEST(a_torn_file_is_an_error_each_time)
{
    g_autofree char *path = scratch("torn.png");
    g_autofree char *bytes = NULL;
    gsize n;
    g_autoptr(TsImage) image = pattern(60, 60, 1, TS_U8);
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
    ck_assert(g_file_get_contents(path, &bytes, &n, NULL));
    ck_assert(g_file_set_contents(path, bytes, (gssize) n / 2, NULL));
    g_autoptr(TsImageSource) source = open_scaled(path, 20, 20, TS_FILTER_LANCZOS);
    g_autoptr(TsImage) rows = ts_image_source_new_image(source, 20, 20, NULL);
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        ck_assert(!ts_image_source_read_rows(source, 0, 20, rows, 0, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    }
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, parts_and_rows_are_those_of_the_whole);
    tcase_add_test(tests, triangle_is_that_of_resize);
    tcase_add_test(tests, lanczos_is_its_definition);
    tcase_add_test(tests, nearest_takes_the_pixel_in_the_middle);
    tcase_add_test(tests, colours_count_by_their_opacity);
    tcase_add_test(tests, levels_are_made_use_of);
    tcase_add_test(tests, turned_images_are_scaled_upright);
    tcase_add_test(tests, a_torn_file_is_an_error_each_time);
}

int
main(void)
{
    return pictures_run("scale", add_all);
}
