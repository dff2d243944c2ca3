/* JPEG: our reader against libvips on whole, damaged and truncated files; crops without loss. */
#include "image/jpeg.h"

#include "base/error.h"
#include "pictures.h"
#include "same-pixels.h"

#include <jpeglib.h>
#include <vips/vips.h>

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

static int
load(const void *bytes, gsize n, VipsImage **image)
{
    return vips_jpegload_buffer((void *) bytes, n, image, "autorotate", TRUE, "fail_on",
                                VIPS_FAIL_ON_ERROR, NULL);
}

static gboolean
check_same(const guint8 *bytes, gsize n, const char *what)
{
    return check_same_pixels(load, "a.jpg", bytes, n, what);
}

/* A file of libvips' own making, in any of its variants. */
static GBytes *
save(const TsImage *image, const char *options)
{
    g_autofree char *suffix = g_strdup_printf(".jpg[%s]", options);
    VipsImage *memory =
        vips_image_new_from_memory(image->data, (gsize) image->height * ts_image_row_size(image),
                                   image->width, image->height, image->bands, VIPS_FORMAT_UCHAR);
    VipsImage *coloured = NULL;
    void *bytes = NULL;
    size_t n = 0;
    vips_copy(memory, &coloured, "interpretation",
              image->bands == 4   ? VIPS_INTERPRETATION_CMYK
              : image->bands == 3 ? VIPS_INTERPRETATION_sRGB
                                  : VIPS_INTERPRETATION_B_W,
              NULL);
    ck_assert_msg(vips_image_write_to_buffer(coloured, suffix, &bytes, &n, NULL) == 0, "%s",
                  vips_error_buffer());
    g_object_unref(coloured);
    g_object_unref(memory);
    return g_bytes_new_take(bytes, n);
}

static const char *const variants[] = {"Q=75",
                                       "Q=95",
                                       "Q=80,subsample-mode=off",
                                       "Q=80,restart-interval=1",
                                       "Q=80,restart-interval=5",
                                       "Q=80,optimize-coding=true",
                                       "Q=80,interlace=true",
                                       "Q=95,subsample-mode=on"};

START_TEST(pixels_are_those_of_libvips)
{
    ck_assert_int_eq(VIPS_INIT("test-jpeg"), 0);
    const int sizes[][2] = {{1, 1}, {8, 8}, {16, 16}, {17, 33}, {131, 77}, {300, 5}, {5, 300}};
    for (guint v = 0; v < G_N_ELEMENTS(variants); v++)
        for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
            for (int bands = 1; bands <= 3; bands += 2) {
                g_autoptr(TsImage) image = picture(sizes[i][0], sizes[i][1], bands);
                g_autoptr(GBytes) file = save(image, variants[v]);
                gsize n;
                const guint8 *bytes = g_bytes_get_data(file, &n);
                ck_assert(check_same(bytes, n, variants[v]));
            }
}
END_TEST

START_TEST(damaged_files_are_read_or_refused_as_by_libvips)
{
    ck_assert_int_eq(VIPS_INIT("test-jpeg"), 0);
    g_autoptr(TsImage) image = picture(131, 97, 3);
    guint32 state = 7;
    int n_read = 0, n_refused = 0;
    for (guint v = 0; v < G_N_ELEMENTS(variants); v++) {
        g_autoptr(GBytes) file = save(image, variants[v]);
        gsize n;
        const guint8 *bytes = g_bytes_get_data(file, &n);
        for (int i = 0; i < 250; i++) {
            g_autofree guint8 *copy = g_memdup2(bytes, n);
            for (int k = 0; k <= i % 3; k++) {
                state = state * 1664525 + 1013904223;
                copy[(i % 2 ? (state >> 8) % n : (state >> 8) % 700)] = (guint8) (state >> 3);
            }
            g_autofree char *what = g_strdup_printf("%s, damage %d", variants[v], i);
            *(check_same(copy, n, what) ? &n_read : &n_refused) += 1;
        }
    }
    ck_assert_int_gt(n_read, 100);
    ck_assert_int_gt(n_refused, 100);
}
END_TEST

