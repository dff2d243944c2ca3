/* Encoders of tiles: what each format gives back, against libvips where it writes the same. */
#include "image/encoder.h"

#include "base/error.h"
#include "pictures.h"

#include <vips/vips.h>

enum { WIDTH = 61, HEIGHT = 45, X = 7, Y = 5 };

/* Encode the part of `image` at X, Y that is WIDTH x HEIGHT, where it lies. */
static void
encode_part(TsEncoder *encoder, const TsImage *image, const guint8 **bytes, gsize *n)
{
    g_autoptr(GError) error = NULL;
    gsize stride = ts_image_row_size(image), pixel = ts_image_pixel_size(image);
    ck_assert_msg(ts_encoder_encode(encoder, image, image->data + Y * stride + X * pixel, stride,
                                    WIDTH, HEIGHT, bytes, n, &error),
                  "%s", message(error));
}

static void
check_part(TsEncoder *encoder, const char *suffix, int bands, TsSampleType type)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) image = pattern(WIDTH + 20, HEIGHT + 10, bands, type);
    image->has_alpha = (bands == 2 || bands == 4);
    const guint8 *bytes;
    gsize n;
    encode_part(encoder, image, &bytes, &n);
    g_autoptr(TsImage) back = ts_image_read_bytes(bytes, n, "tile", &error);
    ck_assert_msg(back != NULL, "%s: %d bands of %s samples: %s", suffix, bands,
                  ts_sample_type_name(type), message(error));
    g_autoptr(TsImage) part = ts_image_crop(image, X, Y, WIDTH, HEIGHT, NULL);
    ck_assert_msg(same_pixels(part, back), "%s: %d bands of %s samples changed", suffix, bands,
                  ts_sample_type_name(type));
    ck_assert_int_eq(back->has_alpha, image->has_alpha);
}

START_TEST(parts_of_an_image_come_back_from_lossless_formats)
{
    for (int level = 0; level <= 9; level++) {
        TsEncodeOptions options = {.level = level};
        g_autoptr(TsEncoder) encoder = ts_encoder_new(".png", &options, NULL);
        for (int bands = 1; bands <= 4; bands++) {
            check_part(encoder, "png", bands, TS_U8);
            check_part(encoder, "png", bands, TS_U16);
        }
    }
    g_autoptr(TsEncoder) tiff = ts_encoder_new(".TIF", NULL, NULL);
    for (int bands = 1; bands <= 6; bands++)
        for (int type = TS_U8; type <= TS_F32; type++)
            check_part(tiff, "tif", bands, (TsSampleType) type);
    TsEncodeOptions lossless = {.compression = TS_COMPRESSION_LOSSLESS};
    g_autoptr(TsEncoder) webp = ts_encoder_new(".webp", &lossless, NULL);
    check_part(webp, "webp", 3, TS_U8);
}
END_TEST

START_TEST(arrays_hold_bare_samples_of_every_type)
{
    static const char *const kinds[] = {"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<f4", "<f8"};
    g_autoptr(TsEncoder) npy = ts_encoder_new(".npy", NULL, NULL);
    g_autoptr(TsEncoder) raw = ts_encoder_new(".raw", NULL, NULL);
    for (int type = TS_U8; type <= TS_F64; type++) {
        g_autoptr(TsImage) image = pattern(WIDTH + 20, HEIGHT + 10, 5, (TsSampleType) type);
        g_autoptr(TsImage) part = ts_image_crop(image, X, Y, WIDTH, HEIGHT, NULL);
        g_autofree char *text = g_strdup_printf(
            "\x93NUMPY\x01%c\x76%c{'descr': '%s', 'fortran_order': False, 'shape': (45, 61, 5), }",
            1, 1, kinds[type]);
        text[7] = text[9] = '\0';
        gsize n_samples = ts_image_row_size(part) * HEIGHT, n;
        const guint8 *bytes;
        encode_part(npy, image, &bytes, &n);
        ck_assert_uint_eq(n, 128 + n_samples);
        ck_assert_mem_eq(bytes, text, 72);
        ck_assert_int_eq(bytes[127], '\n');
        ck_assert_mem_eq(bytes + 128, part->data, n_samples);
        encode_part(raw, image, &bytes, &n);
        ck_assert_uint_eq(n, n_samples);
        ck_assert_mem_eq(bytes, part->data, n_samples);
    }
}
END_TEST

