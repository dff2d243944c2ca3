/* Image files and pixels: round trips, regions against whole reads, orientation, bad input. */
#include "base/error.h"
#include "base/threads.h"
#include "files.h"
#include "image/image.h"
#include "image/orient.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

static char *folder; /* of all files that the tests make */

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static const char *
message(GError *error)
{
    return error != NULL ? error->message : "no error";
}

/* Arbitrary bytes, the same for the same arguments; floats stay finite. */
static TsImage *
pattern(int width, int height, int bands, TsSampleType type)
{
    TsImage *image = ts_image_new(width, height, bands, type, NULL);
    gsize n = (gsize) width * (gsize) height * (gsize) bands;
    guint32 state = 12345;
    for (gsize i = 0; i < n * ts_sample_type_size(type); i++) {
        state = state * 1664525 + 1013904223;
        image->data[i] = (guint8) (state >> 24);
    }
    for (gsize i = 0; i < n; i++) {
        if (type == TS_F32)
            ((float *) image->data)[i] = (float) i / 7 - 100;
        if (type == TS_F64)
            ((double *) image->data)[i] = (double) i / 7 - 100;
    }
    return image;
}

static gboolean
same_pixels(const TsImage *a, const TsImage *b)
{
    return a->width == b->width && a->height == b->height && a->bands == b->bands &&
           a->type == b->type &&
           memcmp(a->data, b->data, (gsize) a->height * ts_image_row_size(a)) == 0;
}

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

static double
mean_difference(const TsImage *a, const TsImage *b)
{
    gsize n = (gsize) a->height * ts_image_row_size(a);
    double sum = 0;
    for (gsize i = 0; i < n; i++)
        sum += abs(a->data[i] - b->data[i]);
    return sum / (double) n;
}

static TsImage *
ramp(int width, int height, int bands)
{
    TsImage *image = ts_image_new(width, height, bands, TS_U8, NULL);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int b = 0; b < bands; b++)
                image->data[(y * width + x) * bands + b] =
                    (guint8) (40 + x * 100 / width + y * 60 / height + 10 * b);
    return image;
}

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

/* Tiles of `side` with the pixels of `image`, zero beyond its edges. */
static GByteArray *
cut_pieces(const TsImage *image, int side)
{
    GByteArray *pieces = g_byte_array_new();
    gsize pixel = ts_image_pixel_size(image);
    g_autofree guint8 *zero = g_malloc0(pixel);
    for (int ty = 0; ty < image->height; ty += side)
        for (int tx = 0; tx < image->width; tx += side)
            for (int y = ty; y < ty + side; y++)
                for (int x = tx; x < tx + side; x++)
                    file_put(pieces,
                             x < image->width && y < image->height
                                 ? image->data +
                                       ((gsize) y * (gsize) image->width + (gsize) x) * pixel
                                 : zero,
                             pixel);
    return pieces;
}

/* Write 8- or 16-bit `image` as TIFF: in tiles of 16, or in strips of 3 rows. */
static void
write_tiff(const TsImage *image, const char *path, gboolean tiled, int orientation)
{
    FileTiff head = {.width = (guint32) image->width,
                     .height = (guint32) image->height,
                     .bands = image->bands,
                     .bits = (int) (8 * ts_sample_type_size(image->type)),
                     .photometric = image->bands < 3 ? 1 : 2,
                     .orientation = orientation,
                     .tile = tiled ? 16 : 0,
                     .n_strip = 3};
    gsize n = (gsize) image->height * ts_image_row_size(image);
    g_autoptr(GByteArray) pieces = tiled ? cut_pieces(image, 16) : g_byte_array_new();
    if (!tiled)
        file_put(pieces, image->data, n);
    gsize piece = tiled ? 256 * ts_image_pixel_size(image) : 3 * ts_image_row_size(image);
    file_write(path, file_tiff(&head, pieces->data, pieces->len, piece));
}

