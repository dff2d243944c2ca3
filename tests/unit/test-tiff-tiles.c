/* JPEG tiles of TIFFs taken out without decoding: equal pixels, what does not agree, damage. */
#include "base/error.h"
#include "base/threads.h"
#include "image/tiff.h"
#include "image/tiff_jpeg.h"
#include "pictures.h"

typedef struct {
    TsTiffTiles *tiles;
    TsImageSource *source;
} Both;

static void
write_jpeg_tiff(const char *path, int bands, int quality, TsTiffPyramid pyramid)
{
    g_autoptr(TsImage) image = ramp(200, 150, bands);
    for (int i = 0; i < 200 * 150 * bands; i++)
        image->data[i] = (guint8) (image->data[i] + i * 7 % 40);
    image->icc = g_bytes_new_static("kept as it is, whatever it says", 31);
    TsTiffWriterOptions options = {
        .width = 200,
        .height = 150,
        .like = image,
        .tags = {.compression = TS_TIFF_JPEG, .quality = quality, .mpp_x = 0.25, .mpp_y = 0.5},
        .tile_width = 64,
        .tile_height = 48,
        .pyramid = pyramid};
    g_autoptr(TsTiffWriter) writer = ts_tiff_writer_new(path, &options, TRUE, NULL);
    ck_assert(ts_tiff_writer_put_rows(writer, image, NULL));
    ck_assert(ts_tiff_writer_commit(writer, NULL));
}

/* Let the photometric tag of a little-endian classic TIFF say `value`. */
static void
set_photometric(const char *path, guint8 value)
{
    char *bytes;
    gsize n;
    const guint8 entry[] = {262 & 255, 262 >> 8, 3, 0, 1, 0, 0, 0, 6};
    ck_assert(g_file_get_contents(path, &bytes, &n, NULL));
    char *at = memmem(bytes, n, entry, sizeof entry);
    ck_assert_ptr_nonnull(at);
    at[8] = (char) value;
    ck_assert(g_file_set_contents(path, bytes, (gssize) n, NULL));
    g_free(bytes);
}

static gboolean
compare_one(guint64 i, gpointer data, GError **error)
{
    const Both *both = data;
    const TsTiffTilesInfo *info = ts_tiff_tiles_info(both->tiles);
    int column = (int) i % info->n_across, row = (int) i / info->n_across;
    g_autoptr(GByteArray) jpeg = g_byte_array_new();
    g_autofree char *name = g_strdup_printf("tile-%d-%d.jpg", column, row), *path = scratch(name);
    if (!ts_tiff_tiles_get_jpeg(both->tiles, column, row, jpeg, error) ||
        !g_file_set_contents(path, (char *) jpeg->data, (gssize) jpeg->len, error))
        return FALSE;
    int x = column * info->tile_width, y = row * info->tile_height;
    int width = MIN(info->tile_width, info->width - x);
    int height = MIN(info->tile_height, info->height - y);
    g_autoptr(TsImage) whole = ts_image_read(path, error);
    if (whole == NULL)
        return FALSE;
    g_autoptr(TsImage) real = ts_image_crop(whole, 0, 0, width, height, error);
    g_autoptr(TsImage) expected =
        ts_image_source_read_region(both->source, x, y, width, height, error);
    if (whole->width != info->tile_width || whole->height != info->tile_height || real == NULL ||
        expected == NULL || !same_pixels(real, expected) || whole->icc == NULL ||
        !g_bytes_equal(whole->icc, expected->icc))
        return ts_error_set(error, TS_ERROR_FORMAT, "tile %d, %d is not the same", column, row);
    return TRUE;
}

static void
compare_all(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsTiffTiles) tiles = ts_tiff_tiles_open(path, 0, &error);
    ck_assert_msg(tiles != NULL, "%s", message(error));
    g_autoptr(TsImageSource) source = ts_image_source_open(path, &error);
    const TsTiffTilesInfo *info = ts_tiff_tiles_info(tiles);
    ck_assert_int_eq(info->n_across, 4);
    ck_assert_int_eq(info->n_down, 4);
    Both both = {tiles, source};
    ck_assert_msg(ts_parallel_for(16, compare_one, &both, &error), "%s", message(error));
}

START_TEST(a_tile_is_what_decoding_gives)
{
    g_autofree char *path = scratch("t.tif");
    const int qualities[] = {50, 95};
    ts_threads_set(4);
    for (int bands = 1; bands <= 3; bands += 2)
        for (int i = 0; i < 2; i++) {
            write_jpeg_tiff(path, bands, qualities[i], TS_TIFF_CHAIN);
            compare_all(path);
        }
    set_photometric(path, 2);
    compare_all(path);
    ts_threads_set(1);
}
END_TEST

