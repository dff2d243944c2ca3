/* Image files: round trips, regions against whole reads, limits, bad input. */
#include "base/error.h"
#include "base/threads.h"
#include "pictures.h"

#include <unistd.h>

static void
check_round_trip(const char *name, int bands, TsSampleType type, const TsEncodeOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch(name);
    g_autoptr(TsImage) image = pattern(37, 23, bands, type);
    image->has_alpha = (bands == 2 || bands == 4);
    ck_assert_msg(ts_image_write(image, path, options, TRUE, &error), "%s", message(error));
    g_autoptr(TsImage) back = ts_image_read(path, &error);
    ck_assert_msg(back != NULL, "%d bands of %s samples: %s", bands, ts_sample_type_name(type),
                  message(error));
    ck_assert_msg(same_pixels(image, back), "%s: %d bands of %s samples changed", name, bands,
                  ts_sample_type_name(type));
    ck_assert_int_eq(back->has_alpha, image->has_alpha);
}

START_TEST(lossless_formats_return_every_sample)
{
    for (int bands = 1; bands <= 4; bands++) {
        check_round_trip("a.png", bands, TS_U8, NULL);
        check_round_trip("a.png", bands, TS_U16, &(TsEncodeOptions){.level = 1});
    }
    for (int bands = 1; bands <= 4; bands++)
        for (int type = TS_U8; type <= TS_F32; type++) {
            check_round_trip("a.tif", bands, (TsSampleType) type, NULL);
            check_round_trip("a.TIFF", bands, (TsSampleType) type,
                             &(TsEncodeOptions){.compression = TS_COMPRESSION_NONE});
        }
    check_round_trip("a.tif", 7, TS_U16, NULL);
    check_round_trip("a.webp", 3, TS_U8,
                     &(TsEncodeOptions){.compression = TS_COMPRESSION_LOSSLESS});
}
END_TEST

START_TEST(lossy_formats_are_near_and_follow_quality)
{
    const char *const names[] = {"a.jpg", "a.JPEG", "a.webp"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(TsImage) image = ramp(64, 48, 3);
        g_autofree char *path = scratch(names[i]);
        ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
        g_autoptr(TsImage) back = ts_image_read(path, NULL);
        ck_assert_ptr_nonnull(back);
        ck_assert_double_lt(mean_difference(image, back), 3);
        const char *suffix = strrchr(names[i], '.');
        g_autoptr(TsImage) noise = pattern(64, 64, 3, TS_U8);
        g_autoptr(GBytes) low =
            ts_image_encode(noise, suffix, "low", &(TsEncodeOptions){.quality = 20}, NULL);
        g_autoptr(GBytes) high =
            ts_image_encode(noise, suffix, "high", &(TsEncodeOptions){.quality = 95}, NULL);
        ck_assert_uint_lt(g_bytes_get_size(low), g_bytes_get_size(high) / 2);
    }
}
END_TEST

START_TEST(colour_profiles_are_kept)
{
    g_autoptr(TsImage) image = ramp(16, 16, 3);
    /* A header and no tags: size, class, colour space, connection space, signature. */
    guint8 profile[132] = {0, 0, 0, 132};
    memcpy(profile + 8, "\x02\x40", 2);
    memcpy(profile + 12, "mntrRGB XYZ ", 12);
    memcpy(profile + 36, "acsp", 4);
    image->icc = g_bytes_new(profile, sizeof profile);
    const char *const names[] = {"icc.tif", "icc.jpg", "icc.webp"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = scratch(names[i]);
        ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
        g_autoptr(TsImage) back = ts_image_read(path, NULL);
        ck_assert_ptr_nonnull(back);
        ck_assert_msg(back->icc != NULL && g_bytes_equal(back->icc, image->icc), "%s", names[i]);
    }
}
END_TEST