START_TEST(truncated_files_are_refused_as_by_libvips)
{
    ck_assert_int_eq(VIPS_INIT("test-jpeg"), 0);
    g_autoptr(TsImage) image = picture(90, 70, 3);
    g_autoptr(GBytes) file = save(image, "Q=80");
    gsize n;
    const guint8 *bytes = g_bytes_get_data(file, &n);
    for (gsize length = 1; length < n; length += length < n - 60 ? 37 : 1) {
        g_autofree char *what = g_strdup_printf("%zu of %zu bytes", length, n);
        g_autofree guint8 *copy = g_memdup2(bytes, length); /* so that tools see reads beyond */
        check_same(copy, length, what);
    }
}
END_TEST

typedef struct {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jvirt_barray_ptr *planes;
} Coefficients;

/* By libjpeg's own way, which ends the test if there is anything wrong with the file. */
static Coefficients *
read_coefficients(const guint8 *bytes, gsize n)
{
    Coefficients *self = g_new0(Coefficients, 1);
    self->jpeg.err = jpeg_std_error(&self->errors);
    jpeg_create_decompress(&self->jpeg);
    jpeg_mem_src(&self->jpeg, bytes, n);
    jpeg_read_header(&self->jpeg, TRUE);
    self->planes = jpeg_read_coefficients(&self->jpeg);
    ck_assert_int_eq(self->errors.num_warnings, 0);
    return self;
}

static void
free_coefficients(Coefficients *self)
{
    jpeg_destroy_decompress(&self->jpeg);
    g_free(self);
}

static JBLOCKROW
get_row(Coefficients *self, int plane, JDIMENSION row)
{
    return self->jpeg.mem->access_virt_barray((j_common_ptr) &self->jpeg, self->planes[plane], row,
                                              1, FALSE)[0];
}

/* Every block of the crop at x, y is the source's block there, under the same quantisation. */
static void
check_blocks(Coefficients *source, const guint8 *bytes, gsize n, int x, int y)
{
    Coefficients *crop = read_coefficients(bytes, n);
    ck_assert_int_eq(crop->jpeg.num_components, source->jpeg.num_components);
    ck_assert_int_eq(crop->jpeg.jpeg_color_space, source->jpeg.jpeg_color_space);
    for (int c = 0; c < crop->jpeg.num_components; c++) {
        const jpeg_component_info *a = &crop->jpeg.comp_info[c], *b = &source->jpeg.comp_info[c];
        int mcu_width = b->h_samp_factor * 8, mcu_height = b->v_samp_factor * 8;
        if (crop->jpeg.num_components > 1) {
            mcu_width = source->jpeg.max_h_samp_factor * 8;
            mcu_height = source->jpeg.max_v_samp_factor * 8;
            ck_assert_int_eq(a->h_samp_factor, b->h_samp_factor);
        }
        ck_assert_mem_eq(a->quant_table->quantval, b->quant_table->quantval,
                         sizeof a->quant_table->quantval);
        JDIMENSION left = (JDIMENSION) (x * b->h_samp_factor / mcu_width);
        JDIMENSION top = (JDIMENSION) (y * b->v_samp_factor / mcu_height);
        for (JDIMENSION row = 0; row < a->height_in_blocks; row++)
            ck_assert_mem_eq(get_row(crop, c, row), get_row(source, c, top + row) + left,
                             a->width_in_blocks * sizeof(JBLOCK));
    }
    free_coefficients(crop);
}

static TsJpegCrop *
open_crop(const guint8 *bytes, gsize n)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("crop.jpg");
    ck_assert(g_file_set_contents(path, (const char *) bytes, (gssize) n, NULL));
    TsJpegCrop *crop = ts_jpeg_crop_open(path, &error);
    ck_assert_msg(crop != NULL, "%s", message(error));
    return crop;
}