START_TEST(resolution_is_kept)
{
    g_autofree char *path = scratch("r.tif");
    const guint8 expected[] = {2, 40000 >> 8, 40000 & 255, 20000 >> 8, 20000 & 255};
    write_jpeg_tiff(path, 3, 80, TS_TIFF_FLAT);
    g_autoptr(TsTiffTiles) tiles = ts_tiff_tiles_open(path, 0, NULL);
    g_autoptr(GByteArray) jpeg = g_byte_array_new();
    ck_assert(ts_tiff_tiles_get_jpeg(tiles, 0, 0, jpeg, NULL));
    ck_assert_mem_eq(jpeg->data + 6, "JFIF", 5);
    ck_assert_mem_eq(jpeg->data + 13, expected, sizeof expected);
}
END_TEST

START_TEST(levels_have_tiles_too)
{
    g_autofree char *path = scratch("p.tif");
    for (int pyramid = TS_TIFF_CHAIN; pyramid <= TS_TIFF_SUBIFD; pyramid++) {
        g_autoptr(GError) error = NULL;
        write_jpeg_tiff(path, 3, 80, (TsTiffPyramid) pyramid);
        const int widths[] = {200, 100, 50};
        for (int level = 0; level < 3; level++) {
            g_autoptr(TsTiffTiles) tiles = ts_tiff_tiles_open(path, level, &error);
            ck_assert_msg(tiles != NULL, "%s", message(error));
            ck_assert_int_eq(ts_tiff_tiles_info(tiles)->width, widths[level]);
            g_autoptr(GByteArray) jpeg = g_byte_array_new();
            ck_assert(ts_tiff_tiles_get_jpeg(tiles, 0, 0, jpeg, NULL));
        }
        ck_assert_ptr_null(ts_tiff_tiles_open(path, 3, &error));
        ck_assert_ptr_nonnull(strstr(error->message, "only 0 to 2"));
    }
}
END_TEST

START_TEST(files_that_do_not_agree_are_refused)
{
    g_autofree char *path = scratch("n.tif");
    const struct {
        int bands;
        TsSampleType type;
        TsTiffWriterOptions options;
        const char *says;
    } cases[] = {
        {3, TS_U8, {.tags.compression = TS_TIFF_DEFLATE}, "not compressed with JPEG"},
        {3, TS_U8, {.tags.compression = TS_TIFF_JPEG, .strips = TRUE}, "stored in strips"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TsImage) image = pattern(40, 40, cases[i].bands, cases[i].type);
        TsTiffWriterOptions options = cases[i].options;
        options.width = options.height = 40;
        options.like = image;
        g_autoptr(TsTiffWriter) writer = ts_tiff_writer_new(path, &options, TRUE, NULL);
        ck_assert(ts_tiff_writer_put_rows(writer, image, NULL));
        ck_assert(ts_tiff_writer_commit(writer, NULL));
        ck_assert_ptr_null(ts_tiff_tiles_open(path, 0, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
        ck_assert_msg(strstr(error->message, cases[i].says) != NULL, "%s", error->message);
    }
    write_jpeg_tiff(path, 3, 80, TS_TIFF_FLAT);
    set_photometric(path, 5);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_tiff_tiles_open(path, 0, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "neither grey, RGB nor YCbCr"));
}
END_TEST

/* Two tables, a frame of 16 x 16, a scan and an end: what is not looked at is zero. */
static GByteArray *
make_stream(void)
{
    GByteArray *stream = g_byte_array_new();
    const guint8 frame[] = {0xff, 0xc0, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0};
    const guint8 scan[] = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 1, 2, 3, 0xff, 0xd9, 0};
    file_put(stream, "\xff\xd8", 2);
    file_put(stream, frame, sizeof frame);
    file_put(stream, scan, sizeof scan);
    return stream;
}

static GByteArray *
make_tables(void)
{
    GByteArray *tables = g_byte_array_new();
    guint8 quantizer[69] = {0xff, 0xdb, 0, 67}, dc[21] = {0xff, 0xc4, 0, 19};
    guint8 ac[21] = {0xff, 0xc4, 0, 19, 0x10};
    file_put(tables, "\xff\xd8", 2);
    file_put(tables, quantizer, sizeof quantizer);
    file_put(tables, dc, sizeof dc);
    file_put(tables, ac, sizeof ac);
    file_put(tables, "\xff\xd9", 2);
    return tables;
}