START_TEST(what_a_format_cannot_hold_is_refused)
{
    const struct {
        const char *name;
        int bands;
        TsSampleType type;
        const char *says;
    } cases[] = {
        {"a.tif", 1, TS_F64, "TIFF holds"},         {"a.jpg", 3, TS_U16, "JPEG holds"},
        {"a.jpg", 4, TS_U8, "JPEG holds"},          {"a.png", 5, TS_U8, "PNG holds"},
        {"a.png", 3, TS_F32, "PNG holds"},          {"a.webp", 1, TS_U8, "WebP holds"},
        {"a.bmp", 3, TS_U8, "'.bmp' is no format"}, {"none", 3, TS_U8, "'' is no format"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = scratch(cases[i].name);
        unlink(path);
        g_autoptr(TsImage) image = pattern(4, 4, cases[i].bands, cases[i].type);
        ck_assert(!ts_image_write(image, path, NULL, TRUE, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
        ck_assert_msg(strstr(error->message, cases[i].says) != NULL, "%s", error->message);
        ck_assert_int_ne(access(path, F_OK), 0);
    }
}
END_TEST

START_TEST(existing_files_are_kept_unless_replaced)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("twice.png");
    g_autoptr(TsImage) one = pattern(5, 5, 1, TS_U8), two = pattern(6, 6, 1, TS_U8);
    ck_assert(ts_image_write(one, path, NULL, FALSE, NULL));
    ck_assert(!ts_image_write(two, path, NULL, FALSE, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_IO));
    g_autoptr(TsImage) still = ts_image_read(path, NULL);
    ck_assert(same_pixels(one, still));
    ck_assert(ts_image_write(two, path, &(TsEncodeOptions){.unsynced = TRUE}, TRUE, NULL));
    g_autoptr(TsImage) now = ts_image_read(path, NULL);
    ck_assert(same_pixels(two, now));
}
END_TEST

START_TEST(regions_equal_crops_of_the_whole)
{
    for (int type = TS_U8; type <= TS_U16; type += TS_U16)
        for (int bands = 1; bands <= 3; bands += 2) {
            g_autoptr(TsImage) image = pattern(53, 71, bands, (TsSampleType) type);
            g_autofree char *png = scratch("r.png"), *strips = scratch("r1.tif");
            g_autofree char *tiles = scratch("r2.tif");
            ck_assert(ts_image_write(image, png, NULL, TRUE, NULL));
            write_tiff(image, strips, FALSE, 0);
            write_tiff(image, tiles, TRUE, 0);
            const char *const paths[] = {png, strips, tiles};
            for (int i = 0; i < 3; i++) {
                g_autoptr(TsImage) whole = ts_image_read(paths[i], NULL);
                ck_assert(same_pixels(whole, image));
                check_regions(paths[i], whole, G_MAXUINT64);
                check_regions(paths[i], whole, 0);
            }
        }
}
END_TEST

START_TEST(tiled_tiff_is_random_and_png_is_not)
{
    g_autoptr(TsImage) image = pattern(40, 40, 1, TS_U8);
    g_autofree char *png = scratch("q.png"), *tiles = scratch("q.tif");
    ck_assert(ts_image_write(image, png, NULL, TRUE, NULL));
    write_tiff(image, tiles, TRUE, 0);
    g_autoptr(TsImageSource) a = ts_image_source_open(png, NULL);
    g_autoptr(TsImageSource) b = ts_image_source_open(tiles, NULL);
    ck_assert(!ts_image_source_is_random(a) && ts_image_source_is_random(b));
    ck_assert_uint_eq(ts_image_source_memory(a), 1600);
    ck_assert_uint_eq(ts_image_source_memory(b), 0);
}
END_TEST

START_TEST(rows_that_regions_share_are_carried_over)
{
    g_autofree char *path = scratch("long.png");
    g_autoptr(TsImage) image = pattern(16, 1500, 1, TS_U8);
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
    g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
    ts_image_source_set_memory(source, 0);
    const int tops[] = {0, 300, 650, 700, 0, 800, 100};
    for (guint i = 0; i < G_N_ELEMENTS(tops); i++) {
        g_autoptr(TsImage) part = ts_image_source_read_region(source, 3, tops[i], 10, 700, NULL);
        g_autoptr(TsImage) crop = ts_image_crop(image, 3, tops[i], 10, 700, NULL);
        ck_assert(part != NULL && same_pixels(part, crop));
    }
}
END_TEST

/* Rows in any order, with regions between, from every kind of file. */
static void
check_rows(const char *path, const TsImage *whole, guint64 memory)
{
    const int reads[][2] = {{0, 10}, {10, 30}, {35, 5}, {40, 20}, {0, 60}, {59, 1}, {20, 11}};
    g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
    ts_image_source_set_memory(source, memory);
    for (guint i = 0; i < G_N_ELEMENTS(reads); i++) {
        int y = reads[i][0], n = reads[i][1];
        g_autoptr(GError) error = NULL;
        g_autoptr(TsImage) rows = ts_image_new_like(whole, whole->width, 70, NULL);
        ck_assert_msg(ts_image_source_read_rows(source, y, n, rows, 7, &error), "%s",
                      message(error));
        g_autoptr(TsImage) got = ts_image_crop(rows, 0, 7, whole->width, n, NULL);
        g_autoptr(TsImage) crop = ts_image_crop(whole, 0, y, whole->width, n, NULL);
        ck_assert_msg(same_pixels(got, crop), "%s: rows %d + %d", path, y, n);
        g_autoptr(TsImage) part = ts_image_source_read_region(source, 3, y, 9, 1, NULL);
        g_autoptr(TsImage) small = ts_image_crop(whole, 3, y, 9, 1, NULL);
        ck_assert_msg(part != NULL && same_pixels(part, small), "%s: row %d", path, y);
        ck_assert(!ts_image_source_read_rows(source, 60, 1, rows, 0, NULL));
    }
}

START_TEST(rows_are_read_into_a_buffer_of_the_caller)
{
    g_autoptr(TsImage) image = pattern(40, 60, 3, TS_U8), side = pattern(60, 40, 3, TS_U8);
    g_autofree char *png = scratch("rows.png"), *jpeg = scratch("rows.jpg");
    g_autofree char *tiles = scratch("rows1.tif"), *turned = scratch("rows2.tif");
    ck_assert(ts_image_write(image, png, NULL, TRUE, NULL));
    ck_assert(ts_image_write(image, jpeg, NULL, TRUE, NULL));
    write_tiff(image, tiles, TRUE, 0);
    write_tiff(side, turned, FALSE, 6);
    const char *const paths[] = {png, jpeg, tiles, turned};
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(TsImage) whole = ts_image_read(paths[i], NULL);
        check_rows(paths[i], whole, G_MAXUINT64);
        if (paths[i] != turned)
            check_rows(paths[i], whole, 0);
    }
}
END_TEST

START_TEST(a_file_that_was_mended_is_read_by_the_same_source)
{
    g_autofree char *path = scratch("mended.png"), *bytes = NULL;
    g_autoptr(TsImage) image = pattern(40, 60, 3, TS_U8);
    gsize n;
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
    ck_assert(g_file_get_contents(path, &bytes, &n, NULL));
    ck_assert(g_file_set_contents(path, bytes, (gssize) n / 2, NULL));
    g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
    ck_assert_ptr_null(ts_image_source_read_region(source, 0, 0, 40, 60, NULL));
    ck_assert(g_file_set_contents(path, bytes, (gssize) n, NULL));
    g_autoptr(TsImage) whole = ts_image_source_read_region(source, 0, 0, 40, 60, NULL);
    ck_assert(whole != NULL && same_pixels(whole, image));
}
END_TEST

START_TEST(a_file_that_changed_its_size_is_an_error)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("changed.png");
    g_autoptr(TsImage) image = pattern(40, 60, 3, TS_U8), other = pattern(41, 60, 3, TS_U8);
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
    g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
    ts_image_source_set_memory(source, 0);
    g_autoptr(TsImage) part = ts_image_source_read_region(source, 0, 50, 5, 5, NULL);
    ck_assert_ptr_nonnull(part);
    ck_assert(ts_image_write(other, path, NULL, TRUE, NULL));
    ck_assert_ptr_null(ts_image_source_read_region(source, 0, 0, 5, 5, &error));
    ck_assert_msg(strstr(message(error), "changed while it was read") != NULL, "%s",
                  message(error));
}
END_TEST