/* Something like a photograph: slow colours and some noise. */
static TsImage *
picture(int width, int height, int bands)
{
    TsImage *image = ramp(width, height, bands);
    g_autoptr(TsImage) noise = pattern(width, height, bands, TS_U8);
    for (int i = 0; i < width * height * bands; i++)
        image->data[i] = (guint8) (image->data[i] + noise->data[i] % 32);
    return image;
}

/* From the quantisation tables on: what stands before says nothing of the pixels. */
static const guint8 *
find_tables(const guint8 *bytes, gsize *n)
{
    gsize at = 2;
    while (bytes[at + 1] != 0xdb)
        at += 2 + (gsize) (bytes[at + 2] << 8 | bytes[at + 3]);
    *n -= at;
    return bytes + at;
}

static void
check_as_libvips(const TsImage *image, int quality)
{
    const guint8 *bytes;
    gsize n, n_pixels = (gsize) image->height * ts_image_row_size(image);
    TsEncodeOptions options = {.quality = quality};
    g_autoptr(TsEncoder) encoder = ts_encoder_new(".jpg", &options, NULL);
    ck_assert(ts_encoder_encode(encoder, image, image->data, ts_image_row_size(image), image->width,
                                image->height, &bytes, &n, NULL));
    VipsImage *memory = vips_image_new_from_memory(image->data, n_pixels, image->width,
                                                   image->height, image->bands, VIPS_FORMAT_UCHAR);
    void *theirs = NULL;
    size_t n_theirs;
    ck_assert_int_eq(vips_jpegsave_buffer(memory, &theirs, &n_theirs, "Q", quality, NULL), 0);
    gsize n_ours = n, n_other = n_theirs;
    const guint8 *ours = find_tables(bytes, &n_ours), *other = find_tables(theirs, &n_other);
    ck_assert_msg(n_ours == n_other && memcmp(ours, other, n_ours) == 0,
                  "%d bands at quality %d are not libvips' bytes", image->bands, quality);
    g_object_unref(memory);
    g_free(theirs);
}

START_TEST(jpeg_has_the_bytes_that_libvips_writes)
{
    ck_assert_int_eq(VIPS_INIT("test-encoder"), 0);
    const int qualities[] = {1, 30, 75, 89, 90, 95, 100};
    for (int bands = 1; bands <= 3; bands += 2) {
        g_autoptr(TsImage) image = picture(67, 53, bands);
        for (guint i = 0; i < G_N_ELEMENTS(qualities); i++)
            check_as_libvips(image, qualities[i]);
    }
}
END_TEST

START_TEST(an_encoder_gives_the_same_bytes_whatever_came_before)
{
    const char *const suffixes[] = {".png", ".jpg", ".tif", ".npy", ".raw", ".webp"};
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autoptr(TsImage) large = picture(400, 300, 3), small = picture(WIDTH + 20, 60, 3);
        g_autoptr(TsEncoder) used = ts_encoder_new(suffixes[i], NULL, NULL);
        g_autoptr(TsEncoder) fresh = ts_encoder_new(suffixes[i], NULL, NULL);
        const guint8 *a, *b;
        gsize n, m;
        ck_assert(ts_encoder_encode(used, large, large->data, 1200, 400, 300, &a, &n, NULL));
        encode_part(used, small, &a, &n);
        encode_part(fresh, small, &b, &m);
        ck_assert_msg(n == m && memcmp(a, b, n) == 0, "%s", suffixes[i]);
    }
}
END_TEST

