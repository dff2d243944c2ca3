/* TIFF files that we write: what is read back, pyramids, sizes, failures. */
#include "base/error.h"
#include "base/threads.h"
#include "image/tiff.h"
#include "pictures.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* Write `image` in stripes of 37 rows. */
static gboolean
write_stripes(const char *path, const TsImage *image, TsTiffWriterOptions options, GError **error)
{
    options.width = image->width;
    options.height = image->height;
    options.like = image;
    g_autoptr(TsTiffWriter) writer = ts_tiff_writer_new(path, &options, TRUE, error);
    for (int y = 0; writer != NULL && y < image->height; y += 37) {
        int n = MIN(37, image->height - y);
        g_autoptr(TsImage) stripe = ts_image_crop(image, 0, y, image->width, n, NULL);
        if (!ts_tiff_writer_put_rows(writer, stripe, error))
            return FALSE;
    }
    return writer != NULL && ts_tiff_writer_commit(writer, error);
}

static void
check_written(const TsImage *image, TsTiffWriterOptions options)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("w.tif");
    ck_assert_msg(write_stripes(path, image, options, &error), "%s", message(error));
    g_autoptr(TsImage) back = ts_image_read(path, &error);
    ck_assert_msg(back != NULL && same_pixels(image, back), "%d bands of %s, compression %d: %s",
                  image->bands, ts_sample_type_name(image->type), options.tags.compression,
                  message(error));
    ck_assert_int_eq(back->has_alpha, image->has_alpha);
}

START_TEST(every_sample_comes_back)
{
    const int bands[] = {1, 2, 3, 4, 5, 9};
    for (int type = TS_U8; type <= TS_F32; type++)
        for (guint b = 0; b < G_N_ELEMENTS(bands); b++)
            for (int compression = TS_TIFF_DEFLATE; compression <= TS_TIFF_LZW; compression++)
                for (int strips = 0; strips <= 1; strips++) {
                    g_autoptr(TsImage) image = pattern(61, 83, bands[b], (TsSampleType) type);
                    image->has_alpha = bands[b] == 2 || bands[b] == 4;
                    check_written(image, (TsTiffWriterOptions){.tags.compression =
                                                                   (TsTiffCompression) compression,
                                                               .strips = strips != 0,
                                                               .tile_width = 32,
                                                               .tile_height = 16,
                                                               .bigtiff = b % 2 == 1,
                                                               .pyramid = (TsTiffPyramid) (b % 3)});
                }
}
END_TEST

START_TEST(jpeg_is_near_and_follows_quality)
{
    g_autofree char *path = scratch("j.tif");
    gsize sizes[2];
    for (int bands = 1; bands <= 3; bands += 2)
        for (int strips = 0; strips <= 1; strips++)
            for (int i = 0; i < 2; i++) {
                g_autoptr(TsImage) image = ramp(150, 90, bands);
                g_autofree char *bytes = NULL;
                TsTiffWriterOptions options = {.tags.compression = TS_TIFF_JPEG,
                                               .tags.quality = i == 0 ? 50 : 95,
                                               .tile_width = 64,
                                               .tile_height = 64,
                                               .strips = strips != 0,
                                               .pyramid = TS_TIFF_CHAIN};
                g_autoptr(GError) error = NULL;
                ck_assert_msg(write_stripes(path, image, options, &error),
                              "%d bands, strips %d: %s", bands, strips, message(error));
                g_autoptr(TsImage) back = ts_image_read(path, &error);
                ck_assert_msg(back != NULL, "%s", message(error));
                ck_assert_double_lt(mean_difference(image, back), 3);
                ck_assert(g_file_get_contents(path, &bytes, &sizes[i], NULL));
                ck_assert(i == 0 || sizes[0] < sizes[1]);
            }
}
END_TEST