START_TEST(palettes_and_bits_are_expanded)
{
    const guint8 colours[] = {10, 20, 30, 200, 150, 100};
    const guint8 rows[] = {0, 0x40, 0, 0x80}; /* two rows, filter byte first: 01, 10 */
    g_autofree char *png = scratch("p.png"), *bits = scratch("b.png"), *tiff = scratch("p.tif");
    FilePng head = {2, 2, 1, 3, colours, sizeof colours, FALSE};
    file_write(png, file_png(&head, rows, sizeof rows));
    g_autoptr(TsImage) a = ts_image_read(png, NULL);
    ck_assert_ptr_nonnull(a);
    ck_assert_int_eq(a->bands, 3);
    ck_assert_mem_eq(a->data, ((guint8[]){10, 20, 30, 200, 150, 100, 200, 150, 100, 10, 20, 30}),
                     12);
    FilePng grey = {2, 2, 1, 0, NULL, 0, FALSE};
    file_write(bits, file_png(&grey, rows, sizeof rows));
    g_autoptr(TsImage) b = ts_image_read(bits, NULL);
    ck_assert_ptr_nonnull(b);
    ck_assert_int_eq(b->bands, 1);
    ck_assert_mem_eq(b->data, ((guint8[]){0, 255, 255, 0}), 4);
    guint16 palette[3 * 256] = {0};
    palette[7] = 0x1111, palette[256 + 7] = 0x2222, palette[512 + 7] = 0xffff;
    FileTiff map = {.width = 1,
                    .height = 1,
                    .bands = 1,
                    .bits = 8,
                    .photometric = 3,
                    .n_strip = 1,
                    .palette = palette};
    file_write(tiff, file_tiff(&map, (const guint8[]){7}, 1, 1));
    g_autoptr(TsImage) c = ts_image_read(tiff, NULL);
    ck_assert_ptr_nonnull(c);
    ck_assert_int_eq(c->bands, 3);
    ck_assert_mem_eq(c->data, ((guint8[]){0x11, 0x22, 0xff}), 3);
}
END_TEST