/* Crops of a grid, of uneven ones, over the edges' partial blocks, and back at the top. */
static void
check_crops(const guint8 *bytes, gsize n, int width, int height)
{
    Coefficients *source = read_coefficients(bytes, n);
    g_autoptr(TsJpegCrop) crop = open_crop(bytes, n);
    const TsJpegInfo *info = ts_jpeg_crop_info(crop);
    ck_assert_int_eq(info->width, width);
    ck_assert_int_eq(info->height, height);
    const int steps[][2] = {{64, 64}, {32, 48}, {1000, 16}};
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        for (int y = 0; y < height; y += steps[i][1])
            for (int x = 0; x < width; x += steps[i][0]) {
                g_autoptr(GError) error = NULL;
                const guint8 *part;
                gsize n_part;
                int w = MIN(steps[i][0] + 5, width - x), h = MIN(steps[i][1] + 21, height - y);
                ck_assert_msg(ts_jpeg_crop_write(crop, x, y, w, h, &part, &n_part, &error), "%s",
                              message(error));
                check_blocks(source, part, n_part, x, y);
            }
    free_coefficients(source);
}

START_TEST(crops_have_the_coefficients_of_their_source)
{
    ck_assert_int_eq(VIPS_INIT("test-jpeg"), 0);
    const int sizes[][2] = {{200, 150}, {1, 1}, {161, 129}, {97, 700}};
    for (guint v = 0; v < G_N_ELEMENTS(variants); v++)
        for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
            for (int bands = 1; bands <= 4; bands += bands == 1 ? 2 : 1) {
                g_autoptr(TsImage) image = picture(sizes[i][0], sizes[i][1], bands);
                g_autoptr(GBytes) file = save(image, variants[v]);
                gsize n;
                const guint8 *bytes = g_bytes_get_data(file, &n);
                check_crops(bytes, n, sizes[i][0], sizes[i][1]);
            }
}
END_TEST

START_TEST(crops_of_full_colour_decode_to_the_pixels_of_their_source)
{
    g_autoptr(TsImage) image = picture(203, 155, 3);
    image->icc = g_bytes_new("a profile of some sort", 22);
    TsEncodeOptions options = {.quality = 92};
    g_autoptr(GBytes) file = ts_image_encode(image, ".jpg", "a", &options, NULL);
    gsize n, n_part;
    const guint8 *bytes = g_bytes_get_data(file, &n), *part;
    g_autoptr(TsImage) whole = ts_image_read_bytes(bytes, n, "whole", NULL);
    g_autoptr(TsJpegCrop) crop = open_crop(bytes, n);
    for (int y = 0; y < 155; y += 40)
        for (int x = 0; x < 203; x += 56) {
            int width = MIN(56, 203 - x), height = MIN(40, 155 - y);
            ck_assert(ts_jpeg_crop_write(crop, x, y, width, height, &part, &n_part, NULL));
            g_autoptr(TsImage) tile = ts_image_read_bytes(part, n_part, "tile", NULL);
            g_autoptr(TsImage) expected = ts_image_crop(whole, x, y, width, height, NULL);
            ck_assert(tile != NULL && same_pixels(tile, expected));
            ck_assert(tile->icc != NULL && g_bytes_equal(tile->icc, image->icc));
        }
}
END_TEST

/* Grey with factors of 2, as some cameras write it: one block is an MCU all the same. */
START_TEST(grey_files_crop_at_every_block_whatever_their_factors)
{
    g_autoptr(TsImage) image = picture(100, 90, 1);
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long n = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &n);
    jpeg.image_width = 100, jpeg.image_height = 90;
    jpeg.input_components = 1, jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 2;
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < 90; y++)
        jpeg_write_scanlines(&jpeg, (JSAMPROW[]){image->data + y * 100}, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    g_autoptr(TsImage) whole = ts_image_read_bytes(bytes, n, "grey", NULL);
    g_autoptr(TsJpegCrop) crop = open_crop(bytes, n);
    for (int y = 0; y < 90; y += 24) {
        const guint8 *part;
        gsize n_part;
        ck_assert(ts_jpeg_crop_write(crop, 8, y, 92, MIN(40, 90 - y), &part, &n_part, NULL));
        g_autoptr(TsImage) tile = ts_image_read_bytes(part, n_part, "tile", NULL);
        g_autoptr(TsImage) expected = ts_image_crop(whole, 8, y, 92, MIN(40, 90 - y), NULL);
        ck_assert(tile != NULL && same_pixels(tile, expected));
    }
    free(bytes);
}
END_TEST