START_TEST(bytes_do_not_depend_on_threads)
{
    g_autofree char *path = scratch("t.tif");
    g_autoptr(TsImage) image = pattern(300, 170, 3, TS_U16);
    TsTiffWriterOptions options = {.tile_width = 16, .tile_height = 32, .pyramid = TS_TIFF_SUBIFD};
    g_autofree char *first = NULL, *second = NULL;
    gsize n_first, n_second;
    ck_assert(write_stripes(path, image, options, NULL));
    ck_assert(g_file_get_contents(path, &first, &n_first, NULL));
    ts_threads_set(4);
    gboolean done = write_stripes(path, image, options, NULL);
    ts_threads_set(1);
    ck_assert(done && g_file_get_contents(path, &second, &n_second, NULL));
    ck_assert(n_first == n_second && memcmp(first, second, n_first) == 0);
}
END_TEST

START_TEST(large_files_are_bigtiffs)
{
    const struct {
        int width, height, bands;
        gboolean bigtiff;
        int magic;
    } cases[] = {
        {100, 100, 3, FALSE, 42},
        {100, 100, 3, TRUE, 43},
        {40000, 40000, 3, FALSE, 43},
        {37000, 37000, 3, FALSE, 42},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = scratch("big.tif");
        g_autoptr(TsImage) like = pattern(1, 1, cases[i].bands, TS_U8);
        TsTiffWriterOptions options = {.width = cases[i].width,
                                       .height = cases[i].height,
                                       .like = like,
                                       .bigtiff = cases[i].bigtiff};
        g_autoptr(TsTiffWriter) writer = ts_tiff_writer_new(path, &options, TRUE, NULL);
        ck_assert_ptr_nonnull(writer);
        /* The header stands in the temporary file already. */
        g_autoptr(GDir) list = g_dir_open(folder, 0, NULL);
        const char *name;
        while ((name = g_dir_read_name(list)) != NULL && !g_str_has_prefix(name, ".big.tif"))
            ;
        ck_assert_ptr_nonnull(name);
        g_autofree char *temporary = scratch(name), *bytes = NULL;
        gsize n;
        ck_assert(g_file_get_contents(temporary, &bytes, &n, NULL));
        ck_assert_uint_ge(n, 4);
        ck_assert_int_eq(bytes[2], cases[i].magic);
    }
}
END_TEST

START_TEST(what_cannot_be_written_is_refused)
{
    const struct {
        const char *name;
        int bands;
        TsSampleType type;
        TsTiffWriterOptions options;
        const char *says;
    } cases[] = {
        {"x.tif", 3, TS_U16, {.tags.compression = TS_TIFF_JPEG}, "1 or 3 bands of 8 bits"},
        {"x.tif", 4, TS_U8, {.tags.compression = TS_TIFF_JPEG}, "deflate holds all"},
        {"x.tif", 1, TS_U8, {.tile_width = 100}, "multiples of 16"},
        {"x.tif", 1, TS_U8, {.tile_height = -16}, "multiples of 16"},
        {"/dev/null", 1, TS_U8, {.strips = TRUE}, "a regular file was expected"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TsImage) image = pattern(20, 20, cases[i].bands, cases[i].type);
        g_autofree char *path =
            cases[i].name[0] == '/' ? g_strdup(cases[i].name) : scratch(cases[i].name);
        ck_assert(!write_stripes(path, image, cases[i].options, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
        ck_assert_msg(strstr(error->message, cases[i].says) != NULL, "%s", error->message);
        ck_assert(cases[i].name[0] == '/' || access(path, F_OK) != 0);
    }
}
END_TEST

START_TEST(a_file_appears_whole_or_not_at_all)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("whole.tif");
    g_autoptr(TsImage) image = pattern(40, 40, 1, TS_U8);
    TsTiffWriterOptions options = {
        .width = 40, .height = 60, .like = image, .pyramid = TS_TIFF_CHAIN, .tile_width = 16};
    TsTiffWriter *writer = ts_tiff_writer_new(path, &options, FALSE, &error);
    ck_assert_msg(writer != NULL, "%s", message(error));
    ck_assert(ts_tiff_writer_put_rows(writer, image, NULL));
    ck_assert(!ts_tiff_writer_put_rows(writer, image, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "more rows than the 60"));
    g_clear_error(&error);
    ck_assert(!ts_tiff_writer_commit(writer, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "40 of 60 rows"));
    ts_tiff_writer_free(writer);
    g_autoptr(GDir) list = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(list)) != NULL;)
        ck_assert_msg(strstr(name, "whole") == NULL && strstr(name, "levels") == NULL, "%s", name);
}
END_TEST

