/* Samples that are parts of files: byte ranges, bare samples, arrays, gzip. */
#include "scratch.h"
#include "unit.h"

#include "base/error.h"
#include "sample/payload.h"
#include "sample/render.h"
#include "store/gunzip.h"
#include "store/npy.h"
#include "store/tar.h"

/* Sample `i` of a manifest in the working folder; NULL with an error. */
static TsImage *
render(const char *text, guint64 i, GError **error)
{
    g_autoptr(TsManifest) manifest =
        ts_manifest_parse(g_strdup(text), strlen(text), "m.tsv", ".", error);
    ck_assert_ptr_nonnull(manifest);
    guint64 n = 0;
    g_autofree guint64 *rows = ts_manifest_select(manifest, "label", NULL, &n);
    g_autoptr(TsDataset) dataset = ts_dataset_new(manifest, rows, n, NULL, error);
    return dataset != NULL ? ts_sample_render(dataset, i, error) : NULL;
}

static TsImage *
make_image(int width, int height, int bands, TsSampleType type)
{
    TsImage *image = ts_image_new(width, height, bands, type, NULL);
    ck_assert_ptr_nonnull(image);
    for (gsize i = 0; i < ts_image_row_size(image) * (gsize) height; i++)
        image->data[i] = (guint8) (i * 7 + 3);
    return image;
}

static void
check_same(const TsImage *a, const TsImage *b)
{
    ck_assert_int_eq(a->width, b->width);
    ck_assert_int_eq(a->height, b->height);
    ck_assert_int_eq(a->bands, b->bands);
    ck_assert_int_eq(a->type, b->type);
    ck_assert_mem_eq(a->data, b->data, ts_image_row_size(a) * (gsize) a->height);
}

START_TEST(a_member_of_a_tar_is_a_sample)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) image = make_image(9, 5, 3, TS_U8);
    g_autoptr(GBytes) png = ts_image_encode(image, ".png", "a", NULL, NULL);
    gsize n;
    const guint8 *bytes = g_bytes_get_data(png, &n);
    guint64 offset;
    g_autoptr(TsTarWriter) tar = ts_tar_writer_new("x.tar", FALSE, NULL);
    ck_assert(ts_tar_writer_add(tar, "first.cls", "1", 1, NULL, NULL));
    ck_assert(ts_tar_writer_add(tar, "first.png", bytes, n, &offset, NULL));
    ck_assert(ts_tar_writer_commit(tar, NULL));
    g_autofree char *text =
        g_strdup_printf("file_name\toffset\tlength\tx\ty\twidth\theight\n"
                        "x.tar\t%" G_GUINT64_FORMAT "\t%zu\t\\N\t\\N\t\\N\t\\N\n"
                        "x.tar\t%" G_GUINT64_FORMAT "\t%zu\t2\t1\t4\t3\n",
                        offset, n, offset, n);
    g_autoptr(TsImage) whole = render(text, 0, &error);
    ck_assert_msg(whole != NULL, "%s", error != NULL ? error->message : "");
    check_same(whole, image);
    g_autoptr(TsImage) region = render(text, 1, NULL);
    g_autoptr(TsImage) expected = ts_image_crop(image, 2, 1, 4, 3, NULL);
    check_same(region, expected);
}
END_TEST

static const TsSampleType types[] = {TS_U8, TS_I8, TS_U16, TS_I16, TS_U32, TS_I32, TS_F32, TS_F64};

START_TEST(bare_samples_of_every_type_are_read)
{
    g_autoptr(TsImage) image = make_image(4, 3, 2, types[_i]);
    gsize n = ts_image_row_size(image) * 3;
    TsRaw raw = {4, 3, 2, types[_i]};
    g_autofree char *shape = ts_raw_format(&raw);
    g_autoptr(GByteArray) file = g_byte_array_new();
    g_byte_array_append(file, (const guint8 *) "head", 4);
    g_byte_array_append(file, image->data, (guint) n);
    ck_assert(g_file_set_contents("x.raw", (const char *) file->data, file->len, NULL));
    ck_assert_uint_eq(ts_raw_n_bytes(&raw), n);
    g_autofree char *text =
        g_strdup_printf("file_name\toffset\tlength\traw\nx.raw\t4\t%zu\t%s\n", n, shape);
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) read = render(text, 0, &error);
    ck_assert_msg(read != NULL, "%s", error != NULL ? error->message : "");
    check_same(read, image);
}
END_TEST