/* Put tables and stream together after a byte of one of them was changed; what it says. */
static char *
merge_damaged(gboolean in_tables, int at, int value, gsize n_stream)
{
    GError *error = NULL;
    TsTiffJpeg jpeg;
    g_autoptr(GByteArray) tables = make_tables(), stream = make_stream();
    g_autoptr(GByteArray) out = g_byte_array_new();
    if (at >= 0)
        (in_tables ? tables : stream)->data[at] = (guint8) value;
    gboolean done =
        ts_tiff_jpeg_init(&jpeg, 16, 16, 1, FALSE, tables->data, tables->len, NULL, "made",
                          &error) &&
        ts_tiff_jpeg_merge(&jpeg, stream->data, MIN(n_stream, stream->len), out, "made", &error);
    ts_tiff_jpeg_clear(&jpeg);
    char *text = g_strdup(done ? "" : error->message);
    ck_assert(done == (error == NULL));
    g_clear_error(&error);
    return text;
}

START_TEST(damaged_streams_are_errors)
{
    const struct {
        gboolean in_tables;
        int at, value;
        gsize n_stream;
        const char *says;
    } cases[] = {
        {FALSE, -1, 0, 99, ""},
        {FALSE, 1, 0xd9, 99, "does not start as one"},
        {FALSE, 2, 0, 99, "no marker"},
        {FALSE, 3, 0xd9, 99, "no pixels"},
        {FALSE, 3, 0xc9, 99, "not baseline"},
        {FALSE, 5, 200, 99, "inside of a segment"},
        {FALSE, 5, 1, 99, "inside of a segment"},
        {FALSE, 6, 12, 99, "damaged frame header"},
        {FALSE, 8, 32, 99, "16 x 32 pixels and 1 bands"},
        {FALSE, 7, 255, 99, "pixels and 1 bands"},
        {FALSE, 13, 0x51, 99, "damaged frame header"},
        {FALSE, 13, 0x10, 99, "damaged frame header"},
        {FALSE, 14, 1, 99, "quantization table that is not there"},
        {FALSE, 14, 200, 99, "quantization table that is not there"},
        {FALSE, 19, 9, 99, "damaged scan header"},
        {FALSE, 21, 0x11, 99, "Huffman table that is not there"},
        {FALSE, -1, 0, 28, "truncated"},
        {FALSE, -1, 0, 10, "inside of a segment"},
        {FALSE, -1, 0, 0, "does not start as one"},
        {TRUE, 1, 0xda, 99, "inside of a segment"},
        {TRUE, 6, 0x30, 99, "damaged quantization table"},
        {TRUE, 6, 0x10, 99, "damaged quantization table"},
        {TRUE, 75, 0x70, 99, "damaged Huffman table"},
        {TRUE, 76, 9, 99, "damaged Huffman table"},
        {TRUE, 72, 0xc0, 99, "more than tables"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            merge_damaged(cases[i].in_tables, cases[i].at, cases[i].value, cases[i].n_stream);
        ck_assert_msg(strstr(text, cases[i].says) != NULL && (text[0] == '\0') == (i == 0),
                      "case %u: '%s'", i, text);
    }
}
END_TEST

START_TEST(a_truncated_file_names_the_tile)
{
    g_autofree char *path = scratch("cut.tif");
    g_autoptr(GError) error = NULL;
    write_jpeg_tiff(path, 1, 80, TS_TIFF_FLAT);
    g_autoptr(TsTiffTiles) tiles = ts_tiff_tiles_open(path, 0, NULL);
    g_autoptr(GByteArray) jpeg = g_byte_array_new();
    ck_assert_int_eq(truncate(path, 900), 0);
    ck_assert(!ts_tiff_tiles_get_jpeg(tiles, 3, 3, jpeg, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "shortened while it was read"));
    g_clear_error(&error);
    ck_assert(!ts_tiff_tiles_get_jpeg(tiles, 4, 0, jpeg, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, a_tile_is_what_decoding_gives);
    tcase_add_test(tests, resolution_is_kept);
    tcase_add_test(tests, levels_have_tiles_too);
    tcase_add_test(tests, files_that_do_not_agree_are_refused);
    tcase_add_test(tests, damaged_streams_are_errors);
    tcase_add_test(tests, a_truncated_file_names_the_tile);
}

int
main(void)
{
    return pictures_run("tiff-tiles", add_all);
}