START_TEST(cmyk_becomes_rgb)
{
    /* Four inks of nothing, then black ink alone. */
    const guint8 inks[] = {0, 0, 0, 0, 0, 0, 0, 255};
    FileTiff head = {
        .width = 2, .height = 1, .bands = 4, .bits = 8, .photometric = 5, .n_strip = 1};
    g_autofree char *path = scratch("cmyk.tif");
    file_write(path, file_tiff(&head, inks, sizeof inks, sizeof inks));
    g_autoptr(TsImage) image = ts_image_read(path, NULL);
    ck_assert_ptr_nonnull(image);
    ck_assert_int_eq(image->bands, 3);
    ck_assert_int_eq(image->type, TS_U8);
    for (int b = 0; b < 3; b++) {
        ck_assert_int_gt(image->data[b], 240);
        ck_assert_int_lt(image->data[3 + b], 60);
    }
}
END_TEST

/* Both whole and region reads of `path` fail, with `code` and a message that begins with the path
 * and contains `says`. */
static void
check_unreadable(const char *path, TsError code, const char *says)
{
    g_autoptr(GError) whole = NULL, part = NULL;
    ck_assert_ptr_null(ts_image_read(path, &whole));
    ck_assert_msg(g_error_matches(whole, TS_ERROR, (gint) code), "%s", message(whole));
    ck_assert_msg(g_str_has_prefix(whole->message, path), "%s", whole->message);
    ck_assert_msg(strstr(whole->message, says) != NULL, "%s", whole->message);
    ck_assert_msg(strchr(whole->message + strlen(path), '\n') == NULL, "%s", whole->message);
    g_autoptr(TsImageSource) source = ts_image_source_open(path, &part);
    if (source != NULL) {
        const TsImageInfo *info = ts_image_source_info(source);
        for (int i = 0; i < 2; i++) { /* a second try fails as well */
            g_clear_error(&part);
            ck_assert_ptr_null(
                ts_image_source_read_region(source, 0, 0, info->width, info->height, &part));
        }
    }
    ck_assert_msg(g_error_matches(part, TS_ERROR, (gint) code), "%s", message(part));
}

START_TEST(truncated_files_are_errors)
{
    const char *const names[] = {"t.png", "t.jpg", "t.tif", "t.webp"};
    g_autoptr(TsImage) image = pattern(200, 150, 3, TS_U8);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = scratch(names[i]);
        ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
        g_autofree char *bytes = NULL;
        gsize n;
        ck_assert(g_file_get_contents(path, &bytes, &n, NULL));
        const gsize lengths[] = {n - 40, n * 3 / 4, n / 2, n / 10, 100, 20, 9, 1};
        for (guint k = 0; k < G_N_ELEMENTS(lengths); k++) {
            ck_assert(g_file_set_contents(path, bytes, (gssize) lengths[k], NULL));
            check_unreadable(path, TS_ERROR_FORMAT, "");
        }
    }
}
END_TEST