START_TEST(a_full_disk_is_an_error_and_leaves_nothing)
{
    const TsTiffPyramid pyramids[] = {TS_TIFF_FLAT, TS_TIFF_CHAIN};
    g_autofree char *path = scratch("full.tif");
    g_autoptr(TsImage) image = pattern(400, 300, 3, TS_U8);
    const struct rlimit small = {100000, RLIM_INFINITY}, any = {RLIM_INFINITY, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    for (guint i = 0; i < G_N_ELEMENTS(pyramids); i++) {
        g_autoptr(GError) error = NULL;
        TsTiffWriterOptions options = {.pyramid = pyramids[i], .tile_width = 64, .tile_height = 64};
        setrlimit(RLIMIT_FSIZE, &small);
        gboolean done = write_stripes(path, image, options, &error);
        setrlimit(RLIMIT_FSIZE, &any);
        ck_assert(!done && g_error_matches(error, TS_ERROR, TS_ERROR_IO));
        ck_assert_ptr_nonnull(
            strstr(error->message, "full.tif: cannot be written: File too large"));
        g_autoptr(GDir) list = g_dir_open(folder, 0, NULL);
        for (const char *name; (name = g_dir_read_name(list)) != NULL;)
            ck_assert_msg(strstr(name, "full") == NULL, "%s", name);
    }
}
END_TEST

START_TEST(files_are_made_in_memory)
{
    g_autoptr(GByteArray) file = g_byte_array_new();
    g_autofree char *path = scratch("m.tif");
    for (int type = TS_U8; type <= TS_F32; type++)
        for (int bands = 1; bands <= 5; bands++) {
            g_autoptr(GError) error = NULL;
            g_autoptr(TsImage) image = pattern(300, 200, bands, (TsSampleType) type);
            gsize row = ts_image_row_size(image);
            image->icc = g_bytes_new_static("not a profile, but kept", 23);
            /* A part of it, so that there are gaps between rows. */
            g_autoptr(TsImage) part = ts_image_crop(image, 10, 20, 250, 170, NULL);
            const guint8 *start = image->data + 20 * row + 10 * ts_image_pixel_size(image);
            TsTiffTags tags = {.compression = (TsTiffCompression) (bands % 3)};
            ck_assert(ts_tiff_encode(image, start, row, 250, 170, &tags, file, &error));
            ck_assert(g_file_set_contents(path, (char *) file->data, (gssize) file->len, NULL));
            g_autoptr(TsImage) back = ts_image_read(path, &error);
            ck_assert_msg(back != NULL && same_pixels(part, back), "%s", message(error));
            ck_assert(back->icc != NULL && g_bytes_equal(back->icc, image->icc));
        }
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, every_sample_comes_back);
    tcase_add_test(tests, jpeg_is_near_and_follows_quality);
    tcase_add_test(tests, bytes_do_not_depend_on_threads);
    tcase_add_test(tests, large_files_are_bigtiffs);
    tcase_add_test(tests, what_cannot_be_written_is_refused);
    tcase_add_test(tests, a_file_appears_whole_or_not_at_all);
    tcase_add_test(tests, a_full_disk_is_an_error_and_leaves_nothing);
    tcase_add_test(tests, files_are_made_in_memory);
}

int
main(void)
{
    return pictures_run("tiff", add_all);
}