START_TEST(arrays_of_two_and_three_axes_are_pictures)
{
    static const guint16 numbers[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 65535};
    TsTensor flat = {
        .dtype = TS_DTYPE_U16, .rank = 2, .shape = {3, 4}, .data = numbers, .n_bytes = 24};
    TsTensor deep = {
        .dtype = TS_DTYPE_U16, .rank = 3, .shape = {3, 2, 2}, .data = numbers, .n_bytes = 24};
    TsTensor line = {
        .dtype = TS_DTYPE_U16, .rank = 1, .shape = {12}, .data = numbers, .n_bytes = 24};
    ck_assert(ts_npy_write("flat.npy", &flat, FALSE, NULL));
    ck_assert(ts_npy_write("deep.npy", &deep, FALSE, NULL));
    ck_assert(ts_npy_write("line.npy", &line, FALSE, NULL));
    const char *text = "file_name\nflat.npy\ndeep.npy\nline.npy\n";
    g_autoptr(TsImage) a = render(text, 0, NULL), b = render(text, 1, NULL);
    ck_assert(a->width == 4 && a->height == 3 && a->bands == 1 && a->type == TS_U16);
    ck_assert(b->width == 2 && b->height == 3 && b->bands == 2);
    ck_assert_mem_eq(a->data, numbers, 24);
    ck_assert_mem_eq(b->data, numbers, 24);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(render(text, 2, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "m.tsv:4: line.npy: is no picture"));
}
END_TEST

START_TEST(offsets_count_the_unpacked_bytes_of_gzip)
{
    scratch_write("x.idx", "0123456789abcdef");
    ck_assert(g_spawn_command_line_sync("gzip x.idx", NULL, NULL, NULL, NULL));
    g_autoptr(TsImage) image =
        render("file_name\toffset\tlength\traw\nx.idx.gz\t10\t6\t3x2x1:u8\n", 0, NULL);
    ck_assert_ptr_nonnull(image);
    ck_assert_mem_eq(image->data, "abcdef", 6);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) packed = ts_map_or_gunzip("x.idx.gz", 15, &error);
    ck_assert_ptr_null(packed);
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
}
END_TEST

static const struct {
    const char *row, *message;
} bad[] = {
    {"x\t0\t\\N\t\\N", "offset and length together"},
    {"x\t\\N\t3\t\\N", "offset and length together"},
    {"x\t-1\t3\t\\N", "offset is '-1'"},
    {"x\t1\tz\t\\N", "length is 'z'"},
    {"x\t1\t1\t0x1x1:u8", "raw is '0x1x1:u8'"},
    {"x\t1\t1\t1x1:u8", "raw is '1x1:u8'"},
    {"x\t1\t1\t1x1x1:u9", "raw is '1x1x1:u9'"},
    {"x\t1\t1\t2147483647x2147483647x2147483647:f64", "raw is"},
    {"x\t1\t1\t99999999999x1x1:u8", "raw is"},
    {"x\t8\t3\t3x1x1:u8", "has 10 bytes, the sample is said to be 3 bytes at 8"},
    {"x\t9223372036854775807\t9223372036854775807\t3x1x1:u8", "has 10 bytes"},
    {"x\t0\t4\t3x1x1:u8", "4 bytes, samples of 3x1x1:u8 are 3"},
    {"x\t0\t10\t\\N", "is not an image"},
};

START_TEST(ranges_that_do_not_fit_are_named)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf("file_name\toffset\tlength\traw\n%s\n", bad[_i].row);
    scratch_write("x", "0123456789");
    ck_assert_ptr_null(render(text, 0, &error));
    ck_assert_msg(g_str_has_prefix(error->message, "m.tsv:2: "), "%s", error->message);
    ck_assert_msg(strstr(error->message, bad[_i].message) != NULL, "%s", error->message);
}
END_TEST

START_TEST(parts_of_one_file_have_names_of_their_own)
{
    const char *text =
        "file_name\toffset\tlength\tx\ty\twidth\theight\n"
        "a\t5\t9\t\\N\t\\N\t\\N\t\\N\na\t5\t9\t1\t2\t3\t4\na\t\\N\t\\N\t1\t2\t3\t4\n";
    g_autoptr(TsManifest) m = ts_manifest_parse(g_strdup(text), strlen(text), "m", ".", NULL);
    g_autofree char *a = ts_manifest_id(m, 0), *b = ts_manifest_id(m, 1), *c = ts_manifest_id(m, 2);
    ck_assert_str_eq(a, "a@5");
    ck_assert_str_eq(b, "a@5#1,2,3,4");
    ck_assert_str_eq(c, "a#1,2,3,4");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("payload");
    TCase *tcase = tcase_create("payload");
    tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
    tcase_add_test(tcase, a_member_of_a_tar_is_a_sample);
    tcase_add_loop_test(tcase, bare_samples_of_every_type_are_read, 0, G_N_ELEMENTS(types));
    tcase_add_test(tcase, arrays_of_two_and_three_axes_are_pictures);
    tcase_add_test(tcase, offsets_count_the_unpacked_bytes_of_gzip);
    tcase_add_loop_test(tcase, ranges_that_do_not_fit_are_named, 0, G_N_ELEMENTS(bad));
    tcase_add_test(tcase, parts_of_one_file_have_names_of_their_own);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