START_TEST(files_that_are_no_images_are_named)
{
    g_autofree char *text = scratch("text.png"), *empty = scratch("empty.png");
    g_autofree char *missing = scratch("missing.png"), *script = scratch("evil.svg");
    ck_assert(g_file_set_contents(text, "hello, this is a text\n", -1, NULL));
    ck_assert(g_file_set_contents(empty, "", 0, NULL));
    ck_assert(g_file_set_contents(
        script, "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'></svg>", -1, NULL));
    check_unreadable(text, TS_ERROR_FORMAT, "is not an image");
    check_unreadable(empty, TS_ERROR_FORMAT, "is empty");
    check_unreadable(missing, TS_ERROR_IO, "No such file");
    check_unreadable(folder, TS_ERROR_IO, "is a folder");
    check_unreadable("/dev/null", TS_ERROR_IO, "not a regular file");
    check_unreadable(script, TS_ERROR_FORMAT, ""); /* a loader of lesser trust */
}
END_TEST

START_TEST(names_are_never_parsed)
{
    g_autofree char *path = scratch("a[page=2]\t\n[1].png");
    g_autoptr(TsImage) image = pattern(5, 5, 1, TS_U8);
    ck_assert(ts_image_write(image, path, NULL, FALSE, NULL));
    g_autoptr(TsImage) back = ts_image_read(path, NULL);
    ck_assert(back != NULL && same_pixels(back, image));
}
END_TEST

enum { GIANT = 100000 };