START_TEST(profiles_of_any_length_are_kept)
{
    const char *const suffixes[] = {".png", ".jpg", ".tif", ".webp"};
    g_autoptr(TsImage) image = picture(WIDTH + 20, HEIGHT + 10, 3);
    image->icc = profile();
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TsEncoder) encoder = ts_encoder_new(suffixes[i], NULL, NULL);
        const guint8 *bytes;
        gsize n;
        encode_part(encoder, image, &bytes, &n);
        g_autoptr(TsImage) back = ts_image_read_bytes(bytes, n, "tile", &error);
        ck_assert_msg(back != NULL, "%s: %s", suffixes[i], message(error));
        ck_assert_msg(back->icc != NULL && g_bytes_equal(back->icc, image->icc), "%s", suffixes[i]);
    }
}
END_TEST

static void
check_refused(const char *suffix, int bands, TsSampleType type, int width, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) image = pattern(4, 4, bands, type);
    g_autoptr(TsEncoder) encoder = ts_encoder_new(suffix, NULL, &error);
    const guint8 *bytes;
    gsize n;
    if (encoder != NULL)
        ck_assert(!ts_encoder_encode(encoder, image, image->data, 0, width, 4, &bytes, &n, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    ck_assert_msg(strstr(error->message, says) != NULL, "%s", error->message);
}

START_TEST(what_cannot_be_encoded_is_refused)
{
    check_refused(".bmp", 3, TS_U8, 4, "'.bmp' is no format");
    check_refused(".jpg", 4, TS_U8, 4, "JPEG holds 1 or 3 bands");
    check_refused(".jpg", 3, TS_U16, 4, "JPEG holds 1 or 3 bands");
    check_refused(".jpg", 3, TS_U8, 65501, "JPEG holds at most 65500 pixels a side");
    check_refused(".png", 5, TS_U8, 4, "PNG holds 1 to 4 bands");
    check_refused(".png", 1, TS_F32, 4, "PNG holds");
    check_refused(".webp", 3, TS_U8, 16384, "WebP holds at most");
    const TsEncodeOptions wrong[] = {{.quality = 101}, {.quality = -1}, {.level = 10}};
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(ts_encoder_new(".png", &wrong[i], &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

START_TEST(an_encoder_goes_on_after_an_image_that_it_refused)
{
    g_autoptr(TsImage) image = picture(WIDTH + 20, HEIGHT + 10, 3), grey = picture(9, 9, 2);
    g_autoptr(TsEncoder) encoder = ts_encoder_new(".jpg", NULL, NULL);
    const guint8 *bytes;
    gsize n;
    ck_assert(!ts_encoder_encode(encoder, grey, grey->data, 18, 9, 9, &bytes, &n, NULL));
    encode_part(encoder, image, &bytes, &n);
    g_autoptr(TsImage) back = ts_image_read_bytes(bytes, n, "tile", NULL);
    ck_assert_ptr_nonnull(back);
}
END_TEST

START_TEST(bytes_that_are_no_image_are_named)
{
    const char text[] = "hello, this is a text, and no picture at all";
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_image_read_bytes(text, sizeof text, "shard.tar: a.png", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_msg(g_str_has_prefix(error->message, "shard.tar: a.png: is not an image"), "%s",
                  error->message);
    g_clear_error(&error);
    ck_assert_ptr_null(ts_image_read_bytes(text, 0, "shard.tar: b.png", &error));
    ck_assert_str_eq(error->message, "shard.tar: b.png: is empty, an image was expected");
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, parts_of_an_image_come_back_from_lossless_formats);
    tcase_add_test(tests, arrays_hold_bare_samples_of_every_type);
    tcase_add_test(tests, jpeg_has_the_bytes_that_libvips_writes);
    tcase_add_test(tests, an_encoder_gives_the_same_bytes_whatever_came_before);
    tcase_add_test(tests, profiles_of_any_length_are_kept);
    tcase_add_test(tests, what_cannot_be_encoded_is_refused);
    tcase_add_test(tests, an_encoder_goes_on_after_an_image_that_it_refused);
    tcase_add_test(tests, bytes_that_are_no_image_are_named);
}

int
main(void)
{
    return pictures_run("encoder", add_all);
}
