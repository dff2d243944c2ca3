/* Files made of rows: the same pixels as those made at once, in little memory. */
#include "base/error.h"
#include "image/row_writer.h"
#include "pictures.h"

#include <sys/resource.h>

/* Write `image` with 1, 2, 3, ... rows at a time. */
static void
write_rows(const TsImage *image, const char *path, const TsEncodeOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsRowWriter) writer =
        ts_row_writer_new(path, image->width, image->height, image, options, TRUE, &error);
    ck_assert_msg(writer != NULL, "%s", message(error));
    for (int y = 0, n = 1; y < image->height; y += n++) {
        n = MIN(n, image->height - y);
        g_autoptr(TsImage) rows = ts_image_crop(image, 0, y, image->width, n, NULL);
        ck_assert_msg(ts_row_writer_put(writer, rows, &error), "%s", message(error));
    }
    ck_assert_msg(ts_row_writer_commit(writer, &error), "%s", message(error));
}

START_TEST(rows_make_the_same_pixels_as_the_whole)
{
    static const TsSampleType types[] = {TS_U8, TS_U16};
    g_autofree char *path = scratch("rows.png");
    for (int bands = 1; bands <= 4; bands++)
        for (guint t = 0; t < 2; t++)
            for (int level = 0; level < 10; level += 3) {
                g_autoptr(TsImage) image = pattern(301, 97, bands, types[t]);
                image->has_alpha = bands % 2 == 0;
                image->icc = level == 3 && bands > 2 ? profile() : NULL;
                write_rows(image, path, &(TsEncodeOptions){.level = level});
                g_autoptr(TsImage) again = ts_image_read(path, NULL);
                ck_assert_msg(again != NULL && same_pixels(image, again), "%d bands, type %u",
                              bands, t);
                ck_assert((again->icc != NULL) == (image->icc != NULL));
            }
}
END_TEST

START_TEST(rows_make_the_same_jpeg_as_the_whole)
{
    g_autofree char *rows = scratch("rows.jpg");
    g_autofree char *whole = scratch("whole.jpg");
    for (int bands = 1; bands <= 3; bands += 2)
        for (int quality = 60; quality <= 95; quality += 35) {
            TsEncodeOptions options = {.quality = quality};
            g_autofree char *a = NULL, *b = NULL;
            gsize n, m;
            g_autoptr(TsImage) image = pattern(203, 150, bands, TS_U8);
            write_rows(image, rows, &options);
            ck_assert(ts_image_write(image, whole, &options, TRUE, NULL));
            ck_assert(g_file_get_contents(rows, &a, &n, NULL));
            ck_assert(g_file_get_contents(whole, &b, &m, NULL));
            ck_assert_uint_eq(n, m);
            ck_assert_mem_eq(a, b, n);
        }
}
END_TEST

START_TEST(raw_and_webp_are_written_too)
{
    g_autofree char *raw = scratch("rows.raw");
    g_autofree char *webp = scratch("rows.webp");
    g_autofree char *bytes = NULL;
    gsize n;
    g_autoptr(TsImage) image = pattern(31, 22, 3, TS_U8);
    write_rows(image, raw, NULL);
    ck_assert(g_file_get_contents(raw, &bytes, &n, NULL));
    ck_assert_uint_eq(n, 31 * 22 * 3);
    ck_assert_mem_eq(bytes, image->data, n);
    write_rows(image, webp, &(TsEncodeOptions){.compression = TS_COMPRESSION_LOSSLESS});
    g_autoptr(TsImage) again = ts_image_read(webp, NULL);
    ck_assert(same_pixels(image, again));
}
END_TEST

START_TEST(what_cannot_be_is_refused_and_leaves_nothing)
{
    static const char *const names[] = {"a.bmp", "a.tif", "a.npy", "a.jpg", "a"};
    g_autoptr(TsImage) image = pattern(5, 5, 2, TS_U16);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = scratch(names[i]);
        ck_assert_ptr_null(ts_row_writer_new(path, 5, 5, image, NULL, TRUE, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
        ck_assert(g_str_has_prefix(error->message, path));
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("half.png");
    TsRowWriter *writer = ts_row_writer_new(path, 5, 10, image, NULL, TRUE, NULL);
    ck_assert(ts_row_writer_put(writer, image, NULL));
    ck_assert(!ts_row_writer_commit(writer, &error));
    ck_assert_ptr_nonnull(strstr(message(error), "has 5 rows of 10"));
    ts_row_writer_free(writer);
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

#ifndef __SANITIZE_ADDRESS__
static long
peak_kilobytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void
write_tower(const char *path, int height)
{
    g_autoptr(TsImage) stripe = pattern(3000, 64, 3, TS_U8);
    g_autoptr(TsRowWriter) writer = ts_row_writer_new(path, 3000, height, stripe, NULL, TRUE, NULL);
    for (int y = 0; y < height; y += 64)
        ck_assert(ts_row_writer_put(writer, stripe, NULL));
    ck_assert(ts_row_writer_commit(writer, NULL));
}

START_TEST(memory_does_not_grow_with_the_height)
{
    static const char *const names[] = {"tall.png", "tall.jpg", "tall.raw"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = scratch(names[i]);
        write_tower(path, 640);
        long before = peak_kilobytes();
        write_tower(path, 6400); /* 58 MB */
        ck_assert_int_lt(peak_kilobytes() - before, 4 * 1024);
    }
}
END_TEST
#endif

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, rows_make_the_same_pixels_as_the_whole);
    tcase_add_test(tests, rows_make_the_same_jpeg_as_the_whole);
    tcase_add_test(tests, raw_and_webp_are_written_too);
    tcase_add_test(tests, what_cannot_be_is_refused_and_leaves_nothing);
#ifndef __SANITIZE_ADDRESS__
    tcase_add_test(tests, memory_does_not_grow_with_the_height);
#endif
}

int
main(void)
{
    return pictures_run("row-writer", add_all);
}