START_TEST(a_giant_png_is_refused_whole_but_its_first_rows_are_read)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("giant.png");
    FilePng head = {GIANT, GIANT, 8, 0, NULL, 0, TRUE};
    gsize n = 40 * (GIANT + 1);
    g_autofree guint8 *rows = g_malloc0(n);
    for (gsize row = 0; row < 40; row++)
        memset(rows + row * (GIANT + 1) + 1, (int) row, GIANT);
    file_write(path, file_png(&head, rows, n));
    ck_assert_ptr_null(ts_image_read(path, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
    ck_assert_msg(strstr(error->message, "giant.png: 100000 x 100000") != NULL, "%s",
                  error->message);
    g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
    ck_assert_int_eq(ts_image_source_info(source)->width, GIANT);
    for (int y = 0; y < 3; y++) {
        g_autoptr(TsImage) part = ts_image_source_read_region(source, 70000, 3 * y, 10, 4, NULL);
        ck_assert_ptr_nonnull(part);
        ck_assert_int_eq(part->data[10], 3 * y + 1);
    }
    g_clear_error(&error);
    ck_assert_ptr_null(ts_image_source_read_region(source, 0, 0, GIANT, GIANT, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
    g_clear_error(&error);
    ck_assert_ptr_null(ts_image_source_read_region(source, 0, 5000, 10, 10, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    unlink(path);
}
END_TEST

START_TEST(regions_of_a_giant_tiled_tiff_are_read)
{
    enum { SIDE = 512 };
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("giant.tif");
    FileTiff head = {.width = GIANT,
                     .height = GIANT,
                     .bands = 1,
                     .bits = 8,
                     .photometric = 1,
                     .tile = SIDE,
                     .one_tile = TRUE};
    g_autofree guint8 *tile = g_malloc(SIDE * SIDE);
    for (int i = 0; i < SIDE * SIDE; i++)
        tile[i] = (guint8) (i % SIDE / 2 + i / SIDE);
    file_write(path, file_tiff(&head, tile, SIDE * SIDE, SIDE * SIDE));
    ck_assert_ptr_null(ts_image_read(path, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
    g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
    ck_assert(ts_image_source_is_random(source));
    g_autoptr(TsImage) part = ts_image_source_read_region(source, 99000, 98000, 300, 200, NULL);
    ck_assert_ptr_nonnull(part);
    for (int i = 0; i < 300 * 200; i++) {
        int x = 99000 + i % 300, y = 98000 + i / 300;
        if (part->data[i] != (guint8) (x % SIDE / 2 + y % SIDE))
            ck_abort_msg("pixel %d,%d is %d", x, y, part->data[i]);
    }
    unlink(path);
}
END_TEST

START_TEST(limits_are_checked_before_decoding)
{
    g_autofree char *path = scratch("limit.png");
    g_autoptr(TsImage) image = pattern(100, 100, 3, TS_U8);
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
    ts_image_set_limits(9999, G_MAXUINT64);
    check_unreadable(path, TS_ERROR_RANGE, "at most 9999 pixels");
    ts_image_set_limits(10000, 29999);
    check_unreadable(path, TS_ERROR_RANGE, "29999 bytes");
    ts_image_set_limits(10000, 30000);
    g_autoptr(TsImage) back = ts_image_read(path, NULL);
    ck_assert_ptr_nonnull(back);
}
END_TEST

START_TEST(regions_outside_are_refused)
{
    g_autofree char *path = scratch("out.png");
    g_autoptr(TsImage) image = pattern(10, 20, 1, TS_U8);
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
    g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
    const int regions[][4] = {{-1, 0, 5, 5}, {0, -1, 5, 5},       {0, 0, 11, 5},
                              {0, 0, 5, 21}, {10, 0, 1, 1},       {0, 0, 0, 5},
                              {0, 0, 5, -5}, {6, 0, G_MAXINT, 1}, {G_MAXINT, 0, 5, 5}};
    for (guint i = 0; i < G_N_ELEMENTS(regions); i++) {
        g_autoptr(GError) error = NULL;
        const int *r = regions[i];
        ck_assert_ptr_null(ts_image_source_read_region(source, r[0], r[1], r[2], r[3], &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
        ck_assert_ptr_null(ts_image_crop(image, r[0], r[1], r[2], r[3], NULL));
    }
}
END_TEST

typedef struct {
    TsImageSource *source;
    const TsImage *whole;
} Shared;

static gboolean
read_one(guint64 i, gpointer data, GError **error)
{
    Shared *shared = data;
    int x = (int) (i * 7 % 190), y = (int) (i * 13 % 200);
    g_autoptr(TsImage) part = ts_image_source_read_region(shared->source, x, y, 50, 40, error);
    g_autoptr(TsImage) crop = ts_image_crop(shared->whole, x, y, 50, 40, error);
    return part != NULL && crop != NULL && same_pixels(part, crop);
}

START_TEST(threads_may_share_a_source)
{
    g_autofree char *png = scratch("s.png"), *tiff = scratch("s.tif");
    g_autoptr(TsImage) image = pattern(250, 240, 3, TS_U8);
    ck_assert(ts_image_write(image, png, NULL, TRUE, NULL));
    write_tiff(image, tiff, TRUE, 6);
    const char *const paths[] = {png, tiff};
    ts_threads_set(4);
    for (int i = 0; i < 2; i++) {
        g_autoptr(TsImageSource) source = ts_image_source_open(paths[i], NULL);
        g_autoptr(TsImage) whole = ts_image_read(paths[i], NULL);
        Shared shared = {source, whole};
        ck_assert(ts_parallel_for(100, read_one, &shared, NULL));
    }
    ts_threads_set(1);
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, lossless_formats_return_every_sample);
    tcase_add_test(tests, lossy_formats_are_near_and_follow_quality);
    tcase_add_test(tests, colour_profiles_are_kept);
    tcase_add_test(tests, what_a_format_cannot_hold_is_refused);
    tcase_add_test(tests, existing_files_are_kept_unless_replaced);
    tcase_add_test(tests, regions_equal_crops_of_the_whole);
    tcase_add_test(tests, tiled_tiff_is_random_and_png_is_not);
    tcase_add_test(tests, rows_that_regions_share_are_carried_over);
    tcase_add_test(tests, rows_are_read_into_a_buffer_of_the_caller);
    tcase_add_test(tests, a_file_that_was_mended_is_read_by_the_same_source);
    tcase_add_test(tests, a_file_that_changed_its_size_is_an_error);
    tcase_add_test(tests, palettes_and_bits_are_expanded);
    tcase_add_test(tests, cmyk_becomes_rgb);
    tcase_add_test(tests, truncated_files_are_errors);
    tcase_add_test(tests, files_that_are_no_images_are_named);
    tcase_add_test(tests, names_are_never_parsed);
    tcase_add_test(tests, a_giant_png_is_refused_whole_but_its_first_rows_are_read);
    tcase_add_test(tests, regions_of_a_giant_tiled_tiff_are_read);
    tcase_add_test(tests, limits_are_checked_before_decoding);
    tcase_add_test(tests, regions_outside_are_refused);
    tcase_add_test(tests, threads_may_share_a_source);
}

int
main(void)
{
    return pictures_run("image", add_all);
}