/* Replace the 16-bit number at `at` bytes behind the marker's two. */
static void
patch(guint8 *bytes, gsize n, guint8 marker, gsize at, guint16 value)
{
    for (gsize i = 0; i + at + 3 < n; i++)
        if (bytes[i] == 0xff && bytes[i + 1] == marker) {
            bytes[i + 2 + at] = (guint8) (value >> 8);
            bytes[i + 3 + at] = (guint8) value;
            return;
        }
    ck_abort_msg("no marker %02x", marker);
}

static void
check_crop_error(const guint8 *bytes, gsize n, int x, int y, int width, int height, TsError code,
                 const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("bad.jpg");
    ck_assert(g_file_set_contents(path, (const char *) bytes, (gssize) n, NULL));
    g_autoptr(TsJpegCrop) crop = ts_jpeg_crop_open(path, &error);
    const guint8 *part;
    gsize n_part;
    for (int i = 0; crop != NULL && i < 2; i++) { /* a second try fails as well */
        g_clear_error(&error);
        ck_assert(!ts_jpeg_crop_write(crop, x, y, width, height, &part, &n_part, &error));
    }
    ck_assert_msg(g_error_matches(error, TS_ERROR, (gint) code), "%s", message(error));
    ck_assert_msg(g_str_has_prefix(error->message, path), "%s", error->message);
    ck_assert_msg(strstr(error->message, says) != NULL, "%s", error->message);
}

START_TEST(crops_that_cannot_be_are_refused)
{
    ck_assert_int_eq(VIPS_INIT("test-jpeg"), 0);
    g_autoptr(TsImage) image = picture(200, 150, 3);
    g_autoptr(GBytes) file = save(image, "Q=80");
    gsize n;
    const guint8 *good = g_bytes_get_data(file, &n);
    g_autofree guint8 *bad = g_memdup2(good, n);
    check_crop_error(good, n, 8, 0, 64, 64, TS_ERROR_ARGUMENT, "a multiple of 16,16");
    check_crop_error(good, n, 0, 24, 64, 64, TS_ERROR_ARGUMENT, "a multiple of 16,16");
    check_crop_error(good, n, 0, 0, 201, 64, TS_ERROR_RANGE, "not inside");
    check_crop_error(good, n, 0, 0, 0, 64, TS_ERROR_RANGE, "is empty");
    check_crop_error(good, n, -16, 0, 64, 64, TS_ERROR_RANGE, "not inside");
    check_crop_error(good, n / 2, 0, 0, 200, 150, TS_ERROR_FORMAT, "Premature end");
    check_crop_error(good, 100, 0, 0, 16, 16, TS_ERROR_FORMAT, "Premature end");
    check_crop_error(good, 0, 0, 0, 16, 16, TS_ERROR_FORMAT, "no JPEG file");
    bad[n / 2] = 0xff, bad[n / 2 + 1] = 0xd9; /* an end in the middle */
    check_crop_error(bad, n, 0, 0, 200, 150, TS_ERROR_FORMAT, "damaged or truncated");
    memcpy(bad, good, n);
    patch(bad, n, 0xc0, 3, 65500); /* a height that lies */
    check_crop_error(bad, n, 0, 65488, 200, 12, TS_ERROR_FORMAT, "damaged or truncated");
    patch(bad, n, 0xc0, 5, 0);
    check_crop_error(bad, n, 0, 0, 16, 16, TS_ERROR_FORMAT, "Empty JPEG image");
    memcpy(bad, good, n);
    patch(bad, n, 0xc0, 2, 12 << 8);
    check_crop_error(bad, n, 0, 0, 16, 16, TS_ERROR_FORMAT, "precision 12");
    g_autofree char *missing = scratch("missing.jpg");
    ck_assert_ptr_null(ts_jpeg_crop_open(missing, NULL));
}
END_TEST