/* Compare 60 pseudo-random regions of `path` with crops of `whole`. */
static void
check_regions(const char *path, const TsImage *whole, guint64 memory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImageSource) source = ts_image_source_open(path, &error);
    ck_assert_msg(source != NULL, "%s", message(error));
    ts_image_source_set_memory(source, memory);
    guint32 state = 99;
    for (int i = 0; i < 60; i++) {
        int at[4];
        for (int k = 0; k < 4; k++)
            at[k] = (int) ((state = state * 1664525 + 1013904223) >> 16);
        int x = at[0] % whole->width, y = at[1] % whole->height;
        int width = 1 + at[2] % (whole->width - x), height = 1 + at[3] % (whole->height - y);
        g_autoptr(TsImage) part = ts_image_source_read_region(source, x, y, width, height, &error);
        ck_assert_msg(part != NULL, "%s", message(error));
        g_autoptr(TsImage) crop = ts_image_crop(whole, x, y, width, height, NULL);
        ck_assert_msg(same_pixels(part, crop), "%s: %d,%d %dx%d", path, x, y, width, height);
    }
}

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

/* EXIF 2.3, tag 274: which sides of the picture row 0 and column 0 of the file are. */
static void
stored_position(int orientation, int x, int y, int width, int height, int *column, int *row)
{
    int right = width - 1 - x, down = height - 1 - y; /* distances from the far sides */
    switch (orientation) {
    case 1:
        *column = x, *row = y;
        break; /* row 0 top, column 0 left */
    case 2:
        *column = right, *row = y;
        break; /* top, right */
    case 3:
        *column = right, *row = down;
        break; /* bottom, right */
    case 4:
        *column = x, *row = down;
        break; /* bottom, left */
    case 5:
        *row = x, *column = y;
        break; /* left, top */
    case 6:
        *row = right, *column = y;
        break; /* right, top */
    case 7:
        *row = right, *column = down;
        break; /* right, bottom */
    default:
        *row = x, *column = down;
        break; /* left, bottom */
    }
}

START_TEST(orientation_is_applied_to_whole_reads_and_regions)
{
    g_autoptr(TsImage) stored = pattern(29, 43, 3, TS_U8);
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int tiled = FALSE; tiled <= TRUE; tiled++) {
            g_autofree char *path = scratch("o.tif");
            write_tiff(stored, path, tiled, orientation);
            g_autoptr(TsImage) whole = ts_image_read(path, NULL);
            ck_assert_ptr_nonnull(whole);
            ck_assert_int_eq(whole->width, orientation < 5 ? 29 : 43);
            for (int y = 0; y < whole->height; y++)
                for (int x = 0; x < whole->width; x++) {
                    int column, row;
                    stored_position(orientation, x, y, whole->width, whole->height, &column, &row);
                    ck_assert_mem_eq(whole->data + 3 * (y * whole->width + x),
                                     stored->data + 3 * (row * 29 + column), 3);
                }
            check_regions(path, whole, G_MAXUINT64);
            g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
            ck_assert_int_eq(ts_image_source_info(source)->orientation, orientation);
            ck_assert_int_eq(ts_image_source_info(source)->width, whole->width);
        }
}
END_TEST

START_TEST(orientation_of_a_jpeg_is_applied)
{
    g_autoptr(TsImage) image = ramp(32, 16, 3);
    g_autoptr(GBytes) plain = ts_image_encode(image, ".jpg", "a", NULL, NULL);
    gsize n;
    const guint8 *bytes = g_bytes_get_data(plain, &n);
    /* APP1 with a one-entry Exif directory: orientation 6. */
    const guint8 exif[] = "\xff\xe1\0\x22"
                          "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    GByteArray *turned = g_byte_array_new();
    file_put(turned, bytes, 2);
    file_put(turned, exif, sizeof exif - 1);
    file_put(turned, bytes + 2, n - 2);
    g_autofree char *path = scratch("exif.jpg");
    file_write(path, turned);
    g_autoptr(TsImage) back = ts_image_read(path, NULL);
    ck_assert_ptr_nonnull(back);
    ck_assert_int_eq(back->width, 16);
    ck_assert_int_eq(back->height, 32);
    g_autoptr(TsImage) expected = ts_image_orient(image, 6, NULL);
    ck_assert_double_lt(mean_difference(expected, back), 3);
}
END_TEST

START_TEST(turned_images_have_to_fit_in_memory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) stored = pattern(29, 43, 3, TS_U8);
    g_autofree char *path = scratch("o3.tif");
    write_tiff(stored, path, FALSE, 3);
    g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
    ts_image_source_set_memory(source, 100);
    ck_assert_ptr_null(ts_image_source_read_region(source, 0, 0, 5, 5, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
    ck_assert_msg(strstr(error->message, "orientation 3") != NULL, "%s", error->message);
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
    for (int y = 0; y < 200; y++)
        for (int x = 0; x < 300; x++)
            ck_assert_int_eq(part->data[y * 300 + x],
                             (guint8) ((99000 + x) % SIDE / 2 + (98000 + y) % SIDE));
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

START_TEST(bands_convert_by_the_documented_rule)
{
    TsImage *rgb = ts_image_new(2, 1, 3, TS_U8, NULL);
    memcpy(rgb->data, ((guint8[]){100, 150, 200, 255, 0, 0}), 6);
    g_autoptr(TsImage) grey = ts_image_convert_bands(rgb, 1, NULL);
    ck_assert_int_eq(grey->data[0], 141); /* 29.9 + 88.05 + 22.8 = 140.75 */
    ck_assert_int_eq(grey->data[1], 76);  /* 76.245 */
    g_autoptr(TsImage) back = ts_image_convert_bands(grey, 3, NULL);
    ck_assert_mem_eq(back->data, ((guint8[]){141, 141, 141, 76, 76, 76}), 6);
    ts_image_free(rgb);
    g_autoptr(TsImage) clear = ts_image_new(2, 1, 4, TS_U16, NULL);
    clear->has_alpha = TRUE;
    memcpy(clear->data, ((guint16[]){1000, 2000, 3000, 0, 1000, 2000, 3000, 65535}), 16);
    g_autoptr(TsImage) flat = ts_image_convert_bands(clear, 3, NULL);
    ck_assert(!flat->has_alpha && flat->type == TS_U16);
    ck_assert_mem_eq(flat->data, ((guint16[]){65535, 65535, 65535, 1000, 2000, 3000}), 12);
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) many = pattern(2, 2, 7, TS_U8);
    ck_assert_ptr_null(ts_image_convert_bands(many, 3, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    g_autoptr(TsImage) copy = ts_image_convert_bands(many, 7, NULL);
    ck_assert(same_pixels(copy, many));
}
END_TEST

/* Weight of input `k` in output `i`, straight from the definition; not normalised. */
static double
triangle(int k, int i, int n_in, int n_out)
{
    double scale = (double) n_in / n_out, support = fmax(scale, 1);
    return fmax(0, 1 - fabs(k + 0.5 - (i + 0.5) * scale) / support);
}

static double
resized_sample(const TsImage *in, int width, int height, int x, int y, int band)
{
    double sum = 0, weights = 0;
    for (int v = 0; v < in->height; v++)
        for (int u = 0; u < in->width; u++) {
            double w = triangle(u, x, in->width, width) * triangle(v, y, in->height, height);
            sum += w * in->data[(v * in->width + u) * in->bands + band];
            weights += w;
        }
    return sum / weights;
}

START_TEST(resize_is_the_triangle_filter)
{
    const int sizes[][2] = {{20, 30}, {5, 7}, {28, 28}, {1, 1}, {61, 3}, {13, 90}};
    g_autoptr(TsImage) image = pattern(20, 30, 2, TS_U8);
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        int width = sizes[i][0], height = sizes[i][1];
        g_autoptr(TsImage) out = ts_image_resize(image, width, height, NULL);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                for (int b = 0; b < 2; b++) {
                    double exact = resized_sample(image, width, height, x, y, b);
                    ck_assert_double_le(fabs(out->data[(y * width + x) * 2 + b] - exact),
                                        0.5 + 1e-9);
                }
    }
    g_autoptr(TsImage) same = ts_image_resize(image, 20, 30, NULL);
    ck_assert(same_pixels(same, image));
}
END_TEST

START_TEST(resize_keeps_constants_of_every_type)
{
    for (int type = TS_U8; type <= TS_F64; type++) {
        g_autoptr(TsImage) image = ts_image_new(9, 11, 1, (TsSampleType) type, NULL);
        gsize size = ts_sample_type_size((TsSampleType) type);
        const guint8 values[8] = {0x5a, 0x25, 0x1a, 0x44, 0x5a, 0x25, 0x1a, 0x40};
        for (int i = 0; i < 99; i++)
            memcpy(image->data + (gsize) i * size, values + 8 - size, size);
        g_autoptr(TsImage) out = ts_image_resize(image, 4, 30, NULL);
        for (int i = 0; i < 120; i++) {
            if (type == TS_F64)
                ck_assert_double_eq_tol(((double *) out->data)[i], ((double *) image->data)[0],
                                        1e-12);
            else
                ck_assert_mem_eq(out->data + (gsize) i * size, values + 8 - size, size);
        }
    }
}
END_TEST

START_TEST(mixing_rounds_half_to_even)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) a = ts_image_new(4, 1, 1, TS_U8, NULL),
                       b = ts_image_new(4, 1, 1, TS_U8, NULL);
    memcpy(a->data, ((guint8[]){0, 1, 200, 10}), 4);
    memcpy(b->data, ((guint8[]){1, 2, 100, 255}), 4);
    g_autoptr(TsImage) half = ts_image_mix(a, b, 0.5, NULL);
    ck_assert_mem_eq(half->data, ((guint8[]){0, 2, 150, 132}), 4); /* 0.5, 1.5, 150, 132.5 */
    g_autoptr(TsImage) none = ts_image_mix(a, b, 0, NULL), all = ts_image_mix(a, b, 1, NULL);
    ck_assert(same_pixels(none, a) && same_pixels(all, b));
    g_autoptr(TsImage) beyond = ts_image_mix(a, b, 3, NULL);
    ck_assert_mem_eq(beyond->data, ((guint8[]){3, 4, 0, 255}), 4); /* clamped */
    g_autoptr(TsImage) other = pattern(5, 1, 1, TS_U8);
    ck_assert_ptr_null(ts_image_mix(a, other, 0.5, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
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
    tcase_add_test(tests, orientation_is_applied_to_whole_reads_and_regions);
    tcase_add_test(tests, orientation_of_a_jpeg_is_applied);
    tcase_add_test(tests, turned_images_have_to_fit_in_memory);
    tcase_add_test(tests, palettes_and_bits_are_expanded);
    tcase_add_test(tests, truncated_files_are_errors);
    tcase_add_test(tests, files_that_are_no_images_are_named);
    tcase_add_test(tests, names_are_never_parsed);
    tcase_add_test(tests, a_giant_png_is_refused_whole_but_its_first_rows_are_read);
    tcase_add_test(tests, regions_of_a_giant_tiled_tiff_are_read);
    tcase_add_test(tests, limits_are_checked_before_decoding);
    tcase_add_test(tests, regions_outside_are_refused);
    tcase_add_test(tests, threads_may_share_a_source);
    tcase_add_test(tests, bands_convert_by_the_documented_rule);
    tcase_add_test(tests, resize_is_the_triangle_filter);
    tcase_add_test(tests, resize_keeps_constants_of_every_type);
    tcase_add_test(tests, mixing_rounds_half_to_even);
}

static void
remove_folder(void)
{
    g_autoptr(GDir) list = g_dir_open(folder, 0, NULL);
    for (const char *name; list != NULL && (name = g_dir_read_name(list)) != NULL;) {
        g_autofree char *path = scratch(name);
        unlink(path);
    }
    rmdir(folder);
}

/* libvips warns of what it then reports as an error. */
static GLogWriterOutput
discard(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
    return G_LOG_WRITER_HANDLED;
}

int
main(void)
{
    g_log_set_writer_func(discard, NULL, NULL);
    folder = g_dir_make_tmp("tessera-image-XXXXXX", NULL);
    Suite *suite = suite_create("image");
    TCase *tests = tcase_create("image");
    tcase_set_timeout(tests, 60);
    add_all(tests);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    remove_folder();
    g_free(folder);
    return status;
}