/* An APP1 marker of `orientation`, in either byte order, behind the first two bytes. */
static GBytes *
turn(const guint8 *bytes, gsize n, int orientation, gboolean big)
{
    const guint8 little_tiff[] = {'I', 'I', '*', 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3,
                                  0,   1,   0,   0, 0, 0, 0, 0, 0, 0, 0,    0, 0};
    const guint8 big_tiff[] = {'M', 'M', 0, '*', 0, 0, 0, 8, 0, 1, 1, 0x12, 0,
                               3,   0,   0, 0,   1, 0, 0, 0, 0, 0, 0, 0,    0};
    GByteArray *out = g_byte_array_new();
    file_put(out, bytes, 2);
    file_put(out,
             "\xff\xe1\0\x22"
             "Exif\0\0",
             10);
    file_put(out, big ? big_tiff : little_tiff, 26);
    out->data[12 + (big ? 19 : 18)] = (guint8) orientation;
    file_put(out, bytes + 2, n - 2);
    return g_byte_array_free_to_bytes(out);
}

START_TEST(orientation_is_read_and_turned_files_are_not_cropped)
{
    g_autoptr(TsImage) image = picture(40, 24, 3);
    g_autoptr(GBytes) plain = ts_image_encode(image, ".jpg", "a", NULL, NULL);
    gsize n_plain;
    const guint8 *bytes = g_bytes_get_data(plain, &n_plain);
    for (int orientation = 0; orientation <= 9; orientation++)
        for (int big = 0; big <= 1; big++) {
            g_autoptr(GBytes) file = turn(bytes, n_plain, orientation, big);
            gsize n;
            const guint8 *turned = g_bytes_get_data(file, &n);
            check_same(turned, n, "turned");
            g_autofree char *path = scratch("turned.jpg");
            ck_assert(g_file_set_contents(path, (const char *) turned, (gssize) n, NULL));
            TsJpegInfo info;
            ck_assert(ts_jpeg_probe(path, &info, NULL));
            gboolean valid = orientation >= 1 && orientation <= 8;
            ck_assert_int_eq(info.orientation, valid ? orientation : 1);
            ck_assert_int_eq(info.width, 40);
            if (valid && orientation > 1)
                check_crop_error(turned, n, 0, 0, 8, 8, TS_ERROR_ARGUMENT, "EXIF orientation");
        }
}
END_TEST

START_TEST(a_probe_says_what_the_header_says)
{
    ck_assert_int_eq(VIPS_INIT("test-jpeg"), 0);
    const struct {
        const char *options;
        int bands, mcu;
        gboolean progressive;
    } cases[] = {{"Q=80", 3, 16, FALSE}, {"Q=95", 3, 8, FALSE},           {"Q=80", 1, 8, FALSE},
                 {"Q=80", 4, 8, FALSE},  {"Q=80,interlace", 3, 16, TRUE}, {"Q=95", 4, 8, FALSE}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TsImage) image = picture(50, 30, cases[i].bands);
        g_autoptr(GBytes) file = save(image, cases[i].options);
        g_autofree char *path = scratch("probe.jpg");
        gsize n;
        const char *bytes = g_bytes_get_data(file, &n);
        ck_assert(g_file_set_contents(path, bytes, (gssize) n, NULL));
        TsJpegInfo info;
        ck_assert(ts_jpeg_probe(path, &info, NULL));
        ck_assert_int_eq(info.width, 50);
        ck_assert_int_eq(info.height, 30);
        ck_assert_int_eq(info.components, cases[i].bands);
        ck_assert_int_eq(info.mcu_width, cases[i].mcu);
        ck_assert_int_eq(info.mcu_height, cases[i].mcu);
        ck_assert_int_eq(info.progressive, cases[i].progressive);
        ck_assert_int_eq(info.orientation, 1);
    }
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, pixels_are_those_of_libvips);
    tcase_add_test(tests, damaged_files_are_read_or_refused_as_by_libvips);
    tcase_add_test(tests, truncated_files_are_refused_as_by_libvips);
    tcase_add_test(tests, crops_have_the_coefficients_of_their_source);
    tcase_add_test(tests, crops_of_full_colour_decode_to_the_pixels_of_their_source);
    tcase_add_test(tests, grey_files_crop_at_every_block_whatever_their_factors);
    tcase_add_test(tests, crops_that_cannot_be_are_refused);
    tcase_add_test(tests, orientation_is_read_and_turned_files_are_not_cropped);
    tcase_add_test(tests, a_probe_says_what_the_header_says);
}

int
main(void)
{
    return pictures_run("jpeg", add_all);
}
